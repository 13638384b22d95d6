"""What can go wrong when talking to a centre."""

from __future__ import annotations

from typing import Any


class CentreError(Exception):
    """The centre refused, or could not be asked. ``detail`` says why and what to do, in the caller's language.

    ``status`` is the HTTP status (0 when there was no answer), ``code`` a stable word for programs,
    ``errors`` the fields that are wrong: ``{"field": …, "message": …}`` each. ``problem`` is the whole
    problem document (RFC 9457) as it came.
    """

    def __init__(self, detail: str, *, status: int = 0, problem: dict[str, Any] | None = None):
        super().__init__(detail)
        self.detail, self.status, self.problem = detail, status, problem or {}
        self.code = str(self.problem.get("code") or "")
        self.errors: list[dict[str, Any]] = [
            each for each in self.problem.get("errors") or [] if isinstance(each, dict)
        ]


class NotSignedIn(CentreError):  # noqa: N818 - names say what happened
    """No token was sent, or it is no longer good (401)."""


class Refused(CentreError):  # noqa: N818
    """The request cannot be carried out as it is (4xx). Nothing was changed."""


class InsufficientBudget(Refused):
    """The budget cannot hold the cost (402)."""


class Forbidden(Refused):
    """This person, or this token, may not do this (403)."""


class NotFound(Refused):
    """No such thing, or none that this person may see (404)."""


class Conflict(Refused):
    """The thing is not in a state that allows this (409)."""


class TooLarge(Refused):
    """More bytes than the centre, or the workspace, takes (413)."""


class BadInput(Refused):
    """What was sent cannot be used (422); ``errors`` names the fields."""


class Unreachable(CentreError):  # noqa: N818
    """The centre, or a part of it, does not answer (no connection, 5xx). The same request may work later."""


BY_STATUS: dict[int, type[CentreError]] = {
    401: NotSignedIn,
    402: InsufficientBudget,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: BadInput,
}
