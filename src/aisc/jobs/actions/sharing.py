"""Links to files: made, used, taken back."""

from __future__ import annotations

import os
from datetime import timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action
from aisc.core.actions import note as audit
from aisc.core.errors import BadInput, Conflict, SignInNeeded
from aisc.jobs import sharing, workspaces
from aisc.jobs.models import FileLink
from aisc.jobs.specification import read_path
from aisc.people.models import Project
from aisc.people.text import clean_email


@action("jobs.share_file", on="project")
def share_file(
    actor: Actor, *, project: Project, path: str, days: int = sharing.DEFAULT_DAYS, email: str = ""
) -> FileLink:
    """Make a link to the file at ``path`` as it is now, for ``days`` (1 to 90), or only for who has ``email``.

    Whether there is an account with that address makes no difference here, and is told to nobody. Raises BadInput,
    NotFound (no such file), Conflict when the project has 200 links in use.
    """
    if actor.person is None:
        raise SignInNeeded
    if not 1 <= days <= sharing.MOST_DAYS:
        raise BadInput(_("A link works for 1 to %(days)s days.") % {"days": sharing.MOST_DAYS}, field="days")
    email = clean_email(email) if email.strip() else ""
    path = read_path(path)
    now = clock.now()
    if FileLink.objects.filter(project=project, revoked_at=None, expires_at__gt=now).count() >= sharing.MOST_LINKS:
        raise Conflict(_("This project has %(count)s links. Take some back first.") % {"count": sharing.MOST_LINKS})
    descriptor, facts = workspaces.open_file(project, path)
    os.close(descriptor)
    link = FileLink.objects.create(
        project=project,
        path=path,
        size=facts.st_size,
        changed_ns=facts.st_mtime_ns,
        made_by=actor.person,
        email=email,
        created_at=now,
        # Whole milliseconds, as the signature has it.
        expires_at=clock.from_ms(clock.to_ms(now + timedelta(days=days))),
    )
    audit(target=link, project=project.uid, path=path, days=days, email=email)
    return link


@action("jobs.revoke_link", on="link")
def revoke_link(actor: Actor, *, link: FileLink) -> FileLink:
    """Take a link back: from now on it opens nothing. Doing it again changes nothing."""
    link = FileLink.objects.select_for_update(no_key=True).get(pk=link.pk)
    if link.revoked_at is None:
        link.revoked_at = clock.now()
        link.save(update_fields=["revoked_at"])
    audit(target=link, path=link.path)
    return link


@action("jobs.use_link")
def use_link(actor: Actor, *, link: FileLink) -> FileLink:
    """Note that the file behind a link is being fetched. Raises Gone, SignInNeeded, Forbidden."""
    sharing.check(link, actor)
    FileLink.objects.filter(pk=link.pk).update(uses=F("uses") + 1, used_at=clock.now())
    audit(target=link, path=link.path)
    return link
