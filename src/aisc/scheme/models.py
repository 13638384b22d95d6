"""The subsidy scheme: calls, applications, what was submitted, reviews, decisions, letters and awards."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aisc.centre.models import AcceleratorType
from aisc.core.ids import new_uid
from aisc.core.language import in_reader_language
from aisc.ledger.models import Budget, PriceList
from aisc.people.models import Bilingual, Organisation, Person, Project
from aisc.scheme.rules import EXCEPTIONAL_BPS, ORDINARY_BPS
from aisc.scheme.states import APPLICATION


def call_uid() -> str:
    return new_uid("cal")


def application_uid() -> str:
    return new_uid("app")


class Summarised(Bilingual):
    """Mix-in: a name and a summary in both languages."""

    summary_en = models.TextField(_("summary in English"), blank=True)
    summary_zh = models.TextField(_("summary in Chinese"), blank=True)

    class Meta:
        abstract = True

    @property
    def summary(self) -> str:
        """The summary in the reader's language, or the other one."""
        return in_reader_language(self.summary_en, self.summary_zh)


class Counter(models.Model):
    """The last number given out under a prefix, such as ``A-2026``: numbers have no gaps and no doubles."""

    audit_changes = False  # a counter
    prefix = models.CharField(max_length=16, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last:04d}"


class Call(Summarised):
    """An invitation to apply, with its dates, its rubric and the price list that awards are made at.

    ``criteria``: a list of {code, name_en, name_zh, weight, illustrative} whose weights add up to 100;
    frozen, like everything here, once the call opens. It is open from ``opens_at`` until before ``closes_at``.
    """

    uid = models.CharField(max_length=24, unique=True, default=call_uid, editable=False)
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    criteria = models.JSONField(default=list)
    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT, related_name="calls")
    acceptance_days = models.PositiveIntegerField(_("days to accept an award"), default=28)
    illustrative = models.BooleanField(default=False)

    class Meta:
        ordering = ["-opens_at"]
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="call_dates_in_order"),
            models.CheckConstraint(condition=~Q(name_en="") | ~Q(name_zh=""), name="call_has_a_name"),
        ]


class Application(Summarised):
    """One request for subsidised computing. ``name`` is its title. What was submitted is in ``submissions``.

    The fields here are the draft; they change while it is a draft or returned, and then no more.
    """

    uid = models.CharField(max_length=24, unique=True, default=application_uid, editable=False)
    number = models.CharField(max_length=24, unique=True, null=True, blank=True)  # given at submission
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="applications")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="applications")
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="applications")
    starts_on = models.DateField(_("start date"), null=True, blank=True)
    justification = models.TextField(_("why this much computing"), blank=True)
    # Null: not answered yet.
    other_funding = models.BooleanField(_("other government subsidy for the same work"), null=True, blank=True)
    funding_note = models.TextField(_("other public money for other parts of the work"), blank=True)
    declared = models.BooleanField(_("declaration made"), default=False)
    state = models.CharField(max_length=20, choices=APPLICATION.choices, default="draft")
    state_since = models.DateTimeField()
    returned_for = models.TextField(blank=True)  # everything that was missing; kept after completion
    returned_at = models.DateTimeField(null=True)  # returned once at most
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)  # of the first submission

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "state_since"], name="application_queue"),
            models.Index(fields=["state", "-id"], name="application_by_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(number=None, submitted_at=None) | Q(number__isnull=False, submitted_at__isnull=False),
                name="application_numbered_when_submitted",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(submitted_at__isnull=False),
                name="application_beyond_draft_was_submitted",
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.name or self.uid


class TeamMember(models.Model):
    """A person named in an application, who need not have an account."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="team")
    name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role in the project"), max_length=150)
    email = models.EmailField(_("e-mail address"), blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class ResourceRequest(models.Model):
    """Accelerators × months asked for."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="resources")
    accelerator = models.ForeignKey(AcceleratorType, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField(_("number"))
    months = models.PositiveIntegerField(_("months"))

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(count__gte=1, months__gte=1), name="request_not_empty")]

    def __str__(self) -> str:
        return f"{self.count} × {self.accelerator} × {self.months}"


class Submission(models.Model):
    """A frozen copy of an application as it was submitted: what is assessed. Never changed.

    ``digest`` is the SHA-256 of the copy's canonical JSON, printed on the receipt.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="submissions")
    seq = models.PositiveIntegerField()  # 1; 2 after completion
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    snapshot = models.JSONField()
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["application", "seq"]
        constraints = [models.UniqueConstraint(fields=["application", "seq"], name="submission_once")]

    def __str__(self) -> str:
        return f"{self.application} ({self.seq})"


class StateChange(models.Model):
    """When an application came into a state, and what all who may see it may read about that."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=APPLICATION.choices)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_state_display()}"


class Review(models.Model):
    """One assessor's review. ``scores``: criterion code → 0 to 10.

    ``conflict`` (declared by the assessor) or ``taken_back`` (by the secretariat, with its reason) ends the
    assignment, and with it the assessor's access; at most one assignment of an application has not ended.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="reviews")
    assessor = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="reviews")
    assigned_at = models.DateTimeField()
    conflict = models.TextField(blank=True)
    taken_back = models.TextField(blank=True)
    scores = models.JSONField(default=dict)
    comment = models.TextField(blank=True)
    recommended_bps = models.PositiveIntegerField(null=True)
    saved_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "assessor"], name="review_once"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(conflict="", taken_back=""), name="review_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | Q(conflict="", taken_back="", recommended_bps__isnull=False),
                name="review_ended_has_no_scores",
            ),
            models.CheckConstraint(
                condition=Q(recommended_bps=None) | Q(recommended_bps__lte=EXCEPTIONAL_BPS),
                name="review_at_most_90_percent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.assessor}"

    @property
    def is_current(self) -> bool:
        return not self.conflict and not self.taken_back


class Decision(models.Model):
    """The committee's decision. More than 70 % needs ``exceptional_reason``; more than 90 % cannot be."""

    class Outcome(models.TextChoices):
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("not approved")

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="decision")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    scheme_bps = models.PositiveIntegerField(default=0)
    exceptional_reason = models.TextField(blank=True)
    ceiling = models.BigIntegerField(default=0)  # cents at list price
    months = models.PositiveIntegerField(default=0)
    reasons = models.TextField()
    decided_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scheme_bps__lte=EXCEPTIONAL_BPS), name="decision_at_most_90_percent"),
            models.CheckConstraint(
                condition=Q(scheme_bps__lte=ORDINARY_BPS) | ~Q(exceptional_reason=""),
                name="decision_above_70_percent_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(outcome="approved", scheme_bps__gt=0, ceiling__gt=0, months__gt=0)
                | Q(outcome="rejected", scheme_bps=0, ceiling=0, months=0, exceptional_reason=""),
                name="decision_outcome_matches_terms",
            ),
            models.CheckConstraint(condition=~Q(reasons=""), name="decision_has_reasons"),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_outcome_display()}"


class Letter(models.Model):
    """The decision letter, whatever the decision. ``content`` is all that it says, frozen; ``code`` verifies it."""

    audit_hidden = ("code",)
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="letter")
    reference = models.CharField(max_length=24, unique=True)  # the award's number, or the application's
    content = models.JSONField()
    code = models.CharField(max_length=24, unique=True)
    issued_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reference


class Award(models.Model):
    """What an approved application is offered; acceptance opens its project and budget.

    It can be accepted up to and including the day ``accept_by``.
    """

    number = models.CharField(max_length=24, unique=True)
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="award")
    accept_by = models.DateField()
    reminded_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    project = models.OneToOneField(Project, null=True, on_delete=models.PROTECT, related_name="award")
    budget = models.OneToOneField(Budget, null=True, on_delete=models.PROTECT, related_name="award")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None, project=None, budget=None)
                | Q(
                    accepted_at__isnull=False,
                    accepted_by__isnull=False,
                    project__isnull=False,
                    budget__isnull=False,
                ),
                name="award_accepted_wholly_or_not",
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def letter(self) -> dict[str, Any]:
        """The frozen content of the decision letter."""
        return self.application.letter.content

    @property
    def code(self) -> str:
        """The verification code printed on the letter."""
        return self.application.letter.code
