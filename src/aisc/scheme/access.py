"""Who may do what with calls, applications, reviews, decisions and awards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from aisc.core.access import READ, Rule, register, with_step_up
from aisc.people.access import WRITERS, Centre, anyone, centre_role, nobody_but_the_system, role_in, signed_in
from aisc.scheme import routes  # noqa: F401 - registers which rule guards which page
from aisc.scheme.models import Application, Award
from aisc.scheme.standing import Standing, standing

SCHEME = "scheme"


def _application(target: Application | Award) -> Application:
    return target.application if isinstance(target, Award) else target


def _standing(who: Any, test: Callable[[Standing], bool], *, scope: str = SCHEME, hide: bool = True) -> Rule:
    return Rule(who, lambda actor, target: test(standing(actor, _application(target))), scope, hide)


_WRITERS = _("owners, managers and members of the applicant's organisation")
_SIGNERS = _("owners and managers of the applicant's organisation")
_OWNERS = _("owners of the applicant's organisation")
_DESK = _("the secretariat, but for those connected with the applicant")
_ASSESSOR = _("the assessor of this application")
_COMMITTEE = _("members of the committee who neither assessed it nor are connected with the applicant")

register(
    {
        # calls
        "scheme.view_calls": anyone(),
        "scheme.create_call": centre_role(Centre.SECRETARIAT, scope=SCHEME),
        "scheme.edit_call": centre_role(Centre.SECRETARIAT, scope=SCHEME),
        # applications
        "scheme.view_applications": signed_in(),
        "scheme.view_application": _standing(
            _("the applicant, and those of the centre who work on it"), lambda s: s.sees, scope=READ
        ),
        "scheme.view_reviews": _standing(_("the centre's people who work on it"), lambda s: s.sees_reviews, scope=READ),
        "scheme.view_letter": _standing(
            _("the applicant, the secretariat, the committee and auditors"), lambda s: s.sees_letter, scope=READ
        ),
        "scheme.start_draft": role_in(WRITERS, scope=SCHEME, hide=False),
        "scheme.save_draft": _standing(_WRITERS, lambda s: s.writes, hide=False),
        "scheme.submit_application": _standing(_SIGNERS, lambda s: s.signs, hide=False),
        "scheme.withdraw": _standing(_SIGNERS, lambda s: s.signs, hide=False),
        # the secretariat's desk
        "scheme.return_application": _standing(_DESK, lambda s: s.desk),
        "scheme.assign_assessor": _standing(_DESK, lambda s: s.desk),
        "scheme.take_back": _standing(_DESK, lambda s: s.desk),
        # assessment and decision
        "scheme.declare_conflict": _standing(_ASSESSOR, lambda s: s.assesses),
        "scheme.save_review": _standing(_ASSESSOR, lambda s: s.assesses),
        "scheme.submit_review": _standing(_ASSESSOR, lambda s: s.assesses),
        "scheme.decide": with_step_up(_standing(_COMMITTEE, lambda s: s.decides)),
        # awards
        "scheme.accept_award": with_step_up(_standing(_OWNERS, lambda s: s.owns, hide=False)),
        "scheme.decline_award": with_step_up(_standing(_OWNERS, lambda s: s.owns, hide=False)),
        "scheme.lapse": nobody_but_the_system(),
        "scheme.remind": nobody_but_the_system(),
    }
)
