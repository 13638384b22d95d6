"""The ten people who can sign in at the demonstration, and how people come to be there."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.people.actions import grant_centre_role
from aisc.people.models import Person

# Known to everybody who reads this: ``aisc up --demo`` therefore listens on 127.0.0.1 alone.
PASSWORD = "demonstration"  # noqa: S105 - printed at start-up; the demonstration holds nothing secret
ACTOR = system("demonstration")


@dataclass(frozen=True)
class SignIn:
    """One of the demonstration's people: what they are shown as, and their roles in the centre."""

    key: str
    name: str
    role: str
    centre_roles: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        return f"{self.key}@example.org"


PEOPLE = (
    SignIn("applicant", "陳家欣 Chan Ka-yan", "applicant"),
    SignIn("researcher", "Aarav Sharma", "researcher"),
    SignIn("newcomer", "Nguyễn Thị Mai", "newcomer"),
    SignIn("secretariat", "李永康 Lee Wing-hong", "secretariat", ("secretariat",)),
    SignIn("assessor", "Dr Amina Okafor", "assessor", ("assessor",)),
    SignIn("committee", "黃淑儀 Wong Suk-yee", "committee", ("committee",)),
    SignIn("operator", "Jonas Lindqvist", "operator", ("operator",)),
    SignIn("finance", "何志明 Ho Chi-ming", "finance", ("finance",)),
    SignIn("auditor", "Fatima Al-Sayed", "auditor", ("auditor",)),
    SignIn("administrator", "梁詠詩 Leung Wing-sze", "administrator", ("administrator",)),
)


@functools.cache
def _hashed() -> str:
    """The one password of all of them, hashed once: hashing is slow on purpose."""
    return make_password(PASSWORD)


def join(email: str, name: str, *, signs_in: bool = False, language: str = "", roles: tuple[str, ...] = ()) -> Person:
    """Somebody signs up, which is no action but allauth's; their roles in the centre are then granted."""
    password = _hashed() if signs_in else make_password(None)
    person = Person.objects.create(email=email, password=password, name=name, language=language)
    _joined(person, clock.now())
    EmailAddress.objects.create(user=person, email=email, primary=True, verified=True)
    for role in roles:
        grant_centre_role(ACTOR, person=person, role=role)
    return person


def _joined(person: Person, moment: datetime) -> None:
    # The column fills itself with the computer's own time; the demonstration's people may have joined long ago.
    Person.objects.filter(pk=person.pk).update(date_joined=moment)


def everybody() -> dict[str, Person]:
    """The ten, made now; by key."""
    return {each.key: join(each.email, each.name, signs_in=True, roles=each.centre_roles) for each in PEOPLE}


def acting_as(persons: dict[str, Person]) -> dict[str, Actor]:
    """Each of ``persons`` as one who acts."""
    return {key: Actor(person=person) for key, person in persons.items()}


def sign_ins() -> list[dict[str, str]]:
    """What is told at start-up: e-mail address, password and role of each."""
    return [{"email": each.email, "password": PASSWORD, "role": each.role} for each in PEOPLE]
