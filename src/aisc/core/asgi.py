"""The ASGI application of ``aisc web``: Django behind a guard that refuses oversized uploads early."""

from __future__ import annotations

import gc
import json
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")

from aisc.core import metric_files
from aisc.core.state import state_folder

metric_files.keep_in(state_folder().run / "metrics")

import django  # noqa: E402 - counters must know their files before anything counts

django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from aisc.core.bodies import Handler  # noqa: E402

_django = Handler()


async def application(scope, receive, send):
    """Refuse at once a body that is told to be above ``MAX_UPLOAD_BYTES``; ``bodies`` refuses one that was not told."""
    if scope["type"] != "http":
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        return
    limit = settings.MAX_UPLOAD_BYTES
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if length.isdigit() and int(length) > limit:
        await _refuse(send, limit)
        return
    await _django(scope, receive, send)


async def _refuse(send, limit: int) -> None:
    body = json.dumps(
        {
            "type": "about:blank",
            "title": "Too large",
            "status": 413,
            "code": "too_large",
            "detail": f"One file may have at most {limit // 1_048_576} MB. Split it, compress it, or ask the "
            f"centre's operator. / 單一檔案上限為 {limit // 1_048_576} MB，請分拆或壓縮檔案，或聯絡中心營運人員。",
        },
        ensure_ascii=False,
    ).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def settle() -> None:
    """Load what requests need, and let the garbage collector pass over it from now on.

    All of it stays for ever, and looking through it again and again was a tenth of a second of some reader's time.
    """
    get_resolver().url_patterns  # noqa: B018 - imports every view
    gc.collect()
    gc.freeze()


async def _lifespan(receive, send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            settle()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
