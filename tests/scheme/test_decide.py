"""The committee's decision, its letter and its award."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from scheme_world import LIST_CENTS

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import BadInput, Conflict, NotFound
from aisc.people.models import Notice
from aisc.scheme import actions, letters, queries
from aisc.scheme.models import Application, Award, Decision, Letter


def approve(world, application, who=None, **changes):
    values = {"outcome": "approved", "reasons": "Good work.", "scheme_bps": 7000} | changes
    return actions.decide(Actor(who or world.member), application=application, **values)


def test_approved_at_what_was_asked_for(world, noon):
    application = world.application("reviewed")
    Notice.objects.all().delete()
    decision = approve(world, application)
    assert (decision.scheme_bps, decision.ceiling, decision.months) == (7000, LIST_CENTS, 6)
    assert (decision.decided_by, decision.decided_at, decision.exceptional_reason) == (world.member, noon, "")
    award = Award.objects.get()
    assert (award.number, award.accept_by) == ("AW-2026-0001", date(2026, 7, 13))
    assert (award.project, award.budget, award.accepted_at) == (None, None, None)
    assert sorted(n.person.name for n in Notice.objects.all()) == ["Manager", "Owner", "Secretary"]
    notice = Notice.objects.get(person=world.owner)
    assert str(notice) == (
        "Application A-2026-0001, “Cantonese speech in noise”, was approved. "
        "Read the letter and accept the award by 2026-07-13."
    )


def test_the_letter_is_frozen(world):
    application = world.application("reviewed")
    approve(world, application, scheme_bps=6250, ceiling=10_000_001, months=3)
    letter = Letter.objects.get()
    said = letter.content
    assert letter.reference == said["reference"] == "AW-2026-0001"
    assert (said["scheme_cents"], said["applicant_cents"]) == (6_250_001, 3_750_000)
    assert said["total_tenths"] == 25 * 8 + 20 * 7 + 55 * 6 == 670
    assert [row["score"] for row in said["scores"]] == [8, 7, 6]
    world.organisation.name_en = "Renamed"
    world.organisation.save()
    page = letters.page_data(Letter.objects.get())
    assert page["organisation"]["name_en"] == "Harbour AI"
    assert (page["rate"], page["applicant_rate"], page["ceiling"]) == ("62.5%", "37.5%", "HK$100,000.01")
    assert (page["total"], page["accept_by_zh"], page["letter"]["illustrative"]) == ("67.0", "2026年7月13日", True)
    # Nobody learns from it who assessed.
    assert "Assessor" not in str(said)
    award = Award.objects.get()
    assert (award.letter, award.code) == (said, letter.code)


def test_rejected_gets_a_letter_too(world):
    application = world.application("reviewed")
    Notice.objects.all().delete()
    decision = actions.decide(
        Actor(world.member), application=application, outcome="rejected", reasons="No plan.", scheme_bps=7000, ceiling=5
    )
    assert (decision.scheme_bps, decision.ceiling, decision.months) == (0, 0, 0)
    assert Award.objects.count() == 0
    letter = Letter.objects.get()
    assert (letter.reference, letter.content["outcome"], letter.content["reasons"]) == (
        "A-2026-0001",
        "rejected",
        "No plan.",
    )
    assert sorted(n.person.name for n in Notice.objects.all()) == ["Manager", "Owner", "Secretary"]


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_the_letter_as_a_document(world, state):
    application = world.application(state)
    data = letters.pdf(application.letter)
    assert data.startswith(b"%PDF-")
    assert letters.pdf(application.letter) == data


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scheme_bps": 0}, "scheme_bps"),
        ({"scheme_bps": -1}, "scheme_bps"),
        ({"scheme_bps": 7001}, "exceptional_reason"),
        ({"scheme_bps": 9000, "exceptional_reason": "  "}, "exceptional_reason"),
        ({"scheme_bps": 9001, "exceptional_reason": "Very special"}, "scheme_bps"),
        ({"scheme_bps": 10_000, "exceptional_reason": "Very special"}, "scheme_bps"),
        ({"exceptional_reason": "x" * 4001}, "exceptional_reason"),
        ({"ceiling": 0}, "ceiling"),
        ({"ceiling": LIST_CENTS + 1}, "ceiling"),
        ({"ceiling": 1.5}, "ceiling"),
        ({"months": 0}, "months"),
        ({"months": 37}, "months"),
        ({"reasons": " "}, "reasons"),
        ({"reasons": "x" * 4001}, "reasons"),
        ({"outcome": "deferred"}, "outcome"),
        ({"outcome": ""}, "outcome"),
    ],
)
def test_what_is_refused_changes_nothing(world, changes, field):
    application = world.application("reviewed")
    with pytest.raises(BadInput) as caught:
        approve(world, application, **changes)
    assert caught.value.field == field
    assert Application.objects.get().state == "reviewed"
    assert (Decision.objects.count(), Award.objects.count(), Letter.objects.count()) == (0, 0, 0)


def test_ninety_percent_with_a_written_reason(world):
    application = world.application("reviewed")
    approve(world, application, scheme_bps=9000, exceptional_reason="A public good.", ceiling=1, months=36)
    decision = Decision.objects.get()
    assert (decision.scheme_bps, decision.exceptional_reason, decision.ceiling) == (9000, "A public good.", 1)
    assert Letter.objects.get().content["exceptional_reason"] == "A public good."


def test_an_ordinary_rate_keeps_no_exceptional_reason(world):
    application = world.application("reviewed")
    assert approve(world, application, exceptional_reason="Just in case").exceptional_reason == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"scheme_bps": 9001, "exceptional_reason": "x"},
        {"scheme_bps": 7001},
        {"scheme_bps": 0},
        {"ceiling": 0},
        {"outcome": "rejected"},
        {"reasons": ""},
    ],
)
def test_the_database_refuses_as_well(world, changes):
    application = world.application("reviewed")
    values = {
        "outcome": "approved",
        "scheme_bps": 7000,
        "ceiling": 1,
        "months": 1,
        "reasons": "x",
        "decided_by": world.member,
        "decided_at": clock.now(),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(application=application, **(values | changes))


def test_two_deciders(world):
    """The second, who looked at it before the first decided, is refused; one decision, one award, one letter."""
    application = world.application("reviewed")
    stale = Application.objects.get(pk=application.pk)
    approve(world, application)
    with pytest.raises(Conflict):
        approve(world, stale, who=world.second_member, outcome="rejected")
    assert Decision.objects.get().decided_by == world.member
    assert (Award.objects.count(), Letter.objects.count()) == (1, 1)


def test_the_decider_is_neither_assessor_nor_applicant(world, member):
    from aisc.people.models import CentreRole

    application = world.application("reviewed")
    CentreRole.objects.create(person=world.assessor, role="committee", granted_at=clock.now())
    member(world.second_member, world.organisation, "owner")
    CentreRole.objects.create(person=world.owner, role="committee", granted_at=clock.now())
    for person in (world.assessor, world.second_member, world.owner, world.secretary, world.auditor, world.stranger):
        with pytest.raises(NotFound):
            approve(world, application, who=person)
    assert Decision.objects.count() == 0


class TestCodes:
    def test_a_letter_is_found_by_its_code_however_it_is_typed(self, world):
        letter = world.application("approved").letter
        plain = letter.code.replace("-", "")
        for typed in (letter.code, letter.code.upper(), plain, f" {plain[:5]} {plain[5:]} "):
            title, rows = queries.find_by_code(typed)
            assert title == "Decision letter"
            values = dict(rows)
            assert values["Reference"] == "AW-2026-0001"
            assert values["The scheme's share"] == "70%"
            assert values["Ceiling at list price"] == "HK$700,800.00"
            assert not {"Reasons", "Scores"} & set(values)

    def test_a_rejection_says_so_and_no_terms(self, world):
        letter = world.application("rejected").letter
        _title, rows = queries.find_by_code(letter.code)
        assert [label for label, _value in rows] == [
            "Reference",
            "Application",
            "Date",
            "Organisation",
            "Project",
            "Decision",
        ]

    @pytest.mark.parametrize("code", ["", "x", "0000-0000-0000", "'; DROP TABLE", "字" * 500, "a" * 10_000])
    def test_nonsense_finds_nothing(self, db, code):
        assert queries.find_by_code(code) is None
