"""Budgets and what happens in them. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query

from aisc.core import access
from aisc.core.api import Page, idempotent, paginate, with_etag
from aisc.core.errors import BadInput, NotFound
from aisc.ledger import actions, lookups, queries
from aisc.ledger.api.routing import Cursor, Limit, one_of, router, storable
from aisc.ledger.displays import budgets as displays
from aisc.ledger.displays import prices as price_displays
from aisc.ledger.models import Budget, Entry, Hold
from aisc.ledger.schemas import (
    BudgetOut,
    CeilingIn,
    EntryOut,
    HoldOut,
    MoveIn,
    OwnBudgetIn,
    ReasonIn,
    ReleaseIn,
)
from aisc.people.models import Project
from aisc.people.queries import projects_visible_to


@router.get("/budgets", response=Page[BudgetOut], summary="Budgets one may see, newest first")
def budgets(
    request: HttpRequest,
    q: str = Query("", description="words of the name, reference, organisation or project; or a uid"),
    state: str = Query("", description="`active`, `suspended` or `closed`"),
    source: str = Query("", description="`award` or `own`"),
    project: str = Query("", description="uid"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    access.require(request.actor, "ledger.view_budgets")
    storable(q=q, project=project)
    one_of(state, Budget.State.values, "state")
    one_of(source, Budget.Source.values, "source")
    rows = displays.listed(queries.budgets_visible_to(request.actor), q=q, state=state, source=source)
    if project:
        rows = rows.filter(project__uid=project)
    found, following = paginate(rows, cursor=cursor, limit=limit)
    return with_etag(request, Page[BudgetOut](items=[BudgetOut.of(each) for each in found], next=following))


@router.post("/budgets", response={201: BudgetOut}, summary="Ask for a budget of the organisation's own money")
@idempotent
def ask(request: HttpRequest, body: OwnBudgetIn):
    """For owners and finance members. The centre's finance officers are told, and release credit."""
    project: Project | None = projects_visible_to(request.actor).filter(uid=body.project).first()
    if project is None:
        raise NotFound(field="project")
    access.require(request.actor, "people.view_project", project)
    budget = actions.open_own_budget(
        request.actor,
        project=project,
        name=body.name,
        ceiling=body.ceiling_cents,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        reference=body.reference,
    )
    return 201, BudgetOut.of(budget)


@router.get("/budgets/{uid}", response=BudgetOut, summary="One budget")
def budget(request: HttpRequest, uid: str):
    return with_etag(request, BudgetOut.of(lookups.budget(request.actor, uid)))


@router.get("/budgets/{uid}/entries", response=Page[EntryOut], summary="The journal, newest line first")
def entries(
    request: HttpRequest,
    uid: str,
    kind: str = Query("", description="`release`, `charge`, `reversal` or `lapse`"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    found = lookups.budget(request.actor, uid)
    one_of(kind, Entry.Kind.values, "kind")
    rows, following = paginate(displays.journal(found, kind=kind), cursor=cursor, limit=limit, key="-seq")
    return with_etag(request, Page[EntryOut](items=[EntryOut.of(row) for row in rows], next=following))


@router.post("/budgets/{uid}/entries/{seq}/reverse", response={201: EntryOut}, summary="Take a charge back")
@idempotent
def reverse(request: HttpRequest, uid: str, seq: int, body: ReasonIn):
    """For finance officers. A new line takes the amount back from both payers; nothing is deleted."""
    found = lookups.budget(request.actor, uid)
    access.require(request.actor, "ledger.reverse_entry", found)
    return 201, _fresh(actions.reverse_entry(request.actor, entry=lookups.entry(found, seq), reason=body.reason))


@router.get("/budgets/{uid}/holds", response=Page[HoldOut], summary="Holds, newest first")
def holds(
    request: HttpRequest,
    uid: str,
    state: str = Query("", description="`open`, `settled` or `released`"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    found = lookups.budget(request.actor, uid)
    one_of(state, Hold.State.values, "state")
    rows = queries.holds_of(found)
    rows, following = paginate(rows.filter(state=state) if state else rows, cursor=cursor, limit=limit)
    return with_etag(request, Page[HoldOut](items=[HoldOut.of(row) for row in rows], next=following))


@router.get("/budgets/{uid}/releases", response=Page[EntryOut], summary="Tranches released, newest first")
def releases(request: HttpRequest, uid: str, cursor: str | None = Cursor, limit: int = Limit):
    rows = displays.journal(lookups.budget(request.actor, uid), kind=Entry.Kind.RELEASE)
    rows, following = paginate(rows, cursor=cursor, limit=limit, key="-seq")
    return Page(items=[EntryOut.of(row) for row in rows], next=following)


@router.post("/budgets/{uid}/releases", response={201: EntryOut}, summary="Release a tranche")
@idempotent
def release(request: HttpRequest, uid: str, body: ReleaseIn):
    """For finance officers, and the secretariat for awards. It can be used at once."""
    found = lookups.budget(request.actor, uid)
    entry = actions.release_tranche(request.actor, budget=found, amount=body.amount_cents, reason=body.reason)
    return 201, _fresh(entry)


@router.post("/budgets/{uid}/ceiling", response=BudgetOut, summary="Ask for more of the organisation's own money")
@idempotent
def ceiling(request: HttpRequest, uid: str, body: CeilingIn):
    found = lookups.budget(request.actor, uid)
    actions.raise_ceiling(request.actor, budget=found, ceiling=body.ceiling_cents, reason=body.reason)
    return BudgetOut.of(lookups.budget(request.actor, uid))


@router.post("/budgets/{uid}/price-list", response=BudgetOut, summary="Let a budget have lower prices")
@idempotent
def move_prices(request: HttpRequest, uid: str, body: MoveIn):
    """For finance officers. Refused (409) where anything gets dearer or is missing. Open holds shrink."""
    found = lookups.budget(request.actor, uid)
    access.require(request.actor, "ledger.move_to_price_list", found)
    price_list = price_displays.published().filter(version=body.version).first()
    if price_list is None:
        raise BadInput(_("There is no such price list; see /prices."), field="version")
    actions.move_to_price_list(request.actor, budget=found, price_list=price_list, reason=body.reason)
    return BudgetOut.of(lookups.budget(request.actor, uid))


@router.post("/budgets/{uid}/suspend", response=BudgetOut, summary="Let nothing new start on a budget")
@idempotent
def suspend(request: HttpRequest, uid: str, body: ReasonIn):
    actions.suspend_budget(request.actor, budget=lookups.budget(request.actor, uid), reason=body.reason)
    return BudgetOut.of(lookups.budget(request.actor, uid))


@router.post("/budgets/{uid}/resume", response=BudgetOut, summary="Undo a suspension")
@idempotent
def resume(request: HttpRequest, uid: str, body: ReasonIn):
    actions.resume_budget(request.actor, budget=lookups.budget(request.actor, uid), reason=body.reason)
    return BudgetOut.of(lookups.budget(request.actor, uid))


@router.post("/budgets/{uid}/close", response=BudgetOut, summary="End a budget for good")
@idempotent
def close(request: HttpRequest, uid: str, body: ReasonIn):
    """What was released and not used lapses. Refused (409) while holds are open."""
    actions.close_budget(request.actor, budget=lookups.budget(request.actor, uid), reason=body.reason)
    return BudgetOut.of(lookups.budget(request.actor, uid))


def _fresh(entry: Entry) -> EntryOut:
    return EntryOut.of(queries.entries_of(entry.budget).get(pk=entry.pk))
