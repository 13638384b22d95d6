"""Jobs can be found by name, note, template and uid, by those who may see them; what they say and make cannot."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aisc.core.search.kinds import Document, Kind, Shown, register
from aisc.jobs.models import Job
from aisc.jobs.queries import jobs_visible_to
from aisc.people.search import in_project

register(
    Kind(
        "job",
        Job,
        _("Jobs"),
        describe=lambda row: Document(
            title=[row.name], body=[row.note, row.template], keys=[row.uid], marks=in_project(row.project)
        ),
        visible=jobs_visible_to,
        show=lambda row: Shown(
            row.name, row.note, reverse("jobs:job", args=[row.uid]), str(row.project), row.created_at
        ),
        watched=("name", "note", "template", "project"),
        related=("project",),
    )
)
