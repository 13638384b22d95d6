"""What people change about a job after it was submitted."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action
from aisc.core.actions import note as audit
from aisc.core.errors import Conflict
from aisc.jobs.models import Job
from aisc.jobs.specification import read_note
from aisc.jobs.states import ENDED


@action("jobs.cancel", on="job")
def cancel_job(actor: Actor, *, job: Job, reason: str = "") -> Job:
    """Ask for a job to end. The engine is told by the worker; what it has used until then is charged.

    Asking twice is asking once. Raises Conflict when the job has ended.
    """
    job = Job.objects.select_for_update(of=("self",), no_key=True).get(pk=job.pk)
    if job.state in ENDED:
        raise Conflict(_("This job has ended already."), code="job.ended")
    if job.cancel_asked_at is None:
        job.cancel_asked_at = clock.now()
        job.save(update_fields=["cancel_asked_at"])
        transaction.on_commit(settings.STATE.wake_worker)
    audit(reason=reason, state=job.state)
    return job


@action("jobs.annotate", on="job")
def annotate_job(actor: Actor, *, job: Job, note: str) -> Job:
    """Replace the note that people keep with a job: what came of it, what to try next."""
    job = Job.objects.select_for_update(of=("self",), no_key=True).get(pk=job.pk)
    before, job.note = job.note, read_note(note)
    job.save(update_fields=["note"])
    audit(before=before, after=job.note)
    return job
