"""The ledger's figures for ``/metrics``, in cents."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, F, Sum

from aisc.core import metrics
from aisc.ledger.models import Budget, UsageRecord


def read() -> Iterator:
    """Totals over all budgets and what could not be attributed, in two queries."""
    sums = (
        Budget.objects.values("currency")
        .annotate(
            budgets=Count("id"),
            granted=Sum("ceiling"),
            released_total=Sum("released"),
            held_total=Sum("held"),
            scheme=Sum("charged_scheme"),
            applicant=Sum(F("charged") - F("charged_scheme")),
        )
        .order_by("currency")
    )
    rows = list(sums)
    totals = {"granted": "granted", "released": "released_total", "held": "held_total"}
    yield metrics.gauge(
        "aisc_budget_cents",
        "Over all budgets: granted, released and held now.",
        [((row["currency"], what), row[field]) for row in rows for what, field in totals.items()],
        ("currency", "what"),
    )
    yield metrics.gauge(
        "aisc_charged_cents",
        "Charged so far, net of reversals, by payer.",
        [((row["currency"], payer), row[payer]) for row in rows for payer in ("scheme", "applicant")],
        ("currency", "payer"),
    )
    unattributed = UsageRecord.objects.filter(budget=None).count()
    yield metrics.gauge("aisc_usage_unattributed", "Usage records that no budget pays for.", [((), unattributed)])


metrics.register("ledger", read)
