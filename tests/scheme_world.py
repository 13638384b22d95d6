"""A scheme with its people: an applicant's organisation, a stranger's, and the centre's desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.scheme import actions
from aisc.scheme.models import Application, Call

SCORES = {"alignment": 8, "compute": 7, "placeholder": 6}
ANSWERS = {
    "name_en": "Cantonese speech in noise",
    "name_zh": "嘈雜環境粵語語音",
    "summary_en": "We train a model that understands Cantonese in the street.",
    "summary_zh": "訓練能在街上聽懂粵語的模型。",
    "starts_on": date(2026, 9, 1),
    "justification": "7 billion parameters, 300 billion tokens, BF16, three runs.",
    "other_funding": False,
    "funding_note": "The data set is paid for by the university.",
    "team": [
        {"name": "陳大文", "role": "Principal investigator", "email": "chan@example.org"},
        {"name": "Ōyama", "role": "Engineer", "email": ""},
    ],
    "resources": [{"accelerator": "h800", "count": 8, "months": 6}],
}
LIST_CENTS = 8 * 6 * 730 * 2000  # HK$700,800.00


EVERYBODY = (
    *("owner", "manager", "writer", "finance", "reader", "stranger"),
    *("secretary", "assessor", "second_assessor", "member", "second_member", "auditor"),
)


@dataclass
class World:
    """Everybody who has to do with one call."""

    call: Call
    organisation: Any
    owner: Any
    manager: Any
    writer: Any
    finance: Any
    reader: Any
    stranger: Any
    other_organisation: Any
    secretary: Any
    assessor: Any
    second_assessor: Any
    member: Any
    second_member: Any
    auditor: Any
    prices: Any

    @property
    def everybody(self) -> dict[str, Any]:
        return {
            name: getattr(self, name)
            for name in [
                "owner",
                "manager",
                "writer",
                "finance",
                "reader",
                "stranger",
                "secretary",
                "assessor",
                "second_assessor",
                "member",
                "second_member",
                "auditor",
            ]
        }

    def draft(self, **changes: Any) -> Application:
        application = actions.start_draft(Actor(self.owner), organisation=self.organisation, call=self.call)
        return actions.save_draft(Actor(self.owner), application=application, **(ANSWERS | changes))

    def application(self, state: str, **changes: Any) -> Application:
        """An application in ``state``, brought there by the actions."""
        owner, secretary = Actor(self.owner), Actor(self.secretary)
        application = self.draft(**changes)
        if state == "draft":
            return application
        if state == "withdrawn":
            return actions.withdraw(owner, application=application)
        application = actions.submit_application(owner, application=application, declared=True)
        if state == "submitted":
            return application
        if state == "returned":
            return actions.return_application(secretary, application=application, missing="The CV of 陳大文")
        application = actions.assign_assessor(secretary, application=application, assessor=self.assessor)
        if state == "in_review":
            return application
        self.review(application)
        application.refresh_from_db()
        if state == "reviewed":
            return application
        if state == "rejected":
            actions.decide(Actor(self.member), application=application, outcome="rejected", reasons="Not now.")
            return Application.objects.get(pk=application.pk)
        actions.decide(
            Actor(self.member), application=application, outcome="approved", reasons="Good.", scheme_bps=7000
        )
        application = Application.objects.get(pk=application.pk)
        if state == "accepted":
            actions.accept_award(owner, award=application.award)
        elif state == "declined":
            actions.decline_award(owner, award=application.award)
        elif state == "lapsed":
            from aisc.core.actions import system

            with clock.fixed(clock.now() + timedelta(days=60)):
                actions.lapse(system("test"), award=application.award)
        return Application.objects.get(pk=application.pk)

    def review(self, application: Application, assessor: Any = None, **changes: Any) -> Any:
        values = {"scores": SCORES, "comment": "Sound.", "recommended_bps": 7000} | changes
        return actions.submit_review(Actor(assessor or self.assessor), application=application, **values)


@pytest.fixture
def world(noon, make_person, make_organisation, member, prices) -> World:
    owner = make_person(name="Owner", email="owner@applicant.example")
    organisation = make_organisation(owner, name_en="Harbour AI", name_zh="海港人工智能", category="startup")
    people = {}
    for name, role in [("manager", "manager"), ("writer", "member"), ("finance", "finance"), ("reader", "read_only")]:
        people[name] = make_person(name=name.title())
        member(people[name], organisation, role)
    stranger = make_person(name="Stranger")
    other = make_organisation(stranger, name_en="Peak Robotics", name_zh="山頂機械人")
    secretary = make_person("secretariat", name="Secretary")
    call = actions.create_call(
        Actor(secretary),
        name_en="Open call 2026",
        name_zh="二〇二六年公開申請",
        summary_en="Apply for computing.",
        summary_zh="申請算力。",
        opens_at=noon,
        closes_at=noon + timedelta(days=30),
        price_list=prices,
    )
    return World(
        call=call,
        organisation=organisation,
        owner=owner,
        stranger=stranger,
        other_organisation=other,
        secretary=secretary,
        assessor=make_person("assessor", name="Assessor"),
        second_assessor=make_person("assessor", name="Second assessor"),
        member=make_person("committee", name="Member"),
        second_member=make_person("committee", name="Second member"),
        auditor=make_person("auditor", name="Auditor"),
        prices=prices,
        **people,
    )
