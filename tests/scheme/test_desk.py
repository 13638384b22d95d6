"""The secretariat's desk, and the assessor's."""

import pytest
from scheme_world import SCORES

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import BadInput, Conflict, NotFound
from aisc.core.models import AuditEvent
from aisc.people.models import CentreRole, Notice
from aisc.scheme import actions, queries
from aisc.scheme.models import Application, Review


def told():
    return sorted(notice.person.name for notice in Notice.objects.all())


class TestReturn:
    def test_once_with_a_list(self, world, noon):
        application = world.application("submitted")
        Notice.objects.all().delete()
        actions.return_application(Actor(world.secretary), application=application, missing="CVs\nAudit report")
        application.refresh_from_db()
        assert (application.returned_for, application.returned_at) == ("CVs\nAudit report", noon)
        assert not application.declared
        assert told() == ["Manager", "Owner"]
        actions.submit_application(Actor(world.owner), application=application, declared=True)
        with pytest.raises(Conflict) as caught:
            actions.return_application(Actor(world.secretary), application=application, missing="More")
        assert caught.value.code == "application.returned_once"
        assert Application.objects.get().state == "submitted"

    @pytest.mark.parametrize("missing", ["", "  \n", "x" * 4001, "a\x00"])
    def test_needs_the_list(self, world, missing):
        application = world.application("submitted")
        with pytest.raises(BadInput) as caught:
            actions.return_application(Actor(world.secretary), application=application, missing=missing)
        assert caught.value.field == "missing"
        assert Application.objects.get().state == "submitted"


class TestAssign:
    def test_the_assessor_and_the_applicant_are_told(self, world):
        application = world.application("submitted")
        Notice.objects.all().delete()
        actions.assign_assessor(Actor(world.secretary), application=application, assessor=world.assessor)
        assert told() == ["Assessor", "Manager", "Owner"]
        event = AuditEvent.objects.filter(action="scheme.assign_assessor").get()
        assert event.details == {"before": "submitted", "after": "in_review", "assessor": world.assessor.uid}

    def test_only_those_without_connection_are_offered_and_taken(self, world, member, make_project):
        application = world.application("submitted")
        member(world.second_assessor, make_project(world.organisation), "read_only")
        assert list(queries.assessors_for(application)) == [world.assessor]
        for person in (world.second_assessor, world.secretary, world.stranger, world.owner):
            with pytest.raises(BadInput) as caught:
                actions.assign_assessor(Actor(world.secretary), application=application, assessor=person)
            assert caught.value.field == "assessor"
        assert Review.objects.count() == 0

    def test_those_who_left_are_not_offered(self, world):
        application = world.application("submitted")
        world.assessor.is_active = False
        world.assessor.save()
        assert list(queries.assessors_for(application)) == [world.second_assessor]

    def test_the_least_busy_first(self, world):
        world.application("in_review")
        application = world.application("submitted")
        assert [(p.name, p.open_reviews) for p in queries.assessors_for(application)] == [
            ("Second assessor", 0),
            ("Assessor", 1),
        ]

    def test_nobody_gets_it_twice(self, world):
        application = world.application("in_review")
        actions.take_back(Actor(world.secretary), application=application, reason="On leave")
        with pytest.raises(BadInput):
            actions.assign_assessor(Actor(world.secretary), application=application, assessor=world.assessor)
        assert list(queries.assessors_for(application)) == [world.second_assessor]


class TestTakeBack:
    def test_ends_access(self, world):
        application = world.application("in_review")
        Notice.objects.all().delete()
        actions.take_back(Actor(world.secretary), application=application, reason="On leave")
        assert told() == ["Assessor"]
        assert list(queries.applications_visible_to(Actor(world.assessor))) == []
        assert list(queries.reviews_waiting_for(world.assessor)) == []
        with pytest.raises(NotFound):
            world.review(application)

    def test_needs_a_reason(self, world):
        application = world.application("in_review")
        with pytest.raises(BadInput):
            actions.take_back(Actor(world.secretary), application=application, reason=" ")


class TestConflict:
    def test_recuses(self, world):
        application = world.application("in_review")
        actions.save_review(Actor(world.assessor), application=application, scores={"compute": 3}, comment="Hm")
        Notice.objects.all().delete()
        actions.declare_conflict(Actor(world.assessor), application=application, conflict="My brother's company")
        review = Review.objects.get()
        assert (review.conflict, review.scores, review.comment) == ("My brother's company", {}, "")
        assert told() == ["Secretary"]
        # What the applicant may read says nothing of it.
        assert application.changes.last().note == ""
        event = AuditEvent.objects.filter(action="scheme.declare_conflict").get()
        assert (event.reason, event.object_id) == ("My brother's company", application.uid)

    def test_an_assessor_who_is_secretary_as_well_is_not_told_of_what_follows(self, world):
        CentreRole.objects.create(person=world.assessor, role="secretariat", granted_at=clock.now())
        application = world.application("in_review")
        Notice.objects.all().delete()
        actions.declare_conflict(Actor(world.assessor), application=application, conflict="x")
        actions.withdraw(Actor(world.owner), application=application)
        assert "Assessor" not in told()

    def test_needs_to_be_said(self, world):
        application = world.application("in_review")
        with pytest.raises(BadInput) as caught:
            actions.declare_conflict(Actor(world.assessor), application=application, conflict="")
        assert caught.value.field == "conflict"

    def test_a_conflicted_hand_that_was_faster_than_the_lock(self, world, monkeypatch):
        """The rule was asked before the row's lock was had; meanwhile the assignment ended."""
        application = world.application("in_review")
        from aisc.scheme.actions import reviews

        real = reviews.locked

        def ends_meanwhile(row):
            Review.objects.update(taken_back="x")
            return real(row)

        monkeypatch.setattr(reviews, "locked", ends_meanwhile)
        with pytest.raises(NotFound):
            world.review(application)


class TestReview:
    def test_saved_unfinished_then_submitted(self, world, noon):
        application = world.application("in_review")
        row = actions.save_review(Actor(world.assessor), application=application, scores={"alignment": 0})
        assert (row.scores, row.comment, row.recommended_bps, row.submitted_at) == ({"alignment": 0}, "", None, None)
        Notice.objects.all().delete()
        row = world.review(application)
        assert (row.scores, row.submitted_at) == (SCORES, noon)
        assert told() == ["Member", "Second member", "Secretary"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"scores": {"alignment": 1, "compute": 2}}, "score_placeholder"),
            ({"scores": {}}, "score_alignment"),
            ({"scores": SCORES | {"beauty": 1}}, "scores"),
            ({"scores": SCORES | {"compute": 11}}, "score_compute"),
            ({"scores": SCORES | {"compute": -1}}, "score_compute"),
            ({"scores": SCORES | {"compute": True}}, "score_compute"),
            ({"scores": SCORES | {"compute": 7.5}}, "score_compute"),
            ({"scores": SCORES | {"compute": "7"}}, "score_compute"),
            ({"comment": "  "}, "comment"),
            ({"comment": "x" * 8001}, "comment"),
            ({"recommended_bps": None}, "recommended_bps"),
            ({"recommended_bps": 9001}, "recommended_bps"),
            ({"recommended_bps": -1}, "recommended_bps"),
        ],
    )
    def test_what_is_refused_changes_nothing(self, world, changes, field):
        application = world.application("in_review")
        before = Review.objects.values().get()
        with pytest.raises(BadInput) as caught:
            world.review(application, **changes)
        assert caught.value.field == field
        assert Review.objects.values().get() == before
        assert Application.objects.get().state == "in_review"

    def test_the_committee_in_conflict_is_not_told(self, world, member):
        member(world.member, world.organisation, "read_only")
        CentreRole.objects.create(person=world.assessor, role="committee", granted_at=clock.now())
        application = world.application("in_review")
        Notice.objects.all().delete()
        world.review(application)
        assert told() == ["Second member", "Secretary"]
