"""The audit log's pages, export and API: auditors see all, others what happened to what they may see."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.test import AsyncClient
from django.urls import reverse

from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.core.audit import kinds
from aisc.core.audit.chain import COLUMNS, row_hash
from aisc.core.audit.prove import prove
from aisc.core.errors import Forbidden, NotFound
from aisc.core.models import AuditEvent, AuditRefusal
from aisc.ledger import actions as ledger
from aisc.people import actions as people
from aisc.people.models import ApiToken
from aisc.portal.audit import display

WORKER = system("worker")


@pytest.fixture
def world(make_person, make_organisation, make_project, make_budget, member, noon):
    """An organisation with an owner, a member of one of its projects, a budget; a stranger; an auditor."""

    class World:
        owner, colleague, stranger = make_person(name="Owner"), make_person(name="Colleague"), make_person()
        auditor, finance = make_person("auditor", name="Auditor"), make_person("finance", name="Officer")
        organisation = make_organisation(owner, name_en="Polar Research")
        project = make_project(organisation, name_en="Sea ice")
        other = make_project(organisation, name_en="Glaciers")
        actor = Actor(person=owner, address="192.0.2.7", request_id="req1", via="session 123")

    member(World.colleague, World.project)
    World.budget = make_budget(World.project, name="Ice money")
    people.update_organisation(World.actor, organisation=World.organisation, name_en="Polar Research Ltd")
    people.set_shares(WORKER, project=World.other, shares=50, reason="They have fewer people")
    ledger.suspend_budget(Actor(person=World.finance), budget=World.budget, reason="An enquiry")
    return World


@pytest.fixture
def shown(client):
    def get(person, path):
        client.logout()
        if person:
            client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(path)
        return answer.status_code, answer.content.decode()

    return get


def address(kind, uid):
    return reverse("portal:history", args=[kind, uid])


def test_the_whole_log_with_differences_reasons_and_evidence(world, shown):
    status, text = shown(world.auditor, "/audit/")
    assert status == 200
    for words in (
        "Suspended the budget",
        "An enquiry",
        "192.0.2.7",
        "session 123",
        "Polar Research Ltd",
        "<del>",
        "name in English",
        "suspended",
    ):
        assert words in text
    event = AuditEvent.objects.get(action="ledger.suspend_budget")
    assert event.hash[:12] in text
    assert address("budget", world.budget.uid) in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=Officer", True),
        ("who=Nobody", False),
        ("who=worker", False),
        ("action=ledger.suspend_budget", True),
        ("action=people.set_shares", False),
        ("kind=budget", True),
        ("kind=project", False),
        ("text=enquiry", True),
        ("text=nowhere", False),
        ("since=2026-06-15&until=2026-06-15", True),
        ("until=2020-01-01", False),
        ("since=2999-01-01", False),
        ("since=nonsense", True),
        ("action=nonsense", True),
        ("before=1", False),
        ("after=0", True),
    ],
)
def test_it_is_narrowed_by_what_is_asked(world, shown, query, found):
    text = shown(world.auditor, f"/audit/?{query}")[1]
    assert ("An enquiry" in text) is found


def test_by_number_of_the_object_and_by_a_part_of_the_system(world, shown):
    text = shown(world.auditor, f"/audit/?object={world.budget.uid}")[1]
    assert "An enquiry" in text
    assert "fewer people" not in text
    text = shown(world.auditor, "/audit/?who=worker")[1]
    assert "fewer people" in text
    assert "An enquiry" not in text
    assert "No action matches" in shown(world.auditor, "/audit/?who=Nobody")[1]


def test_a_log_of_any_length_takes_the_same_queries(world, client, django_assert_max_num_queries):
    client.force_login(world.auditor, backend="django.contrib.auth.backends.ModelBackend")
    for number in range(1, 70):
        people.set_shares(WORKER, project=world.other, shares=number, reason="again")
    newest = AuditEvent.objects.latest("seq").seq
    with django_assert_max_num_queries(8):
        first = client.get("/audit/").content.decode()
    assert f"?before={newest - 49}" in first
    with django_assert_max_num_queries(8):
        second = client.get(f"/audit/?before={newest - 49}&text=again").content.decode()
    assert f"?text=again&amp;after={newest - 50}" in second
    third = client.get(f"/audit/?after={newest - 50}").content.decode()
    assert 'rel="prev"' not in third
    assert f"?before={newest - 49}" in third
    # From the middle one can go both ways.
    middle = client.get(f"/audit/?after={newest - 60}").content.decode()
    assert f"?after={newest - 10}" in middle


def test_who_sees_the_history_of_what(world, shown):
    token, _secret = people.issue_token(world.actor, name="mine", scopes=["read"])
    everybody = ("owner", "colleague", "stranger", "finance", "auditor", None)
    expected = {
        ("organisation", world.organisation.uid): (200, 404, 404, 200, 200),
        ("project", world.project.uid): (200, 200, 404, 200, 200),
        ("project", world.other.uid): (200, 404, 404, 200, 200),
        ("budget", world.budget.uid): (200, 200, 404, 200, 200),
        ("person", world.owner.uid): (200, 404, 404, 404, 200),
        ("token", str(token.pk)): (200, 404, 404, 404, 200),
        ("price-list", world.budget.price_list.version): (404, 404, 404, 200, 200),
        ("accelerator", "cpu"): (404, 404, 404, 200, 200),
        ("budget", "bud_none"): (404, 404, 404, 404, 404),
        ("token", "no-number"): (404, 404, 404, 404, 404),
        ("teapot", "x"): (404, 404, 404, 404, 404),
    }
    for (kind, uid), statuses in expected.items():
        got = [shown(getattr(world, who) if who else None, address(kind, uid))[0] for who in everybody]
        assert got == [*statuses, 404 if kind == "teapot" else 302], (kind, uid)


def test_owners_see_what_happened_without_the_addresses_of_others(world, shown):
    _status, text = shown(world.owner, address("organisation", world.organisation.uid))
    for words in ("An enquiry", "fewer people", "Polar Research Ltd", "What happened to"):
        assert words in text
    assert "192.0.2.7" not in text
    assert "session 123" not in text
    _status, text = shown(world.auditor, address("organisation", world.organisation.uid))
    assert "192.0.2.7" in text


def test_a_project_s_history_tells_nothing_of_another(world, shown):
    _status, text = shown(world.colleague, address("project", world.project.uid))
    assert "An enquiry" in text
    assert "fewer people" not in text
    assert "Polar Research Ltd" not in shown(world.colleague, address("budget", world.budget.uid))[1]


def test_an_object_s_page_leads_to_its_history_for_those_who_may_see_it(world, shown):
    project, organisation = world.project.get_absolute_url(), world.organisation.get_absolute_url()
    assert address("project", world.project.uid) in shown(world.colleague, project)[1]
    assert address("organisation", world.organisation.uid) in shown(world.owner, organisation)[1]
    # Somebody of one project sees the organisation, but not what happens in all of it.
    status, text = shown(world.colleague, organisation)
    assert status == 200
    assert "What happened to this" not in text
    assert address("person", world.owner.uid) in shown(world.owner, "/account/")[1]
    for path in ("/prices/", f"/budgets/{world.budget.uid}/"):
        assert "What happened to this" in shown(world.finance, path)[1]
    assert "What happened to this" not in shown(None, "/prices/")[1]


def test_the_history_of_something_to_which_nothing_happened(world, shown, make_project):
    quiet = make_project(world.organisation)
    assert "Nothing has happened yet" in shown(world.owner, address("project", quiet.uid))[1]
    assert "No action matches" in shown(world.owner, address("project", quiet.uid) + "?since=2026-01-01")[1]


def test_refusals_have_a_page_of_their_own(world, shown, monkeypatch):
    assert "Nothing was refused" in shown(world.auditor, "/audit/refused/")[1]
    stranger = Actor(person=world.stranger, address="198.51.100.1")
    for _again in range(3):
        with pytest.raises((Forbidden, NotFound)):
            ledger.suspend_budget(stranger, budget=world.budget, reason="x")
    text = shown(world.auditor, "/audit/refused/")[1]
    assert "Suspended the budget" in text
    assert "198.51.100.1" in text
    monkeypatch.setattr("aisc.portal.audit.pages.ROWS", 2)
    older = AuditRefusal.objects.order_by("-pk")[1].pk
    assert f"?before={older}" in shown(world.auditor, "/audit/refused/")[1]
    assert 'rel="next"' not in shown(world.auditor, f"/audit/refused/?before={older}")[1]
    assert shown(world.owner, "/audit/refused/")[0] == 403


def test_the_export_has_all_it_takes_to_compute_the_chain_again(world, client):
    client.force_login(world.auditor, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/audit/?format=jsonl")
    assert answer["Content-Type"].startswith("application/jsonl")
    rows = [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    previous = ""
    for row in rows:
        assert row["hash"] == row_hash(previous, [row[name] for name in COLUMNS])
        previous = row["hash"]


def test_the_export_for_spreadsheets_runs_no_formula_and_keeps_the_filters(world, client):
    people.set_shares(WORKER, project=world.other, shares=7, reason="=1+1")
    client.force_login(world.auditor, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/audit/?format=csv&kind=project")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["reason"] for row in rows] == ["They have fewer people", "'=1+1"]
    assert rows[0]["in_words"] == "Set the fair-share weight"
    assert "address" in rows[0]
    client.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(address("organisation", world.organisation.uid) + "?format=csv")
    header = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[0]
    assert "address" not in header
    assert "via" not in header


def test_the_export_under_the_asynchronous_server(world, monkeypatch):
    from asgiref.sync import async_to_sync

    from aisc.portal.audit import export

    client = AsyncClient()
    client.force_login(world.auditor, backend="django.contrib.auth.backends.ModelBackend")
    monkeypatch.setattr(export, "_IN_A_PART", 2)

    async def read():
        answer = await client.get("/audit/?format=jsonl")
        return b"".join([part async for part in answer.streaming_content])

    assert len(async_to_sync(read)().splitlines()) == AuditEvent.objects.count()


def test_the_api_says_the_same(world, client):
    client.force_login(world.auditor, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/api/v1/audit?limit=2").json()
    assert [item["seq"] for item in page["items"]] == [AuditEvent.objects.count(), AuditEvent.objects.count() - 1]
    following = client.get(f"/api/v1/audit?limit=2&cursor={page['next']}").json()
    assert following["items"][0]["seq"] == page["items"][1]["seq"] - 1
    assert client.get("/api/v1/audit?who=Officer").json()["items"][0]["reason"] == "An enquiry"
    assert page["items"][0]["address"] == ""
    client.force_login(world.owner, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/v1/audit").status_code == 403
    found = client.get(f"/api/v1/audit/organisation/{world.organisation.uid}").json()
    assert len(found["items"]) >= 4
    assert {item["address"] for item in found["items"]} == {None}
    client.force_login(world.stranger, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/api/v1/audit/organisation/{world.organisation.uid}").status_code == 404


def test_auditors_see_all_and_change_nothing(world, client):
    client.force_login(world.auditor, backend="django.contrib.auth.backends.ModelBackend")
    before = AuditEvent.objects.count()
    for path in ("/audit/", "/audit/refused/", address("budget", world.budget.uid)):
        assert client.post(path).status_code == 405
    assert AuditEvent.objects.count() == before


def test_every_action_is_called_something():
    from aisc.core.actions import registry

    missing = sorted(set(registry()) - set(kinds.words()))
    assert missing == []


def test_kinds_are_registered_once(world):
    with pytest.raises(ValueError, match="twice"):
        kinds.register(kinds.Kind("budget", ApiToken, "x", "pk", "x"))
    assert kinds.kind_of("people.membership") is None
    assert display.url_of(AuditEvent.objects.first()) == ""
    assert kinds.said("test.unknown") == "test.unknown"


def shown_lines(**values):
    event = AuditEvent(
        **{"seq": 1, "action": "x.y", "details": {}, "changes": [], "object_type": "", "hash": "h"} | values
    )
    found = display.shown(event, whole=True)
    return [(line.label, line.before, line.after) for line in found.noted], [
        (block.title, block.what, [(line.label, line.before, line.after) for line in block.lines])
        for block in found.blocks
    ]


def test_values_are_said_in_the_readers_words():
    noted, _blocks = shown_lines(
        object_type="ledger.budget",
        details={"before": "active", "after": "closed", "amount": 1234, "scheme_bps": 7050, "ok": True, "thing": 5},
    )
    assert noted == [
        ("Value", "active", "closed"),
        ("amount", None, "HK$12.34"),
        ("scheme’s share", None, "70.5%"),
        ("everything agrees", None, "yes"),
        ("<code>thing</code>", None, "5"),
    ]
    noted, _blocks = shown_lines(
        object_type="no.such",
        details={"before": {"a": [1, {"b": 2}]}, "after": None, "x_id": 12345, "long": ["x" * 500]},
    )
    assert noted[0] == ("<code>a</code>", "<code>1, b: 2</code>", None)
    assert noted[1] == ("<code>x id</code>", None, "12345")
    assert noted[2][2].endswith("…</code>")


def test_what_an_account_was_used_for_is_said_at_once():
    event = AuditEvent(seq=1, action="people.account_event", details={"event": "signed in"}, changes=[], hash="h")
    assert display.shown(event, whole=True).summary == "signed in"
    event.details = {"event": "changed the address to x@example.org"}
    assert display.shown(event, whole=True).summary == "Details"


def test_changed_rows_are_said_in_the_readers_words():
    change = {
        "type": "ledger.budget",
        "id": "bud_x",
        "label": "Ice",
        "what": "changed",
        "before": {"state": "active", "project": "Sea ice (#4)", "ends_on": "2026-01-31", "password": "•••"},
        "after": {"state": "closed", "project": "#5", "created_at": "2026-01-02T00:00:00.000000Z", "password": "•••"},
    }
    gone = {"type": "no.such", "id": "1", "label": "x", "what": "deleted", "before": {"odd": ""}, "after": {}}
    noted, blocks = shown_lines(changes=[change, gone, {"more": 7}], details={"before": "active", "n": 1})
    assert noted == [("<code>n</code>", None, "1")]
    title, what, lines = blocks[0]
    assert (title, what) == ("Budget Ice", "changed")
    assert lines[:2] == [("state", "active", "closed"), ("project", "Sea ice", "#5")]
    assert lines[2][:2] == ("last day", "31 January 2026")
    assert lines[3] == ("password", "kept secret", "kept secret")
    assert "2 January 2026" in lines[4][2]
    assert blocks[1] == ("no.such x", "deleted", [("<code>odd</code>", None, None)])
    assert blocks[2][0] == "7 more rows"


def test_the_ledger_s_proof_covers_the_audit_log(world, acting):
    from django.db import connection

    from aisc.ledger.prove import prove as prove_ledger
    from aisc.ledger.seals import seal_due_days

    with clock.fixed(clock.now() + timedelta(days=1)):
        seal_due_days()
    assert prove_ledger(accounting={}).holds
    assert prove().holds
    # Somebody alters a row and computes the whole chain again; the day's seal remembers.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditevent SET actor = 'x' WHERE seq = 1")
        previous = ""
        for event in AuditEvent.objects.order_by("seq"):
            from aisc.core.audit.reading import as_dict

            row = as_dict(event, whole=True)
            previous = row_hash(previous, [row[name] for name in COLUMNS])
            cursor.execute("UPDATE core_auditevent SET hash = %s WHERE seq = %s", [previous, event.seq])
        cursor.execute("UPDATE core_audithead SET hash = %s", [previous])
    assert {finding.kind for finding in prove().findings} == {"anchor"}
    report = prove_ledger(accounting={})
    assert {finding.kind for finding in report.findings} == {"audit"}
