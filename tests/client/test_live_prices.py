"""New prices at a real centre: published for next year, so that nothing else here gets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aisc.client import Forbidden, Refused


def test_finance_publishes_and_nobody_else(client_of):
    later = (datetime.now(UTC) + timedelta(days=365)).date()
    given = {"version": "LATER", "effective_from": later, "prices": {"accelerator:cpu": 1}}
    with pytest.raises(Forbidden):
        client_of("researcher").prices.publish(**given)
    finance = client_of("finance")
    made = finance.prices.publish(**given, note_zh="明年", illustrative=True)
    assert (made.version, made.in_force, made.illustrative, made.note_zh) == ("LATER", False, True, "明年")
    assert [(each.meter, each.cents) for each in made.prices] == [("accelerator:cpu", 1)]
    assert client_of().prices.version("LATER") == made
    with pytest.raises(Refused, match="LATER already"):
        finance.prices.publish(**given)

    budget = next(finance.budgets.list(state="active"))
    with pytest.raises(Refused, match="not in force yet"):
        finance.budgets.move_prices(budget, version="LATER", reason="too early")
    same = finance.budgets.move_prices(budget, version=budget.price_list, reason="the same prices favour it as well")
    assert same == finance.budgets.get(budget)
