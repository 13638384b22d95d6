"""Readings of the scheme. Each makes a constant number of SQL queries, however many rows there are."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from aisc.core import access, clock
from aisc.core.actions import Actor
from aisc.core.errors import NotFound
from aisc.core.money import format_cents
from aisc.people.access import Centre, has_centre_role
from aisc.people.models import Membership, Person
from aisc.scheme import letters, telling
from aisc.scheme.days import add_working_days, in_words, local_day
from aisc.scheme.models import Application, Award, Call, Decision, Letter, Review, TeamMember
from aisc.scheme.rules import TARGET_WORKING_DAYS
from aisc.scheme.standing import COMMITTEE_STATES
from aisc.scheme.states import APPLICATION

# Calls


def calls() -> QuerySet[Call]:
    """Every announced call: open ones, those to come, closed ones. Public."""
    return Call.objects.select_related("price_list").order_by("-opens_at")


def open_calls() -> QuerySet[Call]:
    now = clock.now()
    return calls().filter(opens_at__lte=now, closes_at__gt=now).order_by("closes_at")


def call_by_uid(uid: str) -> Call:
    """Raises NotFound."""
    call = calls().filter(uid=uid).first()
    if call is None:
        raise NotFound
    return call


def phase(call: Call) -> str:
    """``coming``, ``open`` or ``closed``, now."""
    now = clock.now()
    if now < call.opens_at:
        return "coming"
    return "open" if now < call.closes_at else "closed"


DECIDED = ("approved", "rejected", "accepted", "declined", "lapsed")


def figures(call: Call) -> dict[str, int]:
    """What the public may know of a call's applications: how many, and nothing of any one of them."""
    submitted = Q(submitted_at__isnull=False)
    return Application.objects.filter(call=call).aggregate(
        received=Count("pk", filter=submitted),
        decided=Count("pk", filter=Q(state__in=DECIDED)),
        approved=Count("pk", filter=Q(state__in=DECIDED) & ~Q(state="rejected")),
        accepted=Count("pk", filter=Q(state="accepted")),
    )


# Applications


def applications_visible_to(actor: Actor) -> QuerySet[Application]:
    """The applications that ``scheme.view_application`` lets the actor see, in one query; newest first."""
    rows = Application.objects.select_related("call", "organisation", "award").order_by("-id")
    if actor.is_system:
        return rows
    person = actor.person
    if person is None:
        return rows.none()
    return rows.filter(Q(organisation__in=_organisations_of(person)) | _for_the_centre(actor, person))


def _organisations_of(person: Person | int) -> QuerySet:
    return Membership.objects.filter(person=person, project=None).values("organisation")


def _for_the_centre(actor: Actor, person: Person) -> Q:
    seen = Q(pk__in=[])
    if has_centre_role(actor, (Centre.SECRETARIAT, Centre.AUDITOR)):
        seen |= Q(submitted_at__isnull=False)
    if has_centre_role(actor, (Centre.COMMITTEE,)):
        # By what is left out, so that a database reads the newest first instead of sorting all in these states.
        seen |= ~Q(state__in=set(APPLICATION.labels) - set(COMMITTEE_STATES))
    if has_centre_role(actor, (Centre.ASSESSOR,)):
        seen |= Q(pk__in=Review.objects.filter(assessor=person, taken_back="").values("application"))
    named = TeamMember.objects.filter(application=OuterRef("pk"), email__iexact=person.email)
    recused = Review.objects.filter(assessor=person).exclude(conflict="").values("application")
    return seen & ~Q(created_by=person) & ~_connected(person) & ~Q(pk__in=recused) & ~Exists(named)


def _connected(person: Person) -> Q:
    """The applications of organisations in which the person has any role."""
    return Q(organisation__in=Membership.objects.filter(person=person).values("organisation"))


def own_applications(actor: Actor) -> QuerySet[Application]:
    """Those of the organisations in which the actor has a role."""
    rows = Application.objects.select_related("call", "organisation", "award").order_by("-id")
    return rows.filter(organisation__in=_organisations_of(actor.person))


def applications_of(person: int) -> QuerySet[Application]:
    """The same of the person with this key, in no order and with nothing beside."""
    return Application.objects.order_by().filter(organisation__in=_organisations_of(person))


def desk(actor: Actor) -> dict[str, QuerySet[Application]]:
    """What waits for the actor in each of the centre's roles: the longest wait first. One query each when read."""
    if not has_centre_role(actor, (Centre.SECRETARIAT, Centre.ASSESSOR, Centre.COMMITTEE)):
        return {}
    rows = applications_visible_to(actor).order_by("state_since", "id")
    waiting: dict[str, QuerySet[Application]] = {}
    if has_centre_role(actor, (Centre.SECRETARIAT,)):
        waiting["check"] = rows.filter(~_connected(actor.person), state="submitted")
    if has_centre_role(actor, (Centre.ASSESSOR,)):
        waiting["assess"] = rows.filter(pk__in=reviews_waiting_for(actor.person).values("application"))
    if has_centre_role(actor, (Centre.COMMITTEE,)):
        assessed = Review.objects.filter(assessor=actor.person).values("application")
        waiting["decide"] = rows.filter(~_connected(actor.person), ~Q(pk__in=assessed), state="reviewed")
    return waiting


def reviews_waiting_for(person: Person | int) -> QuerySet[Review]:
    """Assignments on which the person must act: not submitted, not ended, the application still in review."""
    return Review.objects.filter(
        assessor=person, submitted_at=None, conflict="", taken_back="", application__state="in_review"
    ).select_related("application")


def application_by_uid(actor: Actor, uid: str) -> Application:
    """The application with what its pages show. Raises NotFound, also for those who may not see it."""
    rows = Application.objects.select_related("call__price_list", "organisation", "award__project", "award__budget")
    application = rows.filter(uid=uid).first()
    if application is None:
        raise NotFound
    access.require(actor, "scheme.view_application", application)
    return application


def award_by_number(actor: Actor, number: str) -> Award:
    """Raises NotFound, also for those who may not see its application."""
    award = Award.objects.select_related("application").filter(number=number).first()
    if award is None:
        raise NotFound
    access.require(actor, "scheme.view_application", award.application)
    return award


def letter_of(actor: Actor, application: Application) -> Letter:
    """The decision letter. Raises NotFound when there is none yet or the actor may not read it."""
    access.require(actor, "scheme.view_letter", application)
    letter = Letter.objects.filter(application=application).first()
    if letter is None:
        raise NotFound
    return letter


def reviews_of(actor: Actor, application: Application) -> list[Review]:
    """Reviews that the actor may read: all for secretariat, committee and auditors; an assessor's own."""
    access.require(actor, "scheme.view_reviews", application)
    rows = Review.objects.filter(application=application).select_related("assessor")
    if has_centre_role(actor, (Centre.SECRETARIAT, Centre.COMMITTEE, Centre.AUDITOR)):
        return list(rows)
    return list(rows.filter(assessor=actor.person))


def assessors_for(application: Application) -> QuerySet[Person]:
    """Whom the secretariat may choose, with ``open_reviews``: how many each has on the table."""
    before = Review.objects.filter(application=application, assessor=OuterRef("pk"))
    waiting = Q(
        reviews__submitted_at=None,
        reviews__conflict="",
        reviews__taken_back="",
        reviews__application__state="in_review",
    )
    people = telling.unconflicted(application, Centre.ASSESSOR).exclude(Exists(before))
    return people.annotate(open_reviews=Count("reviews", filter=waiting, distinct=True)).order_by(
        "open_reviews", "name", "pk"
    )


def due(application: Application) -> date | None:
    """By when the next step should be taken; None when nobody has to act.

    A target of this software for the centre's steps (working days), the terms themselves for an award.
    """
    if application.state == "approved":
        return application.award.accept_by
    if application.state == "draft":
        return local_day(application.call.closes_at)
    days = TARGET_WORKING_DAYS.get(application.state)
    return None if days is None else add_working_days(local_day(application.state_since), days)


# Documents


def find_by_code(code: str) -> tuple[str, list[tuple[str, str]]] | None:
    """What a letter with this verification code says, for whoever holds it: its title, and (label, value) rows.

    No more than the paper shows, and not its reasons or scores: enough to see that a paper is the one issued.
    """
    letter = Letter.objects.filter(code=letters.plain_code(code)).first()
    if letter is None:
        return None
    said = letter.content
    approved = said["outcome"] == Decision.Outcome.APPROVED
    rows = [
        (_("Reference"), said["reference"]),
        (_("Application"), said["application"]),
        (_("Date"), in_words(date.fromisoformat(said["issued"]))),
        (
            _("Organisation"),
            " · ".join(filter(None, (said["organisation"]["name_en"], said["organisation"]["name_zh"]))),
        ),
        (_("Project"), " · ".join(filter(None, (said["name_en"], said["name_zh"])))),
        (_("Decision"), str(Decision.Outcome(said["outcome"]).label)),
    ]
    if approved:
        rows += [
            (_("The scheme's share"), letters.percent(said["scheme_bps"])),
            (_("Ceiling at list price"), format_cents(said["ceiling"], said["currency"])),
            (_("Months"), str(said["months"])),
        ]
    return _("Decision letter"), rows


def summary_rows(snapshot: dict[str, Any]) -> list[dict[str, str]]:
    """A submitted copy's texts as (label, value) rows for a page, each language under its own label."""
    pairs = [
        (_("Title in English"), snapshot["name_en"]),
        (_("Title in Chinese"), snapshot["name_zh"]),
        (_("Summary in English"), snapshot["summary_en"]),
        (_("Summary in Chinese"), snapshot["summary_zh"]),
        (_("Start date"), in_words(date.fromisoformat(snapshot["starts_on"]))),
        (_("Why this much computing"), snapshot["justification"]),
        (_("Other government subsidy for the same work"), _("Yes") if snapshot["other_funding"] else _("No")),
        (_("Other public money for other parts of the work"), snapshot["funding_note"]),
    ]
    return [{"label": label, "value": value} for label, value in pairs]
