"""The API of invitations, requests, service accounts, facilitators and the directory.

No ``from __future__ import annotations`` here: ninja reads the annotations.
"""

from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from aisc.core import access
from aisc.core.api import Page, idempotent, paginate
from aisc.core.errors import BadInput, NotFound
from aisc.people import actions, directory, queries
from aisc.people.models import Invitation, JoinRequest, Listing, Membership, ServiceAccount
from aisc.people.schemas import MemberOut, NewTokenOut

router = Router(tags=["people"])

Cursor = Query(None, description="`next` of the page before")
Limit = Query(50, description="1 to 200")
_EMAIL = "chan.tai.man@example.org"


class InvitationIn(Schema):
    email: str = Field(description="of somebody with an account or without one", examples=[_EMAIL])
    role: str = Field(description="owner, manager, member, finance or read_only", examples=["member"])


class OwnershipIn(Schema):
    email: str = Field(description="of the new owner", examples=[_EMAIL])
    role_after: str = Field("manager", description="the caller's role once it is accepted", examples=["manager"])


class InvitationOut(Schema):
    """Waits until `expires_at` for an answer of the person who has confirmed `email`."""

    uid: str = Field(examples=["inv-4t1zq87k2m9x"])
    email: str = Field(examples=[_EMAIL])
    organisation: str = Field(description="uid", examples=["org-3f8k2m9x7t1z"])
    project: str | None = Field(None, description="uid", examples=["prj-9x7t1zq84k2m"])
    name: str = Field(description="of the organisation or project, in the caller's language")
    role: str = Field(examples=["member"])
    transfer: bool = Field(description="whether the ownership is handed over")
    invited_by: str = Field(description="name", examples=["陳大文"])
    state: str = Field(description="open, accepted, declined, revoked or expired", examples=["open"])
    expires_at: datetime
    times_sent: int = Field(examples=[1])

    @classmethod
    def of(cls, row: Invitation) -> "InvitationOut":
        return cls(
            uid=row.uid,
            email=row.email,
            organisation=row.organisation.uid,
            project=row.project.uid if row.project else None,
            name=str(row.place),
            role=row.role,
            transfer=row.transfer,
            invited_by=str(row.invited_by),
            state="expired" if row.state == "open" and row.is_over else row.state,
            expires_at=row.expires_at,
            times_sent=row.times_sent,
        )


class JoinRequestIn(Schema):
    organisation: str = Field(description="uid or registry number", examples=["12345678"])
    message: str = Field("", examples=["I joined the robotics group in May."])


class JoinAnswerIn(Schema):
    role: str = Field("", description="empty: declined", examples=["member"])


class JoinRequestOut(Schema):
    uid: str = Field(examples=["jnr-4t1zq87k2m9x"])
    organisation: str = Field(description="uid", examples=["org-3f8k2m9x7t1z"])
    person: str = Field(description="name", examples=["陳大文"])
    email: str = Field(examples=[_EMAIL])
    message: str
    state: str = Field(description="open, accepted, declined or withdrawn", examples=["open"])
    created_at: datetime

    @classmethod
    def of(cls, row: JoinRequest) -> "JoinRequestOut":
        return cls(
            uid=row.uid,
            organisation=row.organisation.uid,
            person=row.person.name,
            email=row.person.email,
            message=row.message,
            state=row.state,
            created_at=row.created_at,
        )


class ServiceIn(Schema):
    name: str = Field(examples=["Nightly tests"])
    role: str = Field(description="member, finance or read_only", examples=["member"])
    purpose: str = ""


class ServiceOut(Schema):
    """A program's account; `owner` is the person who answers for it."""

    uid: str = Field(examples=["per-7k2m9x4t1zq8"])
    name: str = Field(examples=["Nightly tests"])
    organisation: str = Field(description="uid", examples=["org-3f8k2m9x7t1z"])
    project: str | None = Field(None, description="uid", examples=["prj-9x7t1zq84k2m"])
    owner: str = Field(description="name", examples=["陳大文"])
    purpose: str
    created_at: datetime

    @classmethod
    def of(cls, row: ServiceAccount) -> "ServiceOut":
        return cls(
            uid=row.person.uid,
            name=row.person.name,
            organisation=row.organisation.uid,
            project=row.project.uid if row.project else None,
            owner=str(row.owner),
            purpose=row.purpose,
            created_at=row.created_at,
        )


class ServiceTokenIn(Schema):
    name: str = Field(description="to know it by, 1 to 100 characters", examples=["ci runner"])
    scopes: list[str] = Field(description="of read, jobs and money", examples=[["read", "jobs"]])
    days: int = Field(90, description="how long it works, 1 to 365", examples=[90])


class FacilitatorIn(Schema):
    email: str = Field(description="of somebody who has confirmed it here", examples=[_EMAIL])
    days: int = Field(description="1 to 90", examples=[14])
    reason: str = Field(description="shown to the project's people", examples=["Helps with the first large run"])


class FacilitatorOut(Schema):
    person: str = Field(description="name", examples=["陳大文"])
    uid: str = Field(description="of the person", examples=["per-7k2m9x4t1zq8"])
    reason: str
    granted_by: str = Field(description="name")
    until: datetime

    @classmethod
    def of(cls, row: Membership) -> "FacilitatorOut":
        return cls(
            person=row.person.name,
            uid=row.person.uid,
            reason=row.reason,
            granted_by=str(row.granted_by or ""),
            until=row.expires_at,
        )


# Invitations


@router.get("/invitations", response=Page[InvitationOut], summary="Invitations that the caller can accept")
def own_invitations(request: HttpRequest, cursor: str | None = Cursor, limit: int = Limit):
    access.require(request.actor, "people.view_own_invitations")
    return _page(InvitationOut, queries.invitations_for(request.actor), cursor, limit)


@router.post("/invitations/{uid}/accept", response=MemberOut, summary="Accept an invitation")
@idempotent
def accept_invitation(request: HttpRequest, uid: str):
    """Only by the person who has confirmed the address that it was sent to, and once."""
    found = _invitation(request, uid, "people.accept_invitation")
    return MemberOut.of(actions.accept_invitation(request.actor, invitation=found))


@router.post("/invitations/{uid}/decline", response=InvitationOut, summary="Decline an invitation")
@idempotent
def decline_invitation(request: HttpRequest, uid: str):
    found = _invitation(request, uid, "people.decline_invitation")
    return InvitationOut.of(actions.decline_invitation(request.actor, invitation=found))


@router.post("/invitations/{uid}/resend", response=InvitationOut, summary="Mail an invitation again")
@idempotent
def resend_invitation(request: HttpRequest, uid: str):
    """At most five mails, ten minutes apart; each gives it its full fourteen days."""
    found = _invitation(request, uid, "people.resend_invitation")
    return InvitationOut.of(actions.resend_invitation(request.actor, invitation=found))


@router.delete("/invitations/{uid}", response={204: None}, summary="Take an invitation back")
@idempotent
def revoke_invitation(request: HttpRequest, uid: str):
    actions.revoke_invitation(request.actor, invitation=_invitation(request, uid, "people.revoke_invitation"))
    return 204, None


@router.get("/organisations/{uid}/invitations", response=Page[InvitationOut], summary="Open invitations")
def organisation_invitations(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    return _invitations(request, queries.organisation(request.actor, uid), cursor, limit)


@router.post("/organisations/{uid}/invitations", response={201: InvitationOut}, summary="Invite to an organisation")
@idempotent
def invite_to_organisation(request: HttpRequest, uid: str, body: InvitationIn):
    found = queries.organisation(request.actor, uid)
    return 201, InvitationOut.of(actions.invite(request.actor, place=found, **body.dict()))


@router.post("/organisations/{uid}/ownership", response={201: InvitationOut}, summary="Offer one's ownership")
@idempotent
def offer_ownership(request: HttpRequest, uid: str, body: OwnershipIn):
    """Nothing changes until the new owner accepts the invitation."""
    found = queries.organisation(request.actor, uid)
    return 201, InvitationOut.of(actions.offer_ownership(request.actor, organisation=found, **body.dict()))


@router.get("/projects/{uid}/invitations", response=Page[InvitationOut], summary="Open invitations to a project")
def project_invitations(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    return _invitations(request, queries.project(request.actor, uid), cursor, limit)


@router.post("/projects/{uid}/invitations", response={201: InvitationOut}, summary="Invite to a project")
@idempotent
def invite_to_project(request: HttpRequest, uid: str, body: InvitationIn):
    found = queries.project(request.actor, uid)
    return 201, InvitationOut.of(actions.invite(request.actor, place=found, **body.dict()))


def _invitations(request: HttpRequest, place, cursor, limit):
    access.require(request.actor, "people.view_invitations", place)
    return _page(InvitationOut, queries.invitations_of(place), cursor, limit)


def _invitation(request: HttpRequest, uid: str, rule: str) -> Invitation:
    found = queries.invitation(uid)
    access.require(request.actor, rule, found)
    return found


# Requests to join


@router.get("/organisations/{uid}/requests", response=Page[JoinRequestOut], summary="People who ask to join")
def join_requests(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.view_invitations", found)
    return _page(JoinRequestOut, queries.join_requests_of(found), cursor, limit)


@router.post("/requests", response={201: JoinRequestOut}, summary="Ask to join an organisation")
@idempotent
def ask_to_join(request: HttpRequest, body: JoinRequestIn):
    return 201, JoinRequestOut.of(actions.ask_to_join(request.actor, **body.dict()))


@router.post("/requests/{uid}/answer", response=JoinRequestOut, summary="Take somebody in, or decline")
@idempotent
def answer_join_request(request: HttpRequest, uid: str, body: JoinAnswerIn):
    asked = _request(request, uid, "people.answer_join_request")
    actions.answer_join_request(request.actor, asked=asked, role=body.role)
    asked.refresh_from_db()
    return JoinRequestOut.of(asked)


@router.delete("/requests/{uid}", response={204: None}, summary="Withdraw one's request")
@idempotent
def withdraw_join_request(request: HttpRequest, uid: str):
    asked = _request(request, uid, "people.withdraw_join_request")
    actions.withdraw_join_request(request.actor, asked=asked)
    return 204, None


def _request(request: HttpRequest, uid: str, rule: str) -> JoinRequest:
    found = JoinRequest.objects.select_related("organisation", "person").filter(uid=uid).first()
    if found is None:
        raise NotFound
    access.require(request.actor, rule, found)
    return found


# Service accounts


@router.get("/organisations/{uid}/services", response=Page[ServiceOut], summary="Service accounts")
def organisation_services(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    return _services(request, queries.organisation(request.actor, uid), cursor, limit)


@router.post("/organisations/{uid}/services", response={201: ServiceOut}, summary="Make a service account")
@idempotent
def make_organisation_service(request: HttpRequest, uid: str, body: ServiceIn):
    found = queries.organisation(request.actor, uid)
    return 201, ServiceOut.of(actions.make_service_account(request.actor, place=found, **body.dict()))


@router.get("/projects/{uid}/services", response=Page[ServiceOut], summary="Service accounts of a project")
def project_services(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    return _services(request, queries.project(request.actor, uid), cursor, limit)


@router.post("/projects/{uid}/services", response={201: ServiceOut}, summary="Make a service account of a project")
@idempotent
def make_project_service(request: HttpRequest, uid: str, body: ServiceIn):
    found = queries.project(request.actor, uid)
    return 201, ServiceOut.of(actions.make_service_account(request.actor, place=found, **body.dict()))


@router.post("/services/{uid}/tokens", response={201: NewTokenOut}, summary="Make a token for a service account")
def issue_service_token(request: HttpRequest, uid: str, body: ServiceTokenIn):
    """The secret is in this answer and nowhere else; so this write is not kept for an `Idempotency-Key`."""
    account = queries.service_account(request.actor, uid)
    token, secret = actions.issue_service_token(request.actor, account=account, **body.dict())
    return Status(201, NewTokenOut.of(token, secret=secret))


@router.delete("/services/{uid}/tokens/{token_id}", response={204: None}, summary="Revoke a service account's token")
@idempotent
def revoke_service_token(request: HttpRequest, uid: str, token_id: int):
    account = queries.service_account(request.actor, uid)
    token = account.person.api_tokens.filter(pk=token_id).first()
    if token is None:
        raise NotFound
    actions.revoke_service_token(request.actor, account=account, token=token)
    return 204, None


@router.delete("/services/{uid}", response={204: None}, summary="Close a service account")
@idempotent
def close_service(request: HttpRequest, uid: str):
    actions.close_service_account(request.actor, account=queries.service_account(request.actor, uid))
    return 204, None


def _services(request: HttpRequest, place, cursor, limit):
    access.require(request.actor, "people.view_service_accounts", place)
    return _page(ServiceOut, queries.service_accounts_of(place), cursor, limit)


# Facilitators


@router.get("/projects/{uid}/facilitators", response=Page[FacilitatorOut], summary="Whom the centre let in to read")
def facilitators(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    found = queries.project(request.actor, uid)
    access.require(request.actor, "people.view_facilitators", found)
    return _page(FacilitatorOut, queries.facilitators_of(found), cursor, limit)


@router.post("/projects/{uid}/facilitators", response={201: FacilitatorOut}, summary="Let a facilitator in")
@idempotent
def let_in_facilitator(request: HttpRequest, uid: str, body: FacilitatorIn):
    found = queries.project(request.actor, uid)
    access.require(request.actor, "people.let_in_facilitator", found)
    person = queries.person_with_address(body.email.strip().lower())
    if person is None:
        raise BadInput(_("Nobody has confirmed this address here."), field="email", code="member.unknown")
    made = actions.let_in_facilitator(request.actor, project=found, person=person, days=body.days, reason=body.reason)
    return 201, FacilitatorOut.of(made)


# The directory


class ListedProjectOut(Schema):
    uid: str = Field(examples=["prj-9x7t1zq84k2m"])
    name_en: str = Field(examples=["Grasping by sight"])
    name_zh: str = Field(examples=["視覺抓取"])
    summary_en: str
    summary_zh: str
    link: str = Field(examples=["https://example.org/grasping"])
    picture: str | None = Field(None, description="path of a JPEG", examples=["/directory/projects/prj-…/picture.jpg"])

    @classmethod
    def of(cls, row: Listing) -> "ListedProjectOut":
        path = f"/directory/projects/{row.project.uid}/picture.jpg" if row.has_picture else None
        named = {name: getattr(row, name) for name in ("name_en", "name_zh", "summary_en", "summary_zh", "link")}
        return cls(uid=row.project.uid, picture=path, **named)


class ListedPersonOut(Schema):
    name: str = Field(examples=["陳大文"])
    role_en: str = Field(examples=["Head of robotics"])
    role_zh: str = Field(examples=["機械人部主管"])
    link: str


class ListedOrganisationOut(Schema):
    """An organisation that agreed to be shown."""

    uid: str = Field(examples=["org-3f8k2m9x7t1z"])
    name_en: str = Field(examples=["Harbour Robotics Limited"])
    name_zh: str = Field(examples=["海港機械人有限公司"])
    category: str = Field(examples=["startup"])
    summary_en: str
    summary_zh: str
    link: str
    projects: list[ListedProjectOut]
    people: list[ListedPersonOut] | None = Field(None, description="of one organisation only")

    @classmethod
    def of(cls, row: Listing, projects: list[Listing], people: list[Listing] | None = None):
        shown = None
        if people is not None:
            shown = [
                ListedPersonOut(name=each.person.name, role_en=each.name_en, role_zh=each.name_zh, link=each.link)
                for each in people
            ]
        return cls(
            **{name: getattr(row.organisation, name) for name in ("uid", "name_en", "name_zh", "category")},
            **{name: getattr(row, name) for name in ("summary_en", "summary_zh", "link")},
            projects=[ListedProjectOut.of(each) for each in projects],
            people=shown,
        )


@router.get("/directory", response=Page[ListedOrganisationOut], auth=None, summary="The public directory")
def listed(
    request: HttpRequest,
    q: str = Query("", max_length=100, description="in names, descriptions and titles of projects"),
    category: str = Query("", description="university, research, enterprise, startup, government or other"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    """Organisations that agreed to be shown, with their published projects. Needs no token."""
    access.require(request.actor, "people.view_directory")
    found, following = paginate(directory.organisations(q.strip(), category), cursor=cursor, limit=limit)
    items = [ListedOrganisationOut.of(each, projects) for each, projects in directory.with_projects(found)]
    return Page(items=items, next=following)


@router.get("/directory/{uid}", response=ListedOrganisationOut, auth=None, summary="One organisation of the directory")
def listed_organisation(request: HttpRequest, uid: str):
    """Also by the uid of a registration that was merged into it."""
    access.require(request.actor, "people.view_directory")
    found = directory.organisation(uid)
    projects = directory.projects().filter(organisation=found.organisation)
    return ListedOrganisationOut.of(found, list(projects), list(directory.people(found.organisation)))


def _page(schema, rows, cursor, limit):
    found, following = paginate(rows, cursor=cursor, limit=limit)
    return Page(items=[schema.of(each) for each in found], next=following)
