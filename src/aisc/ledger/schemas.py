"""What the API of this room takes and gives. Money is integer cents at list price unless a name says otherwise."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import AfterValidator

from aisc.core import clock
from aisc.ledger.displays.prices import PriceRow
from aisc.ledger.displays.statements import Bill
from aisc.ledger.displays.usage import Rating
from aisc.ledger.models import Budget, Entry, Hold, PriceList, Proof, Seal, Statement, UsageRecord
from aisc.ledger.queries import Estimate

_BUDGET = "bud-7k2m9x4t1zq8"
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_NUMBER = "ST-2026-000042"


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("A NUL character cannot be looked for.")
    return text


# What is compared with text in the database; PostgreSQL has no NUL.
Text = Annotated[str, AfterValidator(_storable)]


class PriceOut(Schema):
    """What one unit costs."""

    meter: str = Field(examples=["accelerator:h800"])
    name_en: str = Field(examples=["NVIDIA H800"])
    name_zh: str = Field(examples=["NVIDIA H800"])
    accelerator: str | None = Field(description="code of the accelerator type", examples=["h800"])
    cents: int = Field(description="for `per` units", examples=[2000])
    per: int = Field(description="3,600,000 ms: one hour", examples=[3_600_000])
    unit: str = Field(examples=["ms"])
    pflops_hour_cents: int | None = Field(description="for a PFLOPS-hour (dense FP16 peak)", examples=[2021])

    @classmethod
    def of(cls, row: PriceRow) -> PriceOut:
        meter = row.meter
        return cls(
            meter=meter.code,
            name_en=meter.name_en,
            name_zh=meter.name_zh,
            accelerator=meter.accelerator.code if meter.accelerator else None,
            cents=row.cents,
            per=meter.per,
            unit=meter.unit,
            pflops_hour_cents=row.per_pflops_hour,
        )


class PriceListOut(Schema):
    """A published version of the list prices; it never changes."""

    version: str = Field(examples=["2026-1"])
    currency: str = Field(examples=["HKD"])
    effective_from: date = Field(examples=["2026-01-01"])
    in_force: bool = Field(description="today, for new budgets")
    illustrative: bool = Field(description="an example, not the terms of any real scheme")
    note_en: str
    note_zh: str

    @classmethod
    def of(cls, row: PriceList, current: PriceList | None, **more: Any) -> PriceListOut:
        return cls(
            version=row.version,
            currency=row.currency,
            effective_from=row.effective_from,
            in_force=row == current,
            illustrative=row.illustrative,
            note_en=row.note_en,
            note_zh=row.note_zh,
            **more,
        )


class PricesOut(PriceListOut):
    """One price list with its prices."""

    prices: list[PriceOut]


class PriceListIn(Schema):
    """A new version of the list prices, in Hong Kong dollars. It never changes once it is published."""

    version: Text = Field(
        description="letters, digits, hyphens and full stops; no other list may have it", examples=["2026-2"]
    )
    effective_from: date = Field(description="today at the earliest", examples=["2026-07-01"])
    illustrative: bool = Field(False, description="an example, not what the centre charges")
    note_en: Text = Field("", examples=["From July 2026."])
    note_zh: Text = Field("", examples=["由 2026 年 7 月起生效。"])
    prices: dict[Text, int] = Field(
        description="cents by meter, for `per` units of it (an hour of one accelerator); what is left out is not "
        "offered. `accelerator:` and the code of an accelerator type is a meter even before its first price",
        examples=[{"accelerator:cpu": 360, "accelerator:h800": 1800}],
    )


class MoveIn(Schema):
    """To which prices a budget moves, and why."""

    version: Text = Field(
        description="of a price list in force in which nothing is dearer or missing", examples=["2026-2"]
    )
    reason: Text = Field(description="1 to 300 characters; kept in the audit log", examples=["prices fell in July"])


class BudgetOut(Schema):
    """Money that may be used. `available` = `released` − `charged` − `held`, never below 0."""

    uid: str = Field(examples=[_BUDGET])
    name: str = Field(examples=["Own funds 2026"])
    source: str = Field(description="`award` or `own`", examples=["award"])
    reference: str = Field(description="of the award, or the organisation's order number", examples=["AISS-2026-0007"])
    organisation: str = Field(description="uid", examples=["org-3f8k2m9x7t1z"])
    project: str = Field(description="uid", examples=["prj-9x7t1zq84k2m"])
    state: str = Field(description="`active`, `suspended` or `closed`", examples=["active"])
    price_list: str = Field(examples=["2026-1"])
    currency: str = Field(examples=["HKD"])
    scheme_bps: int = Field(description="the scheme's share of every charge, in basis points", examples=[7000])
    starts_on: date = Field(examples=["2026-01-01"])
    ends_on: date = Field(examples=["2026-12-31"])
    ceiling_cents: int = Field(examples=[10_000_000])
    released_cents: int = Field(examples=[5_000_000])
    charged_cents: int = Field(examples=[123_456])
    charged_scheme_cents: int = Field(examples=[86_419])
    charged_applicant_cents: int = Field(examples=[37_037])
    held_cents: int = Field(examples=[40_000])
    available_cents: int = Field(examples=[4_836_544])
    entries: int = Field(description="lines of the journal", examples=[12])
    head_hash: str = Field(description="of the last line; empty without lines", examples=[_HASH])

    @classmethod
    def of(cls, row: Budget) -> BudgetOut:
        return cls(
            uid=row.uid,
            name=row.name,
            source=row.source,
            reference=row.reference,
            organisation=row.organisation.uid,
            project=row.project.uid,
            state=row.state,
            price_list=row.price_list.version,
            currency=row.currency,
            scheme_bps=row.scheme_bps,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            ceiling_cents=row.ceiling,
            released_cents=row.released,
            charged_cents=row.charged,
            charged_scheme_cents=row.charged_scheme,
            charged_applicant_cents=row.charged_applicant,
            held_cents=row.held,
            available_cents=row.available,
            entries=row.entry_count,
            head_hash=row.head_hash,
        )


class OwnBudgetIn(Schema):
    """A budget of the organisation's own money. The centre's finance officers grant credit by releasing it."""

    project: Text = Field(description="uid", examples=["prj-9x7t1zq84k2m"])
    name: Text = Field(examples=["Own funds 2026"])
    ceiling_cents: int = Field(description="the most that may be spent", examples=[5_000_000])
    starts_on: date = Field(examples=["2026-07-01"])
    ends_on: date = Field(examples=["2027-06-30"])
    reference: Text = Field("", description="your order number; printed on statements", examples=["PO-8812"])


class CeilingIn(Schema):
    ceiling_cents: int = Field(description="the new one, above the present one", examples=[8_000_000])
    reason: Text = Field(examples=["two more months of training"])


class ReleaseIn(Schema):
    amount_cents: int = Field(description="at most what is not yet released", examples=[2_500_000])
    reason: Text = Field(examples=["progress report 1 accepted"])


class ReasonIn(Schema):
    reason: Text = Field(description="1 to 300 characters; kept in the audit log", examples=["node failed"])


class EntryOut(Schema):
    """One line of a budget's journal. `amount` = `scheme` + `applicant`, but for `release` and `lapse`."""

    seq: int = Field(description="from 1 within the budget", examples=[17])
    kind: str = Field(description="`release`, `charge`, `reversal` or `lapse`", examples=["charge"])
    at: datetime
    amount_cents: int = Field(examples=[1000])
    scheme_cents: int = Field(examples=[700])
    applicant_cents: int = Field(examples=[300])
    usage: int | None = Field(description="id of the usage record of a charge", examples=[4711])
    description: str = Field(examples=["job-4k2m9x7t1zq8: train"])
    reverses: int | None = Field(description="seq of the line that this one takes back")
    reversed_by: int | None = Field(description="seq of the line that takes this one back")
    reason: str
    hash: str = Field(description="over the line before and this line", examples=[_HASH])

    @classmethod
    def of(cls, row: Entry) -> EntryOut:
        reversing = getattr(row, "reversed_by", None)
        return cls(
            seq=row.seq,
            kind=row.kind,
            at=clock.from_ms(row.at_ms),
            amount_cents=row.amount,
            scheme_cents=row.scheme_share,
            applicant_cents=row.applicant_share,
            usage=row.usage_id,
            description=row.usage.description if row.usage else "",
            reverses=row.reverses.seq if row.reverses else None,
            reversed_by=reversing.seq if reversing else None,
            reason=row.reason,
            hash=row.hash,
        )


class HoldOut(Schema):
    """Money set aside before a use starts."""

    uid: str = Field(examples=["hld-9x7t1zq84k2m"])
    key: str = Field(description="the same key is the same hold", examples=["job-4k2m9x7t1zq8/0/1"])
    state: str = Field(description="`open`, `settled` or `released`", examples=["open"])
    description: str
    meter: str = Field(examples=["accelerator:h800"])
    quantity: int = Field(description="the most that may be used, in the meter's unit", examples=[14_400_000])
    amount_cents: int = Field(examples=[8000])
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, row: Hold) -> HoldOut:
        return cls(
            uid=row.uid,
            key=row.key,
            state=row.state,
            description=row.description,
            meter=row.price.meter.code,
            quantity=row.quantity,
            amount_cents=row.amount,
            created_at=row.created_at,
            expires_at=row.expires_at,
            closed_at=row.closed_at,
        )


class EstimateIn(Schema):
    """What is to run."""

    budget: Text = Field(description="uid", examples=[_BUDGET])
    accelerator: Text = Field(description="code", examples=["h800"])
    count: int = Field(1, description="accelerators of one run", examples=[8])
    time_limit_ms: int = Field(description="of one run", examples=[14_400_000])
    runs: int = Field(1, description="of an array", examples=[1])


class EstimateOut(Schema):
    """The most it can cost: what would be held. `list` = `scheme` + `applicant`."""

    list_cents: int = Field(examples=[64_000])
    scheme_cents: int = Field(examples=[44_800])
    applicant_cents: int = Field(examples=[19_200])
    available_cents: int = Field(examples=[4_836_544])
    enough: bool = Field(description="whether the budget can hold it now")
    price_cents: int = Field(description="for `price_per` units", examples=[2000])
    price_per: int = Field(examples=[3_600_000])
    quantity: int = Field(description="of one run, in the meter's unit", examples=[115_200_000])
    runs: int

    @classmethod
    def of(cls, found: Estimate) -> EstimateOut:
        return cls(
            list_cents=found.list,
            scheme_cents=found.scheme,
            applicant_cents=found.applicant,
            available_cents=found.available,
            enough=found.enough,
            price_cents=found.price.cents,
            price_per=found.price.meter.per,
            quantity=found.quantity,
            runs=found.runs,
        )


class StatementOut(Schema):
    """One payer's half of a bill."""

    number: str = Field(examples=[_NUMBER])
    budget: str = Field(description="uid", examples=[_BUDGET])
    payer: str = Field(description="`scheme` or `applicant`", examples=["applicant"])
    period_start: date
    period_end: date
    first_seq: int = Field(description="first line of the journal that it covers")
    last_seq: int = Field(description="last line that it covers")
    list_cents: int = Field(description="of both payers together", examples=[123_456])
    payer_cents: int = Field(description="of this payer", examples=[37_037])
    digest: str = Field(description="SHA-256 of the lines", examples=[_HASH])
    code: str = Field(description="for checking the document at /verify/", examples=["vfy-4k2m9x7t1zq8"])
    issued_at: datetime

    @classmethod
    def of(cls, row: Statement) -> StatementOut:
        return cls(
            number=row.number,
            budget=row.budget.uid,
            payer=row.payer,
            period_start=row.period_start,
            period_end=row.period_end,
            first_seq=row.first_seq,
            last_seq=row.last_seq,
            list_cents=row.list_total,
            payer_cents=row.payer_total,
            digest=row.digest,
            code=row.code,
            issued_at=row.issued_at,
        )


class IssueIn(Schema):
    """The period to bill: every charge of it that is on no statement yet, to both payers."""

    budget: Text = Field(description="uid", examples=[_BUDGET])
    period_start: date | None = Field(None, description="left out: where the last one ended", examples=["2026-06-01"])
    period_end: date = Field(examples=["2026-06-30"])


class PriceSumOut(Schema):
    """What was used at one price, net of reversals."""

    meter: str = Field(examples=["accelerator:h800"])
    price_cents: int = Field(examples=[2000])
    price_per: int = Field(examples=[3_600_000])
    quantity: int = Field(examples=[54_321_000])
    list_cents: int
    scheme_cents: int
    applicant_cents: int


class BillOut(Schema):
    """Both payers side by side, from the same lines; `statements` is empty for the bill to date."""

    budget: str = Field(description="uid", examples=[_BUDGET])
    period_start: date
    period_end: date
    first_seq: int
    last_seq: int
    list_cents: int = Field(examples=[123_456])
    scheme_cents: int = Field(examples=[86_419])
    applicant_cents: int = Field(examples=[37_037])
    sums: list[PriceSumOut]
    statements: list[StatementOut]

    @classmethod
    def of(cls, bill: Bill) -> BillOut:
        return cls(
            budget=bill.budget.uid,
            period_start=bill.period_start,
            period_end=bill.period_end,
            first_seq=bill.first_seq,
            last_seq=bill.last_seq,
            list_cents=bill.amount,
            scheme_cents=bill.scheme_share,
            applicant_cents=bill.applicant_share,
            sums=[
                PriceSumOut(
                    meter=row.price.meter.code,
                    price_cents=row.price.cents,
                    price_per=row.price.meter.per,
                    quantity=row.quantity,
                    list_cents=row.amount,
                    scheme_cents=row.scheme_share,
                    applicant_cents=row.applicant_share,
                )
                for row in bill.sums
            ],
            statements=[StatementOut.of(each) for each in bill.issued],
        )


class UsageOut(Schema):
    """One measured use."""

    id: int = Field(examples=[4711])
    source: str = Field(examples=["engine:local"])
    source_id: str = Field(examples=["run-7k2m9x4t1zq8"])
    budget: str | None = Field(description="uid of who pays; null while nobody is known to", examples=[_BUDGET])
    meter: str | None = Field(examples=["accelerator:h800"])
    quantity: int = Field(description="in the meter's unit", examples=[1_234_567])
    started_at: datetime
    ended_at: datetime
    recorded_at: datetime
    description: str

    @classmethod
    def of(cls, row: UsageRecord, **more: Any) -> UsageOut:
        return cls(
            id=row.pk,
            source=row.source,
            source_id=row.source_id,
            budget=row.budget.uid if row.budget else None,
            meter=row.price.meter.code if row.price else None,
            quantity=row.quantity,
            started_at=clock.from_ms(row.started_ms),
            ended_at=clock.from_ms(row.ended_ms),
            recorded_at=clock.from_ms(row.recorded_ms),
            description=row.description,
            **more,
        )


class RatingOut(Schema):
    """How the charge came about, computed again from the records.

    `amount_after` = round(`price` × `quantity_after` / `per`), halves up; `amount` = `amount_after` −
    `amount_before`; `scheme_after` = round(`scheme_bps` × `gross_after` / 10,000); `scheme` = `scheme_after` −
    `scheme_before`; `applicant` = `amount` − `scheme`.
    """

    seq: int = Field(description="line of the budget's journal")
    price_list: str
    price_cents: int
    price_per: int
    scheme_bps: int
    quantity_before: int
    quantity_after: int
    amount_before_cents: int
    amount_after_cents: int
    amount_cents: int
    gross_after_cents: int
    scheme_before_cents: int
    scheme_after_cents: int
    scheme_cents: int
    applicant_cents: int
    agrees: bool = Field(description="with what is in the journal")
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, rating: Rating) -> RatingOut:
        return cls(
            seq=rating.entry.seq,
            price_list=rating.price.price_list.version,
            price_cents=rating.price.cents,
            price_per=rating.price.meter.per,
            scheme_bps=rating.entry.budget.scheme_bps,
            quantity_before=rating.quantity_before,
            quantity_after=rating.quantity_after,
            amount_before_cents=rating.amount_before,
            amount_after_cents=rating.amount_after,
            amount_cents=rating.amount,
            gross_after_cents=rating.gross_after,
            scheme_before_cents=rating.scheme_before,
            scheme_after_cents=rating.scheme_after,
            scheme_cents=rating.scheme_share,
            applicant_cents=rating.applicant_share,
            agrees=rating.agrees,
            previous_hash=rating.previous_hash,
            hash=rating.entry.hash,
        )


class UsageDetailOut(UsageOut):
    """A use with the arithmetic of its charge; `rating` is null while it has none."""

    rating: RatingOut | None


class AttributeIn(Schema):
    budget: Text = Field(description="uid of the budget that pays", examples=[_BUDGET])
    reason: Text = Field(examples=["run outside AISC for this project"])
    meter: Text = Field("", description="what was used, where the record does not say", examples=["accelerator:h800"])


class SealOut(Schema):
    """A day's seal over the heads of all chains, chained to the seal of the day before."""

    day: date
    sealed_at: datetime
    budgets: int
    entries: int
    previous_hash: str
    hash: str = Field(examples=[_HASH])

    @classmethod
    def of(cls, row: Seal) -> SealOut:
        return cls(
            day=row.day,
            sealed_at=row.sealed_at,
            budgets=row.budgets,
            entries=row.entries,
            previous_hash=row.previous_hash,
            hash=row.hash,
        )


class ProofAskedOut(Schema):
    """A proof will be made."""

    asked_at: datetime


class ProofOut(Schema):
    """One run of the proof that records, charges and statements agree."""

    at: datetime
    ok: bool
    milliseconds: int = Field(examples=[812])
    report: dict[str, Any] = Field(description="what was compared, how much of it, and the first differences")

    @classmethod
    def of(cls, row: Proof) -> ProofOut:
        return cls(at=row.at, ok=row.ok, milliseconds=row.milliseconds, report=row.report)
