from __future__ import annotations

import pytest

from aisc.client.quantities import milliseconds


@pytest.mark.parametrize(
    ("text", "ms"),
    [("10m", 600_000), ("2h30m", 9_000_000), ("2H 30m", 9_000_000), ("1d", 86_400_000), ("90s", 90_000), ("5ms", 5)],
)
def test_durations(text, ms):
    assert milliseconds(text) == ms


@pytest.mark.parametrize("text", ["", "10", "m", "30m2h", "1h1h", "0s", "1.5h", "-1m", "1h x", "x1h", "１h", "1 y"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is no duration"):
        milliseconds(text)
