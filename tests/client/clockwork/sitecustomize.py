"""Read by every Python process of the tests' centre at its start: its clock can be put ahead.

Statements are made for days that are over; a test that had to wait for midnight would be a poor test. The file named
by ``AISC_TEST_SHIFT`` holds the seconds by which ``aisc.core.clock`` is ahead of this machine.
"""

from __future__ import annotations

import os

SHIFT = os.environ.get("AISC_TEST_SHIFT")
if SHIFT:
    from datetime import timedelta
    from pathlib import Path

    from aisc.core import clock

    real_now, shift = clock.now, Path(SHIFT)

    def now():
        return real_now() + timedelta(seconds=int(shift.read_text()))

    clock.now = now
    clock.now_ms = lambda: clock.to_ms(now())
