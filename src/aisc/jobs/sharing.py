"""Links to files for people outside a project: what makes one valid.

The address carries the link's name and a signature over everything that the link promises: which file, which version
of it, until when, for whom. The row in the database counts its uses and can revoke it; the signature makes that a row
alone, or a changed one, opens nothing.
"""

from __future__ import annotations

import os
import stat

from allauth.account.models import EmailAddress
from django.core.signing import Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from aisc.core import access, clock
from aisc.core.actions import Actor
from aisc.core.errors import AiscError, Forbidden, NotFound, SignInNeeded
from aisc.jobs import workspaces
from aisc.jobs.models import FileLink

MOST_DAYS = 90
DEFAULT_DAYS = 7
MOST_LINKS = 200  # of one project in use


class Gone(AiscError):  # noqa: N818 - says what happened
    """The link was good once."""

    status = 410
    code = "link.gone"


def signature(link: FileLink) -> str:
    """Base64url of an HMAC-SHA256 under the centre's secret key."""
    promised = (
        link.uid,
        link.project_id,
        link.path,
        link.size,
        link.changed_ns,
        clock.to_ms(link.expires_at),
        link.email,
        link.made_by_id,
    )
    return Signer(salt="aisc.jobs.file-link", algorithm="sha256").signature("\n".join(map(str, promised)))


def address(link: FileLink) -> str:
    """The path of the link's page on this centre."""
    return reverse("jobs:shared", args=[link.uid, signature(link)])


def find(uid: str, given: str) -> FileLink:
    """The link with this name, if ``given`` is its signature. Raises NotFound, in the same words for both."""
    link = FileLink.objects.select_related("project", "made_by").filter(uid=uid).first()
    if link is None or not constant_time_compare(signature(link), given):
        raise NotFound(
            _("This link is not complete, or was altered. Copy all of it, or ask whoever sent it for a new one."),
            code="link.unknown",
        )
    return link


def check(link: FileLink, actor: Actor) -> None:
    """Whether the link may be used now by ``actor``. Raises Gone, SignInNeeded, Forbidden."""
    if link.revoked_at is not None:
        raise Gone(_("This link was taken back. Ask %(name)s for a new one.") % {"name": link.made_by})
    if link.expires_at <= clock.now():
        raise Gone(_("This link has expired. Ask %(name)s for a new one.") % {"name": link.made_by})
    maker = Actor(person=link.made_by)
    if not link.made_by.is_active or not access.may(maker, "jobs.view_files", link.project):
        raise Gone(_("Whoever made this link has left the project, so it no longer works."))
    if link.email:
        if actor.person is None:
            raise SignInNeeded
        # Confirmed: whoever merely writes the address into an account has not shown that it is theirs.
        if not EmailAddress.objects.filter(user=actor.person, email__iexact=link.email, verified=True).exists():
            raise Forbidden(
                _("This link is for somebody else. Sign in to an account with the address that it was sent to.")
            )


def open_version(link: FileLink) -> tuple[int, os.stat_result]:
    """A descriptor of the file, in the version that was shared. Raises Gone."""
    try:
        descriptor, facts = workspaces.open_file(link.project, link.path)
    except NotFound as error:
        raise Gone(_("The file behind this link was deleted or moved.")) from error
    if not stat.S_ISREG(facts.st_mode) or (facts.st_size, facts.st_mtime_ns) != (link.size, link.changed_ns):
        os.close(descriptor)
        raise Gone(_("The file behind this link has changed since it was shared. Ask for a new link."))
    return descriptor, facts
