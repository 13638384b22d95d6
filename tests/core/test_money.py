"""Rounding and amounts: integers only, and the cents always add up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisc.core.money import Money, ceil_div, format_cents, parse_cents, round_half_up, share

amounts = st.integers(min_value=0, max_value=10**15)


@given(amounts, st.integers(min_value=1, max_value=10**9))
def test_rounds_to_the_nearest_and_halves_up(numerator, denominator):
    rounded = round_half_up(numerator, denominator)
    distance = rounded - Fraction(numerator, denominator)
    assert Fraction(-1, 2) < distance <= Fraction(1, 2)


@given(amounts, st.integers(min_value=1, max_value=10**9))
def test_ceiling_is_the_smallest_integer_that_is_enough(numerator, denominator):
    ceiling = ceil_div(numerator, denominator)
    assert ceiling * denominator >= numerator > (ceiling - 1) * denominator


@given(st.lists(st.integers(min_value=0, max_value=10**9), max_size=30), st.integers(min_value=0, max_value=10_000))
def test_shares_of_the_cumulative_total_add_up_whatever_the_parts(parts, basis_points):
    total, shares = 0, []
    for part in parts:
        shares.append(share(total + part, basis_points) - share(total, basis_points))
        total += part
    assert sum(shares) == share(sum(parts), basis_points)
    assert all(0 <= each <= part for each, part in zip(shares, parts, strict=True))


@given(st.integers(min_value=0, max_value=10**16))
def test_what_is_shown_can_be_typed_again(cents):
    assert parse_cents(format_cents(cents)) == cents


@pytest.mark.parametrize(
    ("text", "cents"),
    [("1200", 120_000), ("1,200.5", 120_050), ("HK$ 20", 2000), ("$0.05", 5), (" 7 ", 700), ("1，000", 100_000)],
)
def test_amounts_typed_by_people(text, cents):
    assert parse_cents(text) == cents


@pytest.mark.parametrize("text", ["１", "", "-1", "1.234", "1e3", "٣", ".5", "9" * 16, "1.x", "NaN", "0x1"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        parse_cents(text)


def test_money_refuses_floats_and_other_currencies():
    with pytest.raises(TypeError):
        Money(1.5)
    with pytest.raises(ValueError, match="mix"):
        Money(1) + Money(1, "USD")
    assert Money(5) + Money(3) - Money(1) == Money(7)
    assert str(-Money(123_456)) == "\N{MINUS SIGN}HK$1,234.56"
    assert str(Money(100, "EUR")) == "EUR 1.00"
