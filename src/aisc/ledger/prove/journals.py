"""Each budget's journal from its first line: chain, rating, shares, counters, statements; and the seals over all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aisc.core.bulk import stream
from aisc.core.money import share
from aisc.ledger import chain
from aisc.ledger.models import Seal, Statement
from aisc.ledger.prove.report import ProofReport
from aisc.ledger.prove.rows import Bits, Groups
from aisc.ledger.prove.usage import newest_usage
from aisc.ledger.rating import total

_BUDGETS = """
SELECT id, uid, scheme_bps, state, released, charged, charged_scheme, held, gross, gross_scheme, entry_count, head_hash
FROM ledger_budget ORDER BY id
"""
_ENTRIES = """
SELECT e.budget_id, e.id, e.seq, e.kind, e.at_ms, e.amount, e.scheme_share, e.applicant_share, e.reason, e.hash,
       e.usage_id, u.source, u.source_id, u.quantity, u.started_ms, u.ended_ms, u.recorded_ms, u.description,
       u.price_id, u.budget_id,
       e.reverses_id, r.seq, r.kind, r.budget_id, r.amount, r.scheme_share, r.applicant_share
FROM ledger_entry e
LEFT JOIN ledger_usagerecord u ON u.id = e.usage_id
LEFT JOIN ledger_entry r ON r.id = e.reverses_id
ORDER BY e.budget_id, e.seq
"""
_TOTALS = "SELECT budget_id, price_id, quantity, amount FROM ledger_runningtotal ORDER BY budget_id, price_id"
_HELD = "SELECT budget_id, SUM(amount) FROM ledger_hold WHERE state = 'open' GROUP BY budget_id ORDER BY budget_id"
_PRICES = "SELECT p.id, m.code, p.cents, m.per FROM ledger_price p JOIN ledger_meter m ON m.id = p.meter_id"


@dataclass(slots=True)
class _Price:
    cents: int
    per: int
    text: str


@dataclass(slots=True)
class _Total:
    quantity: int = 0
    amount: int = 0
    doubted: bool = False  # a charge differs; those after it depend on it and are not judged again


class _Seals:
    """The digests of all seals, fed with each budget's heads as its entries pass by."""

    def __init__(self, report: ProofReport):
        self.report = report
        self.rows = list(Seal.objects.order_by("pk"))
        self.digests = [
            chain.seal_digest(
                seal.day.isoformat(),
                seal.previous_hash,
                seal.last_entry,
                seal.budgets,
                seal.entries,
                seal.audit_seq,
                seal.audit_hash,
            )
            for seal in self.rows
        ]
        # In the order in which the passing entries reach them: (last entry, number of the seal).
        self.limits = sorted((seal.last_entry, number) for number, seal in enumerate(self.rows))
        self.found = [[0, 0] for _seal in self.rows]  # budgets, entries

    def head(self, number: int, uid: str, seq: int, hash_: str) -> None:
        """The budget's head as seal ``number`` must have seen it."""
        self.digests[number].add(uid, seq, hash_)
        self.found[number][0] += 1
        self.found[number][1] += seq

    def check(self) -> None:
        previous, last = "", 0
        for seal, digest, found in zip(self.rows, self.digests, self.found, strict=True):
            where = f"seal of {seal.day}"
            self.report.compare("seal", previous, seal.previous_hash, where=f"{where}: the seal before")
            self.report.compare("seal", tuple(found), (seal.budgets, seal.entries), where=f"{where}: budgets, entries")
            self.report.compare("seal", digest.hexdigest(), seal.hash, where=where)
            if seal.last_entry < last:
                self.report.add("seal", where=f"{where}: last entry", expected=f"≥ {last}", found=seal.last_entry)
            previous, last = seal.hash, max(last, seal.last_entry)
        self.report.counts["seals"] = len(self.rows)


class _Bills:
    """One payer's statements of one budget, in order, recomputed while the entries pass by."""

    def __init__(self, report: ProofReport, budget: str, payer: str, statements: list[Statement]):
        self.report, self.budget, self.payer = report, budget, payer
        self.waiting = iter(statements)
        self.now: Statement | None = None
        self.billed = 0  # the last seq that is on a statement
        self._advance()

    def _advance(self) -> None:
        self.now = next(self.waiting, None)
        if self.now is None:
            return
        where = f"{self.now.number}: first entry"
        self.report.compare("statement", self.billed + 1, self.now.first_seq, self.budget, where=where)
        self.digest = chain.statement_digest(self.budget, self.now)
        self.list_total = self.payer_total = 0
        self.seen = 0

    def entry(self, seq: int, kind: str, amount: int, part: int, hash_: str) -> None:
        while self.now is not None and seq > self.now.last_seq:
            self._finish()
        if self.now is None or seq < self.now.first_seq:
            return
        self.seen = seq
        if kind in ("charge", "reversal"):
            self.digest.add(seq, kind, amount, part, hash_)
            self.list_total += amount
            self.payer_total += part

    def _finish(self) -> None:
        now, where = self.now, self.now.number
        expected = (self.list_total, self.payer_total)
        found = (now.list_total, now.payer_total)
        if expected != found:
            self.report.add("statement", self.budget, where=f"{where}: totals", expected=expected, found=found)
        self.report.compare("statement", now.last_seq, self.seen, self.budget, where=f"{where}: last entry")
        self.report.compare("statement", self.digest.hexdigest(), now.digest, self.budget, where=where)
        self.billed = max(self.billed, now.last_seq)
        self._advance()

    def end(self) -> int:
        while self.now is not None:
            self._finish()
        return self.billed


@dataclass(slots=True)
class _Budget:
    """What the entries of one budget add up to."""

    uid: str
    bps: int
    released: int = 0
    charged: int = 0
    charged_scheme: int = 0
    gross: int = 0
    gross_scheme: int = 0
    seq: int = 0
    head: str = ""
    shares_doubted: bool = False
    totals: dict[int, _Total] = field(default_factory=dict)


def prove_journals(report: ProofReport) -> Bits:
    """Prove every budget; which usage records were charged."""
    prover = _Prover(report)
    entries, totals, held = Groups(stream(_ENTRIES)), Groups(stream(_TOTALS)), Groups(stream(_HELD))
    statements = Groups(
        (each.budget_id, each) for each in Statement.objects.order_by("budget_id", "payer", "first_seq").iterator()
    )
    for row in stream(_BUDGETS):
        budget_id = row[0]
        for orphan in entries.before(budget_id):
            prover.orphan(orphan)
        budget = prover.budget(row, entries.take(budget_id), [pair[1] for pair in statements.take(budget_id)])
        prover.counters(row, budget, sum(int(each[1]) for each in held.take(budget_id)))
        prover.running_totals(budget, list(totals.take(budget_id)))
        report.counts["budgets"] += 1
    for orphan in entries.before(None):
        prover.orphan(orphan)
    prover.seals.check()
    return prover.charged


class _Prover:
    def __init__(self, report: ProofReport):
        self.report = report
        self.charged = Bits(newest_usage())
        self.prices = {row[0]: _Price(row[2], row[3], chain.priced(*row[1:])) for row in stream(_PRICES)}
        self.seals = _Seals(report)

    def orphan(self, row: tuple[Any, ...]) -> None:
        self.report.add("counter", seq=row[2], where=f"entry {row[1]}", expected="a budget", found=None)

    def budget(self, row: tuple[Any, ...], entries: Iterator[tuple[Any, ...]], statements: list[Statement]) -> _Budget:
        report, seals = self.report, self.seals
        budget = _Budget(uid=row[1], bps=row[2])
        start = chain.opening(budget.uid)
        bills = self._bills(budget, statements)
        seal, limits, last = 0, seals.limits, len(seals.limits)
        count = 0
        for entry in entries:
            (_budget_id, pk, seq, kind, at_ms, amount, scheme, applicant, reason, recorded) = entry[:10]
            while seal < last and pk > limits[seal][0]:
                if budget.seq:
                    seals.head(limits[seal][1], budget.uid, budget.seq, budget.head)
                seal += 1
            count += 1
            if seq != budget.seq + 1:
                report.add("sequence", budget.uid, seq, expected=budget.seq + 1, found=seq)
            rest, reversed_seq = chain.UNCHARGED, ""
            if kind == "charge":
                rest = self._charge(budget, entry)
            elif kind == "reversal":
                reversed_seq = self._reversal(budget, entry)
            else:
                budget.released += amount
            computed = chain.entry_hash(
                budget.head, start, seq, kind, at_ms, amount, scheme, applicant, reversed_seq, reason, rest
            )
            if computed != recorded:
                report.add("chain", budget.uid, seq, expected=computed, found=recorded)
            # On with what is recorded, so that one broken line is one finding.
            budget.seq, budget.head = seq, recorded
            for bill in bills:
                bill.entry(seq, kind, amount, scheme if bill.payer == "scheme" else applicant, recorded)
        if budget.seq:
            for _last, number in limits[seal:]:
                seals.head(number, budget.uid, budget.seq, budget.head)
        for bill in bills:
            bill.end()
        report.counts["entries"] += count
        return budget

    def _bills(self, budget: _Budget, statements: list[Statement]) -> list[_Bills]:
        """The statements by payer. Both payers must have been billed for the same entries."""
        if not statements:
            return []
        payers = ["applicant", "scheme"] if budget.bps else ["applicant"]
        by_payer = {payer: [each for each in statements if each.payer == payer] for payer in ("applicant", "scheme")}
        self.report.counts["statements"] += len(statements)
        ranges = {payer: [(each.first_seq, each.last_seq) for each in by_payer[payer]] for payer in by_payer}
        expected = ranges["applicant"] if "scheme" in payers else []
        self.report.compare(
            "statement", expected, ranges["scheme"], budget.uid, where="entries on the scheme's statements"
        )
        return [_Bills(self.report, budget.uid, payer, by_payer[payer]) for payer in by_payer]

    def _charge(self, budget: _Budget, entry: tuple[Any, ...]) -> str:
        """Rate and split a charge again. The end of its canonical text."""
        seq, amount, scheme, applicant, usage_id = entry[2], entry[5], entry[6], entry[7], entry[10]
        source, source_id, quantity, started, ended, recorded, description, price_id, usage_budget = entry[11:20]
        report = self.report
        if source is None:
            report.add("usage", budget.uid, seq, f"usage {usage_id}", expected="a usage record", found=None)
            budget.charged += amount
            budget.charged_scheme += scheme
            return chain.UNCHARGED
        where = f"{source}:{source_id}"
        self.charged.add(usage_id)
        if usage_budget != entry[0]:
            report.add("usage", budget.uid, seq, where, expected="this budget", found=f"budget {usage_budget}")
        price = self.prices.get(price_id)
        if price is None:
            report.add("usage", budget.uid, seq, where, expected="a price", found=f"price {price_id}")
            price = _Price(0, 1, chain.priced("", 0, 1))
        running = budget.totals.get(price_id)
        if running is None:
            running = budget.totals[price_id] = _Total()
        running.quantity += quantity
        after = total(price.cents, price.per, running.quantity)
        if running.doubted:
            after = running.amount + amount
        elif after - running.amount != amount:
            report.add("rating", budget.uid, seq, where, expected=after - running.amount, found=amount)
            running.doubted = True
        due, running.amount = after - running.amount, after
        budget.gross += due
        part = share(budget.gross, budget.bps) - budget.gross_scheme
        if budget.shares_doubted:
            part = scheme
        elif (part, due - part) != (scheme, applicant):
            report.add("shares", budget.uid, seq, where, expected=(part, due - part), found=(scheme, applicant))
            budget.shares_doubted = True
        budget.gross_scheme += part
        budget.charged += due
        budget.charged_scheme += part
        usage = chain.usage_part(source, source_id, quantity, started, ended, recorded, description)
        return usage + price.text

    def _reversal(self, budget: _Budget, entry: tuple[Any, ...]) -> int | str:
        """Compare a reversal with what it reverses; that entry's seq."""
        amounts, reversed_ = entry[5:8], entry[20:27]
        _reverses_id, seq, kind, budget_id, *charged = reversed_
        if kind != "charge" or budget_id != entry[0]:
            self.report.add("reversal", budget.uid, entry[2], expected="a charge of this budget", found=kind)
        elif tuple(-each for each in charged) != tuple(amounts):
            expected = tuple(-each for each in charged)
            self.report.add("reversal", budget.uid, entry[2], expected=expected, found=tuple(amounts))
        budget.charged += amounts[0]
        budget.charged_scheme += amounts[1]
        return "" if seq is None else seq

    def counters(self, row: tuple[Any, ...], budget: _Budget, held: int) -> None:
        """The budget's own counters against its entries and open holds."""
        names = ("released", "charged", "charged_scheme", "held", "gross", "gross_scheme", "entry_count", "head_hash")
        computed = (
            budget.released,
            budget.charged,
            budget.charged_scheme,
            held,
            budget.gross,
            budget.gross_scheme,
            budget.seq,
            budget.head,
        )
        for name, expected, found in zip(names, computed, row[4:], strict=True):
            self.report.compare("counter", expected, found, budget.uid, where=name)
        if row[3] == "closed":
            left = budget.released - budget.charged - held
            self.report.compare("counter", 0, left, budget.uid, where="available although closed")

    def running_totals(self, budget: _Budget, rows: list[tuple[Any, ...]]) -> None:
        recorded = {price_id: (quantity, amount) for _budget, price_id, quantity, amount in rows}
        for price_id in sorted(recorded.keys() | budget.totals.keys(), key=lambda price: price or 0):
            running = budget.totals.get(price_id, _Total())
            expected = (running.quantity, running.amount)
            found = recorded.get(price_id, (0, 0))
            self.report.compare("running_total", expected, found, budget.uid, where=f"price {price_id}")
