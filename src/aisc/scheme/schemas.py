"""What the API of this room takes and gives. Money in cents, shares in basis points, times in UTC."""

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Schema

from aisc.scheme.costs import Cost, tenths, weighted_total
from aisc.scheme.declaration import current as current_declaration
from aisc.scheme.models import Application, Award, Call, Decision, Letter, Review, Submission
from aisc.scheme.queries import due, figures, phase
from aisc.scheme.ribbon import next_step


class Criterion(Schema):
    code: str = Field(examples=["alignment"])
    name_en: str = Field("", examples=["Alignment with Hong Kong's innovation and AI needs"])
    name_zh: str = Field("", examples=["配合香港創科及人工智能發展需要"])
    weight: int = Field(description="Percent; all weights add up to 100", examples=[25])
    illustrative: bool = Field(False, description="A placeholder of this software, not a real scheme's term")


class CallIn(Schema):
    name_en: str = Field("", examples=["Open call 2026"])
    name_zh: str = Field("", examples=["二〇二六年公開申請"])
    summary_en: str = ""
    summary_zh: str = ""
    opens_at: datetime = Field(description="In the past: opens now", examples=["2026-09-01T01:00:00Z"])
    closes_at: datetime = Field(examples=["2026-09-30T10:00:00Z"])
    price_list: str = Field(description="Version of a published price list", examples=["2026-1"])
    criteria: list[Criterion] | None = Field(None, description="Left out: the default rubric")
    acceptance_days: int = Field(28, description="Days to accept an award", examples=[28])


class CallPatch(Schema):
    """What is left out stays."""

    name_en: str | None = None
    name_zh: str | None = None
    summary_en: str | None = None
    summary_zh: str | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    price_list: str | None = None
    criteria: list[Criterion] | None = None
    acceptance_days: int | None = None


class Figures(Schema):
    received: int
    decided: int
    approved: int
    accepted: int


class CallOut(Schema):
    uid: str = Field(examples=["cal-4k2m9x7t1zq8"])
    name_en: str
    name_zh: str
    summary_en: str
    summary_zh: str
    opens_at: datetime
    closes_at: datetime
    phase: Literal["coming", "open", "closed"]
    price_list: str
    criteria: list[Criterion]
    acceptance_days: int
    illustrative: bool = Field(description="Whether prices or criteria are examples")

    @classmethod
    def of(cls, call: Call) -> "CallOut":
        names = ("uid", "name_en", "name_zh", "summary_en", "summary_zh", "opens_at", "closes_at", "criteria")
        return cls(
            **{name: getattr(call, name) for name in names},
            phase=phase(call),
            price_list=call.price_list.version,
            acceptance_days=call.acceptance_days,
            illustrative=call.illustrative,
        )


class CallDetail(CallOut):
    figures: Figures = Field(description="Counts only; nothing of any one application")
    declaration: list[str] = Field(description="What is declared when submitting, in the caller's language")
    declaration_sha256: str = Field(description="Of that declaration; give it back when submitting")

    @classmethod
    def of(cls, call: Call) -> "CallDetail":
        said = current_declaration()
        return cls(
            **CallOut.of(call).model_dump(),
            figures=Figures(**figures(call)),
            declaration=list(said.lines),
            declaration_sha256=said.sha256,
        )


class Person(Schema):
    name: str = Field("", examples=["陳大文"])
    role: str = Field("", examples=["Principal investigator"])
    email: str = Field("", examples=["chan@example.org"])


class Resource(Schema):
    accelerator: str = Field(examples=["h800"])
    count: int = Field(examples=[8])
    months: int = Field(examples=[6])


class ApplicationIn(Schema):
    call: str = Field(examples=["cal-4k2m9x7t1zq8"])
    organisation: str = Field(examples=["org-4k2m9x7t1zq8"])


class ApplicationPatch(Schema):
    """What is left out stays. A draft may be as unfinished as you like."""

    organisation: str | None = None
    name_en: str | None = None
    name_zh: str | None = None
    summary_en: str | None = None
    summary_zh: str | None = None
    starts_on: date | None = Field(None, examples=["2026-09-01"])
    justification: str | None = None
    other_funding: bool | None = Field(None, description="Another government subsidy pays for the same work")
    funding_note: str | None = None
    team: list[Person] | None = None
    resources: list[Resource] | None = None


class SubmitIn(Schema):
    declared: bool = Field(description="Make the declaration of the form", examples=[True])
    declaration: str = Field("", description="`declaration_sha256` of the call: what was read is what is declared")


class ApplicationReasonIn(Schema):
    reason: str = Field("", examples=["We found other computing."])


class ReturnIn(Schema):
    missing: str = Field(description="Everything that is missing", examples=["The CV of the principal investigator"])


class AssignIn(Schema):
    assessor: str = Field(description="uid of a person", examples=["per-4k2m9x7t1zq8"])


class AssessorOut(Schema):
    uid: str = Field(examples=["per-4k2m9x7t1zq8"])
    name: str
    open_reviews: int = Field(description="How many assessments this person has open now")


class ConflictIn(Schema):
    conflict: str = Field(examples=["I advise the company."])


class ReviewIn(Schema):
    scores: dict[str, int] = Field(description="Criterion code → 0 to 10", examples=[{"alignment": 8, "compute": 7}])
    comment: str = ""
    recommended_bps: int | None = Field(None, description="Basis points, 0 to 9,000", examples=[7000])
    submit: bool = Field(True, description="false keeps an unfinished review")


class DecisionIn(Schema):
    outcome: Literal["approved", "rejected"]
    reasons: str
    scheme_bps: int = Field(0, description="Up to 7,000; up to 9,000 with an exceptional reason", examples=[7000])
    exceptional_reason: str = ""
    ceiling_cents: int | None = Field(None, description="At list price; left out: what was asked for")
    months: int | None = Field(None, description="Left out: what was asked for")


class CostLine(Schema):
    accelerator: str
    count: int
    months: int
    hours: int = Field(description="Accelerator-hours: count × months × 730")
    price_cents: int = Field(description="Per accelerator-hour")
    list_cents: int


class ApplicationCostOut(Schema):
    currency: str
    lines: list[CostLine]
    list_cents: int
    scheme_bps: int
    scheme_cents: int
    applicant_cents: int

    @classmethod
    def of(cls, cost: Cost) -> "ApplicationCostOut":
        return cls(
            currency=cost.currency,
            lines=[
                CostLine(
                    accelerator=line.code,
                    count=line.count,
                    months=line.months,
                    hours=line.hours,
                    price_cents=line.price_cents,
                    list_cents=line.list_cents,
                )
                for line in cost.lines
            ],
            list_cents=cost.list_cents,
            scheme_bps=cost.bps,
            scheme_cents=cost.scheme_cents,
            applicant_cents=cost.applicant_cents,
        )


class NextOut(Schema):
    who: str = Field(description="Who must act, in the caller's language")
    what: str
    due: date | None = Field(description="A target for the centre's steps; the last day for an award")


class DecisionOut(Schema):
    outcome: str
    reasons: str
    scheme_bps: int
    exceptional_reason: str
    ceiling_cents: int
    months: int
    decided_at: datetime

    @classmethod
    def of(cls, row: Decision) -> "DecisionOut":
        names = ("outcome", "reasons", "scheme_bps", "exceptional_reason", "months", "decided_at")
        return cls(**{name: getattr(row, name) for name in names}, ceiling_cents=row.ceiling)


class AwardOut(Schema):
    number: str = Field(examples=["AW-2026-0001"])
    accept_by: date
    accepted_at: datetime | None
    project: str | None
    budget: str | None

    @classmethod
    def of(cls, award: Award) -> "AwardOut":
        return cls(
            number=award.number,
            accept_by=award.accept_by,
            accepted_at=award.accepted_at,
            project=award.project.uid if award.project else None,
            budget=award.budget.uid if award.budget else None,
        )


class ReviewOut(Schema):
    assessor: str
    assigned_at: datetime
    submitted_at: datetime | None
    conflict: str
    taken_back: str
    scores: dict[str, int] | None = Field(description="null while unfinished and not one's own")
    total: str | None = Field(description="Out of 100", examples=["67.0"])
    comment: str | None
    recommended_bps: int | None

    @classmethod
    def of(cls, review: Review, criteria: list[dict[str, Any]], *, shown: bool) -> "ReviewOut":
        complete = shown and len(review.scores) == len(criteria)
        return cls(
            assessor=review.assessor.uid,
            assigned_at=review.assigned_at,
            submitted_at=review.submitted_at,
            conflict=review.conflict,
            taken_back=review.taken_back,
            scores=review.scores if shown else None,
            total=tenths(weighted_total(criteria, review.scores)) if complete else None,
            comment=review.comment if shown else None,
            recommended_bps=review.recommended_bps if shown else None,
        )


class ReceiptOut(Schema):
    at: datetime
    by: str = Field(description="uid of a person")
    sha256: str = Field(description="Of the frozen copy's canonical JSON")

    @classmethod
    def of(cls, submission: Submission) -> "ReceiptOut":
        return cls(at=submission.at, by=submission.by.uid, sha256=submission.digest)


class ChangeOut(Schema):
    state: str
    at: datetime
    note: str


class LetterOut(Schema):
    reference: str
    code: str = Field(description="Verification code", examples=["4k2m-9x7t-1zq8"])
    issued_at: datetime

    @classmethod
    def of(cls, letter: Letter) -> "LetterOut":
        return cls(reference=letter.reference, code=letter.code, issued_at=letter.issued_at)


class ApplicationOut(Schema):
    uid: str = Field(examples=["app-4k2m9x7t1zq8"])
    number: str | None = Field(examples=["A-2026-0001"])
    call: str
    organisation: str
    name_en: str
    name_zh: str
    state: str = Field(examples=["submitted"])
    state_since: datetime
    submitted_at: datetime | None
    next: NextOut | None

    @classmethod
    def of(cls, row: Application) -> "ApplicationOut":
        who, what = next_step(row)
        return cls(
            **{name: getattr(row, name) for name in ("uid", "number", "name_en", "name_zh", "state", "state_since")},
            call=row.call.uid,
            organisation=row.organisation.uid,
            submitted_at=row.submitted_at,
            next=NextOut(who=who, what=what, due=due(row)) if who else None,
        )


class Draft(Schema):
    """The fields as they are now; shown to the applicant only."""

    summary_en: str
    summary_zh: str
    starts_on: date | None
    justification: str
    other_funding: bool | None
    funding_note: str
    declared: bool
    team: list[Person]
    resources: list[Resource]
    missing: list[str] = Field(description="What keeps it from being submitted")


class ApplicationDetail(ApplicationOut):
    returned_for: str
    draft: Draft | None
    submitted: dict[str, Any] | None = Field(description="The frozen copy that is assessed")
    cost: ApplicationCostOut
    receipts: list[ReceiptOut]
    history: list[ChangeOut]
    reviews: list[ReviewOut] = Field(description="For the centre's people only")
    decision: DecisionOut | None
    award: AwardOut | None
    letter: LetterOut | None
