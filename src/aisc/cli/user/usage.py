"""``aisc usage``: measured use, and the arithmetic of its charge."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Json, add, facts, show, table
from aisc.cli.user import ask, find, words
from aisc.cli.user.budgets import Limit, Reason
from aisc.cli.user.session import centre

app = typer.Typer(help="What was used, and how each charge came about.", cls=ListGroup)

Number = Annotated[int, typer.Argument(metavar="ID", help="From “aisc usage”.")]


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("list")
def list_usage(
    budget: Annotated[str, typer.Option(help="Only of this budget: its uid or name.")] = "",
    unattributed: Annotated[bool, typer.Option("--unattributed", help="Those nobody pays for. For staff.")] = False,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Measured uses you may see, newest first."""
    with centre() as client:
        of = find.budget(client, budget) if budget else None
        found = list(islice(client.usage.list(budget=of, unattributed=unattributed), limit))
    rows = table("id", "started", "what", "amount", "for", "paid by", right=(0, 3))
    for each in found:
        meter = each.meter or ""
        what = meter.removeprefix("accelerator:")
        amount = words.quantity(each.quantity, meter)
        add(rows, each.id, words.when(each.started_at), what, amount, each.description, each.budget or "nobody yet")
    show(found, rows if found else "Nothing was used yet.")


@app.command("show")
def show_usage(number: Number, json: Json = False) -> None:
    """One use with the whole arithmetic of its charge, from the measured milliseconds to both payers' cents."""
    with centre() as client:
        found = client.usage.get(number)
    lines = [
        ("Measured", f"{found.quantity:,} ms of {(found.meter or '').removeprefix('accelerator:')}"),
        ("From", words.when(found.started_at)),
        ("To", words.when(found.ended_at)),
        ("Record", f"{found.source} {found.source_id}"),
        ("For", found.description),
        ("Paid by", found.budget or "nobody yet"),
    ]
    if rating := found.rating:
        price = f"{words.money(rating.price_cents)} / {words.per(rating.price_per)}"
        before, after = words.money(rating.amount_before_cents), words.money(rating.amount_after_cents)
        lines += [
            ("Price", f"{price} (price list {rating.price_list})"),
            (
                "Charge",
                f"{after} \N{MINUS SIGN} {before} = {words.money(rating.amount_cents)}: the total after, less before",
            ),
            (
                "Scheme",
                f"{words.percent(rating.scheme_bps)}, on the cumulative total: {words.money(rating.scheme_cents)}",
            ),
            ("Applicant", words.money(rating.applicant_cents)),
            ("Journal", f"line {rating.seq}, {'agrees' if rating.agrees else 'DOES NOT AGREE'}"),
            ("Hash", rating.hash),
        ]
    show(found, facts(*lines))


@app.command("attribute")
def attribute(
    number: Number,
    budget: Annotated[str, typer.Option(help="Which budget pays: its uid or name.")] = "",
    meter: Annotated[str, typer.Option(help="What was used, where the record does not say.")] = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Say who pays for a use that came without a payer. For operators and finance officers."""
    reason = reason or ask.text("Reason", "--reason")
    with centre() as client:
        of = find.budget(client, budget)
        entry = client.usage.attribute(number, budget=of, reason=reason, meter=meter)
    show(entry, f"{words.money(entry.amount_cents, of.currency)} were charged to {words.plain(of.name)}.")
