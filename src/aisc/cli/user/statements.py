"""``aisc statement``: what each payer owes for a budget and a period."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Json, add, facts, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import find, words
from aisc.cli.user.save import Output, save
from aisc.cli.user.session import centre

if TYPE_CHECKING:
    from aisc.client.models.ledger import Bill

app = typer.Typer(help="Both payers' statements: list, show, issue, pdf, csv.", cls=ListGroup)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Such as ST-2026-000042.")]


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("list")
def list_statements(
    budget: Annotated[str, typer.Option(help="Only of this budget: its uid or name.")] = "",
    payer: Annotated[str, typer.Option(help="Only of this payer: scheme or applicant.")] = "",
    json: Json = False,
) -> None:
    """Statements you may see, newest first."""
    with centre() as client:
        of = find.budget(client, budget) if budget else None
        found = list(client.statements.list(budget=of, payer=payer))
    rows = table(
        "number",
        pgettext("terminal", "payer"),
        pgettext("terminal", "period"),
        _("list price"),
        _("payer owes"),
        pgettext("terminal", "budget"),
        right=(3, 4),
    )
    for each in found:
        period = _("{period_start} to {period_end}").format(period_start=each.period_start, period_end=each.period_end)
        add(
            rows,
            each.number,
            each.payer,
            period,
            words.money(each.list_cents),
            words.money(each.payer_cents),
            each.budget,
        )
    show(found, rows if found else _("No statements yet. “aisc statement due BUDGET” shows what will be on the next."))


@app.command("show")
def show_statement(number: Number, json: Json = False) -> None:
    """A statement, with the other payer's beside it."""
    with centre() as client:
        found = client.statements.get(number)
    show(found, *_bill(found))


@app.command("due")
def due(
    budget: Annotated[str, typer.Argument(metavar="BUDGET", help="Its uid or name.")],
    json: Json = False,
) -> None:
    """What is on no statement yet: both payers' shares to date."""
    with centre() as client:
        found = client.budgets.to_date(find.budget(client, budget))
    show(found, *_bill(found))


@app.command("issue")
def issue(
    budget: Annotated[str, typer.Argument(metavar="BUDGET", help="Its uid or name.")],
    end: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last day; left out: today."),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=["%Y-%m-%d"], metavar="DATE", help="First day; left out: where the last one ended."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Issue both payers' statements for a period. For the centre's finance officers.

    Every charge up to the last day that is on no statement yet is billed, each exactly once.
    The centre also issues them by itself when a month is over.
    """
    last = end or datetime.now().astimezone()
    with centre() as client:
        of = find.budget(client, budget)
        found = client.statements.issue(budget=of, period_start=start.date() if start else None, period_end=last.date())
    show(found, *_bill(found))


@app.command("pdf")
def pdf(number: Number, output: Output = None, json: Json = False) -> None:
    """The document, in English and Chinese, with its verification code."""
    with centre() as client:
        save(client.statements.pdf(number), output or Path(f"{number}.pdf"))


@app.command("csv")
def csv(number: Number, output: Output = None, json: Json = False) -> None:
    """The lines behind a statement, with what the chain of hashes is computed from."""
    with centre() as client:
        save(client.statements.csv(number), output or Path(f"{number}.csv"))


def _bill(found: Bill) -> list[RenderableType]:
    rows = table(
        pgettext("terminal", "what"),
        pgettext("terminal", "amount"),
        pgettext("terminal", "price"),
        _("list price"),
        pgettext("terminal", "scheme"),
        pgettext("terminal", "applicant"),
        right=(1, 2, 3, 4, 5),
    )
    for each in found.sums:
        price = f"{words.money(each.price_cents)} / {words.per(each.price_per)}"
        amounts = (each.list_cents, each.scheme_cents, each.applicant_cents)
        meter = each.meter
        add(
            rows,
            meter.removeprefix("accelerator:"),
            words.quantity(each.quantity, meter),
            price,
            *(words.money(amount) for amount in amounts),
        )
    totals = (found.list_cents, found.scheme_cents, found.applicant_cents)
    add(rows, "Total", "", "", *(words.money(amount) for amount in totals), style="bold")
    about = [
        (pgettext("terminal", "Budget"), found.budget),
        (
            pgettext("terminal", "Period"),
            _("{period_start} to {period_end}").format(period_start=found.period_start, period_end=found.period_end),
        ),
        (
            pgettext("terminal", "Lines"),
            _("{first_seq} to {last_seq} of the journal").format(first_seq=found.first_seq, last_seq=found.last_seq),
        ),
    ]
    about += [(each.number, f"{each.payer}: {words.money(each.payer_cents)}") for each in found.statements]
    return [facts(*about), "", rows]
