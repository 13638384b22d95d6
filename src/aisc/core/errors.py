"""Errors that a person can act on.

Every refusal is an :class:`AiscError`: a stable ``code`` for programs, a translated ``message`` that says
what is wrong and what to do, and the field it belongs to, if any. Pages show it, the API turns it
into ``application/problem+json``, the command line prints it. Nothing is changed when one is raised.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


class AiscError(Exception):
    """Base of every refusal. ``message`` may be lazy text; it is rendered in the reader's language."""

    status = 400
    code = "error"

    def __init__(self, message: Any = None, *, code: str | None = None, field: str | None = None, **extra: Any):
        self.message = message if message is not None else self.default_message()
        if code:
            self.code = code
        self.field = field
        self.extra = extra
        super().__init__(self.message)

    @staticmethod
    def default_message() -> Any:
        return _("The request could not be carried out.")

    def __str__(self) -> str:
        return str(self.message)


class BadInput(AiscError):  # noqa: N818 - names say what happened
    """What was given cannot be used (422)."""

    status = 422
    code = "bad_input"


class SignInNeeded(AiscError):  # noqa: N818
    """Nobody is signed in (401)."""

    status = 401
    code = "sign_in_needed"

    @staticmethod
    def default_message() -> Any:
        return _("Sign in first.")


class Forbidden(AiscError):  # noqa: N818
    """This person may not do this (403)."""

    status = 403
    code = "forbidden"

    @staticmethod
    def default_message() -> Any:
        return _("You may not do this.")


class NotFound(AiscError):  # noqa: N818
    """No such thing, or none that this person may see (404)."""

    status = 404
    code = "not_found"

    @staticmethod
    def default_message() -> Any:
        return _("There is no such thing here, or you may not see it.")


class Conflict(AiscError):  # noqa: N818
    """The thing is not in a state that allows this (409)."""

    status = 409
    code = "conflict"


class InsufficientBudget(AiscError):  # noqa: N818
    """The budget cannot hold the amount (402)."""

    status = 402
    code = "budget.insufficient"


class TooLarge(AiscError):  # noqa: N818
    """More bytes than are accepted (413)."""

    status = 413
    code = "too_large"


class TooOften(AiscError):  # noqa: N818
    """More tries than are allowed in a while (429); ``retry_after`` says when, in seconds."""

    status = 429
    code = "too_often"

    @staticmethod
    def default_message() -> Any:
        return _("That is too many tries in a short time. Wait a few minutes, then try again.")


class StepUpNeeded(Exception):  # noqa: N818
    """The session must first prove again who its person is (403).

    Not an AiscError: a view that shows refusals beside its form must not swallow it, because the answer is to
    lead to the confirmation and back (``core.step_up``).
    """

    status = 403
    code = "step_up_needed"

    @property
    def message(self) -> Any:
        return _("This needs a fresh confirmation that it is you. Confirm it on the page, then try again.")

    def __str__(self) -> str:
        return str(self.message)


class Unavailable(AiscError):  # noqa: N818
    """A part of the centre is away for now; the same request may work later (503)."""

    status = 503
    code = "unavailable"

    @staticmethod
    def default_message() -> Any:
        return _("A part of the centre is away at the moment. Nothing was changed; try again in a minute.")
