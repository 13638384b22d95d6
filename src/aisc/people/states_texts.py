"""How a version of an approved text moves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aisc.core.states import Machine, Transition

TEXT = Machine(
    "approved text",
    {
        "draft": pgettext_lazy("approved text", "draft"),
        "published": pgettext_lazy("approved text", "published"),
        "withdrawn": pgettext_lazy("approved text", "withdrawn"),
        "discarded": _("discarded"),
    },
    [
        Transition(
            "draft",
            "published",
            who="administrator or secretariat, but not who drafted it",
            guard="each language in it was approved, by somebody who did not write it",
            effect="from its day on it is the text in force; its wording never changes again",
        ),
        Transition("draft", "discarded", who="administrator or secretariat"),
        Transition(
            "published",
            "withdrawn",
            who="administrator or secretariat",
            effect="it is no longer in force; who accepted it, and what it said, stay readable",
        ),
    ],
)
