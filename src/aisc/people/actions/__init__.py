"""Every write about people, organisations and projects; each is one transaction and one audit row."""

from aisc.people.actions.accounts import account_event, confirm_sign_up, sign_up, update_account
from aisc.people.actions.centre_roles import grant_centre_role, revoke_centre_role
from aisc.people.actions.directory import list_oneself, list_organisation, list_project, withdraw_listing
from aisc.people.actions.domains import (
    claim_domain,
    drop_domain,
    join_by_policy,
    set_join_policy,
    verify_domain,
)
from aisc.people.actions.facilitators import end_facilitation, expire_facilitators, let_in_facilitator
from aisc.people.actions.iam_smart import answer_iam_smart, ask_iam_smart
from aisc.people.actions.institutions import connect_institution, unlink_institution, update_institution
from aisc.people.actions.inviting import (
    accept_invitation,
    decline_invitation,
    expire_invitations,
    invite,
    offer_ownership,
    resend_invitation,
    revoke_invitation,
)
from aisc.people.actions.joining import answer_join_request, ask_to_join, withdraw_join_request
from aisc.people.actions.leaving import Departure, departure, remove_member
from aisc.people.actions.members import add_member, change_role
from aisc.people.actions.merging import (
    merge_organisations,
    merge_persons,
    organisations_preview,
    persons_preview,
)
from aisc.people.actions.places import (
    close_project,
    create_organisation,
    create_project,
    reopen_project,
    set_shares,
    update_organisation,
    update_project,
)
from aisc.people.actions.second_factor import reset_second_factor
from aisc.people.actions.service_accounts import (
    close_service_account,
    issue_service_token,
    make_service_account,
    revoke_service_token,
)
from aisc.people.actions.sessions import end_other_sessions, end_session
from aisc.people.actions.texts import (
    accept_text,
    approve_text,
    discard_text,
    draft_text,
    edit_text,
    publish_shipped,
    publish_text,
    withdraw_text,
)
from aisc.people.actions.tokens import issue_token, revoke_token

__all__ = [
    "Departure",
    "accept_invitation",
    "accept_text",
    "account_event",
    "add_member",
    "answer_iam_smart",
    "answer_join_request",
    "approve_text",
    "ask_iam_smart",
    "ask_to_join",
    "change_role",
    "claim_domain",
    "close_project",
    "close_service_account",
    "confirm_sign_up",
    "connect_institution",
    "create_organisation",
    "create_project",
    "decline_invitation",
    "departure",
    "discard_text",
    "draft_text",
    "drop_domain",
    "edit_text",
    "end_facilitation",
    "end_other_sessions",
    "end_session",
    "expire_facilitators",
    "expire_invitations",
    "grant_centre_role",
    "invite",
    "issue_service_token",
    "issue_token",
    "join_by_policy",
    "let_in_facilitator",
    "list_oneself",
    "list_organisation",
    "list_project",
    "make_service_account",
    "merge_organisations",
    "merge_persons",
    "offer_ownership",
    "organisations_preview",
    "persons_preview",
    "publish_shipped",
    "publish_text",
    "remove_member",
    "reopen_project",
    "resend_invitation",
    "reset_second_factor",
    "revoke_centre_role",
    "revoke_invitation",
    "revoke_service_token",
    "revoke_token",
    "set_join_policy",
    "set_shares",
    "sign_up",
    "unlink_institution",
    "update_account",
    "update_institution",
    "update_organisation",
    "update_project",
    "verify_domain",
    "withdraw_join_request",
    "withdraw_listing",
    "withdraw_text",
]
