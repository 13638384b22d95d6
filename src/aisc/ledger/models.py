"""The money core. Amounts are integer cents, quantities integers in the meter's unit, ``*_ms`` epoch times.

High-volume tables keep times as whole milliseconds since the epoch: exact, compact, and the same bytes
in a hash on every database. A charge writes five rows in three of them, so they carry no index that nothing
reads. Where one function writes or locks both ends of a reference in one transaction (``journal.py``), the
database does not check it again (``db_constraint=False``): that took half of the time on PostgreSQL. ``prove`` does.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aisc.centre.catalogue import shown_name
from aisc.centre.models import AcceleratorType
from aisc.core.ids import new_uid
from aisc.core.language import in_reader_language
from aisc.ledger.states import BUDGET, BUDGET_LABELS, HOLD, HOLD_LABELS
from aisc.people.models import Bilingual, Organisation, Project


def budget_uid() -> str:
    return new_uid("bud")


def hold_uid() -> str:
    return new_uid("hld")


class Meter(Bilingual):
    """Something that is measured and priced. ``per`` units of it carry the price (3,600,000 ms: an hour)."""

    code = models.CharField(max_length=64, unique=True)  # accelerator:cpu, accelerator:h800, later tokens:…
    accelerator = models.OneToOneField(AcceleratorType, null=True, on_delete=models.PROTECT, related_name="meter")
    unit = models.CharField(max_length=20)  # "ms"
    per = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["code"]

    @property
    def name(self) -> str:
        """The name in the reader's language; an accelerator's as the centre's pages show it."""
        return shown_name(super().name)


class PriceList(models.Model):
    """A version of the list prices. Published ones never change; a change is a new version."""

    version = models.CharField(max_length=32, unique=True)
    currency = models.CharField(max_length=3, default="HKD")
    effective_from = models.DateField()
    illustrative = models.BooleanField(default=False)
    note_en = models.CharField(max_length=300, blank=True)
    note_zh = models.CharField(max_length=300, blank=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-effective_from", "-id"]

    def __str__(self) -> str:
        return self.version

    @property
    def note(self) -> str:
        """What the list says about itself, in the reader's language, or in the other one."""
        return in_reader_language(self.note_en, self.note_zh)


class Price(models.Model):
    """Cents for ``meter.per`` units of ``meter``, in one price list."""

    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT, related_name="prices")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="prices")
    cents = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["price_list", "meter"], name="price_once")]

    def __str__(self) -> str:
        return f"{self.price_list}: {self.meter.code}"


class Account(models.Model):
    """Where postings go: the scheme's fund, what an organisation owes, the centre's revenue."""

    class Kind(models.TextChoices):
        FUND = "fund", _("Scheme fund")
        ORGANISATION = "organisation", _("Organisation")
        REVENUE = "revenue", _("Centre revenue")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    organisation = models.OneToOneField(Organisation, null=True, on_delete=models.PROTECT, related_name="account")
    currency = models.CharField(max_length=3, default="HKD")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(organisation=None), name="account_fund_and_revenue_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="organisation", organisation__isnull=False)
                | Q(kind__in=["fund", "revenue"], organisation=None),
                name="account_kind_matches_owner",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation or self.get_kind_display())


class Budget(models.Model):
    """Money that may be used, at list price. ``released − charged − held ≥ 0`` always, also in the database.

    ``scheme_bps`` is the scheme's share of every charge in basis points; an organisation's own money has 0.
    ``charged`` and ``charged_scheme`` are net of reversals; ``held`` is the sum of open holds. The same
    totals are recomputed from entries and holds by ``aisc ledger prove``.
    """

    class State(models.TextChoices):
        ACTIVE = "active", BUDGET_LABELS["active"]
        SUSPENDED = "suspended", BUDGET_LABELS["suspended"]
        CLOSED = "closed", BUDGET_LABELS["closed"]

    class Source(models.TextChoices):
        AWARD = "award", _("award of the scheme")
        OWN = "own", _("own money")

    uid = models.CharField(max_length=24, unique=True, default=budget_uid, editable=False)
    name = models.CharField(max_length=200)
    source = models.CharField(max_length=10, choices=Source.choices)
    reference = models.CharField(max_length=64, blank=True)  # the award's, or the organisation's own order number
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="budgets")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="budgets")
    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT, related_name="budgets")
    currency = models.CharField(max_length=3, default="HKD")
    scheme_bps = models.PositiveIntegerField()
    ceiling = models.BigIntegerField()
    released = models.BigIntegerField(default=0)
    charged = models.BigIntegerField(default=0)
    charged_scheme = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    # Forward charges only, never lowered by a reversal: what the scheme's share is rounded on.
    gross = models.BigIntegerField(default=0)
    gross_scheme = models.BigIntegerField(default=0)
    starts_on = models.DateField()
    ends_on = models.DateField()
    state = models.CharField(max_length=12, choices=BUDGET.choices, default="active")
    entry_count = models.BigIntegerField(default=0)
    head_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(released__gte=F("charged") + F("held")), name="budget_never_overspent"),
            models.CheckConstraint(
                condition=Q(released__gte=0, ceiling__gte=F("released")), name="budget_within_ceiling"
            ),
            models.CheckConstraint(condition=Q(held__gte=0, charged__gte=0), name="budget_not_negative"),
            models.CheckConstraint(
                condition=Q(charged_scheme__gte=0, charged_scheme__lte=F("charged")),
                name="budget_shares_add_up",
            ),
            models.CheckConstraint(condition=Q(scheme_bps__lte=9000), name="budget_scheme_share_at_most_90_percent"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="budget_dates_in_order"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def available(self) -> int:
        """Cents at list price that can still be held."""
        return self.released - self.charged - self.held

    @property
    def charged_applicant(self) -> int:
        return self.charged - self.charged_scheme

    @property
    def applicant_bps(self) -> int:
        return 10_000 - self.scheme_bps


class RunningTotal(models.Model):
    """Forward charges of one budget at one price so far. ``amount`` = round(price × ``quantity``), always."""

    audit_changes = False  # the journal's own
    # The unique constraint's index finds them by budget.
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="running_totals", db_index=False)
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["budget", "price"], name="running_total_once")]

    def __str__(self) -> str:
        return f"{self.budget}: {self.price}"


class Hold(models.Model):
    """Money set aside before a use starts: its worst case. Settled by usage, or released."""

    audit_changes = False  # they come by the million; the actions note how many and how much

    class State(models.TextChoices):
        OPEN = "open", HOLD_LABELS["open"]
        SETTLED = "settled", HOLD_LABELS["settled"]
        RELEASED = "released", HOLD_LABELS["released"]

    # Unique by constraint: unique=True would add a second index to each on PostgreSQL, for LIKE.
    uid = models.CharField(max_length=24, default=hold_uid, editable=False)
    key = models.CharField(max_length=100)  # idempotency: the same key is the same hold
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="holds")
    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.BigIntegerField()  # the most that may be used, in the meter's unit
    amount = models.BigIntegerField()  # cents at list price
    description = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=HOLD.choices, default="open")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # shown to the operator when passed; never silently released
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["budget"], condition=Q(state="open"), name="hold_open_by_budget"),
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="hold_open_by_expiry"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["uid"], name="hold_uid_once"),
            models.UniqueConstraint(fields=["key"], name="hold_key_once"),
            models.CheckConstraint(condition=Q(amount__gte=0, quantity__gte=0), name="hold_not_negative"),
        ]

    def __str__(self) -> str:
        return self.uid


class UsageRecord(models.Model):
    """One measured use, once per (source, source id). ``budget`` empty: nobody is known to pay; shown, never lost.

    What a budget could not pay is a record of its own, unattributed, whose source id ends in ``#excess``.
    """

    audit_changes = False  # as holds
    source = models.CharField(max_length=32)  # engine:local
    source_id = models.CharField(max_length=110)  # at most 100 as measured, and room for “#excess”
    budget = models.ForeignKey(Budget, null=True, on_delete=models.PROTECT, related_name="usage", db_constraint=False)
    price = models.ForeignKey(
        Price, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    hold = models.OneToOneField(Hold, null=True, on_delete=models.PROTECT, related_name="usage")
    quantity = models.BigIntegerField()
    started_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField()
    recorded_ms = models.BigIntegerField()
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            # The id comes first: then PostgreSQL looks many ids up by it instead of reading the whole source.
            models.UniqueConstraint(fields=["source_id", "source"], name="usage_exactly_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="usage_not_negative"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(budget=None), name="usage_unattributed")]

    def __str__(self) -> str:
        return f"{self.source}:{self.source_id}"


class Entry(models.Model):
    """One line of a budget's journal, chained by hash to the line before it. Written once, never changed.

    ``amount`` = ``scheme_share`` + ``applicant_share`` (cents, negative for a reversal). For a release
    ``amount`` is what became usable, for a lapse (negative) what ceased to be; nobody is charged then.
    A charge may be of 0 cents: every attributed usage has its one entry.
    """

    audit_changes = False  # it is a chain of its own

    class Kind(models.TextChoices):
        RELEASE = "release", _("tranche released")
        CHARGE = "charge", _("charge")
        REVERSAL = "reversal", _("reversal")
        LAPSE = "lapse", _("unused money lapsed")

    budget = models.ForeignKey(
        Budget, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    seq = models.BigIntegerField()  # from 1 within the budget
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at_ms = models.BigIntegerField()  # when it was recorded
    amount = models.BigIntegerField()
    scheme_share = models.BigIntegerField()
    applicant_share = models.BigIntegerField()
    # One to one in the database as well: no usage is ever charged twice.
    usage = models.OneToOneField(
        UsageRecord, null=True, on_delete=models.PROTECT, related_name="charge", db_constraint=False
    )
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    reason = models.CharField(max_length=300, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["budget", "seq"]
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["budget", "seq"], name="entry_seq_once"),
            models.CheckConstraint(
                condition=Q(kind="release", amount__gt=0, scheme_share=0, applicant_share=0)
                | Q(kind="lapse", amount__lt=0, scheme_share=0, applicant_share=0)
                | Q(kind="charge", scheme_share__gte=0, applicant_share__gte=0)
                & Q(amount=F("scheme_share") + F("applicant_share"), usage__isnull=False)
                | Q(kind="reversal", scheme_share__lte=0, applicant_share__lte=0)
                & Q(amount=F("scheme_share") + F("applicant_share"), reverses__isnull=False),
                name="entry_kind_matches_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget.uid}/{self.seq}"


class Posting(models.Model):
    """One side of an entry: debit positive, credit negative. The postings of an entry add up to zero."""

    audit_changes = False  # the entries' other side
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings", db_constraint=False)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="postings", db_index=False, db_constraint=False
    )
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.entry_id}: {self.account} {self.amount}"


class Seal(models.Model):
    """A day's seal over the heads of all chains, itself chained to the seal of the day before."""

    day = models.DateField(unique=True)
    sealed_at = models.DateTimeField()
    last_entry = models.BigIntegerField()  # highest entry id covered
    budgets = models.PositiveIntegerField()
    entries = models.BigIntegerField()
    previous_hash = models.CharField(max_length=64)
    # The end of the audit log at that moment; 0 and empty in seals made before it was a chain.
    audit_seq = models.BigIntegerField(default=0)
    audit_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.hash[:12]}"


class Statement(models.Model):
    """What one payer owes for one budget and period; the two payers' statements come from the same entries."""

    audit_hidden = ("code",)

    class Payer(models.TextChoices):
        SCHEME = "scheme", _("Scheme")
        APPLICANT = "applicant", _("Applicant")

    number = models.CharField(max_length=32, unique=True)
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="statements")
    payer = models.CharField(max_length=10, choices=Payer.choices)
    first_seq = models.BigIntegerField()  # entries first_seq to last_seq of the budget, both included
    last_seq = models.BigIntegerField()
    period_start = models.DateField()
    period_end = models.DateField()
    list_total = models.BigIntegerField()
    payer_total = models.BigIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of the statement's canonical lines
    code = models.CharField(max_length=24, unique=True)  # verification code printed on the document
    issued_at = models.DateTimeField()
    # What the document calls the organisation and the project: it does not change when their names do.
    names = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["budget", "payer", "first_seq"], name="statement_lines_billed_once")
        ]

    def __str__(self) -> str:
        return self.number


def names_on_documents(budget: Budget) -> dict[str, str]:
    """What a document of ``budget`` calls its organisation and its project, as they are called today."""
    organisation, project = budget.organisation, budget.project
    return {
        "organisation_en": organisation.name_en,
        "organisation_zh": organisation.name_zh,
        "address": organisation.address,
        "project_en": project.name_en,
        "project_zh": project.name_zh,
    }


class StatementNumber(models.Model):
    """The last statement number given out in a year; its row lock makes numbers follow without gaps."""

    audit_changes = False  # a counter
    year = models.PositiveIntegerField(primary_key=True)
    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Proof(models.Model):
    """One run of the proof that everything agrees: when, how long, and what was found (``prove.ProofReport``)."""

    audit_changes = False  # the action notes what it found
    at = models.DateTimeField()
    ok = models.BooleanField()
    milliseconds = models.PositiveBigIntegerField()
    report = models.JSONField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {'ok' if self.ok else 'differences'}"
