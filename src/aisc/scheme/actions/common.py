"""What the actions of this room share: the row lock, the state's move with its history, numbers, amounts typed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import note
from aisc.core.errors import BadInput, Conflict
from aisc.people.text import clean_text
from aisc.scheme.models import Application, Counter, StateChange
from aisc.scheme.states import APPLICATION


def locked(application: Application) -> Application:
    """The application's row, locked until the transaction ends, as it is now."""
    rows = Application.objects.select_for_update(of=("self",), no_key=True).select_related(
        "call__price_list", "organisation"
    )
    return rows.get(pk=application.pk)


def expect(application: Application, states: Collection[str], code: str = "application.state") -> None:
    """Raise Conflict unless the application is in one of ``states``: the table says who moves it from where."""
    if application.state not in states:
        raise Conflict(
            _("This application is “%(state)s” now, so that cannot be done. Nothing was changed.")
            % {"state": APPLICATION.labels[application.state]},
            code=code,
        )


def move(application: Application, state: str, remark: str = "") -> None:
    """Move the locked application and keep when; ``remark`` is read by all who may see it. Does not save."""
    before = application.state
    APPLICATION.move(application, state)
    application.state_since = clock.now()
    StateChange.objects.create(application=application, at=application.state_since, state=state, note=remark)
    note(before=before, after=state)


def next_number(series: str) -> str:
    """The next number of ``series`` this year, such as ``A-2026-0001``; the counter's lock keeps it unique."""
    prefix = f"{series}-{clock.today().year}"
    Counter.objects.get_or_create(prefix=prefix)
    counter = Counter.objects.select_for_update(no_key=True).get(prefix=prefix)
    counter.last += 1
    counter.save(update_fields=["last"])
    return str(counter)


def written(text: str, *, field: str, limit: int, ask: str) -> str:
    """A text that must be there. Raises BadInput with ``ask`` when it is not."""
    cleaned = clean_text(text, field=field, limit=limit)
    if not cleaned:
        raise BadInput(ask, field=field)
    return cleaned


def whole(value: Any, *, field: str, least: int, most: int, ask: str) -> int:
    """A whole number from ``least`` to ``most``. Raises BadInput with ``ask``."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadInput(ask, field=field)
    return value


def a_date(value: Any, *, field: str) -> date | None:
    """A date or None; a moment is not a date. Raises BadInput."""
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise BadInput(_("Write a date, such as 2026-09-01."), field=field)
