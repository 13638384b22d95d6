"""What every room's ``api.py`` uses: authentication, idempotent writes, cursor pages, ETags."""

from __future__ import annotations

import base64
import functools
import hashlib
import inspect
import json
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import Schema, Status
from ninja.responses import NinjaJSONEncoder

from aisc.core import clock
from aisc.core.actions import together
from aisc.core.errors import BadInput, Conflict
from aisc.core.models import IdempotentAnswer
from aisc.core.paging import some

T = TypeVar("T")


class Page(Schema, Generic[T]):
    """One page of a list; ask again with ``cursor=next`` until ``next`` is null."""

    items: list[T]
    next: str | None


def paginate(
    rows: models.QuerySet, *, cursor: str | None, limit: int, key: str = "-id"
) -> tuple[list[Any], str | None]:
    """A page of ``rows`` by keyset on ``key`` (a unique column, ``-`` for newest first), and the next cursor.

    ``limit`` is 1 to 200. Raises BadInput for a cursor that this API did not give out.
    """
    if not 1 <= limit <= 200:
        raise BadInput(_("“limit” goes from 1 to 200."), field="limit")
    name, backwards = key.removeprefix("-"), key.startswith("-")
    if cursor:
        try:
            value = int(base64.urlsafe_b64decode(cursor.encode()).decode())
        except (ValueError, UnicodeError) as error:
            raise BadInput(_("This cursor is not one of ours; leave it out to start again."), field="cursor") from error
        rows = rows.filter(**{f"{name}__{'lt' if backwards else 'gt'}": value})
    found = some(rows.order_by(key), 0, limit + 1)
    if len(found) <= limit:
        return found, None
    last = str(getattr(found[limit - 1], name))
    return found[:limit], base64.urlsafe_b64encode(last.encode()).decode()


def idempotent(view: Callable[..., Any]) -> Callable[..., Any]:
    """Honour ``Idempotency-Key``: the same key, person and request give the first answer again.

    The answer is stored in the same transaction as the write, so a crash leaves both or neither. The
    same key with another request is refused (409). Refusals are not stored: they changed nothing.
    """

    @functools.wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key", "")
        person = request.actor.person
        if not key or person is None:
            return _with_status(view(request, *args, **kwargs))
        if len(key) > 200:
            raise BadInput(_("An idempotency key has at most 200 characters."), field="Idempotency-Key")
        digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + request.body).hexdigest()
        try:
            with together():
                if (earlier := _earlier(person, key, digest)) is not None:
                    return earlier
                answer = _with_status(view(request, *args, **kwargs))
                status, body = (answer.status_code, answer.value) if isinstance(answer, Status) else (200, answer)
                IdempotentAnswer.objects.create(
                    person=person,
                    key=key,
                    request_digest=digest,
                    status=status,
                    body=_plain(body),
                    at=clock.now(),
                )
                return answer
        except IntegrityError:
            # The same request ran at the same time and was first; its answer is there now, or the error is real.
            if (earlier := _earlier(person, key, digest)) is not None:
                return earlier
            raise

    # Ninja reads the view's annotations; resolved here, they may be written as text there.
    run.__signature__ = inspect.signature(view, eval_str=True)
    return run


def _with_status(answer: Any) -> Any:
    """``(201, body)`` as Ninja wants it now."""
    return Status(*answer) if isinstance(answer, tuple) else answer


def _earlier(person: Any, key: str, digest: str) -> HttpResponse | None:
    row = IdempotentAnswer.objects.filter(person=person, key=key).first()
    if row is None:
        return None
    if row.request_digest != digest:
        raise Conflict(
            _("This idempotency key was used for another request. Use a new key for each new request."),
            code="idempotency.reused",
        )
    headers = {"Idempotency-Replayed": "true"}
    if row.status == 204:
        return HttpResponse(status=204, headers=headers)
    return JsonResponse(row.body, status=row.status, safe=False, headers=headers)


def _plain(body: Any) -> Any:
    return json.loads(_text(body)) if isinstance(body, Schema) else body


def _text(body: Schema) -> str:
    """As Ninja writes it, so that an answer given again is the same to the last digit of its times."""
    return json.dumps(body.model_dump(), cls=NinjaJSONEncoder)


def with_etag(request: HttpRequest, body: Schema) -> HttpResponse:
    """``body`` as JSON with an ETag, or 304 when the caller already has it."""
    text = _text(body)
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(text, content_type="application/json", headers={"ETag": tag})
