"""Every pair of states: the moves of the table work, all others are refused."""

import pytest

from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.core.errors import AiscError, Conflict
from aisc.scheme import actions
from aisc.scheme.models import Application, StateChange
from aisc.scheme.states import APPLICATION


def _later():
    from datetime import timedelta

    return clock.fixed(clock.now() + timedelta(days=60))


def _lapse(world, application):
    with _later():
        actions.lapse(system("test"), award=application.award)


def _award(application):
    award = getattr(application, "award", None)
    if award is None:
        raise Conflict("no award")
    return award


# How each move is tried: by the state it leads to.
TRIES = {
    "submitted": [
        lambda w, a: actions.submit_application(Actor(w.owner), application=a, declared=True),
        lambda w, a: actions.take_back(Actor(w.secretary), application=a, reason="x"),
        lambda w, a: actions.declare_conflict(Actor(w.assessor), application=a, conflict="x"),
    ],
    "returned": [lambda w, a: actions.return_application(Actor(w.secretary), application=a, missing="x")],
    "in_review": [lambda w, a: actions.assign_assessor(Actor(w.secretary), application=a, assessor=w.assessor)],
    "reviewed": [lambda w, a: w.review(a)],
    "approved": [
        lambda w, a: actions.decide(Actor(w.member), application=a, outcome="approved", reasons="x", scheme_bps=7000)
    ],
    "rejected": [lambda w, a: actions.decide(Actor(w.member), application=a, outcome="rejected", reasons="x")],
    "accepted": [lambda w, a: actions.accept_award(Actor(w.owner), award=_award(a))],
    "declined": [lambda w, a: actions.decline_award(Actor(w.owner), award=_award(a))],
    "lapsed": [lambda w, a: _lapse(w, a) if _award(a) else None],
    "withdrawn": [lambda w, a: actions.withdraw(Actor(w.owner), application=a)],
    "draft": [],
}
PAIRS = [(source, target) for source in APPLICATION.labels for target in APPLICATION.labels]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_pair(world, source, target):
    application = world.application(source)
    changes = StateChange.objects.count()
    reached = False
    for attempt in TRIES[target]:
        stale = Application.objects.get(pk=application.pk)
        try:
            attempt(world, stale)
        except AiscError:
            continue
        reached = True
        break
    application.refresh_from_db()
    assert reached == APPLICATION.allows(source, target)
    assert application.state == (target if reached else source)
    assert StateChange.objects.count() == changes + reached
    if reached:
        last = StateChange.objects.filter(application=application).last()
        assert (last.state, last.at) == (target, application.state_since)


def test_final_states():
    assert APPLICATION.final == {"rejected", "accepted", "declined", "lapsed", "withdrawn"}


@pytest.mark.parametrize("state", list(APPLICATION.labels))
def test_a_frozen_application_cannot_be_edited(world, state):
    application = world.application(state)
    before = Application.objects.values().get(pk=application.pk)
    if state in {"draft", "returned"}:
        actions.save_draft(Actor(world.owner), application=application, name_en="Changed")
        assert Application.objects.get(pk=application.pk).name_en == "Changed"
    else:
        with pytest.raises(Conflict):
            actions.save_draft(Actor(world.owner), application=application, name_en="Changed")
        assert Application.objects.values().get(pk=application.pk) == before
