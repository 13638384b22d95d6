"""Days, costs, totals: the arithmetic, against plain counting."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisc.scheme import rules
from aisc.scheme.costs import Cost, Line, cost_of, frozen_cost, tenths, weighted_total
from aisc.scheme.days import add_months, add_working_days, last_day, local_day
from aisc.scheme.letters import new_code, percent, plain_code

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))


@given(DAYS, st.integers(0, 60))
def test_working_days_by_counting(start, days):
    expected, left = start, days
    while left:
        expected += timedelta(days=1)
        left -= expected.weekday() < 5
    assert add_working_days(start, days) == expected


def test_working_days_by_example():
    friday = date(2026, 6, 12)
    assert add_working_days(friday, 1) == date(2026, 6, 15)
    assert add_working_days(friday, 5) == date(2026, 6, 19)
    saturday = date(2026, 6, 13)
    assert add_working_days(saturday, 5) == date(2026, 6, 19)


def test_months_end_where_the_month_ends():
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert add_months(date(2026, 12, 1), 1) == date(2027, 1, 1)
    assert last_day(date(2026, 9, 1), 6) == date(2027, 2, 28)


@given(DAYS, st.integers(1, 36))
def test_whole_months_follow_one_another(start, months):
    assert last_day(start, months) >= start
    assert add_months(start, months) == last_day(start, months) + timedelta(days=1)


def test_the_day_is_the_centres_day():
    assert local_day(datetime(2026, 6, 15, 16, 0, tzinfo=UTC)) == date(2026, 6, 16)
    assert local_day(datetime(2026, 6, 15, 15, 59, tzinfo=UTC)) == date(2026, 6, 15)


def test_cost_is_count_months_hours_price(prices):
    cost = cost_of([("h800", 8, 6), ("cpu", 64, 1)], prices)
    assert rules.HOURS_PER_MONTH == 365 * 24 // 12 == 730
    assert [line.list_cents for line in cost.lines] == [8 * 6 * 730 * 2000, 64 * 730 * 50]
    assert (cost.list_cents, cost.hours, cost.months) == (72_416_000, 8 * 6 * 730 + 64 * 730, 6)
    assert (cost.scheme_cents, cost.applicant_cents) == (50_691_200, 21_724_800)


@given(st.integers(0, 10**15), st.integers(0, 10_000))
def test_the_shares_add_up(cents, bps):
    cost = Cost((Line("x", "x", 1, 1, 1, cents),), "HKD", bps)
    assert cost.scheme_cents + cost.applicant_cents == cents
    assert abs(cost.scheme_cents * 10_000 - cents * bps) <= 5_000


def test_an_empty_request_costs_nothing(prices):
    cost = cost_of([], prices)
    assert (cost.list_cents, cost.scheme_cents, cost.months, cost.hours) == (0, 0, 0, 0)


def test_without_a_price_there_is_no_cost(prices):
    with pytest.raises(KeyError):
        cost_of([("abacus", 1, 1)], prices)


def test_the_largest_request_fits_64_bits(prices):
    rows = [("h800", rules.MAX_COUNT, rules.MAX_MONTHS)]
    assert cost_of(rows, prices).list_cents * rules.MAX_LINES < 2**63


def test_a_frozen_cost_is_what_was_submitted(world):
    application = world.application("submitted")
    snapshot = application.submissions.get().snapshot
    world.prices.prices.update(cents=1)
    cost = frozen_cost(snapshot, 9000)
    assert (cost.list_cents, cost.scheme_cents) == (70_080_000, 63_072_000)


def test_totals_are_exact():
    criteria = rules.DEFAULT_CRITERIA
    assert weighted_total(criteria, dict.fromkeys(("alignment", "compute", "placeholder"), 10)) == 1000
    assert weighted_total(criteria, {"alignment": 1, "compute": 0, "placeholder": 0}) == 25
    assert [tenths(total) for total in (1000, 25, 735, 0)] == ["100.0", "2.5", "73.5", "0.0"]


def test_percentages_as_written():
    assert [percent(bps) for bps in (7000, 6250, 6255, 10_000, 0, 1)] == [
        "70%",
        "62.5%",
        "62.55%",
        "100%",
        "0%",
        "0.01%",
    ]


@given(st.text(max_size=40))
def test_any_typed_code_has_the_length_of_one(typed):
    assert len(plain_code(typed)) <= 15


def test_codes():
    code = new_code()
    assert plain_code(code) == code
    assert len(code) == 14
    assert new_code() != code


def test_every_rule_says_where_it_comes_from_in_every_language():
    for clause in rules.CLAUSES.values():
        assert clause.text_en
        assert clause.text_zh
        assert clause.text_hans
        assert clause.source


def test_texts_follow_the_reader():
    from django.utils.translation import override

    with override("zh-hant"):
        assert rules.CLAUSES["share"].text.startswith("計劃最多資助")
    with override("zh-hans"):
        assert rules.CLAUSES["share"].text.startswith("计划最多资助")
    with override("en"):
        assert rules.CLAUSES["share"].text.startswith("The scheme pays")
