"""``aisc usage``: measured use, and the arithmetic of its charge."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Json, add, facts, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
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
    rows = table(
        "id",
        pgettext("terminal", "started"),
        pgettext("terminal", "what"),
        pgettext("terminal", "amount"),
        pgettext("terminal", "for"),
        _("paid by"),
        right=(0, 3),
    )
    for each in found:
        meter = each.meter or ""
        what = meter.removeprefix("accelerator:")
        amount = words.quantity(each.quantity, meter)
        add(rows, each.id, words.when(each.started_at), what, amount, each.description, each.budget or _("nobody yet"))
    show(found, rows if found else _("Nothing was used yet."))


@app.command("show")
def show_usage(number: Number, json: Json = False) -> None:
    """One use with the whole arithmetic of its charge, from the measured milliseconds to both payers' cents."""
    with centre() as client:
        found = client.usage.get(number)
    lines = [
        (
            pgettext("terminal", "Measured"),
            _("{quantity:,} ms of {meter}").format(
                quantity=found.quantity, meter=(found.meter or "").removeprefix("accelerator:")
            ),
        ),
        (pgettext("terminal", "From"), words.when(found.started_at)),
        (pgettext("terminal", "To"), words.when(found.ended_at)),
        (pgettext("terminal", "Record"), f"{found.source} {found.source_id}"),
        (pgettext("terminal", "For"), found.description),
        (_("Paid by"), found.budget or _("nobody yet")),
    ]
    if rating := found.rating:
        price = f"{words.money(rating.price_cents)} / {words.per(rating.price_per)}"
        before, after = words.money(rating.amount_before_cents), words.money(rating.amount_after_cents)
        lines += [
            (
                pgettext("terminal", "Price"),
                _("{price} (price list {price_list})").format(price=price, price_list=rating.price_list),
            ),
            (
                pgettext("terminal", "Charge"),
                _("{after} − {before} = {amount_cents}: the total after, less before").format(
                    after=after, before=before, amount_cents=words.money(rating.amount_cents)
                ),
            ),
            (
                pgettext("terminal", "Scheme"),
                _("{scheme_bps}, on the cumulative total: {scheme_cents}").format(
                    scheme_bps=words.percent(rating.scheme_bps), scheme_cents=words.money(rating.scheme_cents)
                ),
            ),
            (pgettext("terminal", "Applicant"), words.money(rating.applicant_cents)),
            (
                pgettext("terminal", "Journal"),
                _("line {seq}, {value}").format(
                    seq=rating.seq, value=pgettext("terminal", "agrees") if rating.agrees else _("DOES NOT AGREE")
                ),
            ),
            (pgettext("terminal", "Hash"), rating.hash),
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
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        of = find.budget(client, budget)
        entry = client.usage.attribute(number, budget=of, reason=reason, meter=meter)
    show(
        entry,
        _("{amount_cents} were charged to {name}.").format(
            amount_cents=words.money(entry.amount_cents, of.currency), name=words.plain(of.name)
        ),
    )
