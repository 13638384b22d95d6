"""Records 20,000 uses in batches, for :mod:`test_concurrency` to kill; says after which batch it is."""

from __future__ import annotations

import json
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")

import django

from aisc.core.state import state_folder

RECORDS, BATCH, BUDGETS = 20_000, 2_000, 20


def main() -> None:
    state_folder().prepare()
    django.setup()
    from django.core.management import call_command
    from django.db.models import Sum

    from aisc.core.actions import system
    from aisc.ledger import actions
    from aisc.ledger.actions import UsageItem
    from aisc.ledger.models import Budget, Entry, Hold, UsageRecord
    from aisc.ledger.prove import prove

    call_command("migrate", verbosity=0)
    if Hold.objects.count() < RECORDS:
        set_up()
    budgets = list(Budget.objects.order_by("pk").values_list("pk", flat=True))
    for number, start in enumerate(range(0, RECORDS, BATCH)):
        items = [
            UsageItem(f"run-{n}", n, 0, n, hold_key=f"hold-{budgets[n % BUDGETS]}-{n // BUDGETS}")
            for n in range(start, start + BATCH)
        ]
        actions.record_usage(system("test"), source="engine:test", items=items)
        print(f"batch {number} done", flush=True)
    print(
        json.dumps(
            {
                "records": UsageRecord.objects.count(),
                "charges": Entry.objects.filter(kind="charge").count(),
                "quantity": UsageRecord.objects.aggregate(total=Sum("quantity"))["total"],
                "open_holds": Hold.objects.filter(state="open").count(),
                "differences": prove(accounting={}).total_findings,
            }
        )
    )


def set_up() -> None:
    """Budgets with a hold for every use, in one transaction: a kill meanwhile leaves nothing."""
    from django.db import transaction

    from aisc.core import clock
    from aisc.core.actions import system
    from aisc.ledger import actions
    from aisc.ledger.actions import HoldRequest
    from aisc.ledger.models import Budget, Price
    from bench.ledger import make_budgets, make_centre

    with transaction.atomic():
        prices = make_centre()
        price = Price.objects.select_related("meter").filter(price_list=prices).first()
        for budget in make_budgets(BUDGETS, prices, 10**9):
            actions.place_holds(
                system("test"),
                budget=Budget.objects.get(pk=budget.pk),
                price=price,
                requests=[HoldRequest(f"hold-{budget.pk}-{n}", RECORDS) for n in range(RECORDS // BUDGETS)],
                expires_at=clock.now(),
            )


if __name__ == "__main__":
    main()
