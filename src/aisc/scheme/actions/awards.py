"""What becomes of an award: accepted, declined, or lapsed; and the reminder before that."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note, system
from aisc.core.errors import Conflict
from aisc.ledger.actions import open_budget, release_tranche
from aisc.ledger.models import Budget
from aisc.people.access import WRITERS
from aisc.people.actions import add_member, create_project
from aisc.people.models import Membership, Project
from aisc.people.queries import person_with_address
from aisc.people.text import clean_text
from aisc.scheme import telling
from aisc.scheme.actions.common import expect, locked, move
from aisc.scheme.conditions import accept as accept_conditions
from aisc.scheme.days import last_day
from aisc.scheme.models import Application, Award
from aisc.scheme.rules import REASON_LIMIT

ACCEPTED = gettext_noop("Award %(award)s for “%(title)s” was accepted. Its project and its budget are open.")
DECLINED = gettext_noop("Award %(award)s for “%(title)s” was declined by the applicant.")
LAPSED = gettext_noop("Award %(award)s for “%(title)s” lapsed: nobody accepted it by %(accept_by)s.")
REMINDER = gettext_noop("Award %(award)s for “%(title)s” waits for you: accept or decline it by %(accept_by)s.")


def _locked_award(award: Award) -> tuple[Application, Award]:
    application = locked(Application(pk=award.application_id))
    return application, Award.objects.select_for_update(no_key=True).get(pk=award.pk)


def _expect_offered(application: Application) -> None:
    expect(application, {"approved"}, code="award.state")


@action("scheme.accept_award", on="award")
def accept_award(actor: Actor, *, award: Award, conditions: str = "") -> Award:
    """Accept in time: opens the project and its budget, with the whole ceiling released as the first tranche.

    People of the team who have an account become members of the project. Opening a budget is no right of
    the applicant's, so the system does it because the award was accepted. ``conditions`` is the digest of the
    conditions that were on the page. Raises Conflict: accepted already, declined, lapsed or too late, or other
    conditions are in force by now. All or nothing.
    """
    application, award = _locked_award(award)
    _expect_offered(application)
    today = clock.today()
    if today > award.accept_by:
        raise Conflict(
            _("The time to accept this award ended on %(day)s. Ask the secretariat what can be done.")
            % {"day": award.accept_by.isoformat()},
            code="award.too_late",
        )
    decision = application.decision
    because = system(f"scheme: award {award.number} accepted by {actor}")
    project = create_project(
        because,
        organisation=application.organisation,
        name_en=application.name_en,
        name_zh=application.name_zh,
        summary_en=application.summary_en,
        summary_zh=application.summary_zh,
    )
    _add_team(because, application, project)
    starts_on = max(application.starts_on, today)
    award.budget = _open(because, award, application, project, starts_on, last_day(starts_on, decision.months))
    award.project = project
    award.accepted_at = clock.now()
    award.accepted_by = actor.person
    award.save()
    accept_conditions(actor, award, conditions)
    move(application, "accepted")
    application.save()
    note(project=project.uid, budget=award.budget.uid)
    everybody = [*telling.applicants(application), *telling.secretariat(application)]
    telling.tell(everybody, ACCEPTED, application, award=award.number)
    return award


def _open(
    because: Actor, award: Award, application: Application, project: Project, starts_on: date, ends_on: date
) -> Budget:
    decision = application.decision
    budget = open_budget(
        because,
        name=f"{award.number} {application.name_en}"[:200],
        source=Budget.Source.AWARD,
        project=project,
        price_list=application.call.price_list,
        scheme_bps=decision.scheme_bps,
        ceiling=decision.ceiling,
        starts_on=starts_on,
        ends_on=ends_on,
        reference=award.number,
    )
    release_tranche(
        because, budget=budget, amount=decision.ceiling, reason=f"{award.number}: whole ceiling on acceptance"
    )
    return budget


def _add_team(because: Actor, application: Application, project: Project) -> None:
    """Make members of those named in the team who have a confirmed account and may not write here already."""
    writing = set(
        Membership.objects.filter(
            organisation_id=application.organisation_id, project=None, role__in=WRITERS
        ).values_list("person_id", flat=True)
    )
    for email in application.team.exclude(email="").values_list("email", flat=True):
        person = person_with_address(email)
        if person is not None and person.is_active and person.pk not in writing:
            add_member(because, project=project, email=email, role=Membership.Role.MEMBER)
            writing.add(person.pk)


@action("scheme.decline_award", on="award")
def decline_award(actor: Actor, *, award: Award, reason: str = "") -> Award:
    """Say no to an award, for good. Raises Conflict, BadInput."""
    application, award = _locked_award(award)
    _expect_offered(application)
    reason = clean_text(reason, field="reason", limit=REASON_LIMIT)
    move(application, "declined", reason)
    application.save()
    note(reason=reason)
    everybody = [*telling.applicants(application), *telling.secretariat(application)]
    telling.tell(everybody, DECLINED, application, award=award.number)
    return award


@action("scheme.lapse", on="award")
def lapse(actor: Actor, *, award: Award) -> Award:
    """End an award that nobody accepted in time. For the worker. Raises Conflict when it is not due."""
    application, award = _locked_award(award)
    _expect_offered(application)
    if clock.today() <= award.accept_by:
        raise Conflict(_("It can still be accepted."), code="award.not_due")
    move(application, "lapsed")
    application.save()
    everybody = [*telling.applicants(application), *telling.secretariat(application)]
    telling.tell(everybody, LAPSED, application, award=award.number, accept_by=award.accept_by.isoformat())
    return award


@action("scheme.remind", on="award")
def remind(actor: Actor, *, award: Award) -> Award:
    """Remind the applicant once, shortly before the award lapses. For the worker. Raises Conflict."""
    application, award = _locked_award(award)
    _expect_offered(application)
    if award.reminded_at is not None:
        raise Conflict(_("They have been reminded."), code="award.reminded")
    award.reminded_at = clock.now()
    award.save(update_fields=["reminded_at"])
    telling.tell(
        telling.applicants(application),
        REMINDER,
        application,
        award=award.number,
        accept_by=award.accept_by.isoformat(),
    )
    return award
