"""Real simultaneous writers, in threads: on PostgreSQL (``test_postgres.py``) and on a SQLite file."""

from __future__ import annotations

import contextvars
import os
import subprocess
import threading
from pathlib import Path

import pytest
from django.db import connection, connections
from postgres import python

from aisc.core.actions import Actor
from aisc.core.errors import AiscError
from aisc.ledger.models import Budget
from aisc.people.models import Person, Project
from aisc.scheme import actions
from aisc.scheme.models import Application, Award, Decision, Letter, Submission

THREADS = 4


def together(*calls):
    """Run the calls at the same moment, each in its own thread and connection; their results or refusals."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place, call):
        try:
            barrier.wait(timeout=30)
            results[place] = call()
        except AiscError as error:
            results[place] = error
        finally:
            connections.close_all()

    # Each with a copy of this context: the clock stands still in all of them.
    threads = [threading.Thread(target=contextvars.copy_context().run, args=(run, *pair)) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def refusals(results):
    return sum(isinstance(result, AiscError) for result in results)


ON_FILE = "SCHEME_TESTS_ON_FILE"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """In the child process of the test below: a SQLite file instead of memory."""
    from django.conf import settings

    if ON_FILE in os.environ and connection.vendor == "sqlite":
        file = str(tmp_path_factory.mktemp("sqlite") / "test.sqlite3")
        connections.databases["default"]["TEST"]["NAME"] = settings.DATABASES["default"]["TEST"]["NAME"] = file


@pytest.fixture
def several(transactional_db):
    """Threads need a database that they share; SQLite in memory locks whole tables without waiting."""
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("runs in a process of its own, on a file")


def test_all_of_these_on_a_sqlite_file():
    """As on one machine: WAL, immediate transactions, many hands."""
    if connection.vendor != "sqlite" or ON_FILE in os.environ:
        return
    done = subprocess.run(
        python("-m", "pytest", "-q", "-p", "no:cacheprovider", str(Path(__file__))),
        env={**os.environ, ON_FILE: "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "skipped" not in done.stdout


def test_submitting_twice_at_once(several, world):
    draft = world.draft()
    person = Person.objects.get(pk=world.owner.pk)

    def submit():
        row = Application.objects.get(pk=draft.pk)
        return actions.submit_application(Actor(person), application=row, declared=True)

    results = together(*[submit] * THREADS)
    assert refusals(results) == THREADS - 1
    assert Submission.objects.count() == 1
    assert Application.objects.get().number.endswith("-0001")


def test_numbers_at_once_have_no_gaps_and_no_doubles(several, world):
    drafts = [world.draft().pk for _ in range(THREADS)]

    def submit(pk):
        row = Application.objects.get(pk=pk)
        return lambda: actions.submit_application(Actor(world.owner), application=row, declared=True)

    assert refusals(together(*map(submit, drafts))) == 0
    numbers = sorted(Application.objects.values_list("number", flat=True))
    assert [number[-4:] for number in numbers] == ["0001", "0002", "0003", "0004"]


def test_two_deciders_at_once(several, world):
    application = world.application("reviewed")

    def decide(person, outcome):
        row = Application.objects.get(pk=application.pk)
        rate = 7000 if outcome == "approved" else 0
        return lambda: actions.decide(Actor(person), application=row, outcome=outcome, reasons="x", scheme_bps=rate)

    results = together(decide(world.member, "approved"), decide(world.second_member, "rejected"))
    assert refusals(results) == 1
    assert (Decision.objects.count(), Letter.objects.count()) == (1, 1)
    assert Application.objects.get().state == Decision.objects.get().outcome


def test_accepting_at_once_opens_one_budget(several, world):
    world.application("approved")

    def accept():
        return actions.accept_award(Actor(world.owner), award=Award.objects.get())

    results = together(*[accept] * THREADS)
    assert refusals(results) == THREADS - 1
    assert (Budget.objects.count(), Project.objects.count()) == (1, 1)
    assert Application.objects.get().state == "accepted"


def test_withdrawing_while_it_is_decided(several, world):
    application = world.application("reviewed")
    row = Application.objects.get(pk=application.pk)
    results = together(
        lambda: actions.decide(Actor(world.member), application=row, outcome="rejected", reasons="x"),
        lambda: actions.withdraw(Actor(world.owner), application=row),
    )
    assert refusals(results) == 1
    assert Decision.objects.count() == (Application.objects.get().state == "rejected")


def test_a_conflict_while_the_review_is_submitted(several, world):
    application = world.application("in_review")
    row = Application.objects.get(pk=application.pk)
    results = together(
        lambda: world.review(row),
        lambda: actions.declare_conflict(Actor(world.assessor), application=row, conflict="x") or "declared",
    )
    assert refusals(results) == 1
    state = Application.objects.get().state
    assert state == ("submitted" if "declared" in results else "reviewed")
