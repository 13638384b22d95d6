"""Jobs: what somebody asked to be run, its runs, and how far each engine's accounting has been read."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aisc.centre.models import AcceleratorType, Cluster
from aisc.core.ids import new_uid
from aisc.jobs.states import ACTIVE, JOB, RUN
from aisc.ledger.models import Budget, Hold
from aisc.people.models import Person, Project


def job_uid() -> str:
    return new_uid("job")


class Job(models.Model):
    """One request: a command (or a template with parameters), its resources, who asked, which budget pays.

    ``array_size`` runs of it are made, each with its own ``AISC_ARRAY_INDEX`` from 0. The working directory
    is ``workdir`` inside the project's workspace; results go to ``results/<uid>`` there.
    """

    audit_belongs_to = ("project",)
    uid = models.CharField(max_length=24, unique=True, default=job_uid, editable=False)
    name = models.CharField(max_length=100)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="jobs")
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="jobs")
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="jobs")
    submitted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="jobs")
    template = models.CharField(max_length=64, blank=True)
    parameters = models.JSONField(default=dict)
    command = models.JSONField()  # argv, a list of strings
    workdir = models.CharField(max_length=500, blank=True)
    environment = models.JSONField(default=dict)
    inputs = models.JSONField(default=list)  # workspace paths that must exist when submitted
    outputs = models.JSONField(default=list)  # glob patterns shown as results
    accelerator = models.ForeignKey(AcceleratorType, on_delete=models.PROTECT, related_name="+")
    accelerator_count = models.PositiveIntegerField()
    cpus = models.PositiveIntegerField()
    memory_mb = models.PositiveIntegerField()
    time_limit_ms = models.PositiveBigIntegerField()
    array_size = models.PositiveIntegerField(default=1)
    after = models.ManyToManyField("self", symmetrical=False, related_name="before", blank=True)
    retry_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="retries")
    note = models.TextField(blank=True)
    state = models.CharField(max_length=20, choices=JOB.choices, default="held")
    cancel_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project", "-id"], name="job_by_project"),
            models.Index(fields=["budget", "-id"], name="job_by_budget"),
            models.Index(fields=["submitted_by", "-id"], name="job_by_person"),
            models.Index(fields=["-id"], condition=Q(state__in=ACTIVE), name="job_active"),
            # SQLite uses an index of some rows for no question whose values are parameters; and a list narrowed to a
            # rare state would be looked for among all jobs.
            models.Index(fields=["state", "-id"], name="job_by_state"),
            models.Index(fields=["project", "state", "-id"], name="job_by_project_state"),
            models.Index(fields=["submitted_by", "ended_at"], name="job_ended_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.uid})"


class Run(models.Model):
    """One execution of a job, or of one index of an array; ``ref`` is its name in the engine."""

    audit_changes = False  # they come by the million; their job's state is noted
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="runs")
    index = models.PositiveIntegerField(default=0)
    ref = models.CharField(max_length=64, unique=True)
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="run")
    state = models.CharField(max_length=20, choices=RUN.choices, default="held")
    reason = models.CharField(max_length=32, blank=True)  # aisc.jobs.engines.base.Reason
    detail = models.CharField(max_length=500, blank=True)  # the engine's own words on why it refused, in English
    started_ms = models.BigIntegerField(null=True)
    ended_ms = models.BigIntegerField(null=True)
    elapsed_ms = models.BigIntegerField(default=0)
    exit_code = models.IntegerField(null=True)
    signal = models.IntegerField(null=True)
    node = models.CharField(max_length=100, blank=True)
    cpu_ms = models.BigIntegerField(default=0)
    max_rss_mb = models.PositiveIntegerField(default=0)

    # Place in the queue, from 1. It changes whenever anything starts, so it is asked of the engine when somebody
    # looks (``registry.with_places``) and never written.
    position: int | None = None

    class Meta:
        ordering = ["job", "index"]
        constraints = [models.UniqueConstraint(fields=["job", "index"], name="run_index_once")]
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=ACTIVE), name="run_active"),
            models.Index(fields=["state", "id"], name="run_by_state"),  # as of jobs
        ]

    def __str__(self) -> str:
        return self.ref


def link_uid() -> str:
    return new_uid("lnk")


class FileLink(models.Model):
    """A way to one version of one file for somebody who need not be in the project: until it expires, is revoked,
    the file changes, or whoever made it may no longer read it. ``email``: the confirmed address of the only one who
    may use it, if any; there need be no account with it."""

    uid = models.CharField(max_length=24, unique=True, default=link_uid, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="file_links")
    path = models.CharField(max_length=2000)
    size = models.PositiveBigIntegerField()
    changed_ns = models.BigIntegerField()  # when the file was last changed, nanoseconds since 1970
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="file_links")
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    uses = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "-id"], name="link_by_project")]

    def __str__(self) -> str:
        return f"{self.path} ({self.uid})"


class EngineCursor(models.Model):
    """How far an engine's accounting has been metered; moves in the same transaction as the charges."""

    audit_changes = False  # the action notes it
    cluster = models.OneToOneField(Cluster, on_delete=models.PROTECT, related_name="cursor")
    cursor = models.CharField(max_length=100, blank=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("accounting position")

    def __str__(self) -> str:
        return f"{self.cluster}: {self.cursor}"
