"""The only code that writes entries: budgets locked, lines rated, split, chained and put down in bulk.

    journal = Journal([budget.pk])          # inside a transaction: locks, in ascending order
    journal.release(journal.books[budget.pk], 500_000, "first tranche")
    journal.write()

One entry or ten thousand go the same way, so that there is one place where money moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from aisc.core import bulk, clock
from aisc.core.money import share
from aisc.ledger import chain
from aisc.ledger.models import Account, Budget, Entry, Posting, RunningTotal
from aisc.ledger.rating import fitting, total


@dataclass(slots=True)
class Rate:
    """A price as rating needs it: ``cents`` for ``per`` units of ``meter``."""

    price_id: int
    meter: str
    cents: int
    per: int
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = chain.priced(self.meter, self.cents, self.per)


@dataclass(slots=True)
class Running:
    """How much one budget has used at one price, and what was charged for it. ``id`` 0: not in the database yet."""

    id: int = 0
    quantity: int = 0
    amount: int = 0


@dataclass(slots=True)
class Book:
    """One locked budget, in memory: what :class:`Budget` counts, and its running totals by price."""

    id: int
    uid: str
    scheme_bps: int
    released: int
    charged: int
    charged_scheme: int
    held: int
    gross: int
    gross_scheme: int
    seq: int
    head: str
    account: int  # of the organisation
    totals: dict[int, Running] = field(default_factory=dict)  # by price
    dirty: bool = False
    start: str = field(init=False)

    def __post_init__(self) -> None:
        self.start = chain.opening(self.uid)

    @property
    def available(self) -> int:
        return self.released - self.charged - self.held


class Journal:
    """Budgets locked for writing, and the lines that :meth:`write` will put down.

    ``at_ms`` is the time of recording of all of them, read after the locks are held.
    """

    def __init__(self, budget_ids: Iterable[int]):
        self.books = _lock(budget_ids)
        self.rates: dict[int, Rate] = {}
        self.at_ms = clock.now_ms()
        self._entries: list[tuple[Any, ...]] = []

    def load_rates(self, price_ids: Iterable[int]) -> None:
        """Read the prices that :meth:`charge` will be given, and how far each budget has used them."""
        which, parameters = bulk.among("p.id", set(price_ids))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT p.id, m.code, p.cents, m.per FROM ledger_price p"  # noqa: S608
                f" JOIN ledger_meter m ON m.id = p.meter_id WHERE {which}",
                parameters,
            )
            self.rates = {row[0]: Rate(*row) for row in cursor.fetchall()}
            which, parameters = bulk.among("budget_id", self.books)
            cursor.execute(
                f"SELECT budget_id, price_id, id, quantity, amount FROM ledger_runningtotal WHERE {which}",  # noqa: S608
                parameters,
            )
            for budget_id, price_id, *running in cursor.fetchall():
                self.books[budget_id].totals[price_id] = Running(*running)

    def release(self, book: Book, amount: int, reason: str) -> None:
        """Make ``amount`` more usable; a negative one lapses."""
        kind = Entry.Kind.RELEASE if amount > 0 else Entry.Kind.LAPSE
        book.released += amount
        self._append(book, kind.value, amount, 0, 0, reason=reason)

    def cost(self, book: Book, price_id: int, quantity: int) -> int:
        """What :meth:`charge` would charge, in cents at list price."""
        rate = self.rates[price_id]
        running = book.totals.get(price_id) or Running()
        return total(rate.cents, rate.per, running.quantity + quantity) - running.amount

    def fitting(self, book: Book, price_id: int, quantity: int) -> int:
        """As much of ``quantity`` as what is available pays for."""
        rate = self.rates[price_id]
        running = book.totals.get(price_id) or Running()
        most = fitting(rate.cents, rate.per, running.quantity, running.amount, book.available)
        return quantity if most is None else min(quantity, most)

    def charge(
        self,
        book: Book,
        price_id: int,
        usage_id: int,
        source: str,
        source_id: str,
        quantity: int,
        started_ms: int,
        ended_ms: int,
        recorded_ms: int,
        description: str,
        reason: str = "",
    ) -> int:
        """Rate one usage, split it between the payers, and append its entry. Cents at list price.

        The caller has made sure that it fits (:meth:`cost`); the database refuses an overspent budget anyhow.
        """
        rate = self.rates[price_id]
        running = book.totals.get(price_id)
        if running is None:
            running = book.totals[price_id] = Running()
        running.quantity += quantity
        after = total(rate.cents, rate.per, running.quantity)
        amount = after - running.amount
        running.amount = after
        book.gross += amount
        scheme = share(book.gross, book.scheme_bps) - book.gross_scheme
        book.gross_scheme += scheme
        book.charged += amount
        book.charged_scheme += scheme
        rest = chain.usage_part(source, source_id, quantity, started_ms, ended_ms, recorded_ms, description) + rate.text
        self._append(book, "charge", amount, scheme, amount - scheme, usage_id=usage_id, reason=reason, rest=rest)
        return amount

    def reverse(self, book: Book, entry: Entry, reason: str) -> None:
        """Take back exactly what ``entry`` charged. The running totals stay: they count what was used."""
        book.charged -= entry.amount
        book.charged_scheme -= entry.scheme_share
        self._append(
            book,
            "reversal",
            -entry.amount,
            -entry.scheme_share,
            -entry.applicant_share,
            reverses=entry,
            reason=reason,
        )

    def _append(
        self,
        book: Book,
        kind: str,
        amount: int,
        scheme: int,
        applicant: int,
        *,
        usage_id: int | None = None,
        reverses: Entry | None = None,
        reason: str = "",
        rest: str = chain.UNCHARGED,
    ) -> None:
        book.seq += 1
        book.dirty = True
        reversed_seq = reverses.seq if reverses else ""
        book.head = chain.entry_hash(
            book.head, book.start, book.seq, kind, self.at_ms, amount, scheme, applicant, reversed_seq, reason, rest
        )
        reversed_id = reverses.pk if reverses else None
        self._entries.append(
            (
                book.id,
                book.seq,
                kind,
                self.at_ms,
                amount,
                scheme,
                applicant,
                usage_id,
                reversed_id,
                reason,
                book.head,
                book.account,
            )
        )

    def write(self) -> Sequence[int]:
        """Put everything down: entries, postings, running totals, budgets. The new entries' primary keys."""
        ids = bulk.allocate_ids(Entry, len(self._entries))
        bulk.insert(
            Entry,
            [
                "id",
                "budget_id",
                "seq",
                "kind",
                "at_ms",
                "amount",
                "scheme_share",
                "applicant_share",
                "usage_id",
                "reverses_id",
                "reason",
                "hash",
            ],
            [(pk, *row[:-1]) for pk, row in zip(ids, self._entries, strict=True)],
        )
        bulk.insert(Posting, ["entry_id", "account_id", "amount"], self._postings(ids))
        self._entries = []
        self._write_totals()
        return ids

    def _postings(self, ids: Sequence[int]) -> list[tuple[int, int, int]]:
        """Debit the fund and the organisation, credit the centre's revenue; lines of nothing are left out."""
        if not self._entries:
            return []  # before the first budget there are no accounts either
        fund, revenue = _centre_accounts()
        rows: list[tuple[int, int, int]] = []
        for pk, row in zip(ids, self._entries, strict=True):
            kind, amount, scheme, applicant = row[2], row[4], row[5], row[6]
            if not amount or kind in _UNPOSTED:
                continue
            if scheme:
                rows.append((pk, fund, scheme))
            if applicant:
                rows.append((pk, row[-1], applicant))
            rows.append((pk, revenue, -amount))
        return rows

    def _write_totals(self) -> None:
        dirty = [book for book in self.books.values() if book.dirty]
        bulk.update(
            Budget,
            [
                "released",
                "charged",
                "charged_scheme",
                "held",
                "gross",
                "gross_scheme",
                "entry_count",
                "head_hash",
            ],
            [
                (
                    book.released,
                    book.charged,
                    book.charged_scheme,
                    book.held,
                    book.gross,
                    book.gross_scheme,
                    book.seq,
                    book.head,
                    book.id,
                )
                for book in dirty
            ],
        )
        totals = [(book.id, price_id, running) for book in dirty for price_id, running in book.totals.items()]
        bulk.update(
            RunningTotal,
            ["quantity", "amount"],
            [(run.quantity, run.amount, run.id) for _b, _p, run in totals if run.id],
        )
        bulk.insert(
            RunningTotal,
            ["budget_id", "price_id", "quantity", "amount"],
            [(book_id, price_id, run.quantity, run.amount) for book_id, price_id, run in totals if not run.id],
        )
        for book in dirty:
            book.dirty = False


_UNPOSTED = frozenset({"release", "lapse"})  # nobody is charged


def _lock(budget_ids: Iterable[int]) -> dict[int, Book]:
    """Lock and read budgets, in ascending order so that two callers never wait for each other."""
    which, parameters = bulk.among("b.id", set(budget_ids))
    locking = "FOR NO KEY UPDATE OF b" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.id, b.uid, b.scheme_bps, b.released, b.charged, b.charged_scheme, b.held, b.gross,"  # noqa: S608
            " b.gross_scheme, b.entry_count, b.head_hash, a.id"
            " FROM ledger_budget b JOIN ledger_account a ON a.organisation_id = b.organisation_id"
            f" WHERE {which} ORDER BY b.id {locking}",
            parameters,
        )
        return {row[0]: Book(*row) for row in cursor.fetchall()}


def _centre_accounts() -> tuple[int, int]:
    """Primary keys of the fund's and the revenue's account; they exist since the first budget was opened."""
    found = dict(Account.objects.filter(organisation=None).values_list("kind", "pk"))
    return found[Account.Kind.FUND], found[Account.Kind.REVENUE]
