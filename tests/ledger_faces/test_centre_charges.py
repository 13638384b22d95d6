"""What the centre charged on a day."""

from __future__ import annotations

from datetime import date, timedelta

from aisc.core import clock
from aisc.core.actions import system
from aisc.ledger import actions
from aisc.ledger.displays.centre import Day, charges_on


def test_a_day_net_of_reversals_in_the_centres_time(budget, own, use, noon):
    day = date(2026, 6, 15)
    use(budget, "a")
    use(own, "b")
    reversed_ = use(budget, "c")
    actions.reverse_entry(system("test"), entry=reversed_, reason="x")
    late = noon.replace(hour=15, minute=59)  # 23:59 in Hong Kong
    with clock.fixed(late):
        use(own, "late")
    with clock.fixed(late + timedelta(minutes=1)):
        use(own, "tomorrow")
    expected = Day(
        day=day, amount=6000, scheme_share=1400, applicant_share=4600, charges=4, reversals=1, released=150_000
    )
    assert charges_on(day) == expected


def test_a_seal_bounds_the_search_and_changes_nothing(budget, use, noon):
    use(budget, "a")
    with clock.fixed(noon + timedelta(hours=13)):  # after midnight in Hong Kong
        use(budget, "b")
        actions.seal_day(system("test"), day=date(2026, 6, 15))
        use(budget, "c")
    with clock.fixed(noon + timedelta(days=2)):
        use(budget, "d")
    assert [charges_on(date(2026, 6, day)).amount for day in (14, 15, 16, 17, 18)] == [0, 2000, 4000, 2000, 0]
