"""The story of one application, from its first line to what became of it."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import AiscError
from aisc.ledger.actions import close_budget
from aisc.people.actions import close_project
from aisc.portal.demonstration.organisations import FAMILIAR, PLACES
from aisc.portal.demonstration.projects import Plan
from aisc.portal.demonstration.stories import Story
from aisc.portal.demonstration.work import project_work
from aisc.portal.demonstration.world import World
from aisc.scheme import actions as scheme
from aisc.scheme.models import Application

# Days before the end at which an application begins whose story goes on today, by the state it is to be in then.
_RECENT = {"approved": 33, "reviewed": 23, "in_review": 14, "submitted": 6, "returned": 10, "draft": 7, "accepted": 66}
_REGISTERED = {place.key: place.day for place in (*PLACES, *FAMILIAR)}
# Days before the end at which each call of the year opened.
CALLS = (363, 245, 75)
_LATEST_CALL = len(CALLS) - 1

COMMENTS = (
    "Clear need, measured on a smaller machine, and a team that has done it before.",
    "Sound plan. The batch size could be larger; a third of the time might be saved.",
    "Good for Hong Kong, and the data are theirs. Precision and batch are explained.",
    "The estimate follows from a measured run. I would like to see the evaluation published.",
)
REASONS = (
    "The amount follows from a measured run, and the benefit to Hong Kong is plain.",
    "A strong team with its own data; the work schedule is realistic.",
    "Approved as recommended by the assessor.",
)
REFUSALS = (
    "The amount does not follow from any measurement, and cores would do for most of the work.",
    "The benefit to Hong Kong is not shown. A smaller application with a first result is welcome.",
    "A part of the same work is paid for by another subsidy.",
)
EXCEPTION = (
    "Special and exceptional: results and data are given to the public without charge, and no other body in the "
    "territory does this work."
)
MISSING = "Please add how the amount was estimated, and the role of the second person in the team."
CONFLICT = "I have published with the applicant within the last three years."


def application(world: World, plan: Plan) -> Story:
    chance = world.chance("application", plan.place, plan.name_en)
    yield world.office(_begin(world, plan, chance), chance)
    applicant = world.actor(f"{plan.place}.0")
    draft = scheme.start_draft(applicant, organisation=world.places[plan.place], call=world.calls[plan.call])
    draft = scheme.save_draft(applicant, application=draft, **_content(world, plan, applicant))
    if plan.path == "draft":
        return
    yield world.office(world.soon(days=chance.randint(1, 2)), chance)
    found = scheme.submit_application(applicant, application=draft, declared=True)
    if plan.path == "submitted" and plan.twist != "returned":
        return
    yield from _completion(world, plan, applicant, found, chance)
    if plan.path in ("returned", "submitted"):
        return
    if plan.path == "withdrawn" and plan.twist != "conflict":
        yield world.office(world.soon(days=2), chance)
        scheme.withdraw(applicant, application=found, reason=plan.why)
        return
    yield from _review(world, plan, found, chance)
    if plan.path in ("in_review", "reviewed"):
        return
    if plan.path == "withdrawn":
        yield world.office(world.soon(days=3), chance)
        scheme.withdraw(applicant, application=found, reason=plan.why)
        return
    yield world.office(world.soon(days=chance.randint(5, 8)), chance)
    _decide(world, plan, found, chance)
    yield from _answer(world, plan, applicant, found, chance)


def _begin(world: World, plan: Plan, chance: random.Random):
    if plan.call == _LATEST_CALL:
        return world.at(_RECENT[plan.path], chance.randint(9, 16))
    opened = CALLS[plan.call]
    return world.at(min(opened - 2 - chance.randint(0, 22), _REGISTERED[plan.place] - 2), chance.randint(9, 16))


def _content(world: World, plan: Plan, applicant: Actor) -> dict[str, Any]:
    team = [{"name": applicant.person.name, "role": "Principal investigator", "email": applicant.person.email}]
    other = world.persons.get(f"{plan.place}.1")
    if other:
        team.append({"name": other.name, "role": "Machine-learning engineer", "email": other.email})
    content: dict[str, Any] = {
        "name_en": plan.name_en,
        "name_zh": plan.name_zh,
        "summary_en": plan.about_en,
        "summary_zh": plan.about_zh,
        "team": team,
        "resources": [{"accelerator": code, "count": count, "months": months} for code, count, months in plan.asks],
    }
    if plan.why:
        content |= {
            "justification": plan.why,
            "starts_on": clock.today() + timedelta(days=38),
            "other_funding": False,
        }
    return content


def _completion(world: World, plan: Plan, applicant: Actor, found: Application, chance: random.Random) -> Story:
    """The secretariat looks at it; some must be completed."""
    yield world.office(world.soon(days=chance.randint(1, 3)), chance)
    if plan.twist != "returned" and plan.path != "returned":
        return
    scheme.return_application(world.actor(chance.choice(("secretariat", "desk2"))), application=found, missing=MISSING)
    if plan.path == "returned":
        return
    yield world.office(world.soon(days=2), chance)
    scheme.save_draft(
        applicant, application=found, justification=f"{plan.why} The estimate was checked on a second machine."
    )
    scheme.submit_application(applicant, application=found, declared=True)
    yield world.office(world.soon(days=1), chance)


def _review(world: World, plan: Plan, found: Application, chance: random.Random) -> Story:
    assessors = ["assessor", "assessor2", "assessor3", "assessor4"]
    desk = world.actor("secretariat")
    # What is under review today waits for the assessor who can sign in.
    first = "assessor" if plan.path == "in_review" else chance.choice(assessors)
    if plan.twist == "conflict":
        scheme.assign_assessor(desk, application=found, assessor=world.persons[first])
        yield world.office(world.soon(days=1), chance)
        scheme.declare_conflict(world.actor(first), application=found, conflict=CONFLICT)
        yield world.office(world.soon(days=1), chance)
        first = next(key for key in assessors if key != first)
    scheme.assign_assessor(desk, application=found, assessor=world.persons[first])
    if plan.path == "in_review":
        return
    yield world.office(world.soon(days=chance.randint(4, 8)), chance)
    good = plan.path != "rejected"
    scores = {
        criterion["code"]: chance.randint(7, 9) if good else chance.randint(2, 5)
        for criterion in world.calls[plan.call].criteria
    }
    scheme.submit_review(
        world.actor(first),
        application=found,
        scores=scores,
        comment=chance.choice(COMMENTS) if good else "The need is not shown, and nothing was measured.",
        recommended_bps=plan.rate if good else 0,
    )


def _decide(world: World, plan: Plan, found: Application, chance: random.Random) -> None:
    committee = world.actor(chance.choice(("committee", "committee2")))
    found = Application.objects.get(pk=found.pk)
    if plan.path == "rejected":
        scheme.decide(committee, application=found, outcome="rejected", reasons=chance.choice(REFUSALS))
        return
    terms: dict[str, Any] = {}
    if plan.part != 100:
        asked = found.submissions.order_by("seq").last().snapshot["list_cents"]
        terms["ceiling"] = asked * plan.part // 100
    scheme.decide(
        committee,
        application=found,
        outcome="approved",
        reasons=chance.choice(REASONS),
        scheme_bps=plan.rate,
        exceptional_reason=EXCEPTION if plan.rate > 7000 else "",
        **terms,
    )


def _answer(world: World, plan: Plan, applicant: Actor, found: Application, chance: random.Random) -> Story:
    if plan.path in ("rejected", "lapsed", "approved"):
        return  # what nobody accepts in time, the worker lets lapse
    yield world.office(world.soon(days=chance.randint(1, 6)), chance)
    award = Application.objects.get(pk=found.pk).award
    if plan.path == "declined":
        scheme.decline_award(applicant, award=award, reason="We have found another way to pay for this.")
        return
    award = scheme.accept_award(applicant, award=award)
    budget = award.budget
    world.budgets[plan.name_en] = budget
    if plan.jobs:
        accelerators = [(code, count) for code, count, _months in plan.asks]
        world.teller.begin(
            project_work(world, budget, kind=plan.kind, accelerators=accelerators, use=plan.use, jobs=plan.jobs)
        )
    yield world.office(world.at((world.end.date() - budget.ends_on).days - 12), chance)
    end_of_project(world, applicant, budget)


def end_of_project(world: World, owner: Actor, budget) -> None:
    """The money ends, what is left of it lapses, and the project is closed."""
    try:
        close_budget(world.actor("finance"), budget=budget, reason="The project has ended.")
        close_project(owner, project=budget.project)
    except AiscError:
        return  # something still runs
