"""``aisc prices`` and ``aisc budgets move-prices``: from the template to a published list, at a real centre."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aisc.cli.user import ask

LATER = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()


@pytest.fixture
def file(aisc, home):
    """``file("V")``: the template, made a list that is in force long after these tests.

    ``h800="…"`` writes something else before that accelerator's amount than its name and “=”.
    """

    def make(version: str, **changes: str):
        text = aisc("prices", "show", "--toml", who="").out
        text = text.replace('version = ""', f'version = "{version}"')
        text = "\n".join(
            f"effective_from = {LATER}" if line.startswith("effective_from") else line for line in text.split("\n")
        )
        for old, new in changes.items():
            text = text.replace(f'"accelerator:{old}" = ', new)
        path = home / "prices.toml"
        path.write_text(text)
        return path

    return make


def test_the_list_in_force(aisc):
    found = aisc("prices", who="")
    assert "NVIDIA H800" in found.out
    assert "illustration" in found.err
    version = aisc("prices", "--json", who="").json["version"]
    for arguments in (["prices", "show"], ["prices", "--version", version], ["prices", "show", "--version", version]):
        assert aisc(*arguments, who="").out == found.out
    aisc("prices", "--version", "NONE", who="", code=3)
    assert aisc("prices", "show", "--toml", "--json", who="").json["toml"].startswith("# A new price list")


def test_a_list_from_its_template(aisc, file):
    path = file("CLI-1", h800='"accelerator:h800" = 1')  # 120.00 instead of 20.00
    aisc("prices", "publish", "--file", path, code=3)
    done = aisc("prices", "publish", "--file", path, who="finance")
    assert f"CLI-1 is published, in force from {LATER}." in done.out
    found = aisc("prices", "--version", "CLI-1", "--json", who="").json
    now = aisc("prices", "--json", who="").json
    cents = {each["meter"]: each["cents"] for each in found["prices"]}
    assert cents == {each["meter"]: each["cents"] for each in now["prices"]} | {"accelerator:h800": 12_000}
    assert not found["illustrative"]
    assert "already" in aisc("prices", "publish", "--file", path, who="finance", code=3).err


def test_somebody_at_a_terminal_sees_what_changes_and_is_asked(aisc, file, at_terminal, monkeypatch):
    asked = []
    monkeypatch.setattr(ask, "yes", lambda question: asked.append(question))
    path = file("CLI-2", t4="# ")
    done = aisc("prices", "publish", "--file", path, who="finance", code=2)
    assert asked == [f"Publish CLI-2, in force from {LATER}?"]
    assert "accelerator:t4: HK$3.00 → not offered" in done.err
    assert "accelerator:h800" not in done.err
    assert "No price changes." in aisc("prices", "publish", "--file", file("CLI-2"), who="finance", code=2).err
    aisc("prices", "--version", "CLI-2", who="", code=3)
    aisc("prices", "publish", "--file", path, "--yes", who="finance")
    assert len(asked) == 2


def test_a_budget_moves_only_to_prices_in_force(aisc, file, award):
    aisc("prices", "publish", "--file", file("CLI-3"), who="finance")
    move = ("budgets", "move-prices", award, "--reason", "lower", "--to")
    assert "not in force yet" in aisc(*move, "CLI-3", who="finance", code=3).err
    now = aisc("budgets", "show", award, "--json").json["price_list"]
    assert f"has the prices of {now} now" in aisc(*move, now, who="finance").out
    aisc(*move, now, code=3)
