"""What this room adds to a project's page: its latest jobs."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from aisc.core import access
from aisc.jobs import queries
from aisc.people import panels
from aisc.people.models import Project
from aisc.people.panels import Panel

SHOWN = 5


def latest_jobs(request: HttpRequest, project: Project) -> Panel | None:
    """The project's newest jobs with what they cost; for those who may see them."""
    may_submit = access.may(request.actor, "jobs.submit", project)
    jobs = queries.latest_of(request.actor, project)[:SHOWN]
    if not jobs and not may_submit:
        return None
    costs = queries.costs(jobs)
    context = {"project": project, "rows": [(job, costs[job.pk]) for job in jobs], "may_submit": may_submit}
    return Panel(_("Latest jobs"), "jobs/panel.html", context)


panels.register("jobs", latest_jobs, order=20)
