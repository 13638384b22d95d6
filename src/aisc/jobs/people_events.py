"""What this room does when a project closes, somebody leaves, or two accounts become one."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext as _

from aisc.core.actions import Actor, system
from aisc.core.errors import Conflict
from aisc.jobs.actions import cancel_job
from aisc.jobs.models import Job
from aisc.jobs.states import ACTIVE
from aisc.ledger import actions as ledger
from aisc.ledger.models import Hold
from aisc.people import signals
from aisc.people.models import Organisation, Person, Project
from aisc.people.signals import JOBS_UNDER_WAY, NAMED, Consequence


@receiver(signals.project_closing)
def close_with_project(sender: Any, *, actor: Actor, project: Project, cancel_jobs: bool, **_more: Any) -> None:
    """Raise Conflict while jobs are under way, or ask for their end; free money that is held for no run."""
    under_way = Job.objects.filter(project=project, state__in=ACTIVE).order_by("pk")
    if cancel_jobs:
        _cancel(actor, under_way, "the project was closed")
    elif jobs := list(under_way[: NAMED + 1]):
        named = "; ".join(str(each) for each in jobs[:NAMED]) + ("; …" if len(jobs) > NAMED else "")
        raise Conflict(
            _("Jobs are under way: %(jobs)s. Wait until they end, or close the project and end them.")
            % {"jobs": named},
            code="project.jobs",
            jobs=[each.uid for each in jobs],
        )
    # A hold of a run that has not ended is settled when it has; any other would wait for nobody.
    needed = Q(run__state__in=ACTIVE)
    keys = Hold.objects.filter(budget__project=project, state="open").exclude(needed).values_list("key", flat=True)
    if keys := list(keys):
        ledger.release_holds(system("people.close_project"), keys=keys, reason="the project was closed")


@receiver(signals.departing)
def name_jobs(
    sender: Any, *, person: Person, organisation: Organisation, projects: QuerySet[Project], **_more: Any
) -> list[Consequence]:
    """The person's jobs under way."""
    jobs = Job.objects.filter(submitted_by=person, project__in=projects, state__in=ACTIVE).order_by("-pk")
    return [
        Consequence(
            JOBS_UNDER_WAY,
            jobs.count(),
            _("Go on, unless you end them; the successor is told when they end. What they write is in the workspace."),
            [str(each) for each in jobs[:NAMED]],
        )
    ]


@receiver(signals.departed)
def end_jobs(
    sender: Any, *, actor: Actor, person: Person, projects: list[Project], cancel_jobs: bool, **_more: Any
) -> None:
    """End the person's jobs if that was chosen."""
    if cancel_jobs:
        jobs = Job.objects.filter(submitted_by=person, project__in=projects, state__in=ACTIVE).order_by("pk")
        _cancel(actor, jobs, "their submitter left the project")


@receiver(signals.merging)
def name_merging(sender: Any, *, duplicate: Any, **_more: Any) -> list[Consequence]:
    """Jobs follow their project, or their submitter."""
    organisation = isinstance(duplicate, Organisation)
    mine = Q(project__organisation=duplicate) if organisation else Q(submitted_by=duplicate)
    then = _("Stay in their projects.") if organisation else _("Become the survivor's own jobs.")
    return [Consequence(_("jobs"), Job.objects.filter(mine).count(), then)]


@receiver(signals.merged)
def move_jobs(sender: Any, *, survivor: Any, duplicate: Any, **_more: Any) -> None:
    """A job was submitted by the human, whichever account it was; who acted is in the audit log as it was."""
    if sender is Person:
        Job.objects.filter(submitted_by=duplicate).update(submitted_by=survivor)


def _cancel(actor: Actor, jobs: QuerySet[Job], why: str) -> None:
    # By the system: whoever leaves may have lost the right to cancel; who chose it is in the row of their own action.
    for job in jobs:
        cancel_job(system(f"{actor}: {why}"), job=job, reason=why)
