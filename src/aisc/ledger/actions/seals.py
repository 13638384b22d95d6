"""The daily seal: one hash over the heads of all chains, chained to the seal of the day before."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.utils.translation import gettext as _

from aisc.core import bulk, clock
from aisc.core.actions import Actor, action, note
from aisc.core.audit.record import head as audit_head
from aisc.core.errors import Conflict
from aisc.ledger.chain import seal_digest
from aisc.ledger.models import Entry, Seal


@action("ledger.seal_day")
def seal_day(actor: Actor, *, day: date) -> Seal:
    """Seal ``day`` (in the centre's time zone), which must be over. Sealing it again gives the same seal.

    The seal covers entries by their number, not by their time, so that a clock that jumps, or an entry
    recorded late, can never change what was sealed: every entry belongs to the first seal made after it, and
    seals are chained in the order in which they were made. Raises Conflict for a day that is not over.
    """
    if day >= clock.today():
        raise Conflict(_("%(day)s is not over yet.") % {"day": day}, code="seal.not_over")
    _wait_for_writers()
    same = Seal.objects.filter(day=day).first()
    if same is not None:
        note(again=True)
        return same
    previous = Seal.objects.order_by("-pk").first()
    last = _last_entry(day, previous.last_entry if previous else 0)
    with bulk.by_index():
        heads = list(bulk.stream(HEADS, [last]))
    entries = sum(seq for _uid, seq, _hash in heads)
    before = previous.hash if previous else ""
    audit_seq, audit_hash = audit_head()
    digest = seal_digest(day.isoformat(), before, last, len(heads), entries, audit_seq, audit_hash)
    for head in heads:
        digest.add(*head)
    note(entries=entries, budgets=len(heads), hash=digest.hexdigest())
    return Seal.objects.create(
        day=day,
        sealed_at=clock.now(),
        last_entry=last,
        budgets=len(heads),
        entries=entries,
        previous_hash=before,
        audit_seq=audit_seq,
        audit_hash=audit_hash,
        hash=digest.hexdigest(),
    )


# The head of every chain as it was at an entry's number: walks back over what came after it.
HEADS = """
SELECT b.uid, e.seq, e.hash
FROM ledger_budget b
JOIN ledger_entry e ON e.budget_id = b.id AND e.seq = (
    SELECT MAX(x.seq) FROM ledger_entry x WHERE x.budget_id = b.id AND x.id <= %s
)
ORDER BY b.id
"""


def _wait_for_writers() -> None:
    """Until the end of the transaction nobody adds an entry; those who were about to are waited for.

    Otherwise one with a lower number than the last sealed might appear after the seal.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ledger_entry IN SHARE MODE")


def _last_entry(day: date, sealed: int) -> int:
    """The number of the last entry of ``day``: what was recorded before it, whenever the clock said, comes along."""
    _first, following = clock.day_bounds_ms(day)
    latest = Entry.objects.filter(pk__gt=sealed, at_ms__lt=following).order_by("-pk").values_list("pk", flat=True)
    return latest.first() or sealed
