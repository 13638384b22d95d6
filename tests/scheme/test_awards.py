"""Accepting, declining, lapsing; what acceptance opens, exactly once."""

from datetime import date, timedelta

import pytest
from scheme_world import LIST_CENTS

from aisc.core import clock, worker
from aisc.core.actions import Actor, system
from aisc.core.errors import Conflict, Forbidden, NotFound
from aisc.core.models import AuditEvent
from aisc.ledger.models import Budget, Entry
from aisc.people.actions import approve_text, draft_text, publish_text
from aisc.people.models import Membership, Notice, Project
from aisc.people.texts import receipts
from aisc.scheme import actions, letters, tasks
from aisc.scheme.models import Application, Award


def test_acceptance_opens_project_and_budget(world, noon):
    application = world.application("approved")
    Notice.objects.all().delete()
    award = actions.accept_award(Actor(world.owner), award=application.award)
    budget, project = Budget.objects.get(), Project.objects.get()
    assert (award.accepted_by, award.accepted_at, award.budget, award.project) == (world.owner, noon, budget, project)
    assert (project.organisation, project.name_en, project.name_zh) == (
        world.organisation,
        "Cantonese speech in noise",
        "嘈雜環境粵語語音",
    )
    assert (budget.source, budget.reference, budget.project, budget.price_list) == (
        "award",
        "AW-2026-0001",
        project,
        world.prices,
    )
    assert (budget.scheme_bps, budget.ceiling, budget.released, budget.available) == (
        7000,
        LIST_CENTS,
        LIST_CENTS,
        LIST_CENTS,
    )
    assert (budget.starts_on, budget.ends_on) == (date(2026, 9, 1), date(2027, 2, 28))
    assert [(entry.kind, entry.amount) for entry in Entry.objects.all()] == [("release", LIST_CENTS)]
    assert Application.objects.get().state == "accepted"
    assert {"Manager", "Owner", "Secretary"} <= {notice.person.name for notice in Notice.objects.all()}
    event = AuditEvent.objects.filter(action="scheme.accept_award").get()
    assert (event.person, event.details["budget"]) == (world.owner, budget.uid)
    opened = AuditEvent.objects.filter(action="ledger.open_budget").get()
    assert (opened.person, opened.actor) == (None, "scheme: award AW-2026-0001 accepted by Owner")


def test_a_late_acceptance_starts_on_its_own_day(world, noon):
    application = world.application("approved", starts_on=date(2026, 6, 20))
    with clock.fixed(noon + timedelta(days=28)):
        actions.accept_award(Actor(world.owner), award=application.award)
    budget = Budget.objects.get()
    assert (budget.starts_on, budget.ends_on) == (date(2026, 7, 13), date(2027, 1, 12))


def test_team_with_accounts_joins_the_project(world, make_person):
    from allauth.account.models import EmailAddress

    known = make_person(name="Known", email="known@example.org")
    unconfirmed = make_person(name="Unconfirmed", email="unconfirmed@example.org")
    EmailAddress.objects.filter(user=unconfirmed).update(verified=False)
    gone = make_person(name="Gone", email="gone@example.org")
    gone.is_active = False
    gone.save()
    emails = [known.email, unconfirmed.email, gone.email, world.owner.email, world.reader.email, "nobody@example.org"]
    team = [{"name": email, "role": "x", "email": email} for email in emails] + [{"name": "No mail", "role": "x"}]
    application = world.application("approved", team=team)
    actions.accept_award(Actor(world.owner), award=application.award)
    joined = Membership.objects.filter(project=Project.objects.get()).order_by("person__name")
    # The owner writes everywhere in the organisation already; the reader does not.
    assert [(row.person.name, row.role) for row in joined] == [("Known", "member"), ("Reader", "member")]


def test_twice_opens_one_budget(world):
    application = world.application("approved")
    stale = Award.objects.get()
    actions.accept_award(Actor(world.owner), award=application.award)
    with pytest.raises(Conflict) as caught:
        actions.accept_award(Actor(world.owner), award=stale)
    assert caught.value.code == "award.state"
    assert (Budget.objects.count(), Project.objects.count()) == (1, 1)


def test_all_or_nothing(world, monkeypatch):
    application = world.application("approved")

    def broken(*_args, **_kwargs):
        raise Conflict("The ledger is away.")

    monkeypatch.setattr("aisc.scheme.actions.awards.release_tranche", broken)
    with pytest.raises(Conflict):
        actions.accept_award(Actor(world.owner), award=application.award)
    assert (Budget.objects.count(), Project.objects.count()) == (0, 0)
    assert (Application.objects.get().state, Award.objects.get().accepted_at) == ("approved", None)


def test_the_last_day_and_the_day_after(world, noon):
    application = world.application("approved")
    # 13 July, 23:59:59 in Hong Kong, is still the last day; a second later it is not.
    midnight = noon.replace(month=7, day=13, hour=16)
    with clock.fixed(midnight), pytest.raises(Conflict) as caught:
        actions.accept_award(Actor(world.owner), award=application.award)
    assert caught.value.code == "award.too_late"
    with clock.fixed(midnight - timedelta(seconds=1)):
        with pytest.raises(Conflict) as caught:
            actions.lapse(system("test"), award=application.award)
        assert caught.value.code == "award.not_due"
        actions.accept_award(Actor(world.owner), award=application.award)


def test_only_an_owner_accepts(world):
    application = world.application("approved")
    for person in (world.manager, world.writer, world.finance, world.reader, world.stranger, world.member):
        with pytest.raises((Forbidden, NotFound)):
            actions.accept_award(Actor(person), award=application.award)
        with pytest.raises((Forbidden, NotFound)):
            actions.decline_award(Actor(person), award=application.award)
    assert Budget.objects.count() == 0


def test_declining_ends_it(world):
    application = world.application("approved")
    Notice.objects.all().delete()
    actions.decline_award(Actor(world.owner), award=application.award, reason="Too late for us")
    assert sorted(n.person.name for n in Notice.objects.all()) == ["Manager", "Owner", "Secretary"]
    assert application.changes.last().note == "Too late for us"
    with pytest.raises(Conflict):
        actions.accept_award(Actor(world.owner), award=application.award)
    assert Budget.objects.count() == 0


class TestWorker:
    def test_is_registered(self):
        assert "scheme.awards" in worker.tasks()

    def test_reminds_once_and_lapses(self, world, noon):
        application = world.application("approved")
        Notice.objects.all().delete()
        for days, notices, state in [
            (0, 0, "approved"),
            (20, 0, "approved"),
            (21, 2, "approved"),
            (22, 2, "approved"),
            (28, 2, "approved"),
            (29, 5, "lapsed"),
            (30, 5, "lapsed"),
        ]:
            with clock.fixed(noon + timedelta(days=days)):
                tasks.awards()
            application.refresh_from_db()
            assert (days, Notice.objects.count(), application.state) == (days, notices, state)
        assert Award.objects.get().reminded_at == noon + timedelta(days=21)

    def test_leaves_the_accepted_alone(self, world, noon):
        application = world.application("accepted")
        with clock.fixed(noon + timedelta(days=60)):
            tasks.awards()
        application.refresh_from_db()
        assert application.state == "accepted"

    def test_does_not_remind_on_the_day_of_the_decision(self, world, noon):
        world.call.acceptance_days = 3
        world.call.save()
        world.application("approved")
        Notice.objects.all().delete()
        tasks.awards()
        assert Notice.objects.count() == 0

    def test_another_worker_was_faster(self, world, noon, monkeypatch):
        world.application("approved")

        def taken(*_args, **_kwargs):
            raise Conflict("done")

        monkeypatch.setattr(actions, "lapse", taken)
        with clock.fixed(noon + timedelta(days=60)):
            tasks.awards()

    def test_reminding_twice_is_refused(self, world):
        award = world.application("approved").award
        actions.remind(system("test"), award=award)
        with pytest.raises(Conflict) as caught:
            actions.remind(system("test"), award=award)
        assert caught.value.code == "award.reminded"


class TestConditions:
    """The conditions that an award is accepted under are those that were on the page."""

    @pytest.fixture
    def text(self, world, make_person):
        drafter, approver = Actor(make_person("secretariat")), Actor(make_person("secretariat"))
        made = draft_text(
            drafter,
            code="award-conditions",
            effective_on=clock.today(),
            wordings={"en": ("Conditions", "- Report once a year.")},
        )
        approve_text(approver, wording=made.wordings.get())
        return publish_text(approver, text=made)

    def test_accepted_with_a_receipt(self, world, text, client):
        award = world.application("approved").award
        client.force_login(world.owner)
        page = client.get(f"/applications/{award.application.uid}/award").content.decode()
        digest = text.wordings.get().digest
        assert f'name="text" value="{digest}"' in page
        done = client.post(f"/applications/{award.application.uid}/award/accept", {"text": digest}, follow=True)
        assert digest in done.content.decode()
        receipt = receipts(occasion="award", about=award.number).get()
        assert (receipt.person, receipt.wording.text) == (world.owner, text)

    def test_others_by_now_are_refused_and_nothing_opens(self, world, text):
        award = world.application("approved").award
        with pytest.raises(Conflict, match="Read it again"):
            actions.accept_award(Actor(world.owner), award=award, conditions="0" * 64)
        assert not Budget.objects.exists()
        actions.accept_award(Actor(world.owner), award=award)
        assert receipts(about=award.number).get().wording == text.wordings.get()

    def test_the_letter_names_them(self, world, text):
        letter = world.application("approved").letter
        assert letter.content["conditions"]["version"] == 1
        assert letters.page_data(letter)["conditions"]["url"].endswith("/texts/award-conditions/1/")
        assert letters.pdf(letter).startswith(b"%PDF")

    def test_without_any_the_letter_says_nothing(self, world):
        assert "conditions" not in letters.page_data(world.application("approved").letter)
