"""Notices: what a person should know, kept as a message id with values and shown in the reader's language.

    notify(person, gettext_noop("“%(name)s” was approved."), {"name": names(application)}, url=…, email=True)

Marking a notice as read is not an action: nothing but the reader's own list changes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext, gettext_noop, override

from aisc.core import clock
from aisc.core.language import in_reader_language
from aisc.people.models import Notice, Person

log = logging.getLogger("aisc.people")

_FOOT = gettext_noop("You get this mail because you have an account at %(centre)s.")

_unmailed: ContextVar[bool] = ContextVar("aisc_unmailed", default=False)


@contextmanager
def unmailed() -> Iterator[None]:
    """Keep notices inside the block from being mailed: what is told of a past that is only being written down."""
    token = _unmailed.set(True)
    try:
        yield
    finally:
        _unmailed.reset(token)


def names(thing: Any) -> dict[str, str]:
    """A value for something bilingual: shown by its name in the reader's language."""
    return {"en": thing.name_en, "zh": thing.name_zh}


def word(msgid: str) -> dict[str, str]:
    """A value that is itself translated, such as the name of a role or state (English message id)."""
    return {"msgid": msgid}


def notify(
    person: Person, message: str, values: dict[str, Any] | None = None, url: str = "", email: bool = False
) -> Notice:
    """Leave ``person`` a notice; with ``email`` also send it when the transaction is committed.

    ``message`` is an English message id marked with ``gettext_noop``; ``url`` is a path of this site.
    """
    return notify_all([person], message, values, url=url, email=email)[0]


def notify_all(
    persons: Iterable[Person], message: str, values: dict[str, Any] | None = None, url: str = "", email: bool = False
) -> list[Notice]:
    """:func:`notify` for many persons in one insertion. What a service account should know, its owner is told."""
    now = clock.now()
    readers = {person.pk: person for person in map(_reader, persons)}
    notices = Notice.objects.bulk_create(
        Notice(person=person, at=now, message=message, values=values or {}, url=url) for person in readers.values()
    )
    if email and not _unmailed.get():
        for notice in notices:
            # Robust: a mail that cannot be sent must not keep the others, or other effects, from happening.
            transaction.on_commit(lambda notice=notice: _send(notice), robust=True)
    return notices


def _reader(person: Person) -> Person:
    return person.service_account.owner if person.is_service else person


def mark_read(person: Person, notice_id: int | None = None) -> int:
    """Mark one notice of the person, or all, as read; answers how many were unread."""
    unread = Notice.objects.filter(person=person, read_at=None)
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    return unread.update(read_at=clock.now())


def unread_count(person: Person) -> int:
    return Notice.objects.filter(person=person, read_at=None).count()


def _send(notice: Notice) -> None:
    with override(notice.person.language or settings.LANGUAGE_CODE):
        text = str(notice)
        lines = [gettext("Dear %(name)s,") % {"name": notice.person.name}, text]
        if notice.url:
            lines.append(settings.PUBLIC_URL.rstrip("/") + notice.url)
        lines.append(gettext(_FOOT) % {"centre": centre_name()})
        message = EmailMessage(
            subject=" ".join(text.split())[:150], body="\n\n".join(lines) + "\n", to=[notice.person.email]
        )
    try:
        message.send()
    except OSError as error:
        # The notice itself is kept and shown; only its copy by mail is missing.
        log.error("notice %s was not mailed: %s", notice.pk, error)


def centre_name() -> str:
    """The centre's name in the current language."""
    return in_reader_language(settings.CENTRE_NAME_EN, settings.CENTRE_NAME_ZH, settings.CENTRE_NAME_HANS)


def centre_names() -> dict[str, str]:
    """The centre's two names."""
    return {"name_en": settings.CENTRE_NAME_EN, "name_zh": settings.CENTRE_NAME_ZH}
