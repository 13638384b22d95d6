"""Calls, applications, reviews, decisions and awards. Shares in basis points."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from aisc.client.models.base import Cents, Model


class Criterion(Model):
    """One line of a call's rubric; the weights add up to 100."""

    code: str
    name_en: str = ""
    name_zh: str = ""
    weight: int
    illustrative: bool = False

    @property
    def name(self) -> str:
        return self.name_en or self.name_zh


class Figures(Model):
    received: int
    decided: int
    approved: int
    accepted: int


class Call(Model):
    """An invitation to apply. ``phase``: coming, open or closed. ``declaration``: what an applicant declares."""

    uid: str
    name_en: str
    name_zh: str
    summary_en: str = ""
    summary_zh: str = ""
    opens_at: datetime
    closes_at: datetime
    phase: str
    price_list: str
    criteria: list[Criterion]
    acceptance_days: int
    illustrative: bool = False
    declaration: list[str] = []
    declaration_sha256: str = ""
    figures: Figures | None = None

    @property
    def name(self) -> str:
        return self.name_en or self.name_zh


class TeamMember(Model):
    name: str = ""
    role: str = ""
    email: str = ""


class ResourceLine(Model):
    accelerator: str
    count: int
    months: int


class CostLine(Model):
    """Accelerator-hours at list price."""

    accelerator: str
    count: int
    months: int
    hours: int
    price_cents: Cents
    list_cents: Cents


class ApplicationCost(Model):
    """What was asked for at list price, split as the scheme would at ``scheme_bps``."""

    currency: str
    lines: list[CostLine]
    list_cents: Cents
    scheme_bps: int
    scheme_cents: Cents
    applicant_cents: Cents


class Next(Model):
    """Who must act, what, and by when."""

    who: str
    what: str
    due: date | None = None


class Decision(Model):
    outcome: str
    reasons: str
    scheme_bps: int
    exceptional_reason: str = ""
    ceiling_cents: Cents
    months: int
    decided_at: datetime


class Award(Model):
    """``project`` and ``budget`` are opened when it is accepted."""

    number: str
    accept_by: date
    accepted_at: datetime | None = None
    project: str | None = None
    budget: str | None = None


class Review(Model):
    """``scores`` and ``comment`` are None where they may not be seen. ``total`` is out of 100, as text."""

    assessor: str
    assigned_at: datetime
    submitted_at: datetime | None = None
    conflict: str = ""
    taken_back: str = ""
    scores: dict[str, int] | None = None
    total: str | None = None
    comment: str | None = None
    recommended_bps: int | None = None


class Receipt(Model):
    """A submission: when, by whom, and the SHA-256 of the frozen copy."""

    at: datetime
    by: str
    sha256: str


class Change(Model):
    state: str
    at: datetime
    note: str = ""


class Letter(Model):
    """The decision letter; ``code`` verifies it."""

    reference: str
    code: str
    issued_at: datetime


class Assessor(Model):
    """Somebody whom the secretariat may assign."""

    uid: str
    name: str
    open_reviews: int


class Application(Model):
    uid: str
    number: str | None = None
    call: str
    organisation: str
    name_en: str = ""
    name_zh: str = ""
    state: str
    state_since: datetime
    submitted_at: datetime | None = None
    next: Next | None = None

    @property
    def name(self) -> str:
        return self.name_en or self.name_zh

    @property
    def label(self) -> str:
        """Its number, or its uid before it has one."""
        return self.number or self.uid


class Draft(Model):
    """The fields as they are now, and what keeps them from being submitted."""

    summary_en: str = ""
    summary_zh: str = ""
    starts_on: date | None = None
    justification: str = ""
    other_funding: bool | None = None
    funding_note: str = ""
    declared: bool = False
    team: list[TeamMember] = []
    resources: list[ResourceLine] = []
    missing: list[str] = []


class ApplicationDetail(Application):
    """One application, as much of it as the caller may see."""

    returned_for: str = ""
    draft: Draft | None = None
    submitted: dict[str, Any] | None = None
    cost: ApplicationCost
    receipts: list[Receipt] = []
    history: list[Change] = []
    reviews: list[Review] = []
    decision: Decision | None = None
    award: Award | None = None
    letter: Letter | None = None
