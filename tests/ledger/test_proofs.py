"""The daily proof: when it is due, what is kept of it, and who is told."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from aisc.core import clock, worker
from aisc.core.actions import Actor
from aisc.ledger import actions, tasks
from aisc.ledger.models import Proof
from aisc.ledger.prove import prove
from aisc.people.models import Notice

from .conftest import SYSTEM


@pytest.fixture
def later(bank):
    """The next day, with a charge of the day before."""
    bank.charge("a")
    with clock.fixed(clock.now() + timedelta(days=1)):
        yield


def test_a_proof_is_due_after_a_seal(bank, later):
    assert not tasks.proof_due()
    tasks.seal()
    assert tasks.proof_due()
    with clock.fixed(clock.now() + timedelta(minutes=1)):
        tasks.prove_and_record()
        assert not tasks.proof_due()


def test_a_proof_is_due_when_somebody_asks(bank, make_person):
    actions.run_proof(Actor(person=make_person("auditor")))
    assert tasks.proof_due()
    with clock.fixed(clock.now() + timedelta(seconds=1)):
        tasks.prove_and_record()
        assert not tasks.proof_due()


def test_what_was_found_is_kept(bank):
    kept = tasks.prove_and_record()
    assert (kept.ok, kept.at, kept.report["total_findings"]) == (True, clock.now(), 0)
    assert kept.report["counts"]["entries"] == 1
    assert str(kept) == "2026-06-15 04:00: ok"


def test_differences_are_told_to_those_who_must_know(bank, make_person, sql):
    people = {role: make_person(role) for role in ["finance", "auditor", "operator", "assessor"]}
    sql("UPDATE ledger_budget SET released = released - 1")
    kept = tasks.prove_and_record()
    assert str(kept) == "2026-06-15 04:00: differences"
    told = {notice.person_id: str(notice) for notice in Notice.objects.filter(message__contains="proof")}
    assert told.keys() == {people[role].pk for role in ["finance", "auditor", "operator"]}
    assert told[people["finance"].pk] == (
        f"The proof of the ledger found 1 differences. The first: {bank.budget.uid} released: the budget counts "
        "something else than its entries and holds say (recomputed: 100000, recorded: 99999)"
    )


def test_a_proof_that_has_not_been_made_yet_is_no_proof(db):
    report = prove()
    actions.record_proof(SYSTEM, report=report)
    assert Proof.objects.get().at == report.at


@pytest.fixture
def aside(monkeypatch):
    """Runs the proof's thread at once, in this thread; what it was asked to run."""
    started = []

    class Now:
        def __init__(self, *, target, name, daemon):
            assert daemon
            self.target, self.name = target, name

        def start(self):
            started.append(self.name)
            self.target()

    monkeypatch.setattr(threading, "Thread", Now)
    monkeypatch.setattr(tasks.connection, "close", lambda: None)
    return started


def test_the_worker_makes_it_aside(bank, later, aside):
    tasks.proof()
    assert aside == []
    tasks.seal()
    tasks.proof()
    tasks.proof()
    assert aside == ["aisc-proof"]
    assert Proof.objects.count() == 1


def test_one_proof_at_a_time(bank, later, aside, monkeypatch):
    tasks.seal()

    class Running:
        name = "aisc-proof"

    monkeypatch.setattr(threading, "enumerate", lambda: [Running])
    tasks.proof()
    assert not Proof.objects.exists()


def test_a_proof_that_fails_is_tried_again(bank, later, aside, monkeypatch, caplog):
    tasks.seal()
    monkeypatch.setattr(tasks, "prove", lambda: 1 / 0)
    tasks.proof()
    assert "the proof could not be completed" in caplog.text
    assert tasks.proof_due()


def test_the_worker_knows_the_tasks():
    assert {name for name in worker.tasks() if name.startswith("ledger.")} == {
        "ledger.seal",
        "ledger.statements",
        "ledger.proof",
    }
