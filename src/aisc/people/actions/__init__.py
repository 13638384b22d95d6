"""Every write about people, organisations and projects; each is one transaction and one audit row."""

from aisc.people.actions.accounts import account_event, confirm_sign_up, sign_up, update_account
from aisc.people.actions.centre_roles import grant_centre_role, revoke_centre_role
from aisc.people.actions.members import add_member, change_role, remove_member
from aisc.people.actions.places import (
    close_project,
    create_organisation,
    create_project,
    reopen_project,
    set_shares,
    update_organisation,
    update_project,
)
from aisc.people.actions.tokens import issue_token, revoke_token

__all__ = [
    "account_event",
    "add_member",
    "change_role",
    "close_project",
    "confirm_sign_up",
    "create_organisation",
    "create_project",
    "grant_centre_role",
    "issue_token",
    "remove_member",
    "reopen_project",
    "revoke_centre_role",
    "revoke_token",
    "set_shares",
    "sign_up",
    "update_account",
    "update_organisation",
    "update_project",
]
