"""How a person stands to an application, read afresh each time: the one place that says who may do what.

Access rules, pages and lists all ask here. Two kinds of people never act for the centre on an application,
whatever roles they hold: those *connected* with it (people of the organisation or any of its projects, its
author, its team by e-mail address) and those *recused* (they declared a conflict). For them it is as if
the application did not exist, but for what their own organisation shows its members.
"""

from __future__ import annotations

from dataclasses import dataclass

from aisc.core.actions import Actor
from aisc.people.access import MANAGERS, WRITERS, Centre, Role
from aisc.people.models import CentreRole, Membership
from aisc.scheme.models import Application, Review

# Where the committee looks: what has been assessed, and what became of it.
COMMITTEE_STATES = frozenset({"reviewed", "approved", "rejected", "accepted", "declined", "lapsed"})
EDITABLE = frozenset({"draft", "returned"})
WITHDRAWABLE = frozenset({"draft", "submitted", "returned", "in_review", "reviewed"})


@dataclass(frozen=True)
class Standing:
    """One person's standing to one application; the properties say what it allows in any state of it."""

    roles: frozenset[str] = frozenset()  # in the applicant's organisation
    centre: frozenset[str] = frozenset()
    connected: bool = False
    recused: bool = False
    review: Review | None = None  # this person's assignment, not ended
    has_assessed: bool = False  # was ever assigned to it
    submitted: bool = False
    state: str = "draft"

    def _staff(self, role: str) -> bool:
        return self.submitted and role in self.centre and not self.connected and not self.recused

    @property
    def applicant(self) -> bool:
        return bool(self.roles)

    @property
    def writes(self) -> bool:
        return not self.roles.isdisjoint(WRITERS)

    @property
    def signs(self) -> bool:
        return not self.roles.isdisjoint(MANAGERS)

    @property
    def owns(self) -> bool:
        return Role.OWNER in self.roles

    @property
    def desk(self) -> bool:
        return self._staff(Centre.SECRETARIAT)

    @property
    def assesses(self) -> bool:
        return self.review is not None and self._staff(Centre.ASSESSOR)

    @property
    def committee(self) -> bool:
        return self._staff(Centre.COMMITTEE) and self.state in COMMITTEE_STATES

    @property
    def decides(self) -> bool:
        return self.committee and not self.has_assessed

    @property
    def audits(self) -> bool:
        return self._staff(Centre.AUDITOR)

    @property
    def sees(self) -> bool:
        return self.applicant or self.desk or self.assesses or self.committee or self.audits

    @property
    def sees_reviews(self) -> bool:
        return self.desk or self.assesses or self.committee or self.audits

    @property
    def sees_letter(self) -> bool:
        return self.applicant or self.desk or self.committee or self.audits


def standing(actor: Actor, application: Application) -> Standing:
    """How the actor stands to ``application``; four queries at most, the state as the row given has it."""
    person = actor.person
    if person is None:
        return Standing(state=application.state)
    members = list(
        Membership.objects.filter(person=person, organisation_id=application.organisation_id).values_list(
            "role", "project_id"
        )
    )
    centre = frozenset(CentreRole.objects.filter(person=person).values_list("role", flat=True))
    connected = bool(members) or application.created_by_id == person.pk
    reviews: list[Review] = []
    if centre:
        connected = connected or application.team.filter(email__iexact=person.email).exists()
        reviews = list(Review.objects.filter(application=application, assessor=person))
    return Standing(
        roles=frozenset(role for role, project in members if project is None),
        centre=centre,
        connected=connected,
        recused=any(review.conflict for review in reviews),
        review=next((review for review in reviews if review.is_current), None),
        has_assessed=bool(reviews),
        submitted=application.submitted_at is not None,
        state=application.state,
    )
