"""Budgets, usage and statements, seen and acted upon."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from faulty import answer


@pytest.fixture
def own(aisc, centre):
    """``own(released)``: a new budget of the institute's own money, and its project."""

    def make(released: str = "100") -> dict:
        name = f"Own {uuid.uuid4().hex[:8]}"
        today = centre.today()
        made = aisc(
            "budgets", "open", "--name", name, "--ceiling", "500", "--project", "Tidal models", "--starts", today,
            "--ends", today + timedelta(days=90), "--reference", "PO-9", "--json", who="applicant",
        ).json  # fmt: skip
        if released:
            aisc("budgets", "release", made["uid"], released, "--reason", "Credit granted", who="finance")
        return made

    return make


def test_budgets(aisc, award):
    assert award in aisc("budgets").out
    project = next(each for each in aisc("budgets", "--json").json if each["uid"] == award)["project"]
    assert award in {each["uid"] for each in aisc("budgets", "--state", "active", "--project", project, "--json").json}
    out = aisc("budgets", "show", award).out
    assert re.search(r"Shares +scheme 70%, applicant 30%", out)
    assert re.search(r"Charged +HK\$\d+\.\d\d = scheme HK\$\d+\.\d\d \+ applicant HK\$\d+\.\d\d", out)


def test_own_money_is_opened_and_released(aisc, own):
    made = own("123.45")
    assert (made["ceiling_cents"], made["released_cents"], made["scheme_bps"]) == (50_000, 0, 0)
    assert re.search(r"Available +HK\$123\.45", aisc("budgets", "show", made["name"], who="applicant").out)
    entries = aisc("budgets", "entries", made["uid"], who="applicant").out
    assert re.search(r"release +HK\$123\.45 +HK\$0\.00 +HK\$0\.00 +Credit granted", entries)
    assert "Nothing has happened" in aisc("budgets", "entries", made["uid"], "--kind", "charge", who="applicant").out
    done = aisc("budgets", "release", made["uid"], "1", "--reason", "x", who="applicant", code=3)
    assert "aisc: " in done.err
    raised = aisc("budgets", "ceiling", made["uid"], "600", "--reason", "More", who="applicant")
    assert raised.out == "The ceiling is now HK$600.00.\n"


def test_a_budget_is_suspended_resumed_and_closed(aisc, own, at_terminal):
    uid = own()["uid"]
    assert "is suspended" in aisc("budgets", "suspend", uid, who="finance", input="Checking\n").out
    refused = aisc("run", "-b", uid, "-t", "1m", "true", who="applicant", code=3)
    assert refused.err.splitlines()[-1].startswith("aisc: ")
    assert "is active again" in aisc("budgets", "resume", uid, "--reason", "Checked", who="finance").out
    done = aisc("budgets", "close", uid, "--reason", "Over", who="finance", input="n\n", code=2)
    assert "for good? HK$100.00 lapse." in done.err
    assert "Nothing was closed." in done.err
    assert "is closed" in aisc("budgets", "close", uid, "--reason", "Over", "--yes", who="finance").out


def test_questions_are_asked_where_they_can_be_answered(aisc, centre, at_terminal):
    dates = ["--starts", centre.today(), "--ends", centre.today() + timedelta(days=1)]
    done = aisc("budgets", "open", "--project", "Tidal models", *dates, who="applicant", input="Asked\n1,000\n")
    assert "Asked (bud-" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["open", "--name", "X", "--ceiling", "much"], 2, "--ceiling: “much” is no amount of money"),
        (["open", "--name", "X", "--ceiling", "5"], 2, "--starts and --ends are needed"),
        (["release", "x", "-"], 2, "AMOUNT: “-” is no amount"),
        (["release", "x", "5"], 2, "--reason is needed"),
        (["show", "nothing"], 2, "There is no budget “nothing”"),
        (["list", "--state", "sleepy"], 3, "Choose one of: active, suspended, closed"),
        (["close", "x", "--reason", "y"], 2, "There is no budget “x”"),
    ],
)
def test_slips(aisc, arguments, code, words):
    assert words in aisc("budgets", *arguments, who="applicant", code=code).err


def test_from_the_use_to_both_payers_statements(aisc, centre, award, home):
    """Statements of an award: what the scheme owes and what the applicant owes add up to the list price."""
    ran = aisc("run", "-b", award, "-t", "1m", "-c", "2", "--json", "sleep", "6").json
    charged = ran["job"]["cost"]
    assert charged["list_cents"] == charged["scheme_cents"] + charged["applicant_cents"] > 0

    used = aisc("usage", "--budget", award, "--json").json
    usage = next(each for each in used if each["source_id"] == ran["run"]["ref"])
    assert usage["source_id"] in aisc("usage", "show", usage["id"]).out
    shown = aisc("usage", "show", usage["id"]).out
    assert re.search(r"Scheme +70%, on the cumulative total: HK\$", shown)
    assert ", agrees" in shown
    assert re.search(rf"{usage['id']} .* cpu +\d+ s +sleep 6 +{award}", aisc("usage").out)

    entry = aisc("budgets", "entries", award, "--kind", "charge", "-n", "1", "--json").json[0]
    assert (entry["amount_cents"], entry["usage"]) == (charged["list_cents"], usage["id"])
    assert "No holds" in aisc("budgets", "holds", award).out
    assert aisc("budgets", "holds", award, "--state", "settled", "-n", "1", "--json").json[0]["state"] == "settled"

    due = aisc("statement", "due", award, "--json").json
    assert due["statements"] == []
    tomorrow = centre.today() + timedelta(days=1)
    assert "in the future" in aisc("statement", "issue", award, "--to", tomorrow, who="finance", code=3).err
    bill = aisc("statement", "issue", award, "--to", centre.today(), "--json", who="finance").json
    owed = {each["payer"]: each["payer_cents"] for each in bill["statements"]}
    assert owed == {"scheme": bill["scheme_cents"], "applicant": bill["applicant_cents"]}
    assert sum(owed.values()) == bill["list_cents"] == due["list_cents"]

    number = next(each["number"] for each in bill["statements"] if each["payer"] == "applicant")
    assert number in aisc("statement", "--budget", award, "--payer", "applicant").out
    assert re.search(rf"{number} +applicant: HK\$", aisc("statement", "show", number).out)
    assert aisc("statement", "pdf", number).out.startswith(f"{number}.pdf (")
    assert (home / f"{number}.pdf").read_bytes().startswith(b"%PDF-")
    assert usage["source_id"] in aisc("statement", "csv", number, "-o", "-").out
    aisc("statement", "csv", number, "-o", "lines.csv", "--json")
    done = aisc("statement", "pdf", number, "-o", "no/such/folder.pdf", code=6)
    assert done.err.endswith("No such file or directory.\n")

    back = aisc("budgets", "reverse", award, entry["seq"], "--reason", "The machine was slow", who="finance")
    assert f"Line {entry['seq']} is taken back by line {entry['seq'] + 1}" in back.out
    listed = aisc("budgets", "entries", award).out
    assert f"takes back line {entry['seq']}: The machine was slow" in listed


def test_usage_that_nobody_pays_for(aisc):
    assert aisc("usage", "--unattributed", who="finance").out == "Nothing was used yet.\n"
    aisc("usage", "--unattributed", code=3)
    aisc("usage", "attribute", "999999", "--reason", "x", "--budget", "bud-000000000000", who="finance", code=3)


def test_usage_is_attributed(command, faulty):
    budget = {"uid": "bud-1", "name": "B", "source": "own", "organisation": "o", "project": "p", "state": "active"}
    budget |= {
        "price_list": "1",
        "currency": "HKD",
        "scheme_bps": 0,
        "starts_on": "2026-01-01",
        "ends_on": "2026-02-01",
    }
    names = ("ceiling", "released", "charged", "charged_scheme", "charged_applicant", "held", "available")
    budget |= {f"{name}_cents": 1 for name in names} | {"entries": 0}
    entry = {"seq": 1, "kind": "charge", "at": "2026-01-01T00:00:00Z", "hash": "x", "amount_cents": 250}
    server = faulty(answer(200, budget), answer(201, entry | {"scheme_cents": 0, "applicant_cents": 250}))
    done = command(
        "usage", "attribute", "7", "--budget", "bud-1", "--reason", "Theirs", AISC_URL=server.url, AISC_TOKEN="t"
    )
    assert done.out == "HK$2.50 were charged to B.\n"


def test_what_is_public_needs_no_account(aisc):
    assert "h800" in aisc("prices", who="").out
    assert "an illustration" in aisc("prices", who="").err
    assert "989.5 TFLOPS" in aisc("accelerators", who="").out
    assert "1 up, 0 down" in aisc("centre", who="").out
    assert "Open call for AI computing" in aisc("calls", who="").out
    assert " up " in aisc("centre", "nodes").out
