"""Seals, and what the last proof found."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from aisc.core import clock
from aisc.core.actions import system
from aisc.core.models import AuditEvent
from aisc.ledger import actions
from aisc.ledger.models import Entry
from aisc.ledger.prove import prove


@pytest.fixture
def proved(noon):
    def make() -> None:
        actions.record_proof(system("test"), report=prove(accounting={}))

    return make


def get(browser, person, path: str = "/ledger/proof/") -> str:
    answer = browser(person).get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_before_the_first_proof_and_seal(place, browser):
    assert "Nothing has been proved yet" in get(browser, place.auditor)
    assert "No day is sealed yet" in get(browser, place.auditor, "/ledger/seals/")


def test_a_proof_that_holds(place, budget, use, browser, proved):
    use(budget, "a")
    proved()
    html = get(browser, place.auditor)
    assert "Everything agrees, to the cent." in html
    assert html.index("lines of journals") < html.rindex("usage records")


def test_a_proof_that_found_something_says_what_and_where(place, budget, use, browser, proved):
    entry = use(budget, "a")
    Entry.objects.filter(pk=entry.pk).update(amount=1999, scheme_share=1399)
    proved()
    html = get(browser, place.auditor)
    assert "Everything agrees" not in html
    assert "differences" in html
    assert f"{budget.uid}/2" in html
    assert "1999" in html


def test_findings_about_the_whole_and_of_kinds_not_known_here(place, noon, browser):
    from aisc.ledger.models import Proof

    finding = {"kind": "later", "budget": "", "seq": None, "where": "x", "expected": None, "found": "1"}
    report = {"counts": {"rows of engine:local": 3, "budgets": 1}, "findings": [finding], "total_findings": 1}
    Proof.objects.create(at=noon, ok=False, milliseconds=1, report=report)
    html = get(browser, place.auditor)
    assert html.index("budgets") < html.index("runs of local")
    assert "1 difference<" in html
    assert "later" in html


def test_an_auditor_asks_for_a_proof(place, budget, browser, proved, noon):
    assert "Prove everything now" in get(browser, place.auditor)
    assert "Prove everything now" not in get(browser, place.secretary)
    answer = browser(place.auditor).post("/ledger/proof/")
    assert (answer.status_code, answer["Location"]) == (302, "/ledger/proof/")
    assert "A new proof is asked for" in get(browser, place.auditor)
    with clock.fixed(noon + timedelta(seconds=5)):
        proved()
        assert "A new proof is asked for" not in get(browser, place.auditor)


@pytest.mark.parametrize(("who", "status"), [("secretary", 403), ("owner", 403), ("stranger", 403)])
def test_others_do_not(place, browser, who, status):
    assert browser(getattr(place, who)).post("/ledger/proof/").status_code == status
    assert AuditEvent.objects.filter(action="ledger.run_proof").count() == 0


def test_seals(place, budget, browser, noon):
    with clock.fixed(noon + timedelta(days=1)):
        seal = actions.seal_day(system("test"), day=date(2026, 6, 15))
    html = get(browser, place.auditor, "/ledger/seals/")
    assert "15 June 2026" in html
    assert seal.hash in html


def test_the_api_asks_once_for_each_key(place, call):
    headers = {"Idempotency-Key": "p"}
    first = call(place.auditor, "POST", "/ledger/proof", **headers)
    assert first.status_code == 202
    assert call(place.auditor, "POST", "/ledger/proof", **headers).json() == first.json()
    assert AuditEvent.objects.filter(action="ledger.run_proof").count() == 1
    assert call(place.owner, "POST", "/ledger/proof").status_code == 403
    assert call(None, "POST", "/ledger/proof").status_code == 401
