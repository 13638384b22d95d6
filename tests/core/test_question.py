"""Questions whose SQL is made once answer what their query sets would, with any values and at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aisc.core import clock
from aisc.core.question import Question
from aisc.people.models import Membership, Notice, Organisation, Project

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def two(db, make_organisation):
    return [make_organisation(name_en=name) for name in ("One", "Two")]


def test_answers_are_those_of_the_query_set(two):
    by_name = Question(lambda name: Organisation.objects.filter(name_en=name))
    assert [by_name("One"), by_name("Two"), by_name("Three")] == [[two[0]], [two[1]], []]
    assert by_name("One")[0].created_at == two[0].created_at
    assert isinstance(by_name("One")[0], Organisation)


def test_the_sql_is_made_once(two):
    made = []

    def make(name):
        made.append(name)
        return Organisation.objects.filter(name_en=name).values_list("pk", "name_zh")

    ask = Question(make)
    assert ask("One") == [(two[0].pk, two[0].name_zh)]
    assert ask("Two") == [(two[1].pk, two[1].name_zh)]
    assert len(made) == 1


def test_related_objects_and_columns_left_out(two, django_assert_num_queries):
    for each in two:
        Project.objects.create(organisation=each, name_en="P", created_at=NOON)
    ask = Question(
        lambda place: (
            Project.objects.filter(organisation=place)
            .select_related("organisation")
            .only("uid", "organisation__name_en")
        )
    )
    ask(two[0].pk)
    with django_assert_num_queries(1):
        [project] = ask(two[1].pk)
        assert (project.organisation.name_en, project.get_deferred_fields() > {"name_en"}) == ("Two", True)
    assert project.name_en == "P"


def test_any_number_of_keys(two):
    among = Question(lambda keys: Organisation.objects.filter(pk__among=keys).order_by("pk"))
    one, other = (each.pk for each in two)
    assert among(frozenset({one})) == two[:1]
    assert among(frozenset({one, other})) == two
    assert among(frozenset()) == []


def test_the_time_is_asked_each_time(two, make_person):
    person = make_person()
    project = Project.objects.create(organisation=two[0], name_en="P", created_at=NOON)
    Membership.objects.create(
        person=person,
        organisation=two[0],
        project=project,
        role="facilitator",
        reason="Helps.",
        created_at=NOON,
        expires_at=NOON + timedelta(hours=1),
    )
    ask = Question(lambda of: Membership.objects.filter(person=of).values_list("role"))
    with clock.fixed(NOON):
        assert ask(person.pk) == [("facilitator",)]
    with clock.fixed(NOON + timedelta(hours=2)):
        assert ask(person.pk) == []


def test_moments_and_json_come_back_as_the_model_has_them(two, make_person):
    person = make_person()
    Notice.objects.create(person=person, at=NOON, message="x", values={"a": [1]})
    ask = Question(lambda of, since: Notice.objects.filter(person=of, at__gte=since).values_list("at", "values"))
    assert ask(person.pk, NOON) == [(NOON, {"a": [1]})]
    assert ask(person.pk, NOON + timedelta(seconds=1)) == []


def test_what_would_be_forgotten_is_refused(two):
    yesterday = Question(lambda: Organisation.objects.filter(created_at__gte=clock.now() - timedelta(days=1)))
    with pytest.raises(ValueError, match="no value of it"):
        yesterday()
    deaf = Question(lambda name: Organisation.objects.filter(name_en="One"))
    with pytest.raises(ValueError, match="not among its parameters"):
        deaf("Two")
    with pytest.raises(TypeError):
        deaf(True)
