"""Prices, estimates, statements, usage, seals and proofs in the API."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from aisc.core import clock
from aisc.core.actions import system
from aisc.ledger import actions
from aisc.ledger.models import PriceList, Proof, Statement, UsageRecord

# Prices


def test_prices_need_no_token(prices, call):
    found = call(None, "GET", "/prices").json()
    assert found["current"]["version"] == prices.version
    assert [each["in_force"] for each in found["versions"]] == [True]
    assert found["current"]["prices"][1] == {
        "meter": "accelerator:h800",
        "name_en": "NVIDIA H800",
        "name_zh": "",
        "accelerator": "h800",
        "cents": 2000,
        "per": 3_600_000,
        "unit": "ms",
        "pflops_hour_cents": 2021,
    }
    assert call(None, "GET", f"/prices/{prices.version}").json() == found["current"]


def test_without_a_list_in_force(db, call, noon):
    PriceList.objects.create(version="DRAFT", effective_from=date(2020, 1, 1))
    assert call(None, "GET", "/prices").json() == {"current": None, "versions": []}
    assert call(None, "GET", "/prices/DRAFT").status_code == 404


def test_a_price_of_something_that_is_no_accelerator(prices, call):
    from aisc.ledger.models import Meter, Price

    meter = Meter.objects.create(code="tokens:x", name_en="Tokens", unit="token", per=1_000_000)
    Price.objects.create(price_list=prices, meter=meter, cents=30)
    found = call(None, "GET", "/prices").json()["current"]["prices"][-1]
    assert (found["accelerator"], found["pflops_hour_cents"]) == (None, None)


# Estimates


def test_an_estimate_splits_the_most_it_can_cost(place, budget, call):
    body = {"budget": budget.uid, "accelerator": "h800", "count": 2, "time_limit_ms": 1_800_000, "runs": 3}
    assert call(place.member, "POST", "/estimates", body).json() == {
        "list_cents": 6000,
        "scheme_cents": 4200,
        "applicant_cents": 1800,
        "available_cents": 100_000,
        "enough": True,
        "price_cents": 2000,
        "price_per": 3_600_000,
        "quantity": 3_600_000,
        "runs": 3,
    }
    assert call(place.stranger, "POST", "/estimates", body).status_code == 404
    assert call(None, "POST", "/estimates", body).status_code == 401


@pytest.mark.parametrize("changes", [{"accelerator": "none"}, {"count": 0}, {"time_limit_ms": -1}, {"runs": 0}])
def test_an_estimate_of_nonsense(place, budget, call, changes):
    body = {"budget": budget.uid, "accelerator": "h800", "time_limit_ms": 1000} | changes
    assert call(place.member, "POST", "/estimates", body).status_code == 422


# Statements


@pytest.fixture
def issued(budget, use, noon, call, place):
    use(budget, "a")
    body = {"budget": budget.uid, "period_start": "2026-06-01", "period_end": "2026-06-15"}
    assert call(place.owner, "POST", "/statements", body).status_code == 403
    assert call(place.stranger, "POST", "/statements", body).status_code == 404
    with clock.fixed(noon + timedelta(days=1)):
        answer = call(place.officer, "POST", "/statements", body, **{"Idempotency-Key": "june"})
        again = call(place.officer, "POST", "/statements", body, **{"Idempotency-Key": "june"})
    assert (answer.status_code, again.json()) == (201, answer.json())
    return answer.json()


def test_statements_are_issued_for_both_payers(place, budget, issued, call):
    assert (issued["list_cents"], issued["scheme_cents"], issued["applicant_cents"]) == (2000, 1400, 600)
    assert [each["payer"] for each in issued["statements"]] == ["scheme", "applicant"]
    assert issued["sums"] == [
        {
            "meter": "accelerator:h800",
            "price_cents": 2000,
            "price_per": 3_600_000,
            "quantity": 3_600_000,
            "list_cents": 2000,
            "scheme_cents": 1400,
            "applicant_cents": 600,
        }
    ]
    number = issued["statements"][0]["number"]
    assert call(place.reader, "GET", f"/statements/{number}").json() == issued
    assert call(place.stranger, "GET", f"/statements/{number}").status_code == 404
    to_date = call(place.reader, "GET", f"/budgets/{budget.uid}/to-date").json()
    assert (to_date["list_cents"], to_date["statements"], to_date["sums"]) == (0, [], [])


def test_the_list_of_statements(place, budget, issued, call):
    numbers = [each["number"] for each in issued["statements"]]

    def found(person, query=""):
        return [each["number"] for each in call(person, "GET", f"/statements{query}").json()["items"]]

    assert sorted(found(place.reader)) == sorted(numbers)
    assert found(place.reader, "?payer=scheme") == numbers[:1]
    assert sorted(found(place.auditor, f"?budget={budget.uid}")) == sorted(numbers)
    assert found(place.stranger) == []
    assert call(None, "GET", "/statements").status_code == 401


def test_documents(place, issued, call):
    number = issued["statements"][1]["number"]
    assert call(place.reader, "GET", f"/statements/{number}.pdf").content.startswith(b"%PDF")
    body = b"".join(call(place.reader, "GET", f"/statements/{number}.csv").streaming_content)
    assert body.startswith(b"\xef\xbb\xbfrecorded_at")
    for suffix in (".pdf", ".csv"):
        assert call(place.stranger, "GET", f"/statements/{number}{suffix}").status_code == 404
        assert call(None, "GET", f"/statements/{number}{suffix}").status_code == 401


def test_a_period_that_makes_no_sense(place, budget, use, call):
    use(budget, "a")
    for start, end in [("2026-06-15", "2026-06-14"), ("2026-06-01", "2026-06-16"), ("x", "y")]:
        body = {"budget": budget.uid, "period_start": start, "period_end": end}
        assert call(place.officer, "POST", "/statements", body).status_code == 422
    assert Statement.objects.count() == 0


def test_without_a_first_day_it_goes_on_where_the_last_one_ended(place, budget, issued, use, noon, call):
    use(budget, "later")
    with clock.fixed(noon + timedelta(days=6)):
        body = {"budget": budget.uid, "period_end": "2026-06-20"}
        found = call(place.officer, "POST", "/statements", body).json()
    assert (found["first_seq"], found["list_cents"], found["period_end"]) == (3, 2000, "2026-06-20")


# Usage


def test_usage_with_its_arithmetic(place, budget, use, call):
    entry = use(budget, "a")
    found = call(place.reader, "GET", f"/usage/{entry.usage_id}").json()
    rating = found.pop("rating")
    assert found == {
        "id": entry.usage_id,
        "source": "engine:local",
        "source_id": entry.usage.source_id,
        "budget": budget.uid,
        "meter": "accelerator:h800",
        "quantity": 3_600_000,
        "started_at": "2026-06-15T03:00:00Z",
        "ended_at": "2026-06-15T04:00:00Z",
        "recorded_at": "2026-06-15T04:00:00Z",
        "description": "job a",
    }
    assert (rating["seq"], rating["amount_cents"], rating["scheme_cents"], rating["applicant_cents"]) == (
        2,
        2000,
        1400,
        600,
    )
    assert rating["agrees"] is True
    assert call(place.stranger, "GET", f"/usage/{entry.usage_id}").status_code == 404
    assert call(place.reader, "GET", f"/usage/{10**30}").status_code == 404


def test_lists_of_usage(place, budget, own, use, stray, make_budget, call):
    mine, second = use(budget, "a"), use(own, "b")
    theirs = use(make_budget(place.elsewhere), "c")
    loose = stray()

    def found(person, query=""):
        return [each["id"] for each in call(person, "GET", f"/usage{query}").json()["items"]]

    assert found(place.reader) == [second.usage_id, mine.usage_id]
    assert found(place.stranger) == [theirs.usage_id]
    assert found(place.reader, f"?budget={budget.uid}") == [mine.usage_id]
    assert found(place.reader, f"?source=engine:local&source_id={mine.usage.source_id}") == [mine.usage_id]
    assert found(place.operator, "?unattributed=true") == [loose.pk]
    assert call(place.reader, "GET", "/usage?unattributed=true").status_code == 403
    assert call(place.stranger, "GET", f"/usage?budget={budget.uid}").status_code == 404
    assert call(place.operator, "GET", f"/usage/{loose.pk}").json()["rating"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/usage?source_id=%00", 422),
        ("/usage?budget=%00", 422),
        ("/statements?budget=%00", 422),
        ("/statements?payer=nobody", 422),
        ("/statements/%00", 404),
        ("/budgets/%00", 404),
        ("/prices/%00", 404),
    ],
)
def test_what_no_database_can_look_for(place, prices, call, path, status):
    assert call(place.owner, "GET", path).status_code == status


def test_saying_who_pays(place, budget, stray, call):
    record = stray()
    url = f"/usage/{record.pk}/attribute"
    body = {"budget": budget.uid, "reason": "their sbatch"}
    assert call(place.owner, "POST", url, body).status_code == 404
    assert call(place.auditor, "POST", url, body).status_code == 403
    assert call(place.officer, "POST", url, body).status_code == 422  # what was used is not known
    assert call(place.officer, "POST", url, body | {"meter": "none"}).status_code == 422
    assert UsageRecord.objects.get(pk=record.pk).budget is None
    found = call(place.officer, "POST", url, body | {"meter": "accelerator:cpu"})
    assert (found.status_code, found.json()["amount_cents"], found.json()["reason"]) == (201, 50, "their sbatch")
    assert call(place.officer, "POST", url, body).status_code == 409


# Seals and proofs


def test_seals(place, budget, noon, call):
    with clock.fixed(noon + timedelta(days=1)):
        seal = actions.seal_day(system("test"), day=date(2026, 6, 15))
    (found,) = call(place.auditor, "GET", "/ledger/seals").json()["items"]
    assert (found["day"], found["hash"], found["entries"]) == ("2026-06-15", seal.hash, 1)
    assert call(place.owner, "GET", "/ledger/seals").status_code == 403
    assert call(None, "GET", "/ledger/seals").status_code == 401


def test_the_last_proof(place, noon, call):
    assert call(place.auditor, "GET", "/ledger/proof").status_code == 404
    Proof.objects.create(at=noon, ok=True, milliseconds=5, report={"findings": []})
    found = call(place.auditor, "GET", "/ledger/proof").json()
    assert found == {"at": "2026-06-15T04:00:00Z", "ok": True, "milliseconds": 5, "report": {"findings": []}}
    assert call(place.owner, "GET", "/ledger/proof").status_code == 403
