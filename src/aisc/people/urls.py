from django.urls import path

from aisc.people import views

app_name = "people"
urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke", views.revoke_token, name="revoke_token"),
    path("notices/", views.notices, name="notices"),
    path("notices/read", views.read_notices, name="read_notices"),
    path("notices/<int:notice_id>/", views.open_notice, name="notice"),
    path("organisations/", views.organisations, name="organisations"),
    path("organisations/new", views.new_organisation, name="new_organisation"),
    path("organisations/<slug:uid>/", views.organisation, name="organisation"),
    path("organisations/<slug:uid>/edit", views.edit_organisation, name="edit_organisation"),
    path("organisations/<slug:uid>/members", views.add_organisation_member, name="add_organisation_member"),
    path("projects/", views.projects, name="projects"),
    path("projects/new", views.new_project, name="new_project"),
    path("projects/<slug:uid>/", views.project, name="project"),
    path("projects/<slug:uid>/edit", views.edit_project, name="edit_project"),
    path("projects/<slug:uid>/members", views.add_project_member, name="add_project_member"),
    path("projects/<slug:uid>/shares", views.shares, name="shares"),
    path("projects/<slug:uid>/close", views.close_project, name="close_project"),
    path("projects/<slug:uid>/reopen", views.reopen_project, name="reopen_project"),
    path("memberships/<int:membership_id>/role", views.change_role, name="change_role"),
    path("memberships/<int:membership_id>/remove", views.remove_member, name="remove_member"),
    path("centre/roles/", views.centre_roles, name="centre_roles"),
    path("centre/roles/revoke", views.revoke_centre_role, name="revoke_centre_role"),
]
