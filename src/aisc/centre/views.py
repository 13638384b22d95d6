"""Pages about the equipment. Public: what the centre has, where the figures come from, how busy it is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from aisc.centre import actions, queries
from aisc.centre.forms import FiguresForm
from aisc.centre.models import AcceleratorType, CapacityPhase
from aisc.core import access
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.core.language import joined


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Load now, phases of capacity, and the catalogue of accelerators."""
    access.require(request.actor, "centre.view")
    load, phases = queries.load(), list(queries.phases())
    context = {
        "load": load,
        "pflops_total": queries.pflops(load.gflops_total),
        "pflops_used": queries.pflops(load.gflops_used),
        "cpus_note": _("of %(total)s") % {"total": f"{load.cpus:,}"},
        "phases": phases,
        "phase_chart": _phase_chart(phases),
        "accelerators": _rows(load),
        "may_edit": access.may(request.actor, "centre.set_figures"),
    }
    return render(request, "centre/overview.html", context)


def _phase_chart(phases: list[CapacityPhase]) -> dict[str, Any]:
    return {
        "title": _("Capacity announced"),
        "unit": "PFLOPS",
        "label_header": _("Phase"),
        "bars": [
            {"label": f"{phase.name} · {phase.stated or phase.starts_on.isoformat()}", "value": phase.pflops}
            for phase in phases
        ],
    }


def _rows(load: queries.Load) -> list[dict[str, Any]]:
    """Every type of the catalogue with what is up of it: what the centre has comes first."""
    up = {each.type.pk: each for each in load.types}
    rows = [
        {
            "type": kind,
            "up": up.get(kind.pk),
            "tflops": queries.tflops(kind.fp16_gflops),
            "memory_bytes": kind.memory_mb * 1_048_576,
            "sources": _sources(kind),
        }
        for kind in queries.accelerators()
    ]
    return sorted(rows, key=lambda row: row["up"] is None)


def _sources(kind: AcceleratorType) -> list[dict[str, str]]:
    """Each source once, with the figures that it is for."""
    labels = {"fp16_gflops": _("peak"), "memory_mb": _("memory"), "power_w": _("power")}
    by_source: dict[str, list[str]] = {}
    for name, label in labels.items():
        by_source.setdefault(kind.sources.get(name) or _("not given"), []).append(label)
    return [{"source": source, "figures": joined(figures)} for source, figures in by_source.items()]


@require_http_methods(["GET", "POST"])
def accelerator(request: HttpRequest, code: str) -> HttpResponse:
    """Change the figures of one type, for operators."""
    access.require(request.actor, "centre.set_figures")
    found = AcceleratorType.objects.filter(code=code).first()
    if found is None:
        raise NotFound
    initial = {name: getattr(found, name) for name in ("fp16_gflops", "memory_mb", "power_w")}
    form = FiguresForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        done, _result = attempt(form, actions.set_figures, request.actor, accelerator=found, **form.cleaned_data)
        if done:
            messages.success(request, _("The figures of %(name)s are saved.") % {"name": found.name})
            return redirect("centre:overview")
    context = {
        "form": form,
        "page_title": _("Figures of %(name)s") % {"name": found.name},
        "back_url": reverse("centre:overview"),
        "accelerator": found,
        "sources": _sources(found),
    }
    return render(request, "centre/accelerator.html", context)
