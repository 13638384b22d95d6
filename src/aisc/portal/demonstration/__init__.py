"""The demonstration centre: a small one made in a moment, or one with a year behind it. See ``base`` and ``year``."""

from __future__ import annotations

from enum import Enum

from django.conf import settings
from django.db import transaction

from aisc.core import clock, ids
from aisc.core.actions import Actor
from aisc.ledger.models import Budget
from aisc.people.models import Person
from aisc.portal import set_up
from aisc.portal.demonstration import base, year
from aisc.portal.demonstration.signing_in import ACTOR, PASSWORD, PEOPLE, SignIn, sign_ins

TOO_LATE = (
    "This centre has begun already, and a year can only be written down before it. For a centre with a year behind "
    "it, choose an empty state folder: AISC_STATE=/another/folder aisc up --demo --year"
)

__all__ = ["ACTOR", "PASSWORD", "PEOPLE", "TOO_LATE", "SignIn", "Year", "make", "make_year"]


def make() -> list[dict[str, str]]:
    """Make the small demonstration unless there is one, and answer its sign-ins (e-mail address, password, role)."""
    settings.STATE.demonstration.touch()
    with transaction.atomic():
        if not _made():
            base.make()
    transaction.on_commit(settings.STATE.wake_worker)
    return sign_ins()


class Year(Enum):
    """What became of asking for the year."""

    MADE = "made"
    THERE = "there"
    TOO_LATE = "too late"


def make_year(progress: year.Progress = lambda _hundredths: None, scale: int = 100) -> Year:
    """Make the demonstration with a year behind it, where nothing has happened at this centre yet.

    All of it or nothing, so an interrupted one is made anew. ``progress`` hears how far it is, in hundredths.
    ``scale``: how many of its jobs, in hundredths.
    """
    if year.made():
        return Year.THERE
    if not year.possible():
        return Year.TOO_LATE
    settings.STATE.demonstration.touch()
    with transaction.atomic():
        world = year.make(progress, scale)
        set_up.centre()
        # These two are for this machine's own engine, and really run.
        researcher = Actor(person=world.persons["researcher"])
        paying = Budget.objects.get(pk=world.budgets["Robots that sort harbour waste"].pk)
        with ids.seeded(f"first jobs {clock.today()}"):
            base.first_jobs(researcher, paying)
    transaction.on_commit(settings.STATE.wake_worker)
    return Year.MADE


def _made() -> bool:
    return Person.objects.filter(email=PEOPLE[0].email).exists()
