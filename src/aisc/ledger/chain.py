"""The canonical text of a journal line, and the hashes that chain lines, days and statements.

No Django and no database, so that an outsider can read this file and recompute every hash from what the
portal exports. ``docs/money.md`` says the same in words, and its example is tested.

An entry's text is a JSON array of strings, one for each of :data:`COLUMNS`, without spaces, characters
beyond ASCII as they are; integers in decimal, what does not apply as an empty string. Its hash is the
SHA-256, in hexadecimal, of the hash of the entry before it (nothing for the first) followed by that text.
"""

from __future__ import annotations

import json
from hashlib import sha256
from json.encoder import encode_basestring as _quoted  # a JSON string that keeps what is beyond ASCII, in C
from typing import Any

COLUMNS = (
    "budget",  # the budget's uid
    "seq",
    "kind",
    "at_ms",
    "amount",
    "scheme_share",
    "applicant_share",
    "reverses",  # seq of the entry that this one reverses
    "reason",
    "source",  # from here on of a charge only: the usage record and the price it was rated at
    "source_id",
    "quantity",
    "started_ms",
    "ended_ms",
    "recorded_ms",
    "description",
    "meter",
    "price_cents",
    "price_per",
)


def priced(meter: str, cents: int, per: int) -> str:
    """The end of a charge's text, the same for every charge at one price."""
    return f'{_quoted(meter)},"{cents}","{per}"]'


# The end of the text of every line that is not a charge.
UNCHARGED = '"","","","","","","","","",""]'


def opening(budget: str) -> str:
    """The beginning of a line's text, the same for every line of one budget."""
    return f"[{_quoted(budget)}"


def usage_part(
    source: str, source_id: str, quantity: int, started_ms: int, ended_ms: int, recorded_ms: int, description: str
) -> str:
    """What a charge's text says of the usage, before :func:`priced`."""
    return (
        f"{_quoted(source)},{_quoted(source_id)},"
        f'"{quantity}","{started_ms}","{ended_ms}","{recorded_ms}",{_quoted(description)},'
    )


def entry_hash(
    previous: str,
    start: str,
    seq: int,
    kind: str,
    at_ms: int,
    amount: int,
    scheme_share: int,
    applicant_share: int,
    reverses: int | str = "",
    reason: str = "",
    rest: str = UNCHARGED,
) -> str:
    """The hash of one entry. ``start`` is :func:`opening`; ``rest`` :func:`usage_part` with :func:`priced`."""
    text = (
        f'{previous}{start},"{seq}","{kind}","{at_ms}","{amount}","{scheme_share}","{applicant_share}",'
        f'"{reverses}",{_quoted(reason)},{rest}'
    )
    return sha256(text.encode()).hexdigest()


def canonical(values: list[Any]) -> str:
    """A JSON array of strings in the canonical form: what the pieces above put together, made plainly."""
    return json.dumps([str(value) for value in values], ensure_ascii=False, separators=(",", ":"))


class Digest:
    """A SHA-256 over canonical lines, each ended by a line feed; begun with a header line."""

    def __init__(self, *header: Any):
        self._hash = sha256()
        self.add(*header)

    def add(self, *values: Any) -> None:
        self._hash.update(canonical(list(values)).encode() + b"\n")

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def seal_digest(
    day: str, previous: str, last_entry: int, budgets: int, entries: int, audit_seq: int = 0, audit_hash: str = ""
) -> Digest:
    """The digest of a day's seal; then one line for each budget's head: its uid, seq and hash, oldest budget first.

    ``audit_seq`` and ``audit_hash`` are the end of the audit log; seals made before it was a chain have none.
    """
    audit = (audit_seq, audit_hash) if audit_seq else ()
    return Digest("seal", day, previous, last_entry, budgets, entries, *audit)


def statement_digest(budget: str, statement: Any) -> Digest:
    """The digest of a statement on a budget's uid; then one line for each charge and reversal it bills.

    Such a line holds the entry's seq, kind, amount, the payer's share of it, and the entry's hash.
    """
    return Digest(
        "statement",
        statement.number,
        budget,
        statement.payer,
        statement.period_start.isoformat(),
        statement.period_end.isoformat(),
        statement.first_seq,
        statement.last_seq,
        statement.list_total,
        statement.payer_total,
    )
