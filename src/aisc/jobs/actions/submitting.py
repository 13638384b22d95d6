"""Asking for a job: everything is checked, the money is held, and only then does anything wait to be run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action
from aisc.core.actions import note as audit
from aisc.core.errors import BadInput, Conflict, SignInNeeded
from aisc.jobs import placement, specification, templates, workspaces
from aisc.jobs.models import Job, Run, job_uid
from aisc.jobs.placement import Place
from aisc.jobs.specification import Specification
from aisc.jobs.states import ENDED
from aisc.ledger import actions as ledger
from aisc.ledger.actions import HoldRequest
from aisc.ledger.models import Budget, Price
from aisc.ledger.queries import price_of
from aisc.people.models import Project

# How long the operator is not bothered about a hold whose run still waits in the queue.
HOLD_FOR = timedelta(days=30)
# Every run of an array waits for every run it comes after; the engine keeps each such pair.
MAX_DEPENDENCY_PAIRS = 100_000


@dataclass(frozen=True)
class Plan:
    """A request that was found good, with what the centre has decided about it. Nothing is written or held yet."""

    spec: Specification
    place: Place
    price: Price
    parameters: dict[str, str]
    after: list[Job]


def plan_job(
    *,
    uid: str,
    project: Project,
    budget: Budget,
    after: Iterable[str] = (),
    name: str,
    cpus: int | None = None,
    array_size: int = 1,
    environment: Mapping[str, str] | None = None,
    note: str = "",
    **wished: Any,
) -> Plan:
    """Check everything about a job as :func:`submit_job` takes it, but for whether the budget has the money.

    Raises BadInput, Conflict (project closed).
    """
    if project.closed_at is not None:
        raise Conflict(_("This project is closed. Reopen it, or choose another."), code="project.closed")
    if budget.project_id != project.pk:
        raise BadInput(_("This budget belongs to another project."), field="budget")
    wish = templates.wish(uid=uid, **wished)
    spec = specification.read(
        name=name, cpus=cpus, array_size=array_size, environment=environment, note=note, **wish.fields
    )
    place = placement.find(
        accelerator=spec.accelerator, count=spec.accelerator_count, cpus=spec.cpus, memory_mb=spec.memory_mb
    )
    _check_files(project, spec)
    before = _dependencies(project, place, after, spec.array_size)
    price = price_of(budget.price_list, place.accelerator)
    return Plan(spec, place, price, wish.parameters, before)


@action("jobs.submit", on="project")
def submit_job(
    actor: Actor,
    *,
    project: Project,
    budget: Budget,
    name: str,
    time_limit_ms: int | str | None = None,
    command: Sequence[str] | None = None,
    template: str = "",
    parameters: Mapping[str, str] | None = None,
    accelerator: str = "",
    accelerator_count: int | None = None,
    cpus: int | None = None,
    memory_mb: int | str | None = None,
    array_size: int = 1,
    environment: Mapping[str, str] | None = None,
    inputs: Iterable[str] = (),
    outputs: Iterable[str] = (),
    workdir: str = "",
    after: Iterable[str] = (),
    note: str = "",
    retry_of: Job | None = None,
    uid: str | None = None,
) -> Job:
    """Submit a command, or a template with parameters, as a job of ``project`` that ``budget`` pays for.

    ``time_limit_ms`` also takes text such as ``2h30m``, ``memory_mb`` such as ``4 GB``. What is left out comes
    from the template, or is the machine's share that goes with the accelerators. ``after`` are uids of jobs of
    the same project that must complete first. ``uid`` is the job's uid where the caller has chosen it
    (:func:`~aisc.jobs.models.job_uid`), so that the same form sent twice is one job.

    Raises BadInput, InsufficientBudget, Conflict (budget not active, project closed, uid taken).
    """
    if actor.person is None:
        raise SignInNeeded
    uid = uid or job_uid()
    if Job.objects.filter(uid=uid).exists():
        raise Conflict(_("This job was submitted already."), code="job.exists")
    plan = plan_job(
        uid=uid,
        project=project,
        budget=budget,
        name=name,
        time_limit_ms=time_limit_ms,
        command=command,
        template=template,
        parameters=parameters,
        accelerator=accelerator,
        accelerator_count=accelerator_count,
        cpus=cpus,
        memory_mb=memory_mb,
        array_size=array_size,
        environment=environment,
        inputs=inputs,
        outputs=outputs,
        workdir=workdir,
        after=after,
        note=note,
    )
    spec, place = plan.spec, plan.place
    job = Job.objects.create(
        uid=uid,
        name=spec.name,
        project=project,
        budget=budget,
        cluster=place.cluster,
        submitted_by=actor.person,
        template=template,
        parameters=plan.parameters,
        command=list(spec.command),
        workdir=spec.workdir,
        environment=spec.environment,
        inputs=list(spec.inputs),
        outputs=list(spec.outputs),
        accelerator=place.accelerator,
        accelerator_count=spec.accelerator_count,
        cpus=place.cpus,
        memory_mb=place.memory_mb,
        time_limit_ms=spec.time_limit_ms,
        array_size=spec.array_size,
        retry_of=retry_of,
        note=spec.note,
        created_at=clock.now(),
    )
    job.after.set(plan.after)
    held = _hold(actor, job, plan.price)
    transaction.on_commit(settings.STATE.wake_worker)
    audit(target=job, runs=job.array_size, held_cents=held, budget=budget.uid, accelerator=spec.accelerator)
    return job


def _hold(actor: Actor, job: Job, price: Price) -> int:
    """Hold the worst case of every run; all or nothing. The cents held together."""
    refs = [f"{job.uid}-{index}" for index in range(job.array_size)]
    quantity = job.accelerator_count * job.time_limit_ms
    numbered = job.array_size > 1
    holds = ledger.place_holds(
        actor,
        budget=job.budget,
        price=price,
        requests=[
            HoldRequest(key=ref, quantity=quantity, description=f"{job.name} [{index}]" if numbered else job.name)
            for index, ref in enumerate(refs)
        ],
        expires_at=clock.now() + HOLD_FOR + timedelta(milliseconds=job.time_limit_ms),
    )
    Run.objects.bulk_create(
        (
            Run(job=job, index=index, ref=ref, hold=hold)
            for index, (ref, hold) in enumerate(zip(refs, holds, strict=True))
        ),
        batch_size=1_000,
    )
    return sum(hold.amount for hold in holds)


def _check_files(project: Project, spec: Specification) -> None:
    for path in spec.inputs:
        if not workspaces.exists(project, path):
            raise BadInput(
                _("There is no “%(path)s” in the workspace. Upload it first, or correct the path.") % {"path": path},
                field="inputs",
            )
    if spec.workdir and not workspaces.is_folder(project, spec.workdir):
        raise BadInput(
            _("There is no folder “%(path)s” in the workspace.") % {"path": spec.workdir},
            field="workdir",
        )


def _dependencies(project: Project, place: Place, after: Iterable[str], array_size: int) -> list[Job]:
    uids = list(dict.fromkeys(after))
    found = {job.uid: job for job in Job.objects.filter(uid__in=uids, project=project)}
    for uid in uids:
        job = found.get(uid)
        if job is None:
            raise BadInput(_("There is no job “%(uid).40s” in this project to wait for.") % {"uid": uid}, field="after")
        if job.state in ENDED and job.state != "completed":
            raise BadInput(
                _("%(job)s did not complete, so a job after it would never start. Leave it out, or retry it first.")
                % {"job": job},
                field="after",
            )
        if job.cluster_id != place.cluster.pk:
            raise BadInput(
                _("%(job)s runs on another cluster, and a job can only wait for jobs of its own.") % {"job": job},
                field="after",
            )
    if array_size * sum(job.array_size for job in found.values()) > MAX_DEPENDENCY_PAIRS:
        raise BadInput(
            _("That are too many runs waiting for too many runs. Put one small job between the two arrays."),
            field="after",
        )
    return [found[uid] for uid in uids]


@action("jobs.retry", on="job")
def retry_job(actor: Actor, *, job: Job, uid: str | None = None) -> Job:
    """Submit the same job again as a new one. Raises Conflict while it is under way, and what submitting raises."""
    if job.state not in ENDED:
        raise Conflict(
            _("This job is still under way. Cancel it first, or wait until it has ended."), code="job.active"
        )
    wish: dict[str, Any] = (
        {"template": job.template, "parameters": job.parameters}
        if job.template
        else {"command": job.command, "outputs": job.outputs, "inputs": job.inputs}
    )
    return submit_job(
        actor,
        project=job.project,
        budget=job.budget,
        name=job.name,
        accelerator=job.accelerator.code,
        accelerator_count=job.accelerator_count,
        cpus=job.cpus,
        memory_mb=job.memory_mb,
        time_limit_ms=job.time_limit_ms,
        array_size=job.array_size,
        environment=job.environment,
        workdir=job.workdir,
        note=job.note,
        retry_of=job,
        uid=uid,
        **wish,
    )
