"""``/budgets`` and what is below it."""

from __future__ import annotations

import pytest

from aisc.core.actions import system
from aisc.ledger import actions
from aisc.ledger.models import Budget


def test_one_budget(place, budget, use, hold, call):
    use(budget, "a")
    hold(budget, "b")
    assert call(place.reader, "GET", f"/budgets/{budget.uid}").json() == {
        "uid": budget.uid,
        "name": "Award budget",
        "source": "award",
        "reference": "AISS-2026-0001",
        "organisation": place.organisation.uid,
        "project": place.project.uid,
        "state": "active",
        "price_list": budget.price_list.version,
        "currency": "HKD",
        "scheme_bps": 7000,
        "starts_on": "2026-05-16",
        "ends_on": "2027-05-16",
        "ceiling_cents": 150_000,
        "released_cents": 100_000,
        "charged_cents": 2000,
        "charged_scheme_cents": 1400,
        "charged_applicant_cents": 600,
        "held_cents": 2000,
        "available_cents": 96_000,
        "entries": 2,
        "head_hash": budget.head_hash,
    }


def test_polling_costs_nothing_while_nothing_changes(place, budget, use, call):
    first = call(place.reader, "GET", f"/budgets/{budget.uid}")
    again = call(place.reader, "GET", f"/budgets/{budget.uid}", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    use(budget, "a")
    assert call(place.reader, "GET", f"/budgets/{budget.uid}", **{"If-None-Match": first["ETag"]}).status_code == 200


def test_the_list_shows_ones_own_and_can_be_filtered(place, budget, own, make_budget, call):
    other = make_budget(place.elsewhere)

    def uids(person, query=""):
        return [each["uid"] for each in call(person, "GET", f"/budgets{query}").json()["items"]]

    assert uids(place.member) == [own.uid, budget.uid]
    assert uids(place.stranger) == [other.uid]
    assert uids(place.auditor) == [other.uid, own.uid, budget.uid]
    assert uids(place.member, "?source=own") == [own.uid]
    assert uids(place.member, "?state=closed") == []
    assert uids(place.member, "?q=award") == [budget.uid]
    assert uids(place.auditor, f"?project={place.elsewhere.uid}") == [other.uid]


def test_the_list_in_pages(place, budget, own, call):
    first = call(place.member, "GET", "/budgets?limit=1").json()
    second = call(place.member, "GET", f"/budgets?limit=1&cursor={first['next']}").json()
    assert [each["uid"] for each in first["items"] + second["items"]] == [own.uid, budget.uid]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=rubbish", "state=x", "source=x", "q=%00", "project=%00"]
)
def test_a_query_that_makes_no_sense(place, budget, call, query):
    answer = call(place.member, "GET", f"/budgets?{query}")
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"


READS = ["", "/entries", "/holds", "/releases", "/to-date"]


@pytest.mark.parametrize("path", READS)
def test_who_reads_a_budget(place, budget, call, path):
    url = f"/budgets/{budget.uid}{path}"
    who = ("owner", "finance", "member", "reader", "officer", "auditor", "stranger")
    found = {each: call(getattr(place, each), "GET", url).status_code for each in who}
    assert found == dict.fromkeys(who, 200) | {"stranger": 404}
    assert call(None, "GET", url).status_code == 401
    assert call(place.owner, "GET", url.replace(budget.uid, "bud-000000000000")).status_code == 404


# What happened in it


def test_the_journal(place, budget, use, call):
    entry = use(budget, "a")
    actions.reverse_entry(system("test"), entry=entry, reason="node failed")
    lines = call(place.reader, "GET", f"/budgets/{budget.uid}/entries").json()["items"]
    assert [(each["seq"], each["kind"], each["amount_cents"]) for each in lines] == [
        (3, "reversal", -2000),
        (2, "charge", 2000),
        (1, "release", 100_000),
    ]
    assert (lines[0]["reverses"], lines[0]["reason"], lines[1]["reversed_by"]) == (2, "node failed", 3)
    assert lines[1] == {
        "seq": 2,
        "kind": "charge",
        "at": "2026-06-15T04:00:00Z",
        "amount_cents": 2000,
        "scheme_cents": 1400,
        "applicant_cents": 600,
        "usage": entry.usage_id,
        "description": "job a",
        "reverses": None,
        "reversed_by": 3,
        "reason": "",
        "hash": entry.hash,
    }
    first = call(place.reader, "GET", f"/budgets/{budget.uid}/entries?limit=2").json()
    rest = call(place.reader, "GET", f"/budgets/{budget.uid}/entries?limit=2&cursor={first['next']}").json()
    assert [each["seq"] for each in first["items"] + rest["items"]] == [3, 2, 1]
    only = call(place.reader, "GET", f"/budgets/{budget.uid}/entries?kind=charge").json()["items"]
    assert [each["seq"] for each in only] == [2]
    assert call(place.reader, "GET", f"/budgets/{budget.uid}/entries?kind=x").status_code == 422


def test_holds(place, budget, use, hold, call):
    use(budget, "a")
    made = hold(budget, "b")
    items = call(place.reader, "GET", f"/budgets/{budget.uid}/holds").json()["items"]
    assert [(each["description"], each["state"]) for each in items] == [("hold b", "open"), ("hold a", "settled")]
    items = call(place.reader, "GET", f"/budgets/{budget.uid}/holds?state=open").json()["items"]
    assert items == [
        {
            "uid": made.uid,
            "key": made.key,
            "state": "open",
            "description": "hold b",
            "meter": "accelerator:h800",
            "quantity": 3_600_000,
            "amount_cents": 2000,
            "created_at": "2026-06-15T04:00:00Z",
            "expires_at": "2026-06-15T08:00:00Z",
            "closed_at": None,
        }
    ]
    assert call(place.reader, "GET", f"/budgets/{budget.uid}/holds?state=x").status_code == 422


def test_lists_take_the_same_queries_for_any_number(place, budget, use, hold, call, django_assert_max_num_queries):
    for path in ("/budgets", f"/budgets/{budget.uid}/entries", f"/budgets/{budget.uid}/holds", "/usage", "/statements"):
        call(place.owner, "GET", path)
        with django_assert_max_num_queries(8) as few:
            call(place.owner, "GET", path)
        for number in range(4):
            use(budget, f"{path}{number}")
            hold(budget, f"h{path}{number}")
        with django_assert_max_num_queries(len(few)):
            call(place.owner, "GET", path)


# What is done to it


def asked(place, **changes) -> dict:
    return {
        "project": place.project.uid,
        "name": "Own funds",
        "ceiling_cents": 500_000,
        "starts_on": "2026-07-01",
        "ends_on": "2027-06-30",
        "reference": "PO-1",
    } | changes


def test_an_owner_asks_for_own_money(place, prices, call):
    answer = call(place.finance, "POST", "/budgets", asked(place))
    assert answer.status_code == 201
    budget = Budget.objects.get()
    found = answer.json()
    assert (found["uid"], found["source"], found["scheme_bps"], found["released_cents"]) == (budget.uid, "own", 0, 0)


def test_the_same_key_asks_once(place, prices, call):
    first = call(place.owner, "POST", "/budgets", asked(place), **{"Idempotency-Key": "k1"})
    again = call(place.owner, "POST", "/budgets", asked(place), **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    other = call(place.owner, "POST", "/budgets", asked(place, name="x"), **{"Idempotency-Key": "k1"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.reused")
    assert Budget.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"project": "prj-000000000000"}, 404),
        ({"ceiling_cents": 0}, 422),
        ({"ceiling_cents": -1}, 422),
        ({"ceiling_cents": 10**18}, 422),
        ({"ceiling_cents": 1.5}, 422),
        ({"ceiling_cents": None}, 422),
        ({"project": "prj-\0"}, 422),
        ({"name": "a\0b"}, 422),
        ({"name": ""}, 422),
        ({"name": "x" * 201}, 422),
        ({"ends_on": "2026-06-01"}, 422),
        ({"starts_on": "soon"}, 422),
        ({"reference": "x" * 65}, 422),
    ],
)
def test_a_request_that_makes_no_sense_changes_nothing(place, prices, call, changes, status):
    assert call(place.owner, "POST", "/budgets", asked(place, **changes)).status_code == status
    assert Budget.objects.count() == 0


def test_who_may_ask(place, prices, call):
    who = ("owner", "finance", "member", "reader", "officer", "stranger")
    statuses = [call(getattr(place, each), "POST", "/budgets", asked(place)).status_code for each in who]
    assert statuses[:2] == [201, 201]
    assert set(statuses[2:]) <= {403, 404}
    assert statuses[-1] == 404
    assert call(None, "POST", "/budgets", asked(place)).status_code == 401
    assert call(place.owner, "POST", "/budgets", asked(place), scopes=["read"]).json()["code"] == "token.scope"
    assert Budget.objects.count() == 2


WRITES = {
    "releases": {"amount_cents": 1000, "reason": "x"},
    "suspend": {"reason": "x"},
    "close": {"reason": "x"},
    "entries/2/reverse": {"reason": "x"},
}


@pytest.mark.parametrize("path", WRITES)
def test_who_may_act_on_a_budget(place, budget, use, call, path):
    use(budget, "a")
    url, body = f"/budgets/{budget.uid}/{path}", WRITES[path]
    refused = {who: call(getattr(place, who), "POST", url, body).status_code for who in ("owner", "member", "auditor")}
    assert refused == dict.fromkeys(refused, 403)
    assert call(place.stranger, "POST", url, body).status_code == 404
    assert call(None, "POST", url, body).status_code == 401
    assert Budget.objects.get(pk=budget.pk).entry_count == 2
    assert call(place.officer, "POST", url, body).status_code in (200, 201)


def test_a_tranche(place, budget, call):
    answer = call(place.officer, "POST", f"/budgets/{budget.uid}/releases", {"amount_cents": 50_000, "reason": "r2"})
    assert (answer.status_code, answer.json()["seq"], answer.json()["amount_cents"]) == (201, 2, 50_000)
    too_much = {"amount_cents": 1, "reason": "r3"}
    answer = call(place.officer, "POST", f"/budgets/{budget.uid}/releases", too_much)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "amount")
    items = call(place.reader, "GET", f"/budgets/{budget.uid}/releases").json()["items"]
    assert [each["reason"] for each in items] == ["r2", "first tranche"]


def test_suspended_resumed_closed(place, budget, call):
    def post(verb):
        return call(place.officer, "POST", f"/budgets/{budget.uid}/{verb}", {"reason": "x"})

    assert post("suspend").json()["state"] == "suspended"
    assert post("suspend").status_code == 409
    assert post("resume").json()["state"] == "active"
    closed = post("close").json()
    assert (closed["state"], closed["available_cents"]) == ("closed", 0)
    assert post("resume").status_code == 409


def test_a_higher_ceiling(place, own, call):
    url = f"/budgets/{own.uid}/ceiling"
    assert call(place.owner, "POST", url, {"ceiling_cents": 90_000, "reason": "x"}).json()["ceiling_cents"] == 90_000
    assert call(place.owner, "POST", url, {"ceiling_cents": 90_000, "reason": "x"}).status_code == 422
    assert call(place.member, "POST", url, {"ceiling_cents": 95_000, "reason": "x"}).status_code == 403


def test_a_reversal(place, budget, use, call):
    use(budget, "a")
    url = f"/budgets/{budget.uid}/entries/2/reverse"
    found = call(place.officer, "POST", url, {"reason": "node failed"}).json()
    assert (found["seq"], found["reverses"], found["amount_cents"]) == (3, 2, -2000)
    assert call(place.officer, "POST", url, {"reason": "again"}).status_code == 409
    url = f"/budgets/{budget.uid}/entries/9/reverse"
    assert call(place.officer, "POST", url, {"reason": "x"}).status_code == 404
