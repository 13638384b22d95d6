"""``aisc check``: what is wrong with this centre, and what to do about it."""

from __future__ import annotations

import shutil

from aisc.cli.operator import django as machine
from aisc.cli.output import Exit, Json, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext


def check(json: Json = False) -> None:
    """Say in plain words what works, what is wrong, and what to do. Exit code 1 if anything is wrong."""
    folder = machine.start()
    machine.speak()
    from django.conf import settings
    from django.db import DatabaseError

    from aisc.core import health

    free = shutil.disk_usage(folder.root).free
    findings = {
        "disk": (
            free > 1024**3,
            _("{free:,} MB free where {root} lies; keep at least 1,024 MB.").format(
                free=free // 1024**2, root=folder.root
            ),
        )
    }
    try:
        pending, unknown = machine.pending_migrations()
        findings["version"] = (
            not pending and not unknown,
            _("The database is from another version: run “aisc migrate” (older) or install the newer AISC."),
        )
    except DatabaseError as error:
        findings["version"] = (False, _("The database cannot be read: {error}").format(error=error))
    else:
        findings["search"] = _search()
    findings |= health.readiness()
    if settings.EMAIL_BACKEND.endswith("FolderBackend") and not settings.DEMO:
        findings["mail"] = (
            False,
            _("No mail server is set (AISC_EMAIL_URL); mail is only kept in {mail}.").format(mail=folder.mail),
        )
    # What works needs no words, but how far jobs are kept apart is for the operator to know in any case.
    findings = {name: (ok, detail if not ok or name == "isolation" else "") for name, (ok, detail) in findings.items()}
    rows = table("", pgettext("terminal", "part"), _("what to do"))
    good, bad = pgettext("terminal", "ok"), pgettext("terminal", "wrong")
    for name, (ok, detail) in findings.items():
        rows.add_row(f"[green]{good}[/]" if ok else f"[bold red]{bad}[/]", name, detail)
    show({name: {"ok": ok, "detail": detail} for name, (ok, detail) in findings.items()}, rows)
    if not all(ok for ok, _detail in findings.values()):
        raise SystemExit(Exit.FAILED)


def _search() -> tuple[bool, str]:
    """Whether the search index knows what there is."""
    from aisc.core.search import index

    differs = index.missing()
    told = ", ".join(f"{kind} {count:+,}" for kind, count in differs.items())
    words = _("The search index differs from what there is ({told}): run “aisc search rebuild”.")
    return not differs, words.format(told=told)
