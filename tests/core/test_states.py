from types import SimpleNamespace

import pytest

from aisc.core.errors import Conflict
from aisc.core.states import MACHINES, Machine, Transition


@pytest.fixture
def door():
    machine = Machine(
        "test-door",
        {"open": "open", "shut": "shut", "gone": "gone"},
        [
            Transition("open", "shut", who="anyone"),
            Transition("shut", "open", who="anyone"),
            Transition("shut", "gone", who="anyone"),
        ],
    )
    yield machine
    del MACHINES["test-door"]


def test_walks_every_pair(door):
    for source in door.labels:
        for target in door.labels:
            row = SimpleNamespace(state=source)
            if door.allows(source, target):
                door.move(row, target)
                assert row.state == target
            else:
                with pytest.raises(Conflict) as refused:
                    door.move(row, target)
                assert refused.value.code == "test-door.state"
                assert row.state == source


def test_knows_its_ends_and_choices(door):
    assert door.final == {"gone"}
    assert door.choices == [("open", "open"), ("shut", "shut"), ("gone", "gone")]


@pytest.mark.parametrize(
    "transitions",
    [[Transition("open", "ajar", who="x")], [Transition("open", "shut", who="x"), Transition("open", "shut", who="y")]],
)
def test_a_table_that_contradicts_itself_is_refused(transitions):
    with pytest.raises(ValueError, match="unknown states"):
        Machine("test-bad", {"open": "open", "shut": "shut"}, transitions)
