from django.urls import path

from aisc.scheme.views import applications, awards, calls, desk, form

app_name = "scheme"
urlpatterns = [
    path("scheme/", calls.index, name="calls"),
    path("scheme/new", calls.new, name="call-new"),
    path("scheme/<slug:uid>/", calls.call, name="call"),
    path("scheme/<slug:uid>/edit", calls.edit, name="call-edit"),
    path("scheme/<slug:uid>/apply", form.start, name="apply"),
    path("applications/", applications.index, name="applications"),
    path("applications/<slug:uid>/", applications.application, name="application"),
    path("applications/<slug:uid>/form/", form.tasks, name="form"),
    path("applications/<slug:uid>/form/<slug:section>", form.section, name="section"),
    path("applications/<slug:uid>/cost", form.cost, name="cost"),
    path("applications/<slug:uid>/check", form.check, name="check"),
    path("applications/<slug:uid>/submitted", form.submitted, name="submitted"),
    path("applications/<slug:uid>/withdraw", form.withdraw, name="withdraw"),
    path("applications/<slug:uid>/return", desk.return_application, name="return"),
    path("applications/<slug:uid>/assign", desk.assign, name="assign"),
    path("applications/<slug:uid>/take-back", desk.take_back, name="take-back"),
    path("applications/<slug:uid>/conflict", desk.conflict, name="conflict"),
    path("applications/<slug:uid>/review", desk.review, name="review"),
    path("applications/<slug:uid>/decision", desk.decision, name="decision"),
    path("applications/<slug:uid>/award", awards.award, name="award"),
    path("applications/<slug:uid>/award/accept", awards.accept, name="award-accept"),
    path("applications/<slug:uid>/award/decline", awards.decline, name="award-decline"),
    path("applications/<slug:uid>/letter.pdf", awards.letter, name="letter"),
    path("awards/<slug:number>/letter.pdf", awards.award_letter, name="award-letter"),
]
