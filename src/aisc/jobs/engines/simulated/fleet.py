"""The simulated machines, and when they were away. Everything follows from the day on which the year ends."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
NOTE = "Simulated for the demonstration: there is no such machine."


@dataclass(frozen=True)
class Machine:
    """One machine: accelerators of one type (``cpu``: its cores), memory in MiB, in service from ``since_ms``."""

    name: str
    accelerator: str
    count: int
    cpus: int
    memory_mb: int
    since_ms: int = 0


@dataclass(frozen=True)
class Outage:
    """Machines that were down from ``start_ms`` until before ``end_ms``; what ran there was lost."""

    machines: tuple[str, ...]
    start_ms: int
    end_ms: int
    why: str  # a sentence


# name, accelerator, accelerators, CPU cores, memory in GiB, machines, days before the end at which they came
_KINDS = (
    ("sim-h800", "h800", 8, 128, 2_048, 6, None),
    ("sim-h800", "h800", 8, 128, 2_048, 4, 200),
    ("sim-a800", "a800", 8, 96, 1_024, 3, None),
    ("sim-l40s", "l40s", 4, 64, 512, 22, None),
    ("sim-910b", "ascend-910b", 8, 192, 1_536, 2, None),
    ("sim-cpu", "cpu", 128, 128, 512, 3, None),
)
SPRING = 215  # days before the end on which the power failed; a spring day for a year that ends in autumn


def fleet(end_ms: int) -> tuple[list[Machine], list[Outage]]:
    """The machines and outages of the year that ends at ``end_ms`` (milliseconds since the epoch)."""
    machines: list[Machine] = []
    for prefix, accelerator, count, cpus, memory_gb, number, days in _KINDS:
        before = sum(each.name.startswith(prefix) for each in machines)
        since = 0 if days is None else end_ms - days * DAY_MS
        machines += [
            Machine(f"{prefix}-{before + n:02d}", accelerator, count, cpus, memory_gb * 1024, since)
            for n in range(1, number + 1)
        ]
    spring = end_ms - SPRING * DAY_MS + 15 * HOUR_MS
    outages = [
        Outage(
            tuple(each.name for each in machines if each.accelerator in ("h800", "a800", "l40s") and not each.since_ms),
            spring,
            spring + 9 * HOUR_MS,
            "Power failed in one hall.",
        ),
        Outage(("sim-cpu-02",), end_ms - 96 * DAY_MS, end_ms - 95 * DAY_MS, "A memory module is being replaced."),
        # Down now, for an operator to see.
        Outage(("sim-l40s-03",), end_ms - 20 * HOUR_MS, end_ms + 30 * DAY_MS, "It waits for a new fan."),
    ]
    return machines, outages
