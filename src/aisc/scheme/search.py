"""What of the scheme can be found: calls by everybody, applications and awards by those who work with them.

Those connected with an application or recused from it are left out by ``applications_visible_to``.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aisc.core.actions import Actor
from aisc.core.search.kinds import PUBLIC, Document, Kind, Shown, register
from aisc.people.access import Centre
from aisc.people.search import in_both
from aisc.scheme.models import Application, Award, Call, Review
from aisc.scheme.queries import applications_visible_to
from aisc.scheme.standing import COMMITTEE_STATES


def _marks(row: Application) -> list[str]:
    marks = [f"o{row.organisation_id}"]
    if row.submitted_at is not None:
        marks += [f"r{Centre.SECRETARIAT}", f"r{Centre.AUDITOR}"]
    if row.state in COMMITTEE_STATES:
        marks.append(f"r{Centre.COMMITTEE}")
    return marks


def _application(row: Application) -> Document:
    assessors = [f"u{each.assessor_id}" for each in row.reviews.all() if each.is_current]
    return Document(
        title=[row.name_en, row.name_zh],
        body=[row.summary_en, row.summary_zh, row.organisation.name_en, row.organisation.name_zh],
        keys=[row.number or "", row.uid],
        marks=[*_marks(row), *assessors] if row.submitted_at else _marks(row),
    )


def _awards(actor: Actor) -> QuerySet[Award]:
    return Award.objects.filter(application__in=applications_visible_to(actor).order_by())


def _show_application(row: Application) -> Shown:
    url = reverse("scheme:application", args=[row.uid])
    return Shown(row.name or row.uid, in_both(row, row.summary), url, row.number or "", row.created_at)


def _show_award(row: Award) -> Shown:
    url = reverse("scheme:award", args=[row.application.uid])
    return Shown(row.number, row.application.name, url, str(row.application.organisation), row.application.created_at)


register(
    Kind(
        "application",
        Application,
        _("Applications"),
        describe=_application,
        visible=applications_visible_to,
        show=_show_application,
        watched=(
            *("name_en", "name_zh", "summary_en", "summary_zh", "number", "state", "submitted_at", "organisation"),
        ),
        related=("organisation",),
        rows=lambda rows: rows.prefetch_related("reviews"),
        also={Review: lambda row: (row.application_id,)},
    ),
    Kind(
        "award",
        Award,
        _("Awards"),
        describe=lambda row: Document(
            title=[row.number],
            body=[row.application.name_en, row.application.name_zh],
            keys=[row.number],
            marks=_marks(row.application),
        ),
        visible=_awards,
        show=_show_award,
        watched=("number", "application"),
        moment="application__created_at",
        related=("application__organisation",),
    ),
    Kind(
        "call",
        Call,
        _("Calls"),
        describe=lambda row: Document(
            title=[row.name_en, row.name_zh], body=[row.summary_en, row.summary_zh], keys=[row.uid], marks=[PUBLIC]
        ),
        visible=lambda _actor: Call.objects.all(),
        show=lambda row: Shown(
            row.name, in_both(row, row.summary), reverse("scheme:call", args=[row.uid]), at=row.opens_at
        ),
        watched=("name_en", "name_zh", "summary_en", "summary_zh"),
        moment="opens_at",
    ),
)
