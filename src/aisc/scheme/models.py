"""The subsidy scheme: calls, applications, reviews, decisions and awards."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aisc.centre.models import AcceleratorType
from aisc.core.ids import new_uid
from aisc.ledger.models import Budget, PriceList
from aisc.people.models import Bilingual, Organisation, Person, Project
from aisc.scheme.states import APPLICATION

ORDINARY_BPS = 7000  # 70 %: reference, scheme facts sheet, section 2
EXCEPTIONAL_BPS = 9000  # up to 90 % in special, exceptional cases, with a written reason


def call_uid() -> str:
    return new_uid("cal")


def application_uid() -> str:
    return new_uid("app")


class Call(Bilingual):
    """An invitation to apply, with its dates, its rubric and the price list that awards are made at.

    ``criteria``: a list of {code, name_en, name_zh, weight} whose weights add up to 100; frozen once opened.
    """

    uid = models.CharField(max_length=24, unique=True, default=call_uid, editable=False)
    summary_en = models.TextField(blank=True)
    summary_zh = models.TextField(blank=True)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    criteria = models.JSONField(default=list)
    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT, related_name="calls")
    acceptance_days = models.PositiveIntegerField(default=28)
    illustrative = models.BooleanField(default=False)

    class Meta:
        ordering = ["-opens_at"]


class Application(Bilingual):
    """One request for subsidised computing. ``name`` is its title. ``snapshot`` is what was submitted, frozen."""

    uid = models.CharField(max_length=24, unique=True, default=application_uid, editable=False)
    number = models.CharField(max_length=24, unique=True, null=True, blank=True)  # given at submission
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="applications")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="applications")
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="applications")
    summary_en = models.TextField(_("summary in English"), blank=True)
    summary_zh = models.TextField(_("summary in Chinese"), blank=True)
    starts_on = models.DateField(_("start date"), null=True, blank=True)
    justification = models.TextField(_("why this much computing"), blank=True)
    other_funding = models.BooleanField(_("other public money for the same work"), default=False)
    declared = models.BooleanField(_("declaration made"), default=False)
    state = models.CharField(max_length=20, choices=APPLICATION.choices, default="draft")
    returned_for = models.TextField(blank=True)
    snapshot = models.JSONField(null=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]


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

    def __str__(self) -> str:
        return f"{self.count} × {self.accelerator} × {self.months}"


class Review(models.Model):
    """One assessor's review. ``scores``: criterion code → 0 to 10."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="reviews")
    assessor = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="reviews")
    assigned_at = models.DateTimeField()
    conflict = models.TextField(blank=True)  # declared; ends the assignment
    scores = models.JSONField(default=dict)
    comment = models.TextField(blank=True)
    recommended_bps = models.PositiveIntegerField(null=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["application", "assessor"], name="review_once")]

    def __str__(self) -> str:
        return f"{self.application}: {self.assessor}"


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
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_outcome_display()}"


class Award(models.Model):
    """What an approved application is offered; acceptance opens its project and budget.

    ``letter`` is the frozen content of the decision letter, ``code`` the verification code printed on it.
    """

    number = models.CharField(max_length=24, unique=True)
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="award")
    letter = models.JSONField()
    code = models.CharField(max_length=24, unique=True)
    accept_by = models.DateField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    project = models.OneToOneField(Project, null=True, on_delete=models.PROTECT, related_name="award")
    budget = models.OneToOneField(Budget, null=True, on_delete=models.PROTECT, related_name="award")

    def __str__(self) -> str:
        return self.number
