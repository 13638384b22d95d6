"""The proof finds each kind of corruption, names exactly where it is, and finds nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from aisc.core import clock
from aisc.core.bulk import snapshot
from aisc.core.models import AuditEvent
from aisc.ledger import actions, prove
from aisc.ledger.models import Account, Entry, Hold, Seal, Statement, UsageRecord
from aisc.ledger.prove import Finding, ProofReport, SourceRow

from .conftest import HOUR, SYSTEM, item

ENTRY = "UPDATE ledger_entry SET {} WHERE budget_id = %s AND seq = %s"


@pytest.fixture(autouse=True)
def no_sources(monkeypatch):
    """Rooms above may have registered theirs; here each test says what was accounted for."""
    monkeypatch.setattr(prove, "_sources", {})


@pytest.fixture
def year(bank, make_bank):
    """A budget with everything in its journal, sealed and billed; and another, so that there is something to mix up.

    Lines: 1 release, 2 charge (a hold), 3 charge, 4 reversal of 2, 5 charge at another price, 6 charge; then, on
    no statement: 7 charge.
    """
    bank.other = make_bank()
    bank.hold("a", "open")
    bank.hold("back")
    actions.release_holds(SYSTEM, keys=["back"], reason="x")
    bank.use(item("a", HOUR // 7, hold_key="a"))
    bank.charge("b", 1_000_000)
    actions.reverse_entry(SYSTEM, entry=Entry.objects.get(usage__source_id="a"), reason="outage")
    bank.charge("c", 7_000_000, price=bank.cpu)
    bank.charge("d", 333_333)
    bank.other.charge("e")
    bank.use(item("nobody"))
    with clock.fixed(datetime(2026, 7, 1, 4, tzinfo=UTC)):
        actions.seal_day(SYSTEM, day=date(2026, 6, 15))
        actions.issue_statements(
            SYSTEM, budget=bank.budget, period_start=date(2026, 6, 1), period_end=date(2026, 6, 30)
        )
        bank.charge("f", 1_234_567)
        actions.seal_day(SYSTEM, day=date(2026, 6, 30))
    return bank


def found(**options) -> set[tuple[str, int | None, str]]:
    """The kinds, lines and places of all findings, without what changes from run to run."""
    return {(each.kind, each.seq, each.where) for each in prove.prove(**options).findings}


def test_all_is_well(year):
    report = prove.prove()
    assert report.holds
    assert report.findings == []
    assert dict(report.counts) == {
        "statements": 2,
        "entries": 9,
        "budgets": 2,
        "seals": 2,
        "postings": 21,
        "open holds": 1,
        "usage records": 7,
        "unattributed": 1,
        "audit rows": AuditEvent.objects.count(),
    }
    assert set(report.stages) == {"journals", "postings", "holds", "usage", "audit"}
    assert list(report.lines())[-1] == "Everything agrees, to the cent."
    assert report.as_dict()["ok"] is True
    assert report.as_dict()["findings"] == []


def test_an_empty_ledger_is_proved(db):
    assert prove.prove().holds


# What is changed behind the ledger's back in line 3, and what must be found: nothing more and nothing less.
# A statement and a seal that cover the line do not change with it, but the statement no longer says what it says.
SCHEME, APPLICANT = "ST-2026-000001-S", "ST-2026-000001-A"
TOTALS = {("statement", None, f"{SCHEME}: totals"), ("statement", None, f"{APPLICANT}: totals")}
DIGESTS = {("statement", None, SCHEME), ("statement", None, APPLICANT)}


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        (
            "amount = amount + 1, applicant_share = applicant_share + 1",
            {
                ("chain", 3, ""),
                ("rating", 3, "engine:test:b"),
                ("shares", 3, "engine:test:b"),
                ("posting", 3, ""),
                ("statement", None, f"{SCHEME}: totals"),
                ("statement", None, f"{APPLICANT}: totals"),
                *DIGESTS,
            },
        ),
        (
            "scheme_share = scheme_share + 1, applicant_share = applicant_share - 1",
            {("chain", 3, ""), ("shares", 3, "engine:test:b"), ("posting", 3, ""), *TOTALS, *DIGESTS},
        ),
        ("at_ms = at_ms + 1", {("chain", 3, "")}),
        ("reason = 'because'", {("chain", 3, "")}),
    ],
    ids=["amount", "shares", "time", "reason"],
)
def test_a_changed_line_is_found(change, findings, year, sql):
    sql(ENTRY.format(change), year.pk, 3)
    assert found() == findings


def test_a_changed_line_whose_hash_was_made_to_fit_is_found_at_the_next_one_and_by_the_seal(year, sql):
    entry = Entry.objects.select_related("usage__price__meter").get(budget=year.pk, seq=3)
    sql(ENTRY.format("at_ms = at_ms + 1"), year.pk, 3)
    (finding,) = prove.prove().findings
    sql(ENTRY.format("hash = %s"), finding.expected, year.pk, 3)
    assert entry.hash == finding.found
    assert found() == {("chain", 4, ""), *DIGESTS}


def test_a_chain_that_was_rewritten_to_its_end_is_found_by_the_seals(year, sql):
    sql(ENTRY.format("reason = 'better'"), year.pk, 1)
    while chain := [each for each in prove.prove().findings if each.kind == "chain"]:
        sql(ENTRY.format("hash = %s"), chain[0].expected, year.pk, chain[0].seq)
    sql("UPDATE ledger_budget SET head_hash = %s WHERE id = %s", Entry.objects.get(budget=year.pk, seq=7).hash, year.pk)
    assert found() == {("seal", None, "seal of 2026-06-15"), ("seal", None, "seal of 2026-06-30"), *DIGESTS}


def test_a_line_that_was_taken_out_is_found(year, sql):
    pk = Entry.objects.get(budget=year.pk, seq=5).pk
    sql("DELETE FROM ledger_posting WHERE entry_id = %s", pk, rows=3)
    sql("DELETE FROM ledger_entry WHERE id = %s", pk)
    findings = found()
    assert {("sequence", 6, ""), ("chain", 6, ""), ("usage", None, "engine:test:c")} <= findings
    assert ("counter", None, "charged") in findings


def test_the_last_line_that_was_cut_off_is_found(year, sql):
    pk = Entry.objects.get(budget=year.pk, seq=7).pk
    sql("DELETE FROM ledger_posting WHERE entry_id = %s", pk, rows=3)
    sql("DELETE FROM ledger_entry WHERE id = %s", pk)
    assert found() == {
        ("counter", None, "charged"),
        ("counter", None, "charged_scheme"),
        ("counter", None, "gross"),
        ("counter", None, "gross_scheme"),
        ("counter", None, "entry_count"),
        ("counter", None, "head_hash"),
        ("running_total", None, f"price {year.price.pk}"),
        ("usage", None, "engine:test:f"),
    }


def test_a_reversal_that_is_not_the_opposite_is_found(year, sql):
    sql(ENTRY.format("amount = amount - 1, applicant_share = applicant_share - 1"), year.pk, 4)
    assert {("reversal", 4, ""), ("chain", 4, ""), ("posting", 4, "")} <= found()


def test_a_reversal_of_something_else_is_found(year, sql):
    other = Entry.objects.get(budget=year.other.pk, seq=2)
    sql(ENTRY.format("reverses_id = %s"), other.pk, year.pk, 4)
    assert found() == {("reversal", 4, "")}
    sql(ENTRY.format("reverses_id = %s"), Entry.objects.get(budget=year.pk, seq=1).pk, year.pk, 4)
    assert found() == {("reversal", 4, ""), ("chain", 4, "")}


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        ("quantity = quantity + 3600", {("chain", 3, ""), ("rating", 3, "engine:test:b")}),
        ("started_ms = 0", {("chain", 3, "")}),
        ("description = 'x'", {("chain", 3, "")}),
        ("source_id = 'bb'", {("chain", 3, "")}),
    ],
    ids=["quantity", "time", "description", "id"],
)
def test_a_changed_usage_record_is_found(change, findings, year, sql):
    sql(f"UPDATE ledger_usagerecord SET {change} WHERE source_id = 'b'")
    judged = {each for each in found() if each[0] in {"chain", "rating"}}
    assert judged == findings


def test_usage_of_another_budget_or_without_a_price_is_found(year, sql):
    sql("UPDATE ledger_usagerecord SET budget_id = %s WHERE source_id = 'f'", year.other.pk)
    assert found() == {("usage", 7, "engine:test:f")}
    sql("UPDATE ledger_usagerecord SET budget_id = %s, price_id = NULL WHERE source_id = 'f'", year.pk)
    assert {("usage", 7, "engine:test:f"), ("chain", 7, "")} <= found()


def test_charged_usage_without_a_budget_is_found(year, sql):
    sql("UPDATE ledger_usagerecord SET budget_id = NULL WHERE source_id = 'f'")
    assert found() == {("usage", 7, "engine:test:f"), ("usage", None, "engine:test:f")}


def test_usage_that_was_never_charged_is_found(year, sql):
    sql("UPDATE ledger_usagerecord SET budget_id = %s WHERE source_id = 'nobody'", year.pk)
    assert found() == {("usage", None, "engine:test:nobody")}


def test_a_charge_of_a_record_that_is_gone_is_found(year, sql):
    pk = UsageRecord.objects.get(source_id="f").pk
    sql("DELETE FROM ledger_usagerecord WHERE id = %s", pk)
    findings = found()
    assert {("usage", 7, f"usage {pk}"), ("chain", 7, "")} <= findings
    assert ("running_total", None, f"price {year.price.pk}") in findings


def test_entries_of_a_budget_that_is_gone_are_found(year, sql):
    last, first = Entry.objects.get(budget=year.pk, seq=7).pk, Entry.objects.get(budget=year.pk, seq=1).pk
    sql("UPDATE ledger_entry SET budget_id = 0 WHERE id = %s", first)
    sql("UPDATE ledger_entry SET budget_id = 999999999 WHERE id = %s", last)
    findings = found()
    assert {("counter", 1, f"entry {first}"), ("counter", 7, f"entry {last}")} <= findings


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_posting SET amount = amount + 1 WHERE entry_id = {} AND amount > 0",
        "DELETE FROM ledger_posting WHERE entry_id = {} AND amount < 0",
        "UPDATE ledger_posting SET account_id = 999 WHERE entry_id = {} AND amount < 0",
        "INSERT INTO ledger_posting (entry_id, account_id, amount) VALUES ({}, {fund}, 0)",
    ],
    ids=["amount", "missing", "account", "too many"],
)
def test_wrong_postings_are_found(statement, year, sql):
    entry = Entry.objects.get(budget=year.pk, seq=3)
    fund = Account.objects.get(kind="fund").pk
    rows = 2 if "amount > 0" in statement else 1
    sql(statement.format(entry.pk, fund=fund), rows=rows)
    assert found() == {("posting", 3, "")}


def test_postings_of_no_entry_are_found(year, sql):
    fund = Account.objects.get(kind="fund").pk
    for entry in (0, 999_999):
        sql("INSERT INTO ledger_posting (entry_id, account_id, amount) VALUES (%s, %s, 5)", entry, fund)
    assert found() == {("posting", None, "entry 0"), ("posting", None, "entry 999999")}


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("released", "released = released - 1"),
        ("charged", "charged = charged + 1"),
        ("charged_scheme", "charged_scheme = charged_scheme + 1"),
        ("held", "held = held + 1"),
        ("gross", "gross = gross + 1"),
        ("gross_scheme", "gross_scheme = gross_scheme + 1"),
        ("entry_count", "entry_count = 3"),
        ("head_hash", "head_hash = 'x'"),
    ],
)
def test_wrong_counters_are_found(column, change, year, sql):
    sql(f"UPDATE ledger_budget SET {change} WHERE id = %s", year.pk)
    (finding,) = prove.prove().findings
    assert (finding.kind, finding.budget, finding.where) == ("counter", year.budget.uid, column)


def test_money_that_is_available_on_a_closed_budget_is_found(year, sql):
    sql("UPDATE ledger_budget SET state = 'closed' WHERE id = %s", year.other.pk)
    assert found() == {("counter", None, "available although closed")}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_runningtotal SET quantity = quantity + 1 WHERE budget_id = %s AND price_id = %s",
        "UPDATE ledger_runningtotal SET amount = amount + 1 WHERE budget_id = %s AND price_id = %s",
        "DELETE FROM ledger_runningtotal WHERE budget_id = %s AND price_id = %s",
    ],
)
def test_wrong_running_totals_are_found(statement, year, sql):
    sql(statement, year.pk, year.price.pk)
    assert found() == {("running_total", None, f"price {year.price.pk}")}


def test_a_running_total_of_nothing_is_found(year, sql):
    sql(
        "INSERT INTO ledger_runningtotal (budget_id, price_id, quantity, amount) VALUES (%s, %s, 5, 1)",
        year.other.pk,
        year.cpu.pk,
    )
    assert found() == {("running_total", None, f"price {year.cpu.pk}")}


@pytest.mark.parametrize(
    ("key", "change", "kinds"),
    [
        ("open", "amount = amount + 1", {"hold", "counter"}),
        ("open", "state = 'settled'", {"hold", "counter"}),
        ("a", "state = 'released'", {"hold"}),
        ("a", "state = 'open'", {"hold", "counter"}),
    ],
    ids=["amount", "settled by nothing", "released although used", "open although used"],
)
def test_wrong_holds_are_found(key, change, kinds, year, sql):
    uid = Hold.objects.get(key=key).uid
    sql(f"UPDATE ledger_hold SET {change} WHERE key = %s", key)
    findings = found()
    assert ("hold", None, uid) in findings
    assert {each[0] for each in findings} == kinds


def test_a_hold_settled_by_the_use_of_another_budget_is_found(year, sql):
    hold = Hold.objects.get(key="a")
    sql("UPDATE ledger_hold SET budget_id = %s WHERE id = %s", year.other.pk, hold.pk)
    assert found() == {("hold", None, hold.uid)}


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ("list_total = list_total + 1", {f"{SCHEME}: totals", SCHEME}),
        ("payer_total = payer_total + 1", {f"{SCHEME}: totals", SCHEME}),
        ("digest = 'x'", {SCHEME}),
        ("number = 'ST-1'", {"ST-1"}),
        ("period_end = '2026-06-29'", {SCHEME}),
    ],
)
def test_changed_statements_are_found(change, places, year, sql):
    sql(f"UPDATE ledger_statement SET {change} WHERE payer = 'scheme'")
    assert found() == {("statement", None, place) for place in places}


def test_entries_billed_twice_or_never_are_found(year, sql):
    with clock.fixed(datetime(2026, 8, 1, 4, tzinfo=UTC)):
        actions.issue_statements(SYSTEM, budget=year.budget, period_end=date(2026, 7, 31))
    assert prove.prove().holds
    second = Statement.objects.get(payer="applicant", first_seq=7)
    sql("UPDATE ledger_statement SET first_seq = 6 WHERE id = %s", second.pk)
    assert {("statement", None, f"{second.number}: first entry"), ("statement", None, second.number)} <= found()
    sql("UPDATE ledger_statement SET first_seq = 7 WHERE id = %s", second.pk)
    sql("DELETE FROM ledger_statement WHERE number = %s", APPLICANT)
    findings = found()
    assert ("statement", None, f"{second.number}: first entry") in findings
    assert ("statement", None, "entries on the scheme's statements") in findings


def test_a_statement_of_entries_that_do_not_exist_is_found(year, sql):
    sql("UPDATE ledger_statement SET last_seq = 70 WHERE payer = 'applicant'")
    assert ("statement", None, f"{APPLICANT}: last entry") in found()


def test_statements_of_own_money_are_the_applicants_alone(make_bank, noon, sql):
    bank = make_bank(scheme_bps=0)
    bank.charge("a")
    with clock.fixed(datetime(2026, 7, 1, 4, tzinfo=UTC)):
        actions.issue_statements(SYSTEM, budget=bank.budget, period_end=date(2026, 6, 30))
    assert prove.prove().holds
    sql("UPDATE ledger_statement SET payer = 'scheme'")
    assert ("statement", None, "entries on the scheme's statements") in found()


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ("hash = 'x'", {"seal of 2026-06-15", "seal of 2026-06-30: the seal before"}),
        ("entries = entries + 1", {"seal of 2026-06-15", "seal of 2026-06-15: budgets, entries"}),
        ("budgets = budgets + 1", {"seal of 2026-06-15", "seal of 2026-06-15: budgets, entries"}),
        ("previous_hash = 'x'", {"seal of 2026-06-15", "seal of 2026-06-15: the seal before"}),
        ("day = '2026-06-14'", {"seal of 2026-06-14"}),
        (
            "last_entry = 999999999",
            {
                "seal of 2026-06-15",
                "seal of 2026-06-15: budgets, entries",
                "seal of 2026-06-30: last entry",
            },
        ),
    ],
)
def test_changed_seals_are_found(change, places, year, sql):
    first = Seal.objects.earliest("pk")
    sql(f"UPDATE ledger_seal SET {change} WHERE id = %s", first.pk)
    assert found() == {("seal", None, place) for place in places}


def test_a_seal_that_was_taken_out_is_found(year, sql):
    sql("DELETE FROM ledger_seal WHERE day = '2026-06-15'")
    assert found() == {("seal", None, "seal of 2026-06-30: the seal before")}


def test_a_price_that_was_changed_after_the_fact_is_found(year, sql):
    sql("UPDATE ledger_price SET cents = cents + 100 WHERE id = %s", year.cpu.pk)
    findings = found()
    assert {("chain", 5, ""), ("rating", 5, "engine:test:c")} <= findings


class TestSources:
    ROWS = [
        SourceRow("a", HOUR // 7, 1_000, 1_000 + HOUR // 7),
        SourceRow("b", 1_000_000, 1_000, 1_001_000),
        SourceRow("c", 7_000_000, 1_000, 7_001_000),
        SourceRow("d", 333_333, 1_000, 334_333),
        SourceRow("e", HOUR, 1_000, 1_000 + HOUR),
        SourceRow("nobody", HOUR, 1_000, 1_000 + HOUR),
        SourceRow("f", 1_234_567, 1_000, 1_235_567),
    ]

    def compare(self, rows):
        return {
            (each.where, each.expected, each.found)
            for each in prove.prove(accounting={"engine:test": lambda: iter(rows)}).findings
        }

    def test_the_same_accounting_agrees(self, year):
        assert self.compare(self.ROWS) == set()
        prove.register_source("engine:test", lambda: self.ROWS)
        assert prove.sources().keys() == {"engine:test"}
        report = prove.prove()
        assert report.holds
        assert report.counts["rows of engine:test"] == 7

    def test_a_use_that_was_never_recorded(self, year):
        assert self.compare([*self.ROWS, SourceRow("new", 5, 1, 6)]) == {("engine:test:new", "a usage record", None)}

    def test_a_record_that_nothing_was_measured_for(self, year):
        assert self.compare(self.ROWS[1:]) == {("engine:test:a", None, "a usage record")}

    def test_the_same_line_twice(self, year):
        assert self.compare([*self.ROWS, self.ROWS[0]]) == {
            ("engine:test:a", "once in the accounting", "more than once")
        }

    @pytest.mark.parametrize("change", [{"quantity": 5}, {"started_ms": 5}, {"ended_ms": 5}])
    def test_another_quantity_or_time(self, change, year):
        changed = self.ROWS[0]._replace(**change)
        assert self.compare([changed, *self.ROWS[1:]]) == {
            ("engine:test:a", tuple(changed[1:]), tuple(self.ROWS[0][1:]))
        }

    def test_a_use_beyond_its_budget_counts_with_its_excess(self, make_bank, noon):
        bank = make_bank(released=1_000)
        bank.hold("a", quantity=HOUR // 2)
        bank.use(item("a", hold_key="a"))
        assert self.compare([SourceRow("a", HOUR, 1_000, 1_000 + HOUR)]) == set()

    def test_more_than_a_batch(self, bank):
        bank.use(*(item(f"r{n}", 1) for n in range(5_001)))
        assert self.compare(SourceRow(f"r{n}", 1, 1_000, 1_001) for n in range(5_001)) == set()


def test_findings_are_counted_and_the_first_are_kept(year, sql):
    sql("UPDATE ledger_entry SET reason = 'x'", rows=9)
    report = prove.prove(limit=2)
    assert (report.total_findings, len(report.findings), report.holds) == (9, 2, False)
    lines = list(report.lines())
    uid = year.budget.uid
    assert lines[1].startswith(f"{uid}/1: the hash does not follow from the line and the one before it (recomputed: ")
    assert lines[-1] == "9 differences."
    first = report.as_dict()["findings"][0]
    assert (first["kind"], first["budget"], first["seq"], first["text"]) == ("chain", uid, 1, lines[1])


def test_a_finding_says_where_it_is():
    assert str(Finding("hold", "bud-1", where="hld-1", expected=1, found=2)) == (
        "bud-1 hld-1: the hold is not what its state and price say (recomputed: 1, recorded: 2)"
    )
    report = ProofReport()
    report.compare("seal", 1, 1)
    report.add("source", where="x")
    assert report.as_dict()["findings"][0]["expected"] is None


@pytest.mark.django_db(transaction=True)
def test_the_proof_reads_one_snapshot_and_writes_nothing():
    with snapshot():
        assert prove.prove().holds
    with snapshot(), connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM ledger_entry")
    assert not connection.in_atomic_block
    assert prove.prove().holds
