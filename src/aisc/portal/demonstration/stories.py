"""Many stories told at once, in the order of time: what happens in the demonstration's year.

A story is a generator. It yields the moment at which it wants to go on, and is then resumed with the clock stopped
at that moment; between two yields it does what people or the worker do then, by the actions. So the year is
written down strictly forward, as an audit log and a chain of entries must be, however many people act in it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Generator
from datetime import datetime

from aisc.core import clock

Story = Generator[datetime, None, None]


class Teller:
    """Tells stories until ``end``; what they want to do later is never done."""

    def __init__(self, end: datetime):
        self.end = end
        self._numbers = itertools.count()
        self._waiting: list[tuple[datetime, int, Story]] = []

    def begin(self, story: Story) -> None:
        """Take ``story`` in; it runs up to its first moment at once."""
        self._go_on(story)

    def tell(self, progress: Callable[[datetime], None] = lambda _moment: None) -> None:
        """Tell everything. ``progress`` hears of each moment that is reached."""
        while self._waiting:
            moment, _number, story = heapq.heappop(self._waiting)
            progress(moment)
            with clock.fixed(moment):
                self._go_on(story)

    def _go_on(self, story: Story) -> None:
        try:
            moment = next(story)
        except StopIteration:
            return
        # A story that asks for a moment that has passed goes on now.
        moment = max(moment, clock.now())
        if moment < self.end:
            heapq.heappush(self._waiting, (moment, next(self._numbers), story))
