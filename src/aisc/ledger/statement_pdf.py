"""Statements as documents: one bilingual PDF for each payer, from the same bill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import timezone

from aisc.core import clock, typeset
from aisc.core.money import format_cents
from aisc.ledger.displays.statements import Bill
from aisc.ledger.models import Entry, Meter, Statement
from aisc.ledger.quantities import hours_text

TEMPLATE = Path(__file__).parent / "documents" / "statement.typ"
# A budget of small jobs has many thousands of lines; on paper the sums are what is read, the CSV has every line.
MOST_LINES = 600

PAYERS = {
    Statement.Payer.SCHEME: ("The scheme", "資助計劃"),
    Statement.Payer.APPLICANT: ("The applicant", "申請機構"),
}


def statement_pdf(bill: Bill, payer: str = "", *, copy: bool = False) -> bytes:
    """The statement of ``payer``, or without one the interim statement to date. Raises Unavailable."""
    return typeset.pdf(TEMPLATE, statement_data(bill, payer), copy=copy)


def statement_data(bill: Bill, payer: str = "") -> dict[str, Any]:
    """What ``statement.typ`` shows, as text and numbers."""
    budget = bill.budget
    statement = {Statement.Payer.SCHEME: bill.scheme, Statement.Payer.APPLICANT: bill.applicant}.get(payer)
    issued = statement.issued_at if statement else clock.now()
    title = ("Statement of charges", "收費結單") if statement else ("Interim statement to date", "截至目前的臨時結單")
    total = bill.lines.count()
    return {
        "letter": typeset.letter_data(
            reference=statement.number if statement else budget.uid,
            issued=timezone.localdate(issued),
            title_en=title[0],
            title_zh=title[1],
            code=statement.code if statement else "",
            illustrative=budget.price_list.illustrative,
        ),
        "payer": payer,
        "payer_en": PAYERS[payer][0] if payer else "",
        "payer_zh": PAYERS[payer][1] if payer else "",
        "other": _other_number(bill, payer),
        **bill.names,
        "budget": f"{budget.name} ({budget.uid})",
        "reference": budget.reference,
        "price_list": budget.price_list.version,
        "period_en": f"{typeset.date_en(bill.period_start)} – {typeset.date_en(bill.period_end)}",
        "period_zh": f"{typeset.date_zh(bill.period_start)}至{typeset.date_zh(bill.period_end)}",
        "scheme_percent": _percent(budget.scheme_bps),
        "applicant_percent": _percent(budget.applicant_bps),
        "two_payers": bool(budget.scheme_bps),
        "sums": [
            {
                **_meter_names(row.price.meter),
                "quantity": hours_text(row.quantity, row.price.meter),
                "unit_price": _money(row.price.cents, budget.currency),
                "amount": _money(row.amount, budget.currency),
                "scheme": _money(row.scheme_share, budget.currency),
                "applicant": _money(row.applicant_share, budget.currency),
            }
            for row in bill.sums
        ],
        "amount": _money(bill.amount, budget.currency),
        "scheme": _money(bill.scheme_share, budget.currency),
        "applicant": _money(bill.applicant_share, budget.currency),
        "due": _money(statement.payer_total, budget.currency) if statement else "",
        "lines": [_line(entry, budget.currency) for entry in bill.lines[:MOST_LINES]],
        "total_lines": total,
        "left_out": max(0, total - MOST_LINES),
        "first_seq": bill.first_seq,
        "last_seq": bill.last_seq,
        "digest": statement.digest if statement else "",
        "head": _head(bill),
    }


def _other_number(bill: Bill, payer: str) -> str:
    other = bill.applicant if payer == Statement.Payer.SCHEME else bill.scheme
    return other.number if payer and other else ""


def _head(bill: Bill) -> str:
    last = bill.entries.last()
    return last.hash if last else ""


def _meter_names(meter: Meter) -> dict[str, str]:
    english = meter.name_en or meter.name_zh
    return {"en": english, "zh": "" if meter.name_zh == english else meter.name_zh}


def _money(cents: int, currency: str) -> str:
    return format_cents(cents, currency)


def _percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".") + "%"


def _line(entry: Entry, currency: str) -> dict[str, Any]:
    reversed_ = entry.reverses if entry.kind == Entry.Kind.REVERSAL else None
    usage = entry.usage or reversed_.usage
    quantity = -usage.quantity if reversed_ else usage.quantity
    moment = timezone.localtime(clock.from_ms(entry.at_ms))
    return {
        "seq": str(entry.seq),
        "day": f"{moment:%Y-%m-%d}",
        "time": f"{moment:%H:%M}",
        "text": usage.description or str(usage),
        "reverses": str(reversed_.seq) if reversed_ else "",
        "reason": entry.reason,
        "quantity": hours_text(quantity, usage.price.meter),
        "amount": _money(entry.amount, currency),
        "scheme": _money(entry.scheme_share, currency),
        "applicant": _money(entry.applicant_share, currency),
    }
