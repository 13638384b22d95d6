"""Addresses of approved texts; those of versions and wordings never change."""

from django.urls import path

from aisc.people.views import texts

urlpatterns = [
    path("texts/", texts.texts_in_force, name="texts"),
    path("texts/drafts", texts.text_drafts, name="text_drafts"),
    path("texts/new", texts.new_text, name="new_text"),
    path("texts/<slug:code>/", texts.text, name="text"),
    path("texts/<slug:code>/<int:version>/", texts.text_version, name="text_version"),
    path("texts/<slug:code>/<int:version>/edit", texts.edit_text, name="edit_text"),
    path("texts/<slug:code>/<int:version>/publish", texts.publish_text, name="publish_text"),
    path("texts/<slug:code>/<int:version>/discard", texts.discard_text, name="discard_text"),
    path("texts/<slug:code>/<int:version>/withdraw", texts.withdraw_text, name="withdraw_text"),
    path("texts/<slug:code>/<int:version>/<slug:language>/", texts.text_wording, name="text_wording"),
    path("texts/<slug:code>/<int:version>/<slug:language>.txt", texts.text_plain, name="text_plain"),
    path("texts/<slug:code>/<int:version>/<slug:language>/approve", texts.approve_text, name="approve_text"),
]
