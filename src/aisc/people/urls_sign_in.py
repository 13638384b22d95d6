"""Pages of signing in: part of ``people.urls``, but for those that take the place of django-allauth's."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from aisc.people.views import iam_smart, institutions, sign_in, step_up

urlpatterns = [
    path("sign-in/<slug:slug>/", sign_in.sign_in_through, name="sign_in_through"),
    path("account/confirm/", step_up.confirm, name="confirm"),
    path("account/confirm/go-on", step_up.go_on, name="go_on"),
    path("account/sign-in/", sign_in.own_ways_in, name="ways_in"),
    path("account/sign-in/link-first", sign_in.link_first, name="link_first"),
    path("account/sign-in/link", sign_in.link, name="link"),
    path("account/sign-in/link/<slug:slug>", sign_in.link_institution, name="link_institution"),
    path("account/sign-in/unlink/<int:account_id>", sign_in.unlink_institution, name="unlink_institution"),
    path("account/sign-in/passkeys/<int:passkey_id>/remove", sign_in.remove_passkey, name="remove_passkey"),
    path("account/sessions/", sign_in.own_sessions, name="sessions"),
    path("account/sessions/end", sign_in.end_other_sessions, name="end_other_sessions"),
    path("account/sessions/<int:session_id>/end", sign_in.end_session, name="end_session"),
    path("account/iam-smart/name", iam_smart.fill_in, name="iam_smart_fill_in"),
    path("account/iam-smart/<slug:business_id>/", iam_smart.waiting, name="iam_smart_waiting"),
    path("iam-smart/authentication", iam_smart.callback, name="iam_smart_callback"),
    path("iam-smart/<slug:kind>", iam_smart.answered, name="iam_smart_answered"),
    path("centre/sign-in/", institutions.sign_in_settings, name="sign_in_settings"),
    path("centre/sign-in/connect/<slug:kind>", institutions.connect_institution, name="connect_institution"),
    path("centre/sign-in/domains/<int:domain_id>", institutions.verify_domain, name="verify_domain"),
    path("centre/sign-in/<slug:slug>/", institutions.institution, name="institution"),
    path("organisations/<slug:uid>/joining", institutions.joining, name="joining"),
    path("organisations/<slug:uid>/joining/domains", institutions.claim_domain, name="claim_domain"),
    path("organisations/<slug:uid>/joining/drop", institutions.drop_domain, name="drop_domain"),
    path("organisations/<slug:uid>/joining/policy", institutions.set_join_policy, name="set_join_policy"),
]


def _instead(name: str):
    def elsewhere(request: HttpRequest, **_in_address) -> HttpResponse:
        return redirect(name)

    return login_required(elsewhere)


# Lists that stand on pages of ours. The names are django-allauth's, which leads there after it has done something.
instead_of_allauth = [
    path("2fa/", _instead("people:ways_in"), name="mfa_index"),
    path("2fa/webauthn/", _instead("people:ways_in"), name="mfa_list_webauthn"),
    path("2fa/webauthn/keys/<int:pk>/remove/", _instead("people:ways_in"), name="mfa_remove_webauthn"),
    path("3rdparty/", _instead("people:ways_in"), name="socialaccount_connections"),
    path("sessions/", _instead("people:sessions"), name="usersessions_list"),
]
