"""Real simultaneous writers, in threads: on PostgreSQL (``test_postgres.py``) and on a SQLite file."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest
from django.db import connection, connections
from postgres import python

from aisc.core.actions import Actor
from aisc.core.errors import AiscError, Conflict
from aisc.people import actions
from aisc.people.models import ApiToken, CentreRole, Membership, Organisation

THREADS = 4
ON_FILE = "PEOPLE_TESTS_ON_FILE"


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

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def conflicts(results):
    return sum(isinstance(result, Conflict) for result in results)


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


def test_two_last_owners_cannot_leave_at_once(several, make_person, make_organisation, member):
    owners = [make_person() for _ in range(THREADS)]
    organisation = make_organisation(owner=owners[0])
    for owner in owners[1:]:
        member(owner, organisation, "owner")

    def leave(owner):
        membership = Membership.objects.get(person=owner)
        return lambda: actions.remove_member(Actor(person=owner), membership=membership)

    results = together(*map(leave, owners))
    assert conflicts(results) == 1
    assert Membership.objects.filter(organisation=organisation, role="owner").count() == 1


def test_one_person_is_added_once(several, make_person, make_organisation):
    owner, newcomer = make_person(), make_person()
    organisation = make_organisation(owner=owner)

    def add():
        return actions.add_member(Actor(person=owner), organisation=organisation, email=newcomer.email, role="member")

    assert conflicts(together(*[add] * THREADS)) == THREADS - 1
    assert newcomer.memberships.count() == 1


def test_one_registry_number_is_registered_once(several, make_person):
    people = [make_person() for _ in range(THREADS)]

    def register(person):
        return lambda: actions.create_organisation(
            Actor(person=person), category="startup", name_en="A", registry_number="12345678"
        )

    assert conflicts(together(*map(register, people))) == THREADS - 1
    assert Organisation.objects.count() == 1


def test_administrators_cannot_remove_each_other_at_once(several, make_person):
    first, second = make_person("administrator"), make_person("administrator")

    def revoke(who, whom):
        return lambda: actions.revoke_centre_role(Actor(person=who), person=whom, role="administrator")

    results = together(revoke(first, second), revoke(second, first))
    # The second is refused: as the last administrator, or because they are one no longer.
    assert sum(isinstance(result, AiscError) for result in results) == 1
    assert CentreRole.objects.filter(role="administrator").count() == 1


def test_the_limit_of_tokens_holds(several, make_person, monkeypatch):
    monkeypatch.setattr("aisc.people.actions.tokens.MOST_TOKENS", 2)
    ada = make_person()

    def issue():
        return actions.issue_token(Actor(person=ada), name="x", scopes=["read"])

    assert conflicts(together(*[issue] * THREADS)) == THREADS - 2
    assert ApiToken.objects.count() == 2
