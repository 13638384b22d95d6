"""A small world of money: one organisation, one project, one budget, two prices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from aisc.core import clock
from aisc.core.actions import system
from aisc.core.money import MS_PER_HOUR
from aisc.ledger import actions
from aisc.ledger.actions import HoldRequest, UsageItem, UsageResult
from aisc.ledger.models import Budget, Hold, UsageRecord

SYSTEM = system("test")
HOUR = MS_PER_HOUR


class Bank:
    """Short words for what every test does. ``budget`` is read afresh each time."""

    def __init__(self, owner: Any, project: Any, budget: Budget):
        self.owner, self.project, self.pk = owner, project, budget.pk
        self.price = budget.price_list.prices.select_related("meter").get(meter__code="accelerator:h800")
        self.cpu = budget.price_list.prices.select_related("meter").get(meter__code="accelerator:cpu")

    @property
    def budget(self) -> Budget:
        return Budget.objects.get(pk=self.pk)

    def hold(self, *keys: str, quantity: int = HOUR, price: Any = None, budget: Budget | None = None) -> list[Hold]:
        return actions.place_holds(
            SYSTEM,
            budget=budget or self.budget,
            price=price or self.price,
            requests=[HoldRequest(key, quantity, f"job {key}") for key in keys],
            expires_at=clock.now() + timedelta(hours=2),
        )

    def use(self, *items: UsageItem, source: str = "engine:test") -> UsageResult:
        return actions.record_usage(SYSTEM, source=source, items=items)

    def charge(self, source_id: str, quantity: int = HOUR, price: Any = None) -> Any:
        """A use without a hold, charged to the budget: its entry."""
        price = price or self.price
        self.use(item(source_id, quantity, budget_id=self.pk, price_id=price.pk))
        return UsageRecord.objects.get(source_id=source_id).charge

    def money(self) -> tuple[int, int, int, int]:
        """Released, held, charged, of which the scheme's share: cents."""
        budget = self.budget
        return budget.released, budget.held, budget.charged, budget.charged_scheme


def item(source_id: str, quantity: int = HOUR, started_ms: int = 1_000, **more: Any) -> UsageItem:
    return UsageItem(source_id, quantity, started_ms, started_ms + quantity, **more)


@pytest.fixture
def make_bank(make_person, make_organisation, make_project, make_budget) -> Callable[..., Bank]:
    def make(**fields: Any) -> Bank:
        owner = make_person()
        project = make_project(make_organisation(owner))
        return Bank(owner, project, make_budget(project, **fields))

    return make


@pytest.fixture
def bank(make_bank, noon) -> Bank:
    """HK$1,000 released of an award that the scheme pays 70 % of, at noon."""
    return make_bank()


@pytest.fixture
def sql(db) -> Callable[..., None]:
    """``sql("UPDATE …", …)``: what no action does, behind the ledger's back; exactly one row must be hit."""

    def run(statement: str, *parameters: Any, rows: int = 1) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            assert cursor.rowcount == rows

    return run
