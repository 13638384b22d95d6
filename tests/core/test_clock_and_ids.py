from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aisc.core import clock
from aisc.core.ids import ALPHABET, new_uid


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_milliseconds_survive_the_way_there_and_back(ms):
    assert clock.to_ms(clock.from_ms(ms)) == ms


def test_the_clock_can_be_stopped_and_runs_on_afterwards():
    moment = datetime(2026, 1, 1, 15, 59, 59, 999_000, tzinfo=UTC)
    with clock.fixed(moment):
        assert clock.now() == moment
        assert clock.now_ms() == clock.to_ms(moment)
        assert clock.today() == date(2026, 1, 1)
        with clock.fixed(moment + timedelta(milliseconds=1)):
            # 16:00 UTC is midnight in Hong Kong.
            assert clock.today() == date(2026, 1, 2)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(clock.now_ms() - clock.to_ms(datetime.now(UTC))) < 60_000


def test_a_day_at_the_centre_has_its_own_bounds():
    start, end = clock.day_bounds_ms(date(2026, 1, 2))
    assert clock.from_ms(start) == datetime(2026, 1, 1, 16, tzinfo=UTC)
    assert end - start == 86_400_000


def test_ids_are_new_readable_and_prefixed():
    made = {new_uid("job") for _ in range(1000)}
    assert len(made) == 1000
    for uid in made:
        prefix, _, rest = uid.partition("-")
        assert prefix == "job"
        assert len(rest) == 12
        assert set(rest) <= set(ALPHABET)
