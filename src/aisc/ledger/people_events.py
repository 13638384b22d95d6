"""What this room says when duplicates of an organisation become one. It moves nothing.

A budget is charged to the account of the organisation that opened it, for ever: journal, postings and statements
name who was liable when they were written, and the proof reads them so. What is seen follows the project, so the
survivor's people see every budget that came with a project, and open new ones in their own name.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from aisc.ledger.models import Budget, Statement
from aisc.people import signals
from aisc.people.models import Organisation
from aisc.people.signals import NAMED, Consequence


@receiver(signals.merging)
def name_merging(sender: Any, *, duplicate: Any, **_more: Any) -> list[Consequence]:
    """Budgets and statements of the duplicate."""
    if not isinstance(duplicate, Organisation):
        return []
    budgets = Budget.objects.filter(project__organisation=duplicate)
    return [
        Consequence(
            _("budgets"),
            budgets.count(),
            _("Stay with their projects. Their journals stay as they are, in the name that they were opened in."),
            [str(each) for each in budgets[:NAMED]],
        ),
        Consequence(
            _("statements"),
            Statement.objects.filter(budget__in=budgets).count(),
            _("Stay as they were issued, and can be verified as before."),
        ),
    ]
