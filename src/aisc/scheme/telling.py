"""Who hears of what. Nobody connected with an application, or recused from it, hears of it for the centre."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.urls import reverse

from aisc.people.access import MANAGERS, Centre
from aisc.people.models import Handover, Membership, Person
from aisc.people.notices import notify_all
from aisc.scheme.models import Application, Review, TeamMember


def applicants(application: Application) -> QuerySet[Person]:
    """Owners and managers of the applicant's organisation, and the author, or who took over from them, while in it."""
    held = Membership.objects.filter(person=OuterRef("pk"), organisation_id=application.organisation_id, project=None)
    took_over = Handover.objects.filter(
        person=application.created_by_id,
        successor=OuterRef("pk"),
        organisation=application.organisation_id,
        project=None,
    )
    author = Q(pk=application.created_by_id) | Exists(took_over)
    return Person.objects.filter(
        Exists(held.filter(role__in=MANAGERS)) | (author & Exists(held)), is_active=True, is_service=False
    ).order_by("pk")


def connected(application: Application) -> Q:
    """Persons connected with the applicant; ``standing`` says the same of one person."""
    member = Membership.objects.filter(person=OuterRef("pk"), organisation_id=application.organisation_id)
    named = TeamMember.objects.filter(application=application).annotate(lower=Lower("email"))
    return Exists(member) | Exists(named.filter(lower=Lower(OuterRef("email")))) | Q(pk=application.created_by_id)


def unconflicted(application: Application, role: str) -> QuerySet[Person]:
    """Active holders of the centre's ``role`` who are neither connected with nor recused from ``application``."""
    recused = Review.objects.filter(application=application, assessor=OuterRef("pk")).exclude(conflict="")
    return (
        Person.objects.filter(is_active=True, centre_roles__role=role)
        .exclude(connected(application))
        .exclude(Exists(recused))
        .order_by("pk")
    )


def secretariat(application: Application) -> QuerySet[Person]:
    return unconflicted(application, Centre.SECRETARIAT)


def committee(application: Application) -> QuerySet[Person]:
    """Those who may decide: not the assessor either."""
    assessed = Review.objects.filter(application=application, assessor=OuterRef("pk"))
    return unconflicted(application, Centre.COMMITTEE).exclude(Exists(assessed))


def tell(people: Iterable[Person], message: str, application: Application, **values: Any) -> None:
    """Give each of ``people`` a notice with the application's number and title, and mail after the commit."""
    url = reverse("scheme:application", args=[application.uid])
    title = {"en": application.name_en or application.name_zh, "zh": application.name_zh or application.name_en}
    values = {"number": application.number or "", "title": title, **values}
    notify_all(people, message, values, url=url, email=True)
