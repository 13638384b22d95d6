"""``/metrics`` for Prometheus: what the processes did, and what the centre has and holds.

Counters and histograms are kept per process in files (the library's multiprocess mode; ``core.metric_files``), so
that any web process answers for all of them and for the worker. Figures about the centre are read from the database
when they are asked for; rooms add theirs with :func:`register`. Money is in cents, times are in seconds.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from aisc.core import clock, health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Read = Callable[[], Iterable[GaugeMetricFamily]]
_rooms: dict[str, Read] = {}

# The library decides when it is first imported whether it counts in files.
_IN_FILES = "PROMETHEUS_MULTIPROC_DIR" in os.environ
# A registry of our own: the library's default one adds figures of a single process.
_counted = CollectorRegistry()
REQUESTS = Counter("aisc_http_requests", "Requests answered.", ["method", "route", "status"], registry=_counted)
REQUEST_SECONDS = Histogram(
    "aisc_http_request_seconds",
    "Time until an answer began.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_counted,
)
TASK_SECONDS = Histogram(
    "aisc_task_seconds",
    "Time that one run of a background task took.",
    ["task"],
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300),
    registry=_counted,
)
TASK_FAILURES = Counter("aisc_task_failures", "Runs of a background task that failed.", ["task"], registry=_counted)


def register(room: str, read: Read) -> None:
    """Add a room's figures; ``read`` answers them in a number of SQL queries that does not grow."""
    _rooms[room] = read


def gauge(name: str, help_text: str, values: Iterable[tuple[tuple[str, ...], float]], labels: tuple[str, ...] = ()):
    """One family of figures: ``values`` are pairs of label values (as many as ``labels``) and a number."""
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for label_values, value in values:
        family.add_metric(label_values, value)
    return family


class _Now(Collector):
    """What is true of the centre at this moment."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        parts = health.readiness()
        yield gauge(
            "aisc_ready",
            "Whether a part of the centre works (1) or not (0); see /readyz.",
            [((name,), int(ok)) for name, (ok, _detail) in parts.items()],
            ("part",),
        )
        free = shutil.disk_usage(settings.STATE.root).free
        yield gauge("aisc_state_free_bytes", "Free space where the state folder lies.", [((), free)])
        if parts["database"][0]:
            yield from chain.from_iterable(read() for read in (_tasks, *_rooms.values()))


def _tasks() -> Iterator[GaugeMetricFamily]:
    from aisc.core.models import WorkerBeat

    beats, now = list(WorkerBeat.objects.all()), clock.now()
    yield gauge(
        "aisc_task_age_seconds",
        "Time since a background task last reported.",
        [((beat.task,), (now - beat.ran_at).total_seconds()) for beat in beats],
        ("task",),
    )
    yield gauge(
        "aisc_task_ok",
        "Whether a background task's last run went well (1) or not (0).",
        [((beat.task,), int(beat.ok)) for beat in beats],
        ("task",),
    )


def counted() -> bytes:
    """What all processes counted, in Prometheus' text format; without files, what this one did."""
    registry = _counted
    if _IN_FILES:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)


def exposition() -> bytes:
    """Everything, in Prometheus' text format."""
    now = CollectorRegistry()
    now.register(_Now())
    return counted() + generate_latest(now)
