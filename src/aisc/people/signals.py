"""What rooms above this one may want to hear. All are sent inside the transaction; an error undoes everything.

``project_closing`` (``actor``, ``project``, ``cancel_jobs``): a receiver raises Conflict when the project still has
something open, or ends it when the one who closes chose that.

``departing`` (``person``, ``organisation``, ``projects``): somebody's access to ``projects`` is about to end; a
receiver answers a list of :class:`Consequence`: what is theirs and what will happen to it. Nothing is changed.

``departed`` (``actor``, ``person``, ``organisation``, ``projects``, ``successor``, ``cancel_jobs``): their roles are
gone; a receiver does what it said.

``merging`` (``survivor``, ``duplicate``: two organisations or two persons): a receiver answers a list of
:class:`Consequence`. ``merged`` (also ``actor``): a receiver moves its own rows. What was issued or decided stays
as it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.dispatch import Signal
from django.utils.translation import gettext_lazy

project_closing = Signal()
departing = Signal()
departed = Signal()
merging = Signal()
merged = Signal()

NAMED = 5  # how many are named before “and others”
JOBS_UNDER_WAY = gettext_lazy("jobs under way")  # the one consequence with a choice: let them go on, or end them


@dataclass(frozen=True)
class Consequence:
    """Some things that a step touches: what they are, how many, the names of the first few, what becomes of them."""

    what: Any
    count: int
    then: Any
    names: Sequence[str] = ()


def told(signal: Signal, **values: Any) -> list[Consequence]:
    """What every receiver of ``departing`` or ``merging`` answered, without what touches nothing."""
    answers = signal.send(sender=None, **values)
    return [each for _receiver, answer in answers for each in answer if each.count]
