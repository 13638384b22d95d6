"""Which rule guards which page and operation: invitations, requests, service accounts, merging, the directory."""

from __future__ import annotations

from aisc.core.access import PUBLIC, by, guard, register_routes
from aisc.core.errors import NotFound
from aisc.core.routes import By
from aisc.people.models import (
    Invitation,
    JoinRequest,
    Listing,
    Membership,
    Organisation,
    Project,
    ServiceAccount,
)

ORGANISATION, PROJECT, INVITATION, ASKED = by(Organisation), by(Project), by(Invitation), by(JoinRequest)
SERVICE = by(ServiceAccount, field="person__uid")
LISTING = by(Listing)


class _Shown:
    """What the directory shows under the uid in the address; ``find`` names the function of ``people.directory``."""

    model, sent = Listing, False

    def __init__(self, find: str) -> None:
        self._find = find

    def find(self, given):
        # The directory asks the access rules, which import this table.
        from aisc.people import directory

        try:
            return getattr(directory, self._find)(given.get("uid"))
        except NotFound:
            return None


class _Facilitation(By):
    """The facilitator's membership in the address; other memberships are not ended there."""

    def find(self, given):
        found = super().find(given)
        return found if found is not None and found.role == Membership.Role.FACILITATOR else None


_organisation = guard("people.view_organisation", on=ORGANISATION)
_project = guard("people.view_project", on=PROJECT)


def _on_organisation(*rules: str, sending: str = ""):
    return _organisation + guard(*rules, on=ORGANISATION, sending=sending)


def _on_project(*rules: str, sending: str = ""):
    return _project + guard(*rules, on=PROJECT, sending=sending)


_service = guard("people.view_service_account", on=SERVICE)

register_routes(
    {
        # invitations and requests
        "people:invite_to_organisation": _on_organisation("people.invite"),
        "people:invite_to_project": _on_project("people.invite"),
        "people:offer_ownership": _on_organisation("people.offer_ownership"),
        "people:invitation": guard("people.view_invitation", on=INVITATION),
        "people:accept_invitation": guard("people.accept_invitation", on=INVITATION),
        "people:decline_invitation": guard("people.decline_invitation", on=INVITATION),
        "people:resend_invitation": guard("people.resend_invitation", on=INVITATION),
        "people:revoke_invitation": guard("people.revoke_invitation", on=INVITATION),
        "people:join": guard("people.ask_to_join"),
        "people:answer_join_request": guard("people.answer_join_request", on=ASKED),
        "people:withdraw_join_request": guard("people.withdraw_join_request", on=ASKED),
        # facilitators
        "people:let_in_facilitator": _on_project("people.let_in_facilitator"),
        "people:end_facilitation": guard(
            "people.end_facilitation", on=_Facilitation(Membership, "membership_id", "pk")
        ),
        # service accounts
        "people:organisation_services": _on_organisation(
            "people.view_service_accounts", sending="people.make_service_account"
        ),
        "people:project_services": _on_project("people.view_service_accounts", sending="people.make_service_account"),
        "people:service": guard("people.view_service_account", on=SERVICE, sending="people.issue_service_token"),
        "people:revoke_service_token": _service + guard("people.revoke_service_token", on=SERVICE),
        "people:close_service": _service + guard("people.close_service_account", on=SERVICE),
        # duplicates
        "people:merging": guard("people.view_merging"),
        "people:merge_organisations": guard("people.merge_organisations"),
        "people:merge_persons": guard("people.merge_persons"),
        # the public directory
        "people:directory": PUBLIC,
        "people:directory_organisation": guard("people.view_directory", on=_Shown("organisation")),
        "people:directory_project": guard("people.view_directory", on=_Shown("project")),
        "people:directory_picture": guard("people.view_directory", on=_Shown("picture")),
        "people:sitemap": PUBLIC,
        "people:list_organisation": _on_organisation("people.list_organisation"),
        "people:list_oneself": _on_organisation("people.list_oneself"),
        "people:list_project": _on_project("people.list_project"),
        "people:withdraw_listing": guard("people.withdraw_listing", on=LISTING),
        # the API
        "GET /invitations": guard("people.view_own_invitations"),
        "POST /invitations/{uid}/accept": guard("people.accept_invitation", on=INVITATION),
        "POST /invitations/{uid}/decline": guard("people.decline_invitation", on=INVITATION),
        "POST /invitations/{uid}/resend": guard("people.resend_invitation", on=INVITATION),
        "DELETE /invitations/{uid}": guard("people.revoke_invitation", on=INVITATION),
        "GET /organisations/{uid}/invitations": _on_organisation("people.view_invitations"),
        "POST /organisations/{uid}/invitations": _on_organisation("people.invite"),
        "POST /organisations/{uid}/ownership": _on_organisation("people.offer_ownership"),
        "GET /organisations/{uid}/requests": _on_organisation("people.view_invitations"),
        "GET /projects/{uid}/invitations": _on_project("people.view_invitations"),
        "POST /projects/{uid}/invitations": _on_project("people.invite"),
        "POST /requests": guard("people.ask_to_join"),
        "POST /requests/{uid}/answer": guard("people.answer_join_request", on=ASKED),
        "DELETE /requests/{uid}": guard("people.withdraw_join_request", on=ASKED),
        "GET /organisations/{uid}/services": _on_organisation("people.view_service_accounts"),
        "POST /organisations/{uid}/services": _on_organisation("people.make_service_account"),
        "GET /projects/{uid}/services": _on_project("people.view_service_accounts"),
        "POST /projects/{uid}/services": _on_project("people.make_service_account"),
        "POST /services/{uid}/tokens": _service + guard("people.issue_service_token", on=SERVICE),
        "DELETE /services/{uid}/tokens/{token_id}": _service + guard("people.revoke_service_token", on=SERVICE),
        "DELETE /services/{uid}": _service + guard("people.close_service_account", on=SERVICE),
        "GET /projects/{uid}/facilitators": _on_project("people.view_facilitators"),
        "POST /projects/{uid}/facilitators": _on_project("people.let_in_facilitator"),
        "GET /directory": PUBLIC,
        "GET /directory/{uid}": guard("people.view_directory", on=_Shown("organisation")),
    }
)
