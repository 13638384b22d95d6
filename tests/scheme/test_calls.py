"""Calls: made by the secretariat, frozen when they open."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import BadInput, Conflict, Forbidden, SignInNeeded
from aisc.core.models import AuditEvent
from aisc.ledger.models import PriceList
from aisc.scheme import actions, queries
from aisc.scheme.models import Call
from aisc.scheme.rules import DEFAULT_CRITERIA


def make(world, noon, **changes):
    values = {
        "name_en": "Spring call",
        "opens_at": noon + timedelta(days=10),
        "closes_at": noon + timedelta(days=20),
        "price_list": world.prices,
    }
    return actions.create_call(Actor(world.secretary), **(values | changes))


def test_the_default_rubric_marks_what_is_not_public(world, noon):
    call = make(world, noon)
    assert [(row["weight"], row["illustrative"]) for row in call.criteria] == [(25, False), (20, False), (55, True)]
    assert sum(row["weight"] for row in DEFAULT_CRITERIA) == 100
    assert call.illustrative


def test_a_call_that_should_have_opened_opens_now(world, noon):
    call = make(world, noon, opens_at=noon - timedelta(days=1))
    assert (call.opens_at, queries.phase(call)) == (noon, "open")


def test_a_rubric_of_ones_own(world, noon):
    rows = [
        {"code": "merit", "name_zh": "優點", "weight": 60},
        {"code": "use", "name_en": "Use", "weight": 40, "extra": "dropped"},
    ]
    call = make(world, noon, criteria=rows)
    assert call.criteria == [
        {"code": "merit", "name_en": "", "name_zh": "優點", "weight": 60, "illustrative": False},
        {"code": "use", "name_en": "Use", "name_zh": "", "weight": 40, "illustrative": False},
    ]
    # Its prices are examples, so the call is one.
    assert call.illustrative


def criterion(**changes):
    return {"code": "a", "name_en": "A", "weight": 100} | changes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name_en": "", "name_zh": ""}, "name_en"),
        ({"name_en": "x" * 201}, "name_en"),
        ({"summary_en": "x" * 4001}, "summary_en"),
        ({"summary_zh": "a\x00"}, "summary_zh"),
        ({"opens_at": datetime(2026, 7, 1)}, "opens_at"),  # noqa: DTZ001 - naive on purpose
        ({"closes_at": datetime(2026, 7, 1)}, "closes_at"),  # noqa: DTZ001
        ({"acceptance_days": 0}, "acceptance_days"),
        ({"acceptance_days": 366}, "acceptance_days"),
        ({"criteria": []}, "criteria"),
        ({"criteria": [criterion()] * 13}, "criteria"),
        ({"criteria": [criterion(weight=99)]}, "criteria"),
        ({"criteria": [criterion(weight=50), criterion(weight=50)]}, "criteria"),
        ({"criteria": [criterion(weight=0)]}, "criteria"),
        ({"criteria": [criterion(weight=100.0)]}, "criteria"),
        ({"criteria": [criterion(code="A b")]}, "criteria"),
        ({"criteria": [criterion(name_en="")]}, "criteria"),
        ({"criteria": [{}]}, "criteria"),
    ],
)
def test_what_is_refused_changes_nothing(world, noon, changes, field):
    before = Call.objects.count()
    with pytest.raises(BadInput) as caught:
        make(world, noon, **changes)
    assert caught.value.field == field
    assert Call.objects.count() == before


def test_it_closes_after_it_opens(world, noon):
    for closes in (noon + timedelta(days=10), noon):
        with pytest.raises(BadInput) as caught:
            make(world, noon, closes_at=closes)
        assert caught.value.field == "closes_at"


def test_the_price_list_must_be_published(world, noon):
    draft = PriceList.objects.create(version="DRAFT", effective_from=noon.date())
    with pytest.raises(BadInput) as caught:
        make(world, noon, price_list=draft)
    assert caught.value.field == "price_list"


def test_edited_until_it_opens_and_not_afterwards(world, noon):
    call = make(world, noon)
    edited = actions.edit_call(Actor(world.secretary), call=call, name_en="Summer call", acceptance_days=7)
    assert (edited.name_en, edited.acceptance_days, edited.closes_at) == ("Summer call", 7, call.closes_at)
    assert AuditEvent.objects.filter(action="scheme.edit_call").get().details == {
        "changed": ["acceptance_days", "name_en"]
    }
    with pytest.raises(TypeError):
        actions.edit_call(Actor(world.secretary), call=call, uid="cal-mine")
    with clock.fixed(call.opens_at), pytest.raises(Conflict) as caught:
        actions.edit_call(Actor(world.secretary), call=call, name_en="Too late")
    assert caught.value.code == "call.opened"
    assert Call.objects.get(pk=call.pk).name_en == "Summer call"


def test_only_the_secretariat(world, noon):
    call = make(world, noon)
    for person in (world.owner, world.assessor, world.member, world.auditor):
        with pytest.raises(Forbidden):
            actions.edit_call(Actor(person), call=call, name_en="Mine")
    with pytest.raises(SignInNeeded):
        actions.create_call(
            Actor(), name_en="x", opens_at=noon, closes_at=noon + timedelta(days=1), price_list=world.prices
        )


def test_the_database_refuses_as_well(world, noon):
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.create(name_en="x", opens_at=noon, closes_at=noon, price_list=world.prices)


def test_figures_are_counts(world):
    for state in ("draft", "withdrawn", "submitted", "rejected", "approved", "accepted"):
        world.application(state)
    assert queries.figures(world.call) == {"received": 4, "decided": 3, "approved": 2, "accepted": 1}


def test_phases_and_open_calls(world, noon):
    coming = make(world, noon)
    assert [queries.phase(call) for call in (coming, world.call)] == ["coming", "open"]
    assert list(queries.open_calls()) == [world.call]
    with clock.fixed(noon + timedelta(days=30)):
        assert queries.phase(world.call) == "closed"
