"""Prices, budgets, journals, statements, usage. Cents at list price unless a name says otherwise."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from aisc.client.models.base import Cents, Model


class Price(Model):
    """``cents`` for ``per`` units of ``meter``: 3,600,000 ms are an hour."""

    meter: str
    name_en: str
    name_zh: str
    accelerator: str | None = None
    cents: Cents
    per: int
    unit: str
    pflops_hour_cents: Cents | None = None


class PriceVersion(Model):
    """A published version of the list prices; it never changes."""

    version: str
    currency: str
    effective_from: date
    in_force: bool
    illustrative: bool = False
    note_en: str = ""
    note_zh: str = ""


class PriceList(PriceVersion):
    prices: list[Price]


class Prices(Model):
    """The list in force (None before the first takes effect), and every version."""

    current: PriceList | None = None
    versions: list[PriceVersion]


class Budget(Model):
    """Money that may be used: ``available`` = ``released`` − ``charged`` − ``held``."""

    uid: str
    name: str
    source: str
    reference: str = ""
    organisation: str
    project: str
    state: str
    price_list: str
    currency: str
    scheme_bps: int
    starts_on: date
    ends_on: date
    ceiling_cents: Cents
    released_cents: Cents
    charged_cents: Cents
    charged_scheme_cents: Cents
    charged_applicant_cents: Cents
    held_cents: Cents
    available_cents: Cents
    entries: int
    head_hash: str = ""


class Entry(Model):
    """One line of a budget's journal. ``amount`` = ``scheme`` + ``applicant``, but for a release or a lapse."""

    seq: int
    kind: str
    at: datetime
    amount_cents: Cents
    scheme_cents: Cents
    applicant_cents: Cents
    usage: int | None = None
    description: str = ""
    reverses: int | None = None
    reversed_by: int | None = None
    reason: str = ""
    hash: str


class Hold(Model):
    """Money set aside before a use starts."""

    uid: str
    key: str
    state: str
    description: str = ""
    meter: str
    quantity: int
    amount_cents: Cents
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None = None


class Estimate(Model):
    """The most it can cost: what would be held. ``list`` = ``scheme`` + ``applicant``."""

    list_cents: Cents
    scheme_cents: Cents
    applicant_cents: Cents
    available_cents: Cents
    enough: bool
    price_cents: Cents
    price_per: int
    quantity: int
    runs: int


class Statement(Model):
    """One payer's half of a bill. ``list_cents`` is of both payers together, ``payer_cents`` of this one."""

    number: str
    budget: str
    payer: str
    period_start: date
    period_end: date
    first_seq: int
    last_seq: int
    list_cents: Cents
    payer_cents: Cents
    digest: str
    code: str
    issued_at: datetime


class PriceSum(Model):
    """What was used at one price, net of reversals."""

    meter: str
    price_cents: Cents
    price_per: int
    quantity: int
    list_cents: Cents
    scheme_cents: Cents
    applicant_cents: Cents


class Bill(Model):
    """Both payers side by side, from the same lines; ``statements`` is empty for what is not billed yet."""

    budget: str
    period_start: date
    period_end: date
    first_seq: int
    last_seq: int
    list_cents: Cents
    scheme_cents: Cents
    applicant_cents: Cents
    sums: list[PriceSum]
    statements: list[Statement]


class Rating(Model):
    """How a charge came about: each amount is the rounded total after it less the one before."""

    seq: int
    price_list: str
    price_cents: Cents
    price_per: int
    scheme_bps: int
    quantity_before: int
    quantity_after: int
    amount_before_cents: Cents
    amount_after_cents: Cents
    amount_cents: Cents
    gross_after_cents: Cents
    scheme_before_cents: Cents
    scheme_after_cents: Cents
    scheme_cents: Cents
    applicant_cents: Cents
    agrees: bool
    previous_hash: str
    hash: str


class Usage(Model):
    """One measured use; ``budget`` is None while nobody is known to pay."""

    id: int
    source: str
    source_id: str
    budget: str | None = None
    meter: str | None = None
    quantity: int
    started_at: datetime
    ended_at: datetime
    recorded_at: datetime
    description: str = ""


class UsageDetail(Usage):
    rating: Rating | None = None


class Seal(Model):
    """A day's seal over the heads of all chains, chained to the seal of the day before."""

    day: date
    sealed_at: datetime
    budgets: int
    entries: int
    previous_hash: str
    hash: str


class Proof(Model):
    """The last proof that records, charges and statements agree."""

    at: datetime
    ok: bool
    milliseconds: int
    report: dict[str, Any]
