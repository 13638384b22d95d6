"""Corrections: nothing is edited or deleted; what was wrong is taken back by an entry of its own."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core.actions import Actor, action, note
from aisc.core.errors import Conflict
from aisc.core.money import format_cents
from aisc.ledger.actions.common import clean_reason, tell_payers
from aisc.ledger.journal import Journal
from aisc.ledger.models import Budget, Entry


@action("ledger.reverse_entry", on="entry")
def reverse_entry(actor: Actor, *, entry: Entry, reason: str) -> Entry:
    """Take back exactly what the charge ``entry`` took from both payers, such as after an outage.

    The money is available again; in a closed budget it lapses at once. Later charges are rounded as if nothing
    had been taken back. Raises Conflict for what is no charge or was reversed before.
    """
    reason = clean_reason(reason)
    journal = Journal([entry.budget_id])
    book = journal.books[entry.budget_id]
    budget = Budget.objects.select_related("organisation").get(pk=entry.budget_id)
    charge = Entry.objects.get(pk=entry.pk)
    if charge.kind != Entry.Kind.CHARGE:
        raise Conflict(_("Only a charge can be reversed."), code="entry.no_charge")
    if Entry.objects.filter(reverses=charge).exists():
        raise Conflict(_("This charge was reversed before."), code="entry.reversed")
    journal.reverse(book, charge, reason)
    if budget.state == Budget.State.CLOSED and book.available:
        journal.release(book, -book.available, reason)
    reversal_id = journal.write()[0]
    note(target=charge, amount=charge.amount, reason=reason)
    tell_payers(
        budget,
        gettext_noop("A charge of %(amount)s on the budget “%(budget)s” was taken back: %(reason)s"),
        amount=format_cents(charge.amount, budget.currency),
        reason=reason,
    )
    return Entry.objects.select_related("budget").get(pk=reversal_id)
