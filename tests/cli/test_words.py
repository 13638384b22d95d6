"""Amounts, times and shares as people read and type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisc.cli.user import words


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "HK$0.00"), (5, "HK$0.05"), (123_456_789, "HK$1,234,567.89"), (-150, "\u2212HK$1.50")]
)
def test_money(cents, text):
    assert words.money(cents) == text


def test_money_of_elsewhere():
    assert words.money(100, "EUR") == "EUR 1.00"


@given(st.integers(0, 10**14))
def test_money_that_is_shown_can_be_typed(cents):
    assert words.parse_money(words.money(cents)) == cents


@pytest.mark.parametrize(("text", "cents"), [("1500", 150_000), ("1,500.5", 150_050), ("HK$ 2.05", 205), (" $3 ", 300)])
def test_typed_money(text, cents):
    assert words.parse_money(text) == cents


@pytest.mark.parametrize("text", ["", "abc", "1.234", "1.2.3", "-5", "１００", "1e3", ".5", "5.x"])
def test_what_is_no_money(text):
    with pytest.raises(ValueError, match="is no amount of money"):
        words.parse_money(text)


@pytest.mark.parametrize(("bps", "text"), [(7000, "70%"), (7250, "72.5%"), (0, "0%"), (1, "0.01%"), (10_000, "100%")])
def test_shares(bps, text):
    assert words.percent(bps) == text
    assert words.parse_percent(text) == bps
    assert words.parse_percent(text.removesuffix("%")) == bps


@pytest.mark.parametrize("text", ["", "%", "seventy", "70.123", "-1", "７０"])
def test_what_is_no_share(text):
    with pytest.raises(ValueError, match="is no percentage"):
        words.parse_percent(text)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0.0 s"),
        (999, "0.9 s"),
        (59_999, "59 s"),
        (65_000, "1 m 05 s"),
        (7_500_000, "2 h 05 m"),
        (90_000_000, "1 d 01 h"),
    ],
)
def test_durations(ms, text):
    assert words.duration(ms) == text


@pytest.mark.parametrize(("ms", "text"), [(9_000_000, "2h30m"), (86_400_000, "1d"), (1_005, "1s5ms"), (0, "0s")])
def test_limits(ms, text):
    assert words.limit(ms) == text


@pytest.mark.parametrize(
    ("amount", "meter", "text"),
    [
        (36_000, "accelerator:cpu", "0.01 h"),
        (5_400_000, "accelerator:cpu", "1.50 h"),
        (35_999, "accelerator:cpu", "35 s"),
        (12_345, "tokens:x", "12,345"),
    ],
)
def test_quantities(amount, meter, text):
    assert words.quantity(amount, meter) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (999_960, "1.0 MB"), (10**13 * 200, "2,000.0 TB")]
)
def test_sizes(count, text):
    assert words.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "just now"), (59, "just now"), (60, "1 m ago"), (7300, "2 h ago"), (200_000, "2 d ago")]
)
def test_how_long_ago(seconds, text):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert words.ago(now - timedelta(seconds=seconds), now) == text


def test_other_words():
    assert (words.memory(4096), words.memory(1500)) == ("4 GB", "1,500 MB")
    assert (words.per(3_600_000), words.per(1000)) == ("hour", "1,000")
    assert (words.gflops(12), words.gflops(1_500), words.gflops(3_000_000)) == ("12 GFLOPS", "1.5 TFLOPS", "3.0 PFLOPS")
    assert (words.files(1), words.files(1200)) == ("1 file", "1,200 files")
    assert words.when(None) == ""
    assert words.state("out_of_memory").plain == "out of memory"
    assert words.plain("[bold]") == "\\[bold]"
