"""The API of this room. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from aisc.core import access
from aisc.core.api import Page, idempotent, paginate
from aisc.core.errors import BadInput, NotFound
from aisc.core.middleware import actor_of
from aisc.people import actions, notices, queries
from aisc.people.access import SCOPES
from aisc.people.models import Membership, Person
from aisc.people.schemas import (
    CentreRoleIn,
    CentreRoleOut,
    ConfirmIn,
    MemberIn,
    MemberOut,
    MemberPatch,
    NewTokenOut,
    NoticeOut,
    OrganisationIn,
    OrganisationOut,
    OrganisationPatch,
    PersonOut,
    ProjectIn,
    ProjectOut,
    ProjectPatch,
    ReadOut,
    RoleOut,
    SharesIn,
    SignUpIn,
    SignUpOut,
    TokenIn,
    TokenOut,
    WhoamiIn,
    WhoamiOut,
)
from aisc.people.sign_in import person_by_password

router = Router(tags=["people"])

Cursor = Query(None, description="`next` of the page before")
Limit = Query(50, description="1 to 200")
Successor = Query("", description="uid of who takes over; left out: whoever removes them, else the first owner")
CancelJobs = Query(False, description="end jobs that are under way")


# The caller


@router.get("/whoami", response=WhoamiOut, summary="Who is calling, with all roles")
def whoami(request: HttpRequest):
    access.require(request.actor, "people.view_account")
    return _whoami(request)


@router.patch("/whoami", response=WhoamiOut, summary="Change one's own name or language")
@idempotent
def update_whoami(request: HttpRequest, body: WhoamiIn):
    actions.update_account(request.actor, **body.dict())
    return _whoami(request)


def _whoami(request: HttpRequest) -> WhoamiOut:
    person, scopes = request.actor.person, request.actor.scopes
    roles = [
        RoleOut(
            organisation=each.organisation.uid,
            project=each.project.uid if each.project else None,
            name=str(each.project or each.organisation),
            role=each.role,
        )
        for each in queries.roles_of(person)
    ]
    return WhoamiOut(
        person=PersonOut.of(person),
        language=person.language or get_language(),
        roles=roles,
        centre_roles=sorted(person.centre_roles.values_list("role", flat=True)),
        scopes=None if scopes is None else sorted(scopes),
    )


# Accounts and tokens


@router.post("/signup", response={202: SignUpOut}, auth=None, summary="Ask for an account")
def sign_up(request: HttpRequest, body: SignUpIn):
    """Mails a code to the address. The answer does not tell whether the address has an account already."""
    uid = actions.sign_up(request.actor, **body.dict())
    text = _("A code was mailed to this address. Send it to /signup/confirm within 15 minutes.")
    return Status(202, SignUpOut(sign_up=uid, email=body.email.strip().lower(), next=text))


@router.post("/signup/confirm", response={201: PersonOut}, auth=None, summary="Confirm an account by the mailed code")
def confirm_sign_up(request: HttpRequest, body: ConfirmIn):
    return Status(201, PersonOut.of(actions.confirm_sign_up(request.actor, uid=body.sign_up, code=body.code)))


@router.post("/tokens", response={201: NewTokenOut}, auth=None, summary="Make a token, by e-mail address and password")
def issue_token(request: HttpRequest, body: TokenIn):
    """The secret is in this answer and nowhere else; so this write is not kept for an `Idempotency-Key`."""
    person = person_by_password(request, email=body.email, password=body.password)
    actor = actor_of(request, person=person)
    scopes = list(SCOPES) if body.scopes is None else body.scopes
    token, secret = actions.issue_token(actor, name=body.name, scopes=scopes, days=body.days)
    return Status(201, NewTokenOut.of(token, secret=secret))


@router.get("/tokens", response=Page[TokenOut], summary="One's own tokens, newest first")
def tokens(request: HttpRequest, cursor: str | None = Cursor, limit: int = Limit):
    access.require(request.actor, "people.view_tokens")
    found, following = paginate(request.actor.person.api_tokens.all(), cursor=cursor, limit=limit)
    return Page(items=[TokenOut.of(token) for token in found], next=following)


@router.delete("/tokens/{token_id}", response={204: None}, summary="Revoke a token")
@idempotent
def revoke_token(request: HttpRequest, token_id: int):
    token = request.actor.person.api_tokens.filter(pk=token_id).first()
    if token is None:
        raise NotFound
    actions.revoke_token(request.actor, token=token)
    return 204, None


# Organisations


@router.get("/organisations", response=Page[OrganisationOut], summary="Organisations one may see")
def organisations(request: HttpRequest, cursor: str | None = Cursor, limit: int = Limit):
    access.require(request.actor, "people.view_organisations")
    found, following = paginate(queries.organisations_visible_to(request.actor), cursor=cursor, limit=limit)
    return Page(items=[OrganisationOut.of(each) for each in found], next=following)


@router.post("/organisations", response={201: OrganisationOut}, summary="Register an organisation and own it")
@idempotent
def create_organisation(request: HttpRequest, body: OrganisationIn):
    return 201, OrganisationOut.of(actions.create_organisation(request.actor, **body.dict()))


@router.get("/organisations/{uid}", response=OrganisationOut, summary="One organisation")
def organisation(request: HttpRequest, uid: str):
    return OrganisationOut.of(queries.organisation(request.actor, uid))


@router.patch("/organisations/{uid}", response=OrganisationOut, summary="Change an organisation")
@idempotent
def update_organisation(request: HttpRequest, uid: str, body: OrganisationPatch):
    found = queries.organisation(request.actor, uid)
    return OrganisationOut.of(actions.update_organisation(request.actor, organisation=found, **body.dict()))


@router.get("/organisations/{uid}/members", response=Page[MemberOut], summary="Roles in an organisation")
def organisation_members(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    return _members(request, queries.organisation(request.actor, uid), cursor, limit)


@router.post("/organisations/{uid}/members", response={201: MemberOut}, summary="Add somebody to an organisation")
@idempotent
def add_organisation_member(request: HttpRequest, uid: str, body: MemberIn):
    found = queries.organisation(request.actor, uid)
    return 201, MemberOut.of(actions.add_member(request.actor, organisation=found, email=body.email, role=body.role))


@router.patch("/organisations/{uid}/members/{person}", response=MemberOut, summary="Change somebody's role")
@idempotent
def change_organisation_role(request: HttpRequest, uid: str, person: str, body: MemberPatch):
    return _change_role(request, queries.organisation(request.actor, uid), person, body)


@router.delete("/organisations/{uid}/members/{person}", response={204: None}, summary="Remove somebody, or leave")
@idempotent
def remove_organisation_member(
    request: HttpRequest, uid: str, person: str, successor: str = Successor, cancel_jobs: bool = CancelJobs
):
    """Whoever leaves an organisation also leaves its projects; their open work is the successor's."""
    return _remove(request, queries.organisation(request.actor, uid), person, successor, cancel_jobs)


# Projects


@router.get("/projects", response=Page[ProjectOut], summary="Projects one may see")
def projects(
    request: HttpRequest,
    organisation: str | None = Query(None, description="uid: only this organisation's"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    access.require(request.actor, "people.view_projects")
    rows = queries.projects_visible_to(request.actor)
    if organisation:
        rows = rows.filter(organisation__uid=organisation)
    found, following = paginate(rows, cursor=cursor, limit=limit)
    return Page(items=[ProjectOut.of(each) for each in found], next=following)


@router.post("/projects", response={201: ProjectOut}, summary="Start a project")
@idempotent
def create_project(request: HttpRequest, body: ProjectIn):
    values = body.dict()
    try:
        found = queries.organisation(request.actor, values.pop("organisation"))
    except NotFound as error:
        raise BadInput(_("There is no such organisation."), field="organisation") from error
    return 201, ProjectOut.of(actions.create_project(request.actor, organisation=found, **values))


@router.get("/projects/{uid}", response=ProjectOut, summary="One project")
def project(request: HttpRequest, uid: str):
    return ProjectOut.of(queries.project(request.actor, uid))


@router.patch("/projects/{uid}", response=ProjectOut, summary="Change a project")
@idempotent
def update_project(request: HttpRequest, uid: str, body: ProjectPatch):
    found = queries.project(request.actor, uid)
    return ProjectOut.of(actions.update_project(request.actor, project=found, **body.dict()))


@router.put("/projects/{uid}/shares", response=ProjectOut, summary="Set a project's weight in the fair-share")
@idempotent
def set_shares(request: HttpRequest, uid: str, body: SharesIn):
    found = queries.project(request.actor, uid)
    return ProjectOut.of(actions.set_shares(request.actor, project=found, shares=body.shares, reason=body.reason))


@router.post("/projects/{uid}/close", response=ProjectOut, summary="Close a project")
@idempotent
def close_project(request: HttpRequest, uid: str, cancel_jobs: bool = CancelJobs):
    """Refused (409) while jobs are under way, unless `cancel_jobs` ends them."""
    found = queries.project(request.actor, uid)
    return ProjectOut.of(actions.close_project(request.actor, project=found, cancel_jobs=cancel_jobs))


@router.post("/projects/{uid}/reopen", response=ProjectOut, summary="Open a closed project again")
@idempotent
def reopen_project(request: HttpRequest, uid: str):
    return ProjectOut.of(actions.reopen_project(request.actor, project=queries.project(request.actor, uid)))


@router.get("/projects/{uid}/members", response=Page[MemberOut], summary="Roles given in a project")
def project_members(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    """Those who have a role in the whole organisation are listed with the organisation."""
    return _members(request, queries.project(request.actor, uid), cursor, limit)


@router.post("/projects/{uid}/members", response={201: MemberOut}, summary="Add somebody to a project")
@idempotent
def add_project_member(request: HttpRequest, uid: str, body: MemberIn):
    found = queries.project(request.actor, uid)
    return 201, MemberOut.of(actions.add_member(request.actor, project=found, email=body.email, role=body.role))


@router.patch("/projects/{uid}/members/{person}", response=MemberOut, summary="Change somebody's role in a project")
@idempotent
def change_project_role(request: HttpRequest, uid: str, person: str, body: MemberPatch):
    return _change_role(request, queries.project(request.actor, uid), person, body)


@router.delete("/projects/{uid}/members/{person}", response={204: None}, summary="Remove somebody from a project")
@idempotent
def remove_project_member(
    request: HttpRequest, uid: str, person: str, successor: str = Successor, cancel_jobs: bool = CancelJobs
):
    return _remove(request, queries.project(request.actor, uid), person, successor, cancel_jobs)


def _members(request: HttpRequest, place, cursor, limit) -> Page[MemberOut]:
    access.require(request.actor, "people.view_members", place)
    found, following = paginate(queries.members_of(place), cursor=cursor, limit=limit)
    return Page(items=[MemberOut.of(each) for each in found], next=following)


def _membership(request: HttpRequest, place, person: str) -> Membership:
    found = queries.members_of(place).filter(person__uid=person).first()
    if found is None:
        raise NotFound
    access.require(request.actor, "people.view_membership", found)
    return found


def _change_role(request: HttpRequest, place, person: str, body: MemberPatch) -> MemberOut:
    membership = _membership(request, place, person)
    return MemberOut.of(actions.change_role(request.actor, membership=membership, role=body.role))


def _remove(request: HttpRequest, place, person: str, successor: str, cancel_jobs: bool):
    membership = _membership(request, place, person)
    heir = Person.objects.filter(uid=successor).first() if successor else None
    if successor and heir is None:
        raise BadInput(_("Choose somebody who stays there."), field="successor")
    actions.remove_member(request.actor, membership=membership, successor=heir, cancel_jobs=cancel_jobs)
    return 204, None


# Roles of the centre


@router.get("/centre/roles", response=Page[CentreRoleOut], summary="Who has a role in the centre")
def centre_roles(request: HttpRequest, cursor: str | None = Cursor, limit: int = Limit):
    access.require(request.actor, "people.view_centre_roles")
    found, following = paginate(queries.centre_roles(), cursor=cursor, limit=limit)
    return Page(items=[CentreRoleOut.of(each) for each in found], next=following)


@router.post("/centre/roles", response={201: CentreRoleOut}, summary="Give somebody a role in the centre")
@idempotent
def grant_centre_role(request: HttpRequest, body: CentreRoleIn):
    access.require(request.actor, "people.grant_centre_role")
    person = queries.person_with_address(body.email.strip().lower())
    if person is None:
        raise BadInput(_("Nobody has confirmed this address here."), field="email", code="member.unknown")
    return 201, CentreRoleOut.of(actions.grant_centre_role(request.actor, person=person, role=body.role))


@router.delete("/centre/roles/{person}/{role}", response={204: None}, summary="Take a role in the centre away")
@idempotent
def revoke_centre_role(request: HttpRequest, person: str, role: str):
    access.require(request.actor, "people.revoke_centre_role")
    actions.revoke_centre_role(request.actor, person=queries.person(person), role=role)
    return 204, None


# Notices


@router.get("/notices", response=Page[NoticeOut], summary="One's own notices, newest first")
def notice_list(
    request: HttpRequest,
    unread: bool = Query(False, description="only those not read yet"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    access.require(request.actor, "people.view_notices")
    rows = queries.notices_of(request.actor)
    found, following = paginate(rows.filter(read_at=None) if unread else rows, cursor=cursor, limit=limit)
    return Page(items=[NoticeOut.of(each) for each in found], next=following)


@router.post("/notices/read", response=ReadOut, summary="Mark one notice, or all, as read")
@idempotent
def read_notices(request: HttpRequest, id: int | None = Query(None, description="left out: all of them")):
    access.require(request.actor, "people.view_notices")
    return ReadOut(marked=notices.mark_read(request.actor.person, id))
