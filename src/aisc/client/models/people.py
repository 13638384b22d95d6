"""Persons, organisations, projects, tokens and notices."""

from __future__ import annotations

from datetime import date, datetime

from aisc.client.models.base import Model


class Person(Model):
    uid: str
    name: str
    email: str


class Role(Model):
    """In an organisation (``project`` None: in all its projects) or in one project."""

    organisation: str
    project: str | None = None
    name: str
    role: str


class Whoami(Model):
    """The caller. ``scopes`` is what the token may do; None for a browser's session."""

    person: Person
    language: str
    roles: list[Role]
    centre_roles: list[str]
    scopes: list[str] | None = None


class SignUp(Model):
    """An account that was asked for: confirm it with ``sign_up`` and the mailed code."""

    sign_up: str
    email: str
    next: str


class Wording(Model):
    """An approved text in one language. ``sha256`` is what is sent back to accept it."""

    language: str
    title: str
    body: str
    sha256: str
    url: str
    approved_at: datetime | None = None


class ApprovedText(Model):
    """A version of a text that people agree to. ``shown`` is the language that the caller is shown."""

    code: str
    version: int
    state: str
    effective_on: date
    illustrative: bool = False
    shown: str
    wordings: list[Wording]

    @property
    def wording(self) -> Wording:
        """The one in the caller's language, or the approved one nearest to it."""
        return next(each for each in self.wordings if each.language == self.shown)


class Token(Model):
    id: int
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class NewToken(Token):
    """``secret`` is in this answer and nowhere else."""

    secret: str


class Named(Model):
    """Something with a name in English, in Chinese, or both."""

    uid: str
    name_en: str
    name_zh: str

    @property
    def name(self) -> str:
        """The English name, or the Chinese one where there is no other."""
        return self.name_en or self.name_zh


class Organisation(Named):
    category: str
    registry_number: str = ""
    address: str = ""
    created_at: datetime


class Project(Named):
    organisation: str
    summary_en: str = ""
    summary_zh: str = ""
    shares: int
    created_at: datetime
    closed_at: datetime | None = None


class Member(Model):
    person: Person
    role: str
    since: datetime


class Notice(Model):
    id: int
    at: datetime
    text: str
    url: str = ""
    read_at: datetime | None = None
