"""Both payers are billed from the same entries, and every entry once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from aisc.core import clock
from aisc.core.errors import BadInput, Conflict
from aisc.core.models import AuditEvent
from aisc.ledger import actions, tasks
from aisc.ledger.chain import statement_digest
from aisc.ledger.models import Entry, Statement, StatementNumber
from aisc.ledger.prove import prove
from aisc.people.models import Notice

from .conftest import HOUR, SYSTEM


def on(day: date, hour: int = 12):
    """Stop the clock on ``day`` at ``hour`` in Hong Kong."""
    return clock.fixed(datetime(day.year, day.month, day.day, hour - 8, tzinfo=UTC))


JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
END_OF_JUNE, END_OF_JULY = date(2026, 6, 30), date(2026, 7, 31)


def issue(bank, start: date | None, end: date) -> list[Statement]:
    return actions.issue_statements(SYSTEM, budget=bank.budget, period_start=start, period_end=end)


def test_both_payers_get_their_part_of_the_same_entries(bank):
    bank.charge("a", HOUR // 3)
    actions.reverse_entry(SYSTEM, entry=bank.charge("b"), reason="outage")
    with on(JULY):
        applicant, scheme = issue(bank, JUNE, END_OF_JUNE)
    assert (scheme.number, applicant.number) == ("ST-2026-000001-S", "ST-2026-000001-A")
    assert (scheme.payer, applicant.payer) == ("scheme", "applicant")
    for each in (scheme, applicant):
        assert (each.first_seq, each.last_seq, each.list_total) == (1, 4, 667)
        assert (each.period_start, each.period_end) == (JUNE, END_OF_JUNE)
    assert (scheme.payer_total, applicant.payer_total) == (467, 200)
    assert scheme.code != applicant.code
    assert str(scheme) == "ST-2026-000001-S"
    event = AuditEvent.objects.get(action="ledger.issue_statements")
    assert (event.object_id, event.details["lines"]) == (bank.budget.uid, 3)
    assert "HK$2.00" in str(Notice.objects.filter(person=bank.owner).latest("pk"))
    assert prove().holds


def test_the_digest_is_over_the_canonical_lines(bank):
    charge = bank.charge("a")
    with on(JULY):
        statement = issue(bank, JUNE, END_OF_JUNE)[0]
    digest = statement_digest(bank.budget.uid, statement)
    digest.add(2, "charge", 2_000, 600, charge.hash)
    assert statement.digest == digest.hexdigest()


def test_own_money_has_one_statement(make_bank, noon):
    bank = make_bank(scheme_bps=0)
    bank.charge("a")
    with on(JULY):
        (only,) = issue(bank, JUNE, END_OF_JUNE)
    assert (only.payer, only.payer_total) == ("applicant", 2_000)
    assert prove().holds


def test_the_same_period_again_gives_the_same_statements(bank):
    bank.charge("a")
    with on(JULY):
        first = issue(bank, JUNE, END_OF_JUNE)
        assert issue(bank, JUNE, END_OF_JUNE) == first
        assert issue(bank, None, END_OF_JUNE) == first
    assert Statement.objects.count() == 2


def test_a_day_that_is_not_over_can_be_billed_and_what_comes_after_is_billed_once(bank):
    bank.charge("a")
    with on(JULY):
        bank.charge("b")
        first = issue(bank, None, JULY)
        assert issue(bank, None, JULY) == first
        bank.charge("c")
        second = issue(bank, None, JULY)
        assert second[0].first_seq == first[0].last_seq + 1
        assert (second[0].period_start, second[0].period_end) == (JULY, JULY)
        bank.charge("d")
    with on(date(2026, 8, 3)):
        (third, _scheme) = issue(bank, None, END_OF_JULY)
        assert (third.period_start, third.list_total) == (JULY, 2_000)
    assert prove().holds


def test_statements_follow_each_other_without_gaps(bank):
    bank.charge("a")
    with on(JULY):
        bank.charge("b")
        issue(bank, JUNE, END_OF_JUNE)
    with on(date(2026, 8, 3)):
        bank.charge("c")
        applicant, _scheme = issue(bank, JULY, END_OF_JULY)
        assert (applicant.first_seq, applicant.last_seq, applicant.list_total) == (3, 3, 2_000)
        with pytest.raises(Conflict) as refused:
            issue(bank, date(2026, 8, 1), date(2026, 8, 2))
        assert refused.value.code == "statement.empty"
    assert prove().holds


def test_the_last_second_of_a_day_belongs_to_it(bank):
    with clock.fixed(datetime(2026, 6, 30, 15, 59, 59, 999_000, tzinfo=UTC)):
        bank.charge("june")
    with clock.fixed(datetime(2026, 6, 30, 16, 0, tzinfo=UTC)):
        bank.charge("july")
        assert issue(bank, JUNE, END_OF_JUNE)[0].last_seq == 2


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (JUNE, date(2026, 7, 3), "period_end"),
        (JUNE, date(2026, 5, 31), "period_end"),
        (date(2026, 6, 16), END_OF_JUNE, "period_start"),
    ],
    ids=["in the future", "backwards", "leaves charges out"],
)
def test_a_period_that_makes_no_sense(start, end, field, bank):
    bank.charge("a")
    with on(date(2026, 7, 2)), pytest.raises(BadInput) as refused:
        issue(bank, start, end)
    assert refused.value.field == field
    assert not Statement.objects.exists()


def test_a_period_begins_after_what_is_billed(bank):
    bank.charge("a")
    with on(JULY):
        issue(bank, JUNE, END_OF_JUNE)
    with on(date(2026, 8, 1)), pytest.raises(BadInput) as refused:
        issue(bank, END_OF_JUNE, END_OF_JULY)
    assert str(refused.value) == "Everything before 2026-07-01 is billed already; begin on that day."


def test_an_entry_that_seems_older_by_a_clock_set_back_is_billed_next(bank):
    bank.charge("a")
    with on(JULY):
        issue(bank, JUNE, END_OF_JUNE)
    with on(date(2026, 5, 5)):
        bank.charge("set back")
    with on(date(2026, 8, 1)):
        applicant, _scheme = issue(bank, JULY, END_OF_JULY)
        assert (applicant.first_seq, applicant.list_total, applicant.period_start) == (3, 2_000, JULY)
    assert prove().holds


def test_a_chosen_period_reaches_back_to_what_was_never_billed(bank):
    bank.charge("a")
    with on(date(2026, 9, 1)):
        applicant, _scheme = issue(bank, None, date(2026, 8, 31))
    assert (applicant.period_start, applicant.period_end) == (date(2026, 6, 15), date(2026, 8, 31))


def test_numbers_follow_and_begin_again_each_year(bank, make_bank):
    other = make_bank()
    bank.charge("a")
    other.charge("b")
    with on(JULY):
        first, second = issue(bank, JUNE, END_OF_JUNE)[0], issue(other, JUNE, END_OF_JUNE)[0]
        bank.charge("c")
    with on(date(2027, 1, 2)):
        third = issue(bank, JULY, date(2026, 12, 31))[0]
    assert sorted(map(str, StatementNumber.objects.all())) == ["2026: 2", "2027: 1"]
    assert [each.number for each in (first, second, third)] == [
        "ST-2026-000001-A",
        "ST-2026-000002-A",
        "ST-2027-000001-A",
    ]


class TestTask:
    def test_last_month_is_billed_on_the_first(self, bank, make_bank):
        idle = make_bank()
        bank.charge("a")
        with on(END_OF_JUNE, 23):
            tasks.statements()
            assert not Statement.objects.exists()
        with on(JULY, 8):
            tasks.statements()
            tasks.statements()
        assert Statement.objects.filter(budget=bank.pk).count() == 2
        assert not Statement.objects.filter(budget=idle.pk).exists()
        assert Statement.objects.first().period_start == JUNE

    def test_a_month_that_was_missed_comes_along(self, bank):
        bank.charge("a")
        with on(date(2026, 8, 20)):
            bank.charge("b")
            tasks.statements()
            first = Statement.objects.filter(payer="applicant").get()
            assert (first.period_start, first.period_end) == (date(2026, 6, 15), END_OF_JULY)
        with on(date(2026, 9, 1)):
            tasks.statements()
        periods = Statement.objects.filter(payer="applicant").order_by("pk").values_list("period_start", "list_total")
        assert list(periods) == [(date(2026, 6, 15), 2_000), (date(2026, 8, 1), 2_000)]
        assert Entry.objects.filter(kind="charge").count() == 2

    def test_after_a_statement_within_the_month_the_rest_follows(self, bank):
        bank.charge("a")
        with on(date(2026, 6, 21)):
            issue(bank, JUNE, date(2026, 6, 20))
            bank.charge("b")
        with on(JULY, 9):
            tasks.statements()
        last = Statement.objects.filter(payer="applicant").latest("pk")
        assert (last.period_start, last.period_end, last.list_total) == (date(2026, 6, 21), END_OF_JUNE, 2_000)
        assert prove().holds

    def test_nothing_is_due_for_a_budget_billed_beyond_the_month(self, bank):
        bank.charge("a")
        with on(date(2026, 7, 10)):
            issue(bank, JUNE, date(2026, 7, 9))
            bank.charge("b")
            tasks.statements()
        assert Statement.objects.count() == 2
