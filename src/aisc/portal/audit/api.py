"""The audit log in the API: all of it for auditors, an object's history for those who may see the object."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from aisc.core import access
from aisc.core.api import Page, paginate
from aisc.core.audit import kinds, reading
from aisc.core.models import AuditEvent
from aisc.portal.audit.pages import find

router = Router(tags=["audit"])


class AuditEventOut(Schema):
    """One action that was carried out. ``hash`` is over the row before it and this row; docs/audit.md says how."""

    seq: int = Field(description="Its place in the chain, from 1, without gaps.", examples=[1204])
    at: str = Field(examples=["2026-11-22T15:04:05.123456Z"])
    actor: str = Field(examples=["Chan Siu Ming"])
    person: int | None = Field(description="The actor's number; null for the system.", examples=[7])
    action: str = Field(examples=["ledger.release_tranche"])
    object_type: str = Field(examples=["ledger.budget"])
    object_id: str = Field(examples=["bud_7h2k9f3m5q1x"])
    object_label: str = Field(examples=["Protein folding"])
    details: dict[str, Any] = Field(description="What the action noted.", examples=[{"amount": 500000}])
    changes: list[dict[str, Any]] = Field(
        description="The rows it wrote, before and after.",
        examples=[[{"type": "ledger.budget", "what": "changed", "before": {"released": 0}, "after": {"released": 1}}]],
    )
    subjects: list[str] = Field(description="All that it is about.", examples=[["ledger.budget:12"]])
    reason: str = Field(examples=["First tranche"])
    address: str | None = Field(None, description="For auditors alone.", examples=["192.0.2.17"])
    request_id: str | None = Field(None, description="For auditors alone.", examples=["9f2c41d07be3a815"])
    via: str | None = Field(None, description="Session, token or command; for auditors alone.")
    hash: str = Field(examples=["9b74c9897bac770ffc029102a200c5de" * 2])


class AuditQuery(Schema):
    """Filters; all that are given must fit."""

    who: str = Field("", description="A name, an e-mail address, a uid, or a part of the system.", max_length=200)
    action: str = Field("", description="An action, or the beginning of its name.", max_length=80)
    object_type: str = Field("", max_length=80)
    object_id: str = Field("", max_length=64)
    since: date | None = None
    until: date | None = None
    text: str = Field("", description="In the object's name or the reason.", max_length=200)


@router.get("/audit", response=Page[AuditEventOut], summary="The audit log, newest first")
def list_audit(
    request: HttpRequest, query: Query[AuditQuery], cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Every action that was carried out, for auditors, operators and administrators."""
    access.require(request.actor, kinds.ALL)
    rows = reading.events(reading.Filter(**query.dict()))
    return _page(rows, cursor, limit, whole=True)


@router.get("/audit/{kind}/{uid}", response=Page[AuditEventOut], summary="What happened to something, newest first")
def list_history(
    request: HttpRequest, kind: str, uid: str, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """For those who may see the object. ``kind``: organisation, project, budget, job, application, award and so on."""
    _kind, row = find(request.actor, kind, uid)
    rows = reading.history(request.actor, row)
    return _page(rows, cursor, limit, whole=reading.sees_all(request.actor))


def _page(rows: Any, cursor: str | None, limit: int, *, whole: bool) -> dict[str, Any]:
    found, following = paginate(rows, cursor=cursor, limit=limit, key="-seq")
    return {"items": [_out(event, whole) for event in found], "next": following}


def _out(event: AuditEvent, whole: bool) -> dict[str, Any]:
    return reading.as_dict(event, whole=whole)
