"""How invitations and requests to join move. Expired is what an open invitation becomes by the clock."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.states import Machine, Transition

INVITATION = Machine(
    "invitation",
    {
        "open": _("waiting for an answer"),
        "accepted": _("accepted"),
        "declined": _("declined"),
        "revoked": _("taken back"),
        "expired": _("expired"),
    },
    [
        Transition(
            "open",
            "accepted",
            who="the invited person",
            guard="signed in with the confirmed address it was sent to; not expired; the inviter may still give it",
            effect="the role is given; a transfer also changes the former owner's role",
        ),
        Transition("open", "declined", who="the invited person", effect="the inviter is told"),
        Transition("open", "revoked", who="owner or manager who may give the role"),
        Transition("open", "expired", who="worker, or a new invitation", guard="its time is over"),
    ],
)

JOIN_REQUEST = Machine(
    "request to join",
    {
        "open": _("waiting for an answer"),
        "accepted": _("accepted"),
        "declined": _("declined"),
        "withdrawn": _("withdrawn"),
    },
    [
        Transition("open", "accepted", who="owner or manager who may give the role", effect="the role is given"),
        Transition("open", "declined", who="owner or manager", effect="the person is told"),
        Transition("open", "withdrawn", who="the person who asked"),
    ],
)
