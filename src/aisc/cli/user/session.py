"""The conversation with the centre inside a user's command, its troubles told in plain words and exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aisc.cli.output import Exit, fail, say
from aisc.cli.tongue import gettext as _
from aisc.cli.user import config

if TYPE_CHECKING:
    from aisc.client import CentreError, Client


@contextmanager
def centre(*, signed_in: bool = True, patience_s: float = 20) -> Iterator[Client]:
    """The client of the centre. A refusal ends the command with its reason and an exit code.

    ``signed_in``: say at once what to do where there is no token, instead of asking in vain.
    """
    from aisc.client import CentreError

    try:
        with connect(signed_in=signed_in, patience_s=patience_s) as client:
            yield client
    except CentreError as error:
        refuse(error)


def connect(
    *, signed_in: bool = True, patience_s: float = 20, on_pause: Callable[[float, str], None] | None = None
) -> Client:
    """A client for whoever closes it. Raises CentreError for an address that is none."""
    from aisc.client import Client

    settings = config.load()
    token = config.token_of(settings)
    if signed_in and not token:
        fail(_("You are not signed in. Run “aisc login”, or set AISC_TOKEN."), Exit.SIGN_IN)
    return Client(
        config.url_of(settings),
        token,
        language=config.language_of(settings),
        patience_s=patience_s,
        on_pause=on_pause or tell_pause,
    )


def tell_pause(seconds: float, why: str) -> None:
    # Short pauses are nobody's business.
    if seconds >= 1:
        say(_("{why} Trying again in {seconds:.0f} s (Ctrl-C stops).").format(why=why, seconds=seconds))


def refuse(error: CentreError) -> Any:
    """End the command as ``error`` deserves."""
    from aisc.client import NotSignedIn, Unreachable

    details = {"code": error.code, "status": error.status, "errors": error.errors}
    if missing := error.problem.get("missing"):
        details["errors"] = details["errors"] + [each for each in missing if isinstance(each, dict)]
    if isinstance(error, NotSignedIn):
        hint = "" if error.code == "sign_in.wrong" else _(" Run “aisc login”.")
        fail(error.detail + hint, Exit.SIGN_IN, **details)
    if isinstance(error, Unreachable):
        fail(error.detail, Exit.UNAVAILABLE, **details)
    fail(error.detail, Exit.REFUSED, **details)
