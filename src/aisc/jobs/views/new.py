"""Asking for a job: what to run, how large, check your answers with the cost, done.

The answers travel from page to page in the form itself, so nothing typed is lost and nothing is kept half-finished
here. The new job's identifier is chosen with the empty form and signed: the same form sent twice is one job.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from aisc.centre.models import AcceleratorType
from aisc.core import access
from aisc.core.errors import AiscError, InsufficientBudget, NotFound
from aisc.jobs import actions, queries, specification, templates
from aisc.jobs.actions.submitting import Plan, plan_job
from aisc.jobs.forms import JobForm, accelerator_choices, initial_from, initial_of
from aisc.jobs.library import Template, load_templates
from aisc.jobs.models import Job, job_uid
from aisc.jobs.views.shared import crumbs
from aisc.jobs.words import limit_in_words
from aisc.ledger.models import Budget
from aisc.ledger.queries import Estimate, estimate
from aisc.people.access import WRITERS
from aisc.people.models import Project
from aisc.people.queries import projects_where

COMMAND = "command"
_SALT = "aisc.jobs.new"


@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Which project, and a template or a command."""
    access.require(request.actor, "jobs.view_templates")
    projects = list(projects_where(request.actor, WRITERS))
    asked = request.GET.get("project", "")
    project = next((each for each in projects if each.uid == asked), projects[0] if projects else None)
    language = templates.language()
    titles = {kind.code: kind.title for kind in AcceleratorType.objects.all()}
    cards = [
        {
            "code": each.code,
            "name": each.name_in(language),
            "text": each.description_in(language),
            "accelerators": f"{each.resources.count} × {titles.get(code := each.resources.accelerator, code)}",
            "limit": limit_in_words(specification.read_time(each.resources.time_limit)),
        }
        for each in load_templates().values()
    ]
    context = {
        "projects": projects,
        "project": project,
        "cards": cards,
        "budgets": _budgets(project) if project else [],
        "crumbs": crumbs((_("Jobs"), reverse("jobs:jobs")), (_("New job"), "")),
    }
    return render(request, "jobs/choose.html", context)


@require_http_methods(["GET", "POST"])
def form(request: HttpRequest, kind: str) -> HttpResponse:
    """The form of one template or of a command; then “check your answers”; then the job."""
    access.require(request.actor, "jobs.view_templates")
    template = None if kind == COMMAND else load_templates().get(kind)
    if template is None and kind != COMMAND:
        raise NotFound
    source = request.POST if request.method == "POST" else request.GET
    project = queries.project(request.actor, source.get("project", ""), "jobs.submit")
    budgets = _budgets(project)
    given = {
        "budgets": budgets,
        "accelerators": accelerator_choices(budgets),
        "template": template,
    }
    page = _Page(request, project, template, kind)
    if request.method == "GET":
        return page.ask(JobForm(initial=_initial(request, template, budgets), **given), job_uid())
    filled = JobForm(request.POST, **given)
    uid = _chosen(request.POST.get("uid", ""))
    if uid is None:
        # Without its identifier nobody can tell whether this was sent before: it is asked again, as it was typed.
        return page.ask(filled, job_uid())
    earlier = Job.objects.filter(uid=uid, project=project, submitted_by=request.actor.person).first()
    if earlier is not None:
        return redirect("jobs:job", earlier.uid)
    step = request.POST.get("step", "check")
    if step == "change" or not filled.is_valid():
        return page.ask(filled, uid, changing=step == "change")
    budget = next(each for each in budgets if each.uid == filled.cleaned_data["budget"])
    try:
        if step == "submit":
            job = actions.submit_job(request.actor, project=project, budget=budget, uid=uid, **filled.asked())
            messages.success(request, _("The job is submitted and its money is held. You will be told when it ends."))
            return redirect("jobs:job", job.uid)
        plan = plan_job(uid=uid, project=project, budget=budget, **filled.asked())
        return page.check(filled, uid, budget, plan)
    except InsufficientBudget as error:
        return page.check(
            filled, uid, budget, plan_job(uid=uid, project=project, budget=budget, **filled.asked()), error
        )
    except AiscError as error:
        filled.refuse(error)
        return page.ask(filled, uid)


@require_GET
def cost(request: HttpRequest) -> HttpResponse:
    """What the form, as it is filled in now, would hold; a piece of a page. Empty while it cannot be said."""
    access.require(request.actor, "jobs.view_templates")
    project = queries.project(request.actor, request.GET.get("project", ""), "jobs.submit")
    budget = next((each for each in _budgets(project) if each.uid == request.GET.get("budget")), None)
    context: dict[str, Any] = {"budget": budget}
    if budget is not None:
        context["estimate"] = _estimate_of(request, budget)
    return render(request, "jobs/cost.html", context)


def _estimate_of(request: HttpRequest, budget: Budget) -> Estimate | None:
    kind = AcceleratorType.objects.filter(code=request.GET.get("accelerator", "")).first()
    count, runs = request.GET.get("accelerator_count", ""), request.GET.get("array_size", "1")
    if kind is None or not (count.isascii() and count.isdigit() and runs.isascii() and runs.isdigit()):
        return None
    try:
        return estimate(
            budget=budget,
            accelerator=kind,
            count=specification.whole(int(count), "accelerator_count", 1, specification.MAX_COUNT),
            time_limit_ms=specification.read_time(request.GET.get("time_limit", "")),
            runs=specification.whole(int(runs), "array_size", 1, specification.MAX_ARRAY),
        )
    except AiscError:
        return None


def _budgets(project: Project) -> list[Budget]:
    """Budgets that can pay for a job of this project, the fullest first."""
    active = project.budgets.filter(state=Budget.State.ACTIVE).select_related("price_list", "organisation")
    return sorted(active, key=lambda budget: (-budget.available, budget.pk))


def _initial(request: HttpRequest, template: Template | None, budgets: list[Budget]) -> dict[str, Any]:
    initial: dict[str, Any] = {"budget": budgets[0].uid} if budgets else {}
    if template is not None:
        initial |= initial_of(template)
    else:
        initial |= {"accelerator": "cpu", "accelerator_count": 1, "time_limit": "1h"}
    if uid := request.GET.get("from"):
        initial |= initial_from(queries.job(request.actor, uid, "jobs.view_output"))
    return initial


def _chosen(signed: str) -> str | None:
    try:
        return signing.loads(signed, salt=_SALT)
    except signing.BadSignature:
        return None


class _Page:
    """The two pages of the form of one project and template."""

    def __init__(self, request: HttpRequest, project: Project, template: Template | None, kind: str) -> None:
        self._request = request
        name = template.name_in(templates.language()) if template else _("Your own command")
        start = f"{reverse('jobs:new')}?project={project.uid}"
        self._context = {
            "project": project,
            "template": template,
            "template_text": template.description_in(templates.language()) if template else "",
            "kind": kind,
            "page_title": name,
            "back_url": start,
        }

    def ask(self, form: JobForm, uid: str, *, changing: bool = False) -> HttpResponse:
        wrong = form.is_bound and not changing
        context = self._context | {"form": form, "signed": signing.dumps(uid, salt=_SALT), "show_errors": wrong}
        return render(self._request, "jobs/form.html", context, status=422 if wrong else 200)

    def check(
        self, form: JobForm, uid: str, budget: Budget, plan: Plan, error: InsufficientBudget | None = None
    ) -> HttpResponse:
        spec = plan.spec
        found = estimate(
            budget=budget,
            accelerator=plan.place.accelerator,
            count=spec.accelerator_count,
            time_limit_ms=spec.time_limit_ms,
            runs=spec.array_size,
        )
        context = self._context | {
            "form": form,
            "signed": signing.dumps(uid, salt=_SALT),
            "rows": self._rows(form, budget, plan),
            "estimate": found,
            "budget": budget,
            "after": budget.available - found.list,
            "refusal": str(error.message) if error else "",
            "page_title": _("Check your answers"),
        }
        return render(self._request, "jobs/check.html", context, status=402 if error else 200)

    def _rows(self, form: JobForm, budget: Budget, plan: Plan) -> list[dict[str, Any]]:
        spec, place = plan.spec, plan.place
        rows: list[tuple[str, Any]] = [
            (_("Project"), self._context["project"].name),
            (_("Budget"), budget.name),
            (_("Name"), spec.name),
        ]
        if form.template is None:
            rows += [(form.fields["command"].label, form["command"].value())]
        else:
            rows += [(form.fields[name].label, _shown(form, name)) for name in form.parameter_names]
        rows += [
            (_("Accelerators for each run"), f"{spec.accelerator_count} × {place.accelerator.title}"),
            (_("CPU cores and memory"), f"{place.cpus} · {specification.show_memory(place.memory_mb)}"),
            (_("Time limit"), limit_in_words(spec.time_limit_ms)),
        ]
        rows += [(_("Number of runs"), spec.array_size)] if spec.array_size > 1 else []
        lists = {
            "inputs": "\n".join(spec.inputs) if form.template is None else "",
            "outputs": "\n".join(spec.outputs) if form.template is None else "",
            "workdir": spec.workdir,
            "environment": "\n".join(f"{name}={value}" for name, value in spec.environment.items()),
            "after": "\n".join(str(job) for job in plan.after),
            "note": spec.note,
        }
        rows += [(form.fields[name].label, text) for name, text in lists.items() if text]
        return [{"label": label, "value": value} for label, value in rows]


def _shown(form: JobForm, name: str) -> str:
    field, value = form.fields[name], form.cleaned_data.get(name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(dict(getattr(field, "choices", ())).get(value, value or field.initial or "—"))
