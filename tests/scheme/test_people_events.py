"""Duplicates of an organisation become one: money, statements, letters and the proof stay as they were."""

from datetime import timedelta

import pytest

from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.core.errors import NotFound
from aisc.ledger import actions as ledger
from aisc.ledger.models import Entry, Statement
from aisc.ledger.prove import prove
from aisc.ledger.queries import budgets_visible_to
from aisc.people import actions as people
from aisc.people.models import Membership
from aisc.scheme import queries, telling
from aisc.scheme.models import Application, Review

HOUR = 3_600_000


@pytest.fixture
def admin(make_person):
    return Actor(person=make_person("administrator"))


def test_merging_keeps_every_cent_and_every_paper(world, admin, make_project):
    application = world.application("accepted")
    award, budget = application.award, application.award.budget
    price = world.prices.prices.get(meter__code="accelerator:h800")
    with clock.fixed(clock.now() + timedelta(days=100)):
        ledger.record_usage(
            system("test"), source="test",
            items=[
                ledger.UsageItem(
                    "a", 3 * HOUR, clock.now_ms(), clock.now_ms(), budget_id=budget.pk, price_id=price.pk
                )
            ],
        )  # fmt: skip
        statements = ledger.issue_statements(system("test"), budget=budget, period_end=clock.today())
        before = (
            list(Entry.objects.values_list("hash", flat=True)),
            list(Statement.objects.values_list("number", "digest", "code")),
            application.letter.content,
        )
        assert prove().holds
        said = {
            str(each.what): each.count
            for each in people.organisations_preview(world.other_organisation, world.organisation)
        }
        assert (said["applications"], said["budgets"], said["statements"]) == (1, 1, len(statements))
        people.merge_organisations(
            admin, survivor=world.other_organisation, duplicate=world.organisation,
            confirmation=world.organisation.uid, reason="Registered twice",
        )  # fmt: skip
        application = Application.objects.get(pk=application.pk)
        after = (
            list(Entry.objects.values_list("hash", flat=True)),
            list(Statement.objects.values_list("number", "digest", "code")),
            application.letter.content,
        )
        assert after == before
        assert prove().holds
        # The survivor's people see all of it, and so do those who came along.
        for person in (world.stranger, world.owner):
            assert budget in budgets_visible_to(Actor(person))
            assert queries.application_by_uid(Actor(person), application.uid).award == award
        # Charges go on, in the name that the budget was opened in; a new budget is the survivor's.
        ledger.record_usage(
            system("test"), source="test",
            items=[ledger.UsageItem("b", HOUR, clock.now_ms(), clock.now_ms(), budget_id=budget.pk, price_id=price.pk)],
        )  # fmt: skip
        assert prove().holds
        budget.refresh_from_db()
        assert budget.organisation == world.organisation
        own = ledger.open_own_budget(
            Actor(world.stranger), name="Own", project=award.project, ceiling=1_000,
            starts_on=clock.today(), ends_on=clock.today() + timedelta(days=30),
        )  # fmt: skip
        assert own.organisation == world.other_organisation


def test_papers_still_name_who_was_liable(world, admin):
    application = world.application("accepted")
    people.merge_organisations(
        admin, survivor=world.other_organisation, duplicate=world.organisation,
        confirmation=world.organisation.uid, reason="Registered twice",
    )  # fmt: skip
    application.award.budget.refresh_from_db()
    assert application.award.budget.organisation.name_en == "Harbour AI"
    assert application.letter.content["organisation"]["name_en"] == "Harbour AI"


def test_applications_of_somebody_who_leaves(world):
    application = world.draft()
    Application.objects.filter(pk=application.pk).update(created_by=world.writer)
    application.refresh_from_db()
    membership = Membership.objects.get(person=world.writer)
    named = {str(each.what): list(each.names) for each in people.departure(Actor(world.owner), membership).consequences}
    assert named["open applications"] == [str(application)]
    told = telling.applicants(application)
    assert (world.writer in told, world.reader in told) == (True, False)
    people.remove_member(Actor(world.owner), membership=membership, successor=world.reader)
    told = telling.applicants(application)
    assert (world.writer in told, world.reader in told) == (False, True)
    with pytest.raises(NotFound):
        queries.application_by_uid(Actor(world.writer), application.uid)


def test_leaving_a_project_touches_no_application(world, make_person, make_project, member):
    guest = member(make_person(), make_project(world.organisation), "member")
    found = people.departure(Actor(world.owner), guest)
    assert "open applications" not in {str(each.what) for each in found.consequences}


def test_two_accounts_of_an_assessor(world, admin, make_person):
    first, second = world.application("in_review"), world.draft()
    twin = make_person("assessor", name="Assessor again")
    Application.objects.filter(pk=second.pk).update(created_by=twin)
    other = Review.objects.create(application=second, assessor=twin, assigned_at=clock.now())
    both = Review.objects.create(application=first, assessor=twin, assigned_at=clock.now(), taken_back="ill")
    said = {str(each.what): each.count for each in people.persons_preview(world.assessor, twin)}
    assert (said["applications"], said["reviews"]) == (1, 2)
    people.merge_persons(admin, survivor=world.assessor, duplicate=twin, confirmation=twin.uid, reason="same")
    for row in (other, both, second):
        row.refresh_from_db()
    assert (other.assessor, both.assessor, second.created_by) == (world.assessor, twin, world.assessor)
