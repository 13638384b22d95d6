"""The API of this room. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from aisc.core import access
from aisc.core.api import Page, idempotent, paginate, with_etag
from aisc.core.errors import BadInput, Conflict
from aisc.ledger.models import PriceList
from aisc.people.models import Organisation, Person
from aisc.people.queries import organisations_visible_to
from aisc.scheme import actions, queries
from aisc.scheme.completeness import missing
from aisc.scheme.costs import cost_of, frozen_cost
from aisc.scheme.models import Application, Award, Decision, Letter
from aisc.scheme.schemas import (
    ApplicationCostOut,
    ApplicationDetail,
    ApplicationIn,
    ApplicationOut,
    ApplicationPatch,
    ApplicationReasonIn,
    AssessorOut,
    AssignIn,
    AwardOut,
    CallDetail,
    CallIn,
    CallOut,
    CallPatch,
    ChangeOut,
    ConflictIn,
    DecisionIn,
    DecisionOut,
    Draft,
    LetterOut,
    ReceiptOut,
    ReturnIn,
    ReviewIn,
    ReviewOut,
    SubmitIn,
)
from aisc.scheme.standing import EDITABLE, standing
from aisc.scheme.states import APPLICATION
from aisc.scheme.views.awards import pdf_answer

router = Router(tags=["scheme"])

_Conditions = Query("", description="`sha256` of the conditions that were read (`GET /texts/award-conditions`)")

Cursor = Query(None, description="`next` of the page before")
Limit = Query(50, description="1 to 200")


# Calls


@router.get("/calls", response=Page[CallOut], auth=None, summary="Every announced call, newest first")
def calls(request: HttpRequest, cursor: str | None = Cursor, limit: int = Limit):
    found, following = paginate(queries.calls(), cursor=cursor, limit=limit)
    return Page(items=[CallOut.of(call) for call in found], next=following)


@router.post("/calls", response={201: CallOut}, summary="Announce a call (secretariat)")
@idempotent
def create_call(request: HttpRequest, body: CallIn):
    access.require(request.actor, "scheme.create_call")
    values = body.dict() | {"price_list": _price_list(body.price_list)}
    return Status(201, CallOut.of(actions.create_call(request.actor, **values)))


@router.get("/calls/{uid}", response=CallDetail, auth=None, summary="A call with its rubric and its figures")
def call(request: HttpRequest, uid: str):
    return with_etag(request, CallDetail.of(queries.call_by_uid(uid)))


@router.patch("/calls/{uid}", response=CallOut, summary="Change a call that has not opened (secretariat)")
@idempotent
def edit_call(request: HttpRequest, uid: str, body: CallPatch):
    found = queries.call_by_uid(uid)
    access.require(request.actor, "scheme.edit_call", found)
    changes = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    if "price_list" in changes:
        changes["price_list"] = _price_list(changes["price_list"])
    return CallOut.of(actions.edit_call(request.actor, call=found, **changes))


def _price_list(version: str) -> PriceList:
    found = PriceList.objects.filter(version=version).first()
    if found is None:
        raise BadInput(_("There is no such price list."), field="price_list")
    return found


# Applications


@router.get("/applications", response=Page[ApplicationOut], summary="Applications one may see, newest first")
def applications(
    request: HttpRequest,
    cursor: str | None = Cursor,
    limit: int = Limit,
    state: str | None = Query(None, description="Only those in this state"),
    call: str | None = Query(None, description="Only those to this call"),
):
    access.require(request.actor, "scheme.view_applications")
    rows = queries.applications_visible_to(request.actor)
    if state is not None:
        if state not in APPLICATION.labels:
            raise BadInput(_("There is no such state."), field="state")
        rows = rows.filter(state=state)
    if call is not None:
        rows = rows.filter(call__uid=call)
    found, following = paginate(rows, cursor=cursor, limit=limit)
    return Page(items=[ApplicationOut.of(row) for row in found], next=following)


@router.post("/applications", response={201: ApplicationDetail}, summary="Start a draft in an open call")
@idempotent
def start_draft(request: HttpRequest, body: ApplicationIn):
    organisation = organisations_visible_to(request.actor).filter(uid=body.organisation).first()
    if organisation is None:
        raise BadInput(_("There is no such organisation among yours."), field="organisation")
    draft = actions.start_draft(request.actor, organisation=organisation, call=queries.call_by_uid(body.call))
    return Status(201, _detail(request, draft.uid))


@router.get("/applications/{uid}", response=ApplicationDetail, summary="One application, as much as one may see of it")
def application(request: HttpRequest, uid: str):
    return with_etag(request, _detail(request, uid))


@router.patch("/applications/{uid}", response=ApplicationDetail, summary="Save parts of a draft")
@idempotent
def save_draft(request: HttpRequest, uid: str, body: ApplicationPatch):
    found = queries.application_by_uid(request.actor, uid)
    changes = body.dict(exclude_unset=True)
    for name, value in changes.items():
        if value is None and name not in {"starts_on", "other_funding"}:
            raise BadInput(_("Leave it out or give a value."), field=name)
    if "organisation" in changes:
        changes["organisation"] = _own_organisation(request, changes["organisation"])
    actions.save_draft(request.actor, application=found, **changes)
    return _detail(request, uid)


def _own_organisation(request: HttpRequest, uid: str) -> Organisation:
    found = organisations_visible_to(request.actor).filter(uid=uid).first()
    if found is None:
        raise BadInput(_("There is no such organisation among yours."), field="organisation")
    return found


@router.post("/applications/{uid}/submit", response=ApplicationDetail, summary="Declare and submit")
@idempotent
def submit(request: HttpRequest, uid: str, body: SubmitIn):
    found = queries.application_by_uid(request.actor, uid)
    actions.submit_application(request.actor, application=found, **body.dict())
    return _detail(request, uid)


@router.post("/applications/{uid}/withdraw", response=ApplicationDetail, summary="Withdraw, for good")
@idempotent
def withdraw(request: HttpRequest, uid: str, body: ApplicationReasonIn):
    found = queries.application_by_uid(request.actor, uid)
    actions.withdraw(request.actor, application=found, reason=body.reason)
    return _detail(request, uid)


# The centre's steps


@router.post("/applications/{uid}/return", response=ApplicationDetail, summary="Return for completion (secretariat)")
@idempotent
def return_application(request: HttpRequest, uid: str, body: ReturnIn):
    found = queries.application_by_uid(request.actor, uid)
    actions.return_application(request.actor, application=found, missing=body.missing)
    return _detail(request, uid)


@router.get("/applications/{uid}/assessors", response=list[AssessorOut], summary="Whom one may assign (secretariat)")
def assessors(request: HttpRequest, uid: str):
    found = queries.application_by_uid(request.actor, uid)
    access.require(request.actor, "scheme.assign_assessor", found)
    return [
        AssessorOut(uid=person.uid, name=person.name, open_reviews=person.open_reviews)
        for person in queries.assessors_for(found)
    ]


@router.post("/applications/{uid}/assign", response=ApplicationDetail, summary="Assign an assessor (secretariat)")
@idempotent
def assign(request: HttpRequest, uid: str, body: AssignIn):
    found = queries.application_by_uid(request.actor, uid)
    access.require(request.actor, "scheme.assign_assessor", found)
    assessor = Person.objects.filter(uid=body.assessor).first()
    if assessor is None:
        raise BadInput(_("There is no such person."), field="assessor")
    actions.assign_assessor(request.actor, application=found, assessor=assessor)
    return _detail(request, uid)


@router.post("/applications/{uid}/take-back", response=ApplicationDetail, summary="End an assignment (secretariat)")
@idempotent
def take_back(request: HttpRequest, uid: str, body: ApplicationReasonIn):
    found = queries.application_by_uid(request.actor, uid)
    actions.take_back(request.actor, application=found, reason=body.reason)
    return _detail(request, uid)


@router.post("/applications/{uid}/conflict", response={204: None}, summary="Declare a conflict of interest (assessor)")
@idempotent
def declare_conflict(request: HttpRequest, uid: str, body: ConflictIn):
    """Answers nothing: afterwards it is, for you, as if the application did not exist."""
    found = queries.application_by_uid(request.actor, uid)
    actions.declare_conflict(request.actor, application=found, conflict=body.conflict)
    return Status(204, None)


@router.post("/applications/{uid}/review", response=ReviewOut, summary="Save or submit one's review (assessor)")
@idempotent
def review(request: HttpRequest, uid: str, body: ReviewIn):
    found = queries.application_by_uid(request.actor, uid)
    values = {"scores": body.scores, "comment": body.comment, "recommended_bps": body.recommended_bps}
    act = actions.submit_review if body.submit else actions.save_review
    row = act(request.actor, application=found, **values)
    return ReviewOut.of(row, found.call.criteria, shown=True)


@router.post("/applications/{uid}/decision", response=ApplicationDetail, summary="Decide (committee)")
@idempotent
def decide(request: HttpRequest, uid: str, body: DecisionIn):
    found = queries.application_by_uid(request.actor, uid)
    values = body.dict()
    actions.decide(request.actor, application=found, ceiling=values.pop("ceiling_cents"), **values)
    return _detail(request, uid)


# Awards and letters


@router.post("/applications/{uid}/accept", response=ApplicationDetail, summary="Accept the award (owner)")
@idempotent
def accept(request: HttpRequest, uid: str, conditions: str = _Conditions):
    actions.accept_award(request.actor, award=_award(request, uid), conditions=conditions)
    return _detail(request, uid)


@router.post("/applications/{uid}/decline", response=ApplicationDetail, summary="Decline the award (owner)")
@idempotent
def decline(request: HttpRequest, uid: str, body: ApplicationReasonIn):
    actions.decline_award(request.actor, award=_award(request, uid), reason=body.reason)
    return _detail(request, uid)


def _award(request: HttpRequest, uid: str) -> Award:
    found = queries.application_by_uid(request.actor, uid)
    award = getattr(found, "award", None)
    if award is None:
        raise Conflict(_("There is no award for this application."), code="award.none")
    return award


@router.get(
    "/applications/{uid}/letter.pdf",
    summary="The decision letter",
    openapi_extra={"responses": {200: {"description": "PDF", "content": {"application/pdf": {}}}}},
)
def letter(request: HttpRequest, uid: str) -> HttpResponse:
    return pdf_answer(request, queries.letter_of(request.actor, queries.application_by_uid(request.actor, uid)))


# What a caller sees of one application


def _detail(request: HttpRequest, uid: str) -> ApplicationDetail:
    found = queries.application_by_uid(request.actor, uid)
    position = standing(request.actor, found)
    submissions = list(found.submissions.select_related("by"))
    snapshot = submissions[-1].snapshot if submissions else None
    decided: dict[str, Any] = {"decision": None, "award": None, "letter": None}
    if position.sees_letter:
        letter = Letter.objects.filter(application=found).first()
        decision = Decision.objects.filter(application=found).first()
        award = getattr(found, "award", None)
        decided = {
            "decision": DecisionOut.of(decision) if decision else None,
            "award": AwardOut.of(award) if award else None,
            "letter": LetterOut.of(letter) if letter else None,
        }
    draft = _draft(found) if position.applicant else None
    if snapshot:
        cost = frozen_cost(snapshot)
    else:
        cost = cost_of([(row.accelerator, row.count, row.months) for row in draft.resources], found.call.price_list)
    return ApplicationDetail(
        **ApplicationOut.of(found).model_dump(),
        returned_for=found.returned_for,
        draft=draft,
        submitted=snapshot,
        cost=ApplicationCostOut.of(cost),
        receipts=[ReceiptOut.of(each) for each in submissions],
        history=[ChangeOut(state=change.state, at=change.at, note=change.note) for change in found.changes.all()],
        reviews=_reviews(request, found) if position.sees_reviews else [],
        **decided,
    )


def _draft(found: Application) -> Draft:
    names = ("summary_en", "summary_zh", "starts_on", "justification", "other_funding", "funding_note", "declared")
    return Draft(
        **{name: getattr(found, name) for name in names},
        team=list(found.team.values("name", "role", "email")),
        resources=[
            {"accelerator": row.accelerator.code, "count": row.count, "months": row.months}
            for row in found.resources.select_related("accelerator")
        ],
        missing=[gap.text for gap in missing(found)] if found.state in EDITABLE else [],
    )


def _reviews(request: HttpRequest, found: Application) -> list[ReviewOut]:
    return [
        ReviewOut.of(
            each,
            found.call.criteria,
            # An unfinished review is its assessor's own.
            shown=each.submitted_at is not None or each.assessor == request.actor.person,
        )
        for each in queries.reviews_of(request.actor, found)
    ]
