"""``/healthz`` (this process answers) and ``/readyz`` (database, worker, and what rooms add, such as engines)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from aisc.core import clock

Check = Callable[[], tuple[bool, str]]
_checks: dict[str, Check] = {}
WORKER_SILENT_AFTER = timedelta(seconds=30)


def register(name: str, check: Check) -> None:
    """Add a part to ``/readyz``. ``check`` answers (works, what is wrong and what to do)."""
    _checks[name] = check


def database() -> tuple[bool, str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True, ""
    except (DatabaseError, InterfaceError) as error:
        return False, _("The database does not answer: %(error)s") % {"error": error}


def worker() -> tuple[bool, str]:
    from aisc.core.models import WorkerBeat

    latest = WorkerBeat.objects.order_by("-ran_at").first()
    if latest is None or clock.now() - latest.ran_at > WORKER_SILENT_AFTER:
        return False, _("No worker has reported for 30 seconds. Start one with “aisc worker”.")
    failing = [f"{beat.task}: {beat.detail}" for beat in WorkerBeat.objects.filter(ok=False)]
    return not failing, "; ".join(failing)


def readiness() -> dict[str, tuple[bool, str]]:
    """Every part's state; parts that need the database are left out while it is away."""
    parts = {"database": database()}
    if parts["database"][0]:
        for name, check in {"worker": worker, **_checks}.items():
            try:
                parts[name] = check()
            except Exception as error:
                # A check that breaks is a finding, not a reason to answer nothing.
                parts[name] = (False, f"{type(error).__name__}: {error}")
    return parts


def healthz(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> JsonResponse:
    parts = readiness()
    ready = all(ok for ok, _detail in parts.values())
    body = {
        "status": "ready" if ready else "not ready",
        "parts": {name: {"ok": ok, "detail": detail} for name, (ok, detail) in parts.items()},
    }
    return JsonResponse(body, status=200 if ready else 503)
