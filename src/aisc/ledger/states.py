"""How budgets and holds move."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.states import Machine, Transition

BUDGET_LABELS = {
    "active": _("active"),
    "suspended": _("suspended"),
    "closed": _("closed"),
}

BUDGET = Machine(
    "budget",
    BUDGET_LABELS,
    [
        Transition(
            "active",
            "suspended",
            who="finance officer; secretariat for an award",
            guard="a reason is given",
            effect="no new holds; what already runs is still charged",
        ),
        Transition("suspended", "active", who="finance officer; secretariat for an award", guard="a reason is given"),
        *(
            Transition(
                source,
                "closed",
                who="finance officer; secretariat for an award",
                guard="no open holds, a reason is given",
                effect="what was released and not used lapses",
            )
            for source in ("active", "suspended")
        ),
    ],
)

HOLD_LABELS = {
    "open": _("open"),
    "settled": _("settled"),
    "released": _("released"),
}

HOLD = Machine(
    "hold",
    HOLD_LABELS,
    [
        Transition("open", "settled", who="worker", guard="its usage was recorded", effect="the usage is charged"),
        Transition(
            "open",
            "released",
            who="worker; operator or finance officer",
            guard="nothing was used, or nothing will be",
            effect="the money is available again",
        ),
    ],
)
