"""Pages of this room."""

from aisc.people.views.account import (
    account,
    notices,
    open_notice,
    read_notices,
    revoke_token,
    set_language,
    tokens,
)
from aisc.people.views.centre_roles import centre_roles, revoke_centre_role
from aisc.people.views.members import add_organisation_member, add_project_member, change_role, remove_member
from aisc.people.views.organisations import edit_organisation, new_organisation, organisation, organisations
from aisc.people.views.projects import (
    close_project,
    edit_project,
    new_project,
    project,
    projects,
    reopen_project,
    shares,
)

__all__ = [
    "account",
    "add_organisation_member",
    "add_project_member",
    "centre_roles",
    "change_role",
    "close_project",
    "edit_organisation",
    "edit_project",
    "new_organisation",
    "new_project",
    "notices",
    "open_notice",
    "organisation",
    "organisations",
    "project",
    "projects",
    "read_notices",
    "remove_member",
    "reopen_project",
    "revoke_centre_role",
    "revoke_token",
    "set_language",
    "shares",
    "tokens",
]
