"""Rating is exact: the same as with fractions, whatever the order and the size of the parts."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisc.core.money import share
from aisc.ledger.rating import fitting, total, worst_case

cents = st.integers(0, 10**6)
per = st.integers(1, 10**7)
quantity = st.integers(0, 10**10)


def exactly(price: int, unit: int, units: int) -> int:
    return floor(Fraction(price * units, unit) + Fraction(1, 2))


@given(cents, per, quantity)
def test_a_total_is_rounded_half_up(price, unit, units):
    assert total(price, unit, units) == exactly(price, unit, units)


@pytest.mark.parametrize(("units", "amount"), [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2)])
def test_a_half_is_rounded_up(units, amount):
    assert total(1, 2, units) == amount


@given(cents, per, st.lists(quantity, max_size=20))
def test_parts_cost_what_the_whole_costs(price, unit, parts):
    used = charged = 0
    for part in parts:
        charge = total(price, unit, used + part) - charged
        assert charge >= 0
        used, charged = used + part, charged + charge
    assert charged == exactly(price, unit, sum(parts))


@given(cents, per, quantity, quantity, quantity)
def test_a_hold_always_suffices(price, unit, before, held, cut):
    used = min(held, cut)
    charge = total(price, unit, before + used) - total(price, unit, before)
    assert charge <= worst_case(price, unit, held)


@given(st.integers(1, 10**6), per, quantity, st.integers(0, 10**9))
def test_what_fits_is_the_most_that_fits(price, unit, before, room):
    charged = total(price, unit, before)
    most = fitting(price, unit, before, charged, room)
    assert most is not None
    assert most >= 0
    assert total(price, unit, before + most) - charged <= room
    assert total(price, unit, before + most + 1) - charged > room


def test_at_no_price_everything_fits():
    assert fitting(0, 3_600_000, 5, 0, 0) is None


@given(st.integers(0, 9000), st.lists(st.integers(0, 10**9), max_size=20))
def test_shares_follow_the_total_and_none_is_negative(bps, amounts):
    gross = scheme = 0
    for amount in amounts:
        gross += amount
        part = share(gross, bps) - scheme
        assert 0 <= part <= amount
        scheme += part
    assert scheme == floor(Fraction(gross * bps, 10_000) + Fraction(1, 2))
