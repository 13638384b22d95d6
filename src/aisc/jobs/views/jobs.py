"""The list of jobs, one job, and what may be done with it."""

from __future__ import annotations

import shlex
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aisc.core import access, clock, spreadsheet
from aisc.core.errors import AiscError
from aisc.core.forms import attempt
from aisc.core.money import round_half_up
from aisc.core.paging import page_of
from aisc.jobs import actions, api, queries, results, specification, streaming
from aisc.jobs.actions.settling import source_of
from aisc.jobs.downloads import disposition, streamed
from aisc.jobs.engines.base import EngineError
from aisc.jobs.forms import FilterForm, NoteForm
from aisc.jobs.library import load_templates
from aisc.jobs.models import Job, Run
from aisc.jobs.registry import engine_for, progress_of, with_places
from aisc.jobs.states import ENDED
from aisc.jobs.templates import language
from aisc.jobs.views.shared import crumbs, files_url
from aisc.jobs.words import command_as_written, limit_in_words, reason_in_words
from aisc.people import panels
from aisc.people.access import WRITERS
from aisc.people.models import Project
from aisc.people.queries import projects_visible_to, projects_where

_PIECE = 262_144


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every job that the reader may see; the filters stand in the address."""
    access.require(request.actor, "jobs.view_jobs")
    # Their names for the form; the pages of one project, which show more of it, have one of them.
    projects = projects_visible_to(request.actor).select_related(None).order_by("name_en", "name_zh")
    projects = list(projects.only("uid", "name_en", "name_zh", "organisation")[:200])
    form = FilterForm(request.GET, projects=projects)
    form.is_valid()
    asked = form.cleaned_data
    rows = queries.listed(
        queries.jobs_visible_to(request.actor),
        state=asked.get("state", ""),
        project=asked.get("project", ""),
        budget=asked.get("budget", ""),
        mine=request.actor if asked.get("mine") else None,
        q=asked.get("q", ""),
    )
    if "csv" in request.GET:
        return _as_csv(rows)
    page = page_of(request, rows)
    costs = queries.costs(page.object_list)
    return render(
        request,
        "jobs/jobs.html",
        {
            "form": form,
            "filtered": any(asked.values()),
            "page": page,
            "rows": [(job, costs[job.pk]) for job in page.object_list],
            "may_submit": projects_where(request.actor, WRITERS).exists(),
            **_of_project(request, projects, asked.get("project", "")),
        },
    )


def _as_csv(rows: QuerySet[Job]) -> HttpResponse:
    """The list as a file, newest first. Money in cents, times in UTC: what a program computes with."""
    jobs = list(rows[: spreadsheet.MOST])
    costs = queries.costs(jobs)
    header = ("job", "name", "state", "project", "budget", "submitted_by", "accelerator", "count", "runs")
    lines = (
        (
            *(job.uid, job.name, job.state, job.project.uid, job.budget.uid, str(job.submitted_by)),
            *(job.accelerator.code, job.accelerator_count, job.array_size),
            *(job.created_at.isoformat(), job.ended_at.isoformat() if job.ended_at else ""),
            *(costs[job.pk].amount, costs[job.pk].held, job.budget.currency),
        )
        for job in jobs
    )
    return spreadsheet.download(
        "jobs", (*header, "submitted", "ended", "charged_cents", "held_cents", "currency"), lines
    )


def _of_project(request: HttpRequest, projects: list[Project], uid: str) -> dict[str, Any]:
    """The list of one project's jobs is one of the views of that project."""
    project = next((each for each in projects if each.uid == uid), None)
    if project is None:
        return {"asked_project": ""}
    here = reverse("people:project", args=[uid])
    return {
        "asked_project": uid,
        "tabs": panels.tabs(request.actor, project, "jobs"),
        "crumbs": crumbs((_("Projects"), reverse("people:projects")), (project.name, here), (_("Jobs"), "")),
    }


@require_GET
def job(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.job(request.actor, uid)
    inside = access.may(request.actor, "jobs.view_output", found)
    run = queries.run(found, _index(request))
    context = _status(request, found, run)
    context |= {
        "run": run,
        "run_number": str(run.index),
        "inside": inside,
        "crumbs": crumbs((_("Jobs"), reverse("jobs:jobs")), (found.name, "")),
        "environment": [(name, value if inside else None) for name, value in found.environment.items()],
        "command": shlex.join(command_as_written(found)),
        "again": _command_line(found, inside=inside),
        "template": load_templates().get(found.template),
        "template_name": _template_name(found),
        "time_limit": limit_in_words(found.time_limit_ms),
        "memory": specification.show_memory(found.memory_mb),
        "after": list(found.after.order_by("pk")),
        "before": list(found.before.order_by("pk")[:20]),
        "note_form": NoteForm(initial={"note": found.note}),
        "may_submit": access.may(request.actor, "jobs.retry", found),
    }
    if inside:
        context |= _output(found, run)
    return render(request, "jobs/job.html", context)


@require_GET
def status(request: HttpRequest, uid: str) -> HttpResponse:
    """What changes while a job is under way, asked for again and again by its page. When it has ended, the whole
    page is asked for, since then there is more to show."""
    found = queries.job(request.actor, uid)
    context = _status(request, found, queries.run(found, _index(request)))
    response = render(request, "jobs/status.html", context)
    if found.state in ENDED:
        response["HX-Refresh"] = "true"
    return response


def _index(request: HttpRequest) -> int:
    text = request.GET.get("run", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _status(request: HttpRequest, found: Job, run: Run) -> dict[str, Any]:
    """Context of ``jobs/status.html``."""
    with_places([run])
    cost = queries.costs([found])[found.pk]
    counts = queries.state_counts(found)
    return {
        "job": found,
        "active": found.state not in ENDED,
        "run_index": run.index,
        "ribbon": _ribbon(found, run, counts),
        "reason": _reason(found, run),
        "detail": run.detail,
        "counts": [
            (state, count, dict(Job._meta.get_field("state").choices)[state]) for state, count in counts.items()
        ],
        "ended_runs": sum(count for state, count in counts.items() if state in ENDED),
        "progress": progress_of(run) if access.may(request.actor, "jobs.view_output", found) else None,
        "cost": cost,
        "so_far": _so_far(found) if found.state == "running" else None,
        "used": queries.resources(found),
        "evidence": _evidence(found),
        "may_cancel": found.state not in ENDED
        and found.cancel_asked_at is None
        and access.may(request.actor, "jobs.cancel", found),
    }


def _reason(found: Job, run: Run) -> str:
    if found.array_size == 1:
        return reason_in_words(run, found)
    return _("It is being cancelled.") if found.cancel_asked_at and found.state not in ENDED else ""


def _ribbon(found: Job, run: Run, counts: dict[str, int]) -> dict[str, Any]:
    """Where the job stands: held, queued, running, ended."""
    reached = {"held": 0, "queued": 1, "running": 2}.get(found.state, 3)
    started = run.started_ms is not None or found.array_size > 1
    well = found.state in ("completed", "cancelled")
    end_label = found.get_state_display() if reached == 3 else _("ended")
    labels = [_("money held"), _("queued"), _("running"), end_label]
    steps: list[dict[str, Any]] = []
    for number, label in enumerate(labels):
        state = "done" if number < reached else "current" if number == reached else "todo"
        steps.append({"label": label[:1].upper() + label[1:], "state": state})
    steps[0]["at"] = found.created_at
    if reached == 1 and run.position and found.array_size == 1:
        steps[1]["note"] = _("place %(position)s") % {"position": f"{run.position:,}"}
    if started and run.started_ms is not None:
        steps[2]["at"] = clock.from_ms(run.started_ms)
    if reached == 3:
        steps[2]["state"] = "done" if started else "todo"
        steps[3] |= {"state": "done" if well else "failed", "at": found.ended_at}
    return {"label": _("Where this job stands"), "steps": steps}


def _so_far(found: Job) -> int:
    """Cents at list price that the running runs have used up to now, which will be charged when they end."""
    now = clock.now_ms()
    running = Run.objects.filter(job=found, state="running", started_ms__isnull=False)
    elapsed = sum(
        min(max(0, now - started), found.time_limit_ms) for started in running.values_list("started_ms", flat=True)
    )
    price = Run.objects.filter(job=found).select_related("hold__price__meter").first().hold.price
    return round_half_up(price.cents * elapsed * found.accelerator_count, price.meter.per)


def _evidence(found: Job) -> str:
    """Where the charge of this job can be checked: its usage record, or the table of runs with theirs."""
    if found.array_size > 1:
        return reverse("jobs:runs", args=[found.uid])
    if found.state not in ENDED or found.state == "rejected":
        return ""
    return reverse("ledger:usage-of", args=[source_of(found.cluster), f"{found.uid}-0"])


def _output(found: Job, run: Run) -> dict[str, Any]:
    """The log's end and the results; a sentence where the engine or the disk cannot give them."""
    stream = reverse("jobs:events", args=[found.uid])
    context: dict[str, Any] = {"log_text": "", "log_problem": "", "results": [], "log_over": run.state in ENDED}
    try:
        context["log_text"], offset = streaming.tail(engine_for(found.cluster), run.ref)
        context["log_source"] = f"{stream}?run={run.index}&offset={offset}"
    except (EngineError, AiscError) as error:
        context["log_problem"] = str(error)
    found_results = results.of(found) if found.state in ENDED or found.array_size > 1 else []
    context["pictures"] = [(each, files_url(found.project, each.item.path)) for each in found_results if each.is_image][
        :24
    ]
    context["main"] = [(each, files_url(found.project, each.item.path)) for each in found_results if each.main]
    context["files"] = [(each, files_url(found.project, each.item.path)) for each in found_results]
    context["results_url"] = files_url(found.project, f"results/{found.uid}")
    return context


def _template_name(found: Job) -> str:
    template = load_templates().get(found.template)
    return template.name_in(language()) if template else found.template


def _command_line(found: Job, *, inside: bool) -> str:
    """The same job for a terminal."""
    words = ["aisc", "run", "--budget", found.budget.uid, "--name", found.name]
    words += ["--accelerator", found.accelerator.code, "--count", str(found.accelerator_count)]
    words += ["--time", specification.show_time(found.time_limit_ms), "--memory", f"{found.memory_mb}MB"]
    if found.array_size > 1:
        words += ["--array", str(found.array_size)]
    for name, value in found.environment.items():
        words += ["--env", f"{name}={value if inside else '…'}"]
    if found.template:
        words += ["--template", found.template]
        for name, value in found.parameters.items():
            words += ["--param", f"{name}={value}"]
        return shlex.join(words)
    for option, values in (("--input", found.inputs), ("--output", found.outputs)):
        for value in values:
            words += [option, value]
    if found.workdir:
        words += ["--workdir", found.workdir]
    return shlex.join([*words, "--", *found.command])


@require_GET
def runs(request: HttpRequest, uid: str) -> HttpResponse:
    """The runs of an array, with the charge of each and the record it was computed from."""
    found = queries.job(request.actor, uid)
    state = request.GET.get("state", "")
    page = page_of(request, queries.runs_of(found, state=state if state in queries.GROUPS else ""), size=100)
    charges = queries.run_charges(page.object_list)
    source = source_of(found.cluster)
    rows = [
        {
            "run": run,
            "reason": reason_in_words(run, found),
            "charge": charges[run.pk],
            "evidence": reverse("ledger:usage-of", args=[source, run.ref]) if run.state in ENDED else "",
        }
        for run in with_places(page.object_list)
    ]
    counts = queries.state_counts(found)
    labels = dict(Job._meta.get_field("state").choices)
    tabs = [{"label": _("All"), "url": "?", "current": not state, "count": sum(counts.values())}]
    tabs += [
        {"label": labels[each], "url": f"?state={each}", "current": each == state, "count": count}
        for each, count in counts.items()
    ]
    here = reverse("jobs:job", args=[uid])
    context = {
        "job": found,
        "page": page,
        "rows": rows,
        "tabs": tabs,
        "crumbs": crumbs((_("Jobs"), reverse("jobs:jobs")), (found.name, here), (_("Runs"), "")),
    }
    return render(request, "jobs/runs.html", context)


@require_GET
def events(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The log as it grows, for the viewer on the job's page."""
    found = queries.job(request.actor, uid, "jobs.view_output")
    offset = request.GET.get("offset", "0")
    valid = offset.isascii() and offset.isdigit() and len(offset) < 19
    return api.event_stream(request, queries.run(found, _index(request)), int(offset) if valid else 0)


@require_GET
def log(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The whole log as plain text: readable without script, and the download."""
    found = queries.job(request.actor, uid, "jobs.view_output")
    run = queries.run(found, _index(request))
    engine = engine_for(found.cluster)

    def pieces():
        offset = 0
        while True:
            chunk = engine.read_log(run.ref, offset, _PIECE)
            if not chunk.data:
                return
            yield chunk.data
            offset = chunk.next_offset

    kind = "attachment" if "download" in request.GET else "inline"
    headers = {
        "Content-Disposition": disposition(kind, f"{run.ref}.log"),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
    return streamed(request, pieces(), content_type="text/plain; charset=utf-8", headers=headers)


@require_POST
def cancel(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.job(request.actor, uid)
    return _act(request, found, actions.cancel_job, _("It is being cancelled. What it has used is charged."))


@require_POST
def retry(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.job(request.actor, uid)
    return _act(request, found, actions.retry_job, _("The job was submitted again; this is the new one."))


@require_POST
def note(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.job(request.actor, uid)
    access.require(request.actor, "jobs.annotate", found)
    form = NoteForm(request.POST)
    if form.is_valid():
        worked, _result = attempt(form, actions.annotate_job, request.actor, job=found, note=form.cleaned_data["note"])
        if worked:
            messages.success(request, _("The note is saved."))
            return redirect("jobs:job", uid)
    for errors in form.errors.values():
        messages.error(request, " ".join(errors))
    return redirect("jobs:job", uid)


def _act(request: HttpRequest, found: Job, action: Any, done: str) -> HttpResponse:
    try:
        result = action(request.actor, job=found)
    except AiscError as error:
        if error.status in (401, 403, 404):
            raise
        messages.error(request, str(error.message))
        return redirect("jobs:job", found.uid)
    messages.success(request, done)
    return redirect("jobs:job", result.uid)
