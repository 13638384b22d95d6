"""``aisc budgets``: money that may be used, its journal, its holds, its tranches."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Annotated

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Exit, Json, add, facts, fail, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import ask, config, find, words
from aisc.cli.user.session import centre

app = typer.Typer(help="Budgets: list, show, entries, open, release.", cls=ListGroup)

Budget = Annotated[str, typer.Argument(metavar="BUDGET", help="Its uid or name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the journal.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE")]


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("list")
def list_budgets(
    state: Annotated[str, typer.Option(help="Only active, suspended or closed ones.")] = "",
    project: Annotated[str, typer.Option(help="Only of this project: its uid or name.")] = "",
    json: Json = False,
) -> None:
    """Budgets you may see, newest first."""
    with centre() as client:
        of = find.project(client, project) if project else None
        found = list(client.budgets.list(state=state, project=of))
    rows = table(
        "uid",
        pgettext("terminal", "name"),
        pgettext("terminal", "state"),
        pgettext("terminal", "scheme"),
        pgettext("terminal", "available"),
        pgettext("terminal", "held"),
        pgettext("terminal", "charged"),
        pgettext("terminal", "until"),
        right=(3, 4, 5, 6),
    )
    for each in found:
        amounts = (each.available_cents, each.held_cents, each.charged_cents)
        add(
            rows,
            each.uid,
            each.name,
            words.state(each.state),
            words.percent(each.scheme_bps),
            *(words.money(amount, each.currency) for amount in amounts),
            each.ends_on,
        )
    show(found, rows if found else _("No budgets. Apply with “aisc apply new”, or open one with “aisc budgets open”."))


@app.command("show")
def show_budget(budget: Budget, json: Json = False) -> None:
    """One budget to the cent."""
    with centre() as client:
        found = find.budget(client, budget)
    currency = found.currency

    def amount(cents: int) -> str:
        return words.money(cents, currency)

    show(
        found,
        facts(
            ("uid", found.uid),
            (pgettext("terminal", "Name"), found.name),
            (pgettext("terminal", "State"), found.state),
            (_("Paid by"), _("award of the scheme") if found.source == "award" else _("own money")),
            (pgettext("terminal", "Reference"), found.reference),
            (pgettext("terminal", "Project"), found.project),
            (
                pgettext("terminal", "Dates"),
                _("{starts_on} to {ends_on}").format(starts_on=found.starts_on, ends_on=found.ends_on),
            ),
            (_("Price list"), found.price_list),
            (
                pgettext("terminal", "Shares"),
                _("scheme {scheme_bps}, applicant {value}").format(
                    scheme_bps=words.percent(found.scheme_bps), value=words.percent(10000 - found.scheme_bps)
                ),
            ),
            (pgettext("terminal", "Ceiling"), amount(found.ceiling_cents)),
            (pgettext("terminal", "Released"), amount(found.released_cents)),
            (
                pgettext("terminal", "Charged"),
                (
                    _("{charged_cents} = scheme {charged_scheme_cents} + applicant {charged_applicant_cents}").format(
                        charged_cents=amount(found.charged_cents),
                        charged_scheme_cents=amount(found.charged_scheme_cents),
                        charged_applicant_cents=amount(found.charged_applicant_cents),
                    )
                ),
            ),
            (pgettext("terminal", "Held"), amount(found.held_cents)),
            (pgettext("terminal", "Available"), amount(found.available_cents)),
        ),
    )


@app.command("entries")
def entries(
    budget: Budget,
    kind: Annotated[str, typer.Option(help="Only release, charge, reversal or lapse.")] = "",
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """The journal, newest line first: every charge with both payers' shares."""
    with centre() as client:
        of = find.budget(client, budget)
        found = list(islice(client.budgets.entries(of, kind=kind), limit))
    rows = table(
        pgettext("terminal", "line"),
        pgettext("terminal", "when"),
        pgettext("terminal", "kind"),
        pgettext("terminal", "amount"),
        pgettext("terminal", "scheme"),
        pgettext("terminal", "applicant"),
        pgettext("terminal", "what"),
        right=(0, 3, 4, 5),
    )
    for each in found:
        amounts = (each.amount_cents, each.scheme_cents, each.applicant_cents)
        what = each.description or each.reason
        if each.reverses:
            what = _("takes back line {reverses}: {reason}").format(reverses=each.reverses, reason=each.reason)
        add(
            rows,
            each.seq,
            words.when(each.at),
            each.kind,
            *(words.money(amount, of.currency) for amount in amounts),
            what,
        )
    show(found, rows if found else _("Nothing has happened on this budget yet."))


@app.command("holds")
def holds(
    budget: Budget,
    state: Annotated[str, typer.Option(help="Only open, settled or released ones.")] = "open",
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """Money set aside for jobs that have not ended."""
    with centre() as client:
        of = find.budget(client, budget)
        found = list(islice(client.budgets.holds(of, state=state), limit))
    rows = table(
        "uid",
        pgettext("terminal", "since"),
        pgettext("terminal", "state"),
        pgettext("terminal", "amount"),
        pgettext("terminal", "for"),
        right=(3,),
    )
    for each in found:
        amount = words.money(each.amount_cents, of.currency)
        add(rows, each.uid, words.when(each.created_at), each.state, amount, each.description or each.key)
    show(found, rows if found else _("No holds."))


@app.command("open")
def open_budget(
    name: Annotated[str, typer.Option(help="What people see when they choose who pays.")] = "",
    ceiling: Annotated[str, typer.Option(help="The most that may be spent, such as 50000.", metavar="AMOUNT")] = "",
    project: Annotated[str, typer.Option(help="For which project: its uid or name.")] = "",
    starts: Day = None,
    ends: Day = None,
    reference: Annotated[str, typer.Option(help="Your order number; printed on statements.")] = "",
    json: Json = False,
) -> None:
    """Open a budget of your organisation's own money. For its owners and finance members.

    The centre's finance officers grant the credit by releasing it.
    """
    name = name or ask.text(_("Name of the budget"), "--name")
    cents = amount_in_cents(ceiling or ask.text(_("The most that may be spent, in HK$"), "--ceiling"), "--ceiling")
    if starts is None or ends is None:
        fail(_("--starts and --ends are needed, such as --starts 2026-07-01 --ends 2027-06-30."), Exit.USAGE)
    with centre() as client:
        made = client.budgets.open(
            project=find.project(client, project),
            name=name,
            ceiling_cents=cents,
            starts_on=starts.date(),
            ends_on=ends.date(),
            reference=reference,
        )
    show(
        made,
        _("{name} ({uid}) is open. The centre's finance officers release it.").format(
            name=words.plain(made.name), uid=made.uid
        ),
    )


@app.command("release")
def release(
    budget: Budget,
    amount: Annotated[str, typer.Argument(help="How much, such as 25000.")],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Release a tranche. For the centre's finance officers, and the secretariat for awards."""
    cents = amount_in_cents(amount, "AMOUNT")
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        of = find.budget(client, budget)
        entry = client.budgets.release(of, amount_cents=cents, reason=reason)
    show(
        entry,
        _("{amount_cents} of {name} can be used now.").format(
            amount_cents=words.money(entry.amount_cents, of.currency), name=words.plain(of.name)
        ),
    )


@app.command("ceiling")
def ceiling(
    budget: Budget,
    amount: Annotated[str, typer.Argument(help="The new ceiling, above the present one.")],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Ask for more of your organisation's own money."""
    cents = amount_in_cents(amount, "AMOUNT")
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        found = client.budgets.raise_ceiling(find.budget(client, budget), ceiling_cents=cents, reason=reason)
    show(
        found,
        _("The ceiling is now {ceiling_cents}.").format(ceiling_cents=words.money(found.ceiling_cents, found.currency)),
    )


@app.command("move-prices")
def move_prices(
    budget: Budget,
    to: Annotated[str, typer.Option("--to", metavar="VERSION", help="A price list in force, from “aisc prices”.")],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Let a budget have lower prices. For the centre's finance officers.

    Refused where anything gets dearer. Open holds shrink; what was charged stays as it is.
    """
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        found = client.budgets.move_prices(find.budget(client, budget), version=to, reason=reason)
    held = words.money(found.held_cents, found.currency)
    show(
        found,
        _("{name} has the prices of {price_list} now; {held} is held.").format(
            name=words.plain(found.name), price_list=words.plain(found.price_list), held=held
        ),
    )


@app.command("suspend")
def suspend(budget: Budget, reason: Reason = "", json: Json = False) -> None:
    """Let nothing new start on a budget. Running jobs go on."""
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        found = client.budgets.suspend(find.budget(client, budget), reason=reason)
    show(found, _("{name} is suspended.").format(name=words.plain(found.name)))


@app.command("resume")
def resume(budget: Budget, reason: Reason = "", json: Json = False) -> None:
    """Undo a suspension."""
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        found = client.budgets.resume(find.budget(client, budget), reason=reason)
    show(found, _("{name} is active again.").format(name=words.plain(found.name)))


@app.command("close")
def close(
    budget: Budget,
    reason: Reason = "",
    yes: ask.Yes = False,
    json: Json = False,
) -> None:
    """End a budget for good. What was released and not used lapses."""
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        of = find.budget(client, budget)
        left = words.money(of.available_cents, of.currency)
        ask.for_good(
            _("Close “{name}” for good? {left} lapse.").format(name=of.name, left=left),
            agreed=yes,
            otherwise=_("Nothing was closed."),
        )
        found = client.budgets.close(of, reason=reason)
    show(found, _("{name} is closed.").format(name=words.plain(found.name)))


@app.command("reverse")
def reverse(
    budget: Budget,
    line: Annotated[int, typer.Argument(help="The journal's line, from “aisc budgets entries”.")],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Take a charge back from both payers. For the centre's finance officers."""
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        of = find.budget(client, budget)
        entry = client.budgets.reverse(of, line, reason=reason)
    show(
        entry,
        _("Line {line} is taken back by line {seq}: {amount_cents}.").format(
            line=line, seq=entry.seq, amount_cents=words.money(entry.amount_cents, of.currency)
        ),
    )


@app.command("use")
def use(budget: Budget, json: Json = False) -> None:
    """Let this budget pay for “aisc run” on this machine unless another is named."""
    with centre() as client:
        found = find.budget(client, budget)
    settings = config.load()
    settings.budget = found.uid
    config.save(settings)
    show({"budget": found.uid}, _("{name} pays from now on.").format(name=words.plain(found.name)))


def amount_in_cents(typed: str, option: str) -> int:
    try:
        return words.parse_money(typed)
    except ValueError as error:
        fail(f"{option}: {error}", Exit.USAGE)
