"""Prices, budgets, statements and usage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from aisc.client.models import Ref, uid_of
from aisc.client.models.ledger import (
    Bill,
    Budget,
    Entry,
    Estimate,
    Hold,
    PriceList,
    Prices,
    Proof,
    Seal,
    Statement,
    Usage,
    UsageDetail,
)
from aisc.client.resources.base import Resource, at


class PriceLists(Resource):
    def get(self) -> Prices:
        """The list prices in force, and every version. Public."""
        return Prices.read(self._t.get("/prices"))

    def version(self, version: str) -> PriceList:
        return PriceList.read(self._t.get(at("/prices/{}", version)))

    def publish(
        self,
        *,
        version: str,
        effective_from: date,
        prices: Mapping[str, int],
        note_en: str = "",
        note_zh: str = "",
        illustrative: bool = False,
        key: str | None = None,
    ) -> PriceList:
        """A new list; ``prices`` are cents by meter (``accelerator:h800``: an hour of one). For finance officers."""
        body = {
            "version": version,
            "effective_from": effective_from.isoformat(),
            "prices": dict(prices),
            "note_en": note_en,
            "note_zh": note_zh,
            "illustrative": illustrative,
        }
        return PriceList.read(self._t.post("/prices", body, key=key))


class Budgets(Resource):
    def list(self, *, q: str = "", state: str = "", source: str = "", project: Ref | None = None) -> Iterator[Budget]:
        """Budgets one may see, newest first. ``q``: words of the name, reference, organisation or project."""
        where = {"q": q, "state": state, "source": source, "project": uid_of(project) if project else ""}
        return self._pages(Budget, "/budgets", **where)

    def get(self, budget: Ref) -> Budget:
        return Budget.read(self._t.get(at("/budgets/{}", uid_of(budget))))

    def open(
        self,
        *,
        project: Ref,
        name: str,
        ceiling_cents: int,
        starts_on: date,
        ends_on: date,
        reference: str = "",
        key: str | None = None,
    ) -> Budget:
        """Ask for a budget of the organisation's own money; the centre's finance officers release credit on it."""
        body = {
            "project": uid_of(project),
            "name": name,
            "ceiling_cents": ceiling_cents,
            "starts_on": starts_on.isoformat(),
            "ends_on": ends_on.isoformat(),
            "reference": reference,
        }
        return Budget.read(self._t.post("/budgets", body, key=key))

    def estimate(self, budget: Ref, *, accelerator: str, count: int = 1, time_limit_ms: int, runs: int = 1) -> Estimate:
        """The most that runs can cost, and who would pay what. Nothing is held."""
        body = {
            "budget": uid_of(budget),
            "accelerator": accelerator,
            "count": count,
            "time_limit_ms": time_limit_ms,
            "runs": runs,
        }
        return Estimate.read(self._t.post("/estimates", body))

    def entries(self, budget: Ref, *, kind: str = "") -> Iterator[Entry]:
        """The journal, newest line first. ``kind``: release, charge, reversal or lapse."""
        return self._pages(Entry, at("/budgets/{}/entries", uid_of(budget)), kind=kind)

    def reverse(self, budget: Ref, seq: int, *, reason: str, key: str | None = None) -> Entry:
        """Take a charge back from both payers. For finance officers."""
        path = at("/budgets/{}/entries/{}/reverse", uid_of(budget), seq)
        return Entry.read(self._t.post(path, {"reason": reason}, key=key))

    def holds(self, budget: Ref, *, state: str = "") -> Iterator[Hold]:
        """Holds, newest first. ``state``: open, settled or released."""
        return self._pages(Hold, at("/budgets/{}/holds", uid_of(budget)), state=state)

    def release(self, budget: Ref, *, amount_cents: int, reason: str, key: str | None = None) -> Entry:
        """Release a tranche. For finance officers, and the secretariat for awards."""
        body = {"amount_cents": amount_cents, "reason": reason}
        return Entry.read(self._t.post(at("/budgets/{}/releases", uid_of(budget)), body, key=key))

    def raise_ceiling(self, budget: Ref, *, ceiling_cents: int, reason: str, key: str | None = None) -> Budget:
        """Ask for more of the organisation's own money."""
        body = {"ceiling_cents": ceiling_cents, "reason": reason}
        return Budget.read(self._t.post(at("/budgets/{}/ceiling", uid_of(budget)), body, key=key))

    def move_prices(self, budget: Ref, *, version: str, reason: str, key: str | None = None) -> Budget:
        """Let a budget have the prices of another list in force, in which nothing is dearer. For finance officers."""
        body = {"version": version, "reason": reason}
        return Budget.read(self._t.post(at("/budgets/{}/price-list", uid_of(budget)), body, key=key))

    def suspend(self, budget: Ref, *, reason: str, key: str | None = None) -> Budget:
        """Let nothing new start."""
        return self._change("suspend", budget, reason, key)

    def resume(self, budget: Ref, *, reason: str, key: str | None = None) -> Budget:
        return self._change("resume", budget, reason, key)

    def close(self, budget: Ref, *, reason: str, key: str | None = None) -> Budget:
        """End a budget for good; what was released and not used lapses."""
        return self._change("close", budget, reason, key)

    def _change(self, verb: str, budget: Ref, reason: str, key: str | None) -> Budget:
        path = at(f"/budgets/{{}}/{verb}", uid_of(budget))
        return Budget.read(self._t.post(path, {"reason": reason}, key=key))

    def to_date(self, budget: Ref) -> Bill:
        """What is on no statement yet."""
        return Bill.read(self._t.get(at("/budgets/{}/to-date", uid_of(budget))))


class Statements(Resource):
    def list(self, *, budget: Ref | None = None, payer: str = "") -> Iterator[Statement]:
        """Statements one may see, newest first. ``payer``: scheme or applicant."""
        return self._pages(Statement, "/statements", budget=uid_of(budget) if budget else "", payer=payer)

    def get(self, number: str) -> Bill:
        """A statement, with the other payer's beside it."""
        return Bill.read(self._t.get(at("/statements/{}", number)))

    def issue(self, *, budget: Ref, period_end: date, period_start: date | None = None, key: str | None = None) -> Bill:
        """Issue the payers' statements for every charge up to the period's last day that is not billed yet.

        The last day is today or before. ``period_start`` left out: the period begins where the one before ended.
        """
        body = {
            "budget": uid_of(budget),
            "period_start": period_start.isoformat() if period_start else None,
            "period_end": period_end.isoformat(),
        }
        return Bill.read(self._t.post("/statements", body, key=key))

    def pdf(self, number: str) -> bytes:
        """The document, in English and Chinese."""
        return self._t.get_bytes(at("/statements/{}.pdf", number))

    def csv(self, number: str) -> bytes:
        """Its lines, with what the chain is computed from."""
        return self._t.get_bytes(at("/statements/{}.csv", number))


class UsageRecords(Resource):
    def list(
        self, *, budget: Ref | None = None, source: str = "", source_id: str = "", unattributed: bool = False
    ) -> Iterator[Usage]:
        """Measured uses one may see, newest first."""
        where = {"source": source, "source_id": source_id, "unattributed": unattributed or None}
        return self._pages(Usage, "/usage", budget=uid_of(budget) if budget else "", **where)

    def get(self, usage: int) -> UsageDetail:
        """One use, with the arithmetic of its charge."""
        return UsageDetail.read(self._t.get(at("/usage/{}", usage)))

    def attribute(self, usage: int, *, budget: Ref, reason: str, meter: str = "", key: str | None = None) -> Entry:
        """Say who pays for a use that came without a payer. For operators and finance officers."""
        body = {"budget": uid_of(budget), "reason": reason, "meter": meter}
        return Entry.read(self._t.post(at("/usage/{}/attribute", usage), body, key=key))


class Ledger(Resource):
    """Seals and proofs, for the centre's staff."""

    def seals(self) -> Iterator[Seal]:
        return self._pages(Seal, "/ledger/seals")

    def proof(self) -> Proof:
        """The last proof that everything agrees. Raises NotFound before the first."""
        return Proof.read(self._t.get("/ledger/proof"))
