"""The canonical text is what the documentation says, and an outsider can recompute every hash with it."""

from __future__ import annotations

import csv
import io
import json
import re
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisc.ledger import actions, chain
from aisc.ledger.models import Entry

from .conftest import HOUR, SYSTEM, item

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
number = st.integers(-(10**18), 10**18)


def plainly(previous: str, values: list[object]) -> str:
    return sha256((previous + chain.canonical(values)).encode()).hexdigest()


@given(text, text, text, text, text, text, st.lists(number, min_size=12, max_size=12))
def test_the_pieces_put_together_are_the_canonical_array(budget, reason, source, source_id, description, meter, n):
    quickly = chain.entry_hash(
        "before",
        chain.opening(budget),
        n[0],
        "charge",
        n[1],
        n[2],
        n[3],
        n[4],
        n[5],
        reason,
        chain.usage_part(source, source_id, n[6], n[7], n[8], n[9], description) + chain.priced(meter, n[10], n[11]),
    )
    values = [budget, n[0], "charge", *n[1:6], reason, source, source_id, *n[6:10], description, meter, *n[10:]]
    assert quickly == plainly("before", values)
    assert len(values) == len(chain.COLUMNS)


def test_a_line_without_usage_has_empty_places():
    quickly = chain.entry_hash("", chain.opening("bud-1"), 1, "release", 5, 100, 0, 0, "", "first")
    assert quickly == plainly("", ["bud-1", 1, "release", 5, 100, 0, 0, "", "first", *[""] * 10])
    assert chain.canonical(["a", 1, "語"]) == '["a","1","語"]'


def test_nothing_typed_can_move_from_one_place_to_another():
    one = chain.usage_part('a","b', "c", 1, 2, 3, 4, "")
    other = chain.usage_part("a", 'b","c', 1, 2, 3, 4, "")
    assert one != other


def rows(budget) -> str:
    """A budget's journal as CSV with the canonical columns, as an outsider gets it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*chain.COLUMNS, "hash"])
    for entry in Entry.objects.filter(budget=budget).select_related("usage__price__meter", "reverses").order_by("seq"):
        used = [""] * 10
        if usage := entry.usage:
            used = [usage.source, usage.source_id, usage.quantity, usage.started_ms, usage.ended_ms]
            used += [usage.recorded_ms, usage.description, usage.price.meter.code]
            used += [usage.price.cents, usage.price.meter.per]
        head = [budget.uid, entry.seq, entry.kind, entry.at_ms, entry.amount, entry.scheme_share]
        reverses = entry.reverses.seq if entry.reverses else ""
        writer.writerow([*head, entry.applicant_share, reverses, entry.reason, *used, entry.hash])
    return out.getvalue()


def test_an_outsider_recomputes_the_chain_by_the_published_example(bank, tmp_path):
    bank.use(item("run 1", HOUR, budget_id=bank.pk, price_id=bank.price.pk, description='說 "hi", \n x'))
    actions.reverse_entry(SYSTEM, entry=Entry.objects.get(kind="charge"), reason="outage, 停電")
    page = (Path(__file__).parents[2] / "docs" / "money.md").read_text()
    (example,) = re.findall(r"```python\n(import csv.*?)```", page, re.S)
    path = tmp_path / "journal.csv"
    path.write_text(rows(bank.budget), encoding="utf-8")
    names: dict[str, object] = {"path": path}
    exec(example, names)  # noqa: S102 - it is our own documentation
    assert names["previous"] == bank.budget.head_hash
    broken = path.read_text(encoding="utf-8").replace("2000", "2001", 1)
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(AssertionError, match="line 2 was changed"):
        exec(example, names)  # noqa: S102


def test_the_page_names_every_column():
    page = (Path(__file__).parents[2] / "docs" / "money.md").read_text()
    listed = re.search(r"```text\n(budget.*?)```", page, re.S)
    assert listed
    assert listed[1].split() == list(chain.COLUMNS)


def test_digests_are_over_lines():
    digest = chain.Digest("seal", 1)
    digest.add("x", 2)
    assert digest.hexdigest() == sha256(b'["seal","1"]\n["x","2"]\n').hexdigest()
    assert json.loads(chain.canonical([None])) == ["None"]
