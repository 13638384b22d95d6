"""Which rule guards which page and operation of this room; ``core.routes`` says how to add a row."""

from __future__ import annotations

from aisc.core.access import PUBLIC, SIGNED_IN, by, guard, register_routes
from aisc.people.models import ApiToken, Membership, Notice, Organisation, Person, Project

ORGANISATION, PROJECT = by(Organisation), by(Project)
MEMBERSHIP = by(Membership, "membership_id", field="pk")


class _MemberOf:
    """The membership of the person in the address, in the organisation or project in the address."""

    sent = False

    def __init__(self, model: type) -> None:
        self.model = Membership
        self._place = by(model)

    def find(self, given):
        place = self._place.find(given)
        if place is None:
            return None
        where = {"project": place} if isinstance(place, Project) else {"organisation": place, "project": None}
        return Membership.objects.filter(person__uid=given.get("person"), **where).first()


class _Granted:
    """The person of ``<person uid>:<role>`` in the form of the page of the centre's roles."""

    model, given, sent = Person, "grant", True

    def find(self, given):
        return Person.objects.filter(uid=str(given.get("grant", "")).partition(":")[0]).first()


_ORGANISATION_MEMBER, _PROJECT_MEMBER = _MemberOf(Organisation), _MemberOf(Project)

_organisation = guard("people.view_organisation", on=ORGANISATION)
_project = guard("people.view_project", on=PROJECT)


def _on_organisation(*rules: str):
    return _organisation + guard(*rules, on=ORGANISATION)


def _on_project(*rules: str):
    return _project + guard(*rules, on=PROJECT)


register_routes(
    {
        # signing in and one's address and password: django-allauth's pages
        "account_login": PUBLIC,
        "account_logout": PUBLIC,
        "account_inactive": PUBLIC,
        "account_signup": PUBLIC,
        "account_reauthenticate": SIGNED_IN,
        "account_email": SIGNED_IN,
        "account_email_verification_sent": PUBLIC,
        "account_change_password": SIGNED_IN,
        "account_set_password": SIGNED_IN,
        "account_reset_password": PUBLIC,
        "account_reset_password_done": PUBLIC,
        "account_reset_password_from_key": PUBLIC,
        "account_reset_password_from_key_done": PUBLIC,
        "account_confirm_login_code": PUBLIC,
        "set_language": PUBLIC,
        # one's own account
        "people:account": guard("people.view_account"),
        "people:tokens": guard("people.view_tokens", sending="people.issue_token"),
        "people:revoke_token": guard("people.view_tokens")
        + guard("people.revoke_token", on=by(ApiToken, "token_id", field="pk")),
        "people:notices": guard("people.view_notices"),
        "people:read_notices": guard("people.view_notices"),
        "people:notice": guard("people.view_notice", on=by(Notice, "notice_id", field="pk")),
        # organisations and projects
        "people:organisations": guard("people.view_organisations"),
        "people:new_organisation": guard("people.create_organisation"),
        "people:organisation": _organisation,
        "people:edit_organisation": _on_organisation("people.update_organisation"),
        "people:projects": guard("people.view_projects"),
        "people:new_project": guard("people.view_projects"),
        "people:project": _project,
        "people:edit_project": _on_project("people.update_project"),
        "people:shares": _on_project("people.set_shares"),
        "people:close_project": _on_project("people.close_project"),
        "people:reopen_project": _on_project("people.reopen_project"),
        "people:change_role": guard("people.view_membership", "people.change_role", on=MEMBERSHIP),
        "people:remove_member": guard("people.view_membership", "people.remove_member", on=MEMBERSHIP),
        # the centre's own roles
        "people:centre_roles": guard("people.view_centre_roles", sending="people.grant_centre_role"),
        "people:revoke_centre_role": guard("people.revoke_centre_role")
        + guard("people.revoke_centre_role", on=_Granted()),
        # the API
        "GET /whoami": guard("people.view_account"),
        "PATCH /whoami": guard("people.update_account"),
        "POST /signup": PUBLIC,
        "POST /signup/confirm": PUBLIC,
        "POST /tokens": PUBLIC,
        "GET /tokens": guard("people.view_tokens"),
        "DELETE /tokens/{token_id}": guard("people.revoke_token", on=by(ApiToken, "token_id", field="pk")),
        "GET /organisations": guard("people.view_organisations"),
        "POST /organisations": guard("people.create_organisation"),
        "GET /organisations/{uid}": _organisation,
        "PATCH /organisations/{uid}": _on_organisation("people.update_organisation"),
        "GET /organisations/{uid}/members": _on_organisation("people.view_members"),
        "POST /organisations/{uid}/members": _on_organisation("people.add_member"),
        "PATCH /organisations/{uid}/members/{person}": _organisation
        + guard("people.view_membership", "people.change_role", on=_ORGANISATION_MEMBER),
        "DELETE /organisations/{uid}/members/{person}": _organisation
        + guard("people.view_membership", "people.remove_member", on=_ORGANISATION_MEMBER),
        "GET /projects": guard("people.view_projects"),
        "POST /projects": guard(
            "people.view_organisation",
            "people.create_project",
            on=by(Organisation, "organisation", field="uid", sent=True),
        ),
        "GET /projects/{uid}": _project,
        "PATCH /projects/{uid}": _on_project("people.update_project"),
        "PUT /projects/{uid}/shares": _on_project("people.set_shares"),
        "POST /projects/{uid}/close": _on_project("people.close_project"),
        "POST /projects/{uid}/reopen": _on_project("people.reopen_project"),
        "GET /projects/{uid}/members": _on_project("people.view_members"),
        "POST /projects/{uid}/members": _on_project("people.add_member"),
        "PATCH /projects/{uid}/members/{person}": _project
        + guard("people.view_membership", "people.change_role", on=_PROJECT_MEMBER),
        "DELETE /projects/{uid}/members/{person}": _project
        + guard("people.view_membership", "people.remove_member", on=_PROJECT_MEMBER),
        "GET /centre/roles": guard("people.view_centre_roles"),
        "POST /centre/roles": guard("people.grant_centre_role"),
        "DELETE /centre/roles/{person}/{role}": guard("people.revoke_centre_role")
        + guard("people.revoke_centre_role", on=by(Person, "person", field="uid")),
        "GET /notices": guard("people.view_notices"),
        "POST /notices/read": guard("people.view_notices"),
    }
)
