"""Drafting, submitting and withdrawing."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import translation
from scheme_world import ANSWERS, LIST_CENTS

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import BadInput, Conflict, Forbidden
from aisc.people import texts
from aisc.people.actions import approve_text, draft_text, publish_text, withdraw_text
from aisc.people.models import Notice
from aisc.scheme import actions, declaration, snapshot
from aisc.scheme.completeness import SECTIONS, hints, missing
from aisc.scheme.models import Application, Submission


def saved(application):
    row = Application.objects.values().get(pk=application.pk)
    row["team"] = list(application.team.values("name", "role", "email"))
    row["resources"] = list(application.resources.values("accelerator__code", "count", "months"))
    return row


def refused(world, application, code=BadInput, **changes):
    """``save_draft`` refuses and nothing changes; the refusal."""
    before = saved(application)
    with pytest.raises(code) as caught:
        actions.save_draft(Actor(world.owner), application=application, **changes)
    assert saved(application) == before
    return caught.value


class TestStart:
    def test_a_draft_belongs_to_the_organisation(self, world):
        draft = actions.start_draft(Actor(world.writer), organisation=world.organisation, call=world.call)
        assert (draft.state, draft.number, draft.created_by) == ("draft", None, world.writer)
        assert [(change.state, change.note) for change in draft.changes.all()] == [("draft", "")]

    @pytest.mark.parametrize(
        ("days", "code"),
        [(-1, "call.not_open"), (30, "call.closed"), (31, "call.closed")],
        ids=["before", "at", "after"],
    )
    def test_only_while_the_call_is_open(self, world, noon, days, code):
        with clock.fixed(noon + timedelta(days=days)), pytest.raises(Conflict) as caught:
            actions.start_draft(Actor(world.owner), organisation=world.organisation, call=world.call)
        assert caught.value.code == code
        assert Application.objects.count() == 0

    def test_twenty_drafts_at_most(self, world, monkeypatch):
        monkeypatch.setattr("aisc.scheme.actions.drafts.MAX_DRAFTS", 2)
        for _ in range(2):
            draft = actions.start_draft(Actor(world.owner), organisation=world.organisation, call=world.call)
        with pytest.raises(Conflict) as caught:
            actions.start_draft(Actor(world.owner), organisation=world.organisation, call=world.call)
        assert caught.value.code == "application.too_many_drafts"
        actions.withdraw(Actor(world.owner), application=draft)
        actions.start_draft(Actor(world.owner), organisation=world.organisation, call=world.call)

    def test_not_for_a_strangers_organisation(self, world):
        with pytest.raises(Forbidden):
            actions.start_draft(Actor(world.owner), organisation=world.other_organisation, call=world.call)


class TestSave:
    def test_a_part_at_a_time(self, world):
        draft = actions.start_draft(Actor(world.owner), organisation=world.organisation, call=world.call)
        for name, value in ANSWERS.items():
            actions.save_draft(Actor(world.writer), application=draft, **{name: value})
        row = saved(draft)
        assert {name: row[name] for name in ANSWERS if name not in {"team", "resources"}} == {
            name: value for name, value in ANSWERS.items() if name not in {"team", "resources"}
        }
        assert row["team"] == ANSWERS["team"]
        assert row["resources"] == [{"accelerator__code": "h800", "count": 8, "months": 6}]

    def test_also_after_the_call_has_closed(self, world, noon):
        draft = world.draft()
        with clock.fixed(noon + timedelta(days=40)):
            actions.save_draft(Actor(world.owner), application=draft, name_en="Still mine")
            with pytest.raises(Conflict) as caught:
                actions.submit_application(Actor(world.owner), application=draft, declared=True)
        assert caught.value.code == "call.closed"
        assert saved(draft)["name_en"] == "Still mine"

    def test_any_change_undoes_the_declaration(self, world):
        draft = world.draft()
        actions.save_draft(Actor(world.owner), application=draft, declared=True)
        assert saved(draft)["declared"]
        actions.save_draft(Actor(world.owner), application=draft, name_en="Other")
        assert not saved(draft)["declared"]
        actions.save_draft(Actor(world.owner), application=draft, name_en="Other", declared=True)
        assert saved(draft)["declared"]
        actions.save_draft(Actor(world.owner), application=draft, declared="yes")
        assert not saved(draft)["declared"]

    def test_the_organisation_can_change_while_nothing_is_submitted(self, world, member):
        draft = world.draft()
        assert refused(world, draft, Forbidden, organisation=world.other_organisation)
        member(world.owner, world.other_organisation, "member")
        actions.save_draft(Actor(world.owner), application=draft, organisation=world.other_organisation)
        assert saved(draft)["organisation_id"] == world.other_organisation.pk
        actions.save_draft(Actor(world.owner), application=draft, organisation=world.other_organisation)

    def test_but_not_after(self, world, member):
        member(world.owner, world.other_organisation, "owner")
        returned = world.application("returned")
        refused(world, returned, Conflict, organisation=world.other_organisation)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("name_en", "x" * 201),
            ("name_en", "a\x00b"),
            ("name_en", "a\u202eb"),
            ("name_zh", "\ud800"),
            ("summary_en", "x" * 4001),
            ("summary_zh", "字" * 4001),
            ("justification", "x" * 8001),
            ("justification", "a\u200bb"),
            ("funding_note", "x" * 2001),
            ("starts_on", "2026-09-01"),
            ("starts_on", datetime(2026, 9, 1)),  # noqa: DTZ001 - naive on purpose
            ("other_funding", "no"),
            ("team", [{"name": "x", "role": "y", "email": "not an address"}]),
            ("team", [{"name": "x" * 151, "role": "y"}]),
            ("team", [{"name": "x", "role": "y"}] * 51),
            ("team", [{"email": "a@example.org"}, {"email": "A@example.org"}]),
            ("resources", [{"accelerator": "h800", "count": 1, "months": 1}] * 11),
            ("resources", [{"accelerator": "h800", "count": 1, "months": 1}] * 2),
            ("resources", [{"accelerator": "abacus", "count": 1, "months": 1}]),
            ("resources", [{"accelerator": None, "count": 1, "months": 1}]),
            ("resources", [{"accelerator": "h800", "count": 0, "months": 1}]),
            ("resources", [{"accelerator": "h800", "count": 100_001, "months": 1}]),
            ("resources", [{"accelerator": "h800", "count": True, "months": 1}]),
            ("resources", [{"accelerator": "h800", "count": 1.5, "months": 1}]),
            ("resources", [{"accelerator": "h800", "count": 1, "months": 37}]),
            ("resources", [{"accelerator": "h800", "count": 1, "months": -1}]),
            ("resources", [{"accelerator": "h800", "count": 1}]),
        ],
    )
    def test_what_cannot_be_saved_changes_nothing(self, world, name, value):
        assert refused(world, world.draft(), **{name: value}).field == name

    def test_scripts_of_the_world(self, world):
        draft = world.draft(
            name_en="Ünïcödé 🧬 العربية",
            name_zh="𠮷野家 㗎喇 ㍿",
            summary_en="line\r\nline\ttab",
            team=[{"name": "ಕನ್ನಡ می‌خواهم", "role": "δοκιμή", "email": " Chan@Example.org "}, {"name": "", "role": ""}],
        )
        row = saved(draft)
        assert (row["name_en"], row["name_zh"]) == ("Ünïcödé 🧬 العربية", "𠮷野家 㗎喇 ㍿")
        assert row["summary_en"] == "line\nline\ttab"
        assert row["team"] == [{"name": "ಕನ್ನಡ می‌خواهم", "role": "δοκιμή", "email": "chan@example.org"}]

    def test_what_is_no_part_of_it_is_a_mistake_of_the_program(self, world):
        refused(world, world.draft(), TypeError, state="approved")


class TestSubmit:
    def test_freezes_a_copy_and_gives_a_number(self, world, noon):
        application = world.application("submitted")
        assert (application.number, application.state, application.submitted_at) == ("A-2026-0001", "submitted", noon)
        submission = Submission.objects.get()
        said = submission.snapshot
        assert (submission.seq, submission.by, submission.at) == (1, world.owner, noon)
        assert submission.digest == snapshot.digest(said)
        assert said["resources"] == [
            {
                "code": "h800",
                "name": "NVIDIA H800",
                "count": 8,
                "months": 6,
                "price_cents": 2000,
                "list_cents": LIST_CENTS,
            }
        ]
        assert said["list_cents"] == LIST_CENTS == 70_080_000
        assert said["number"] == "A-2026-0001"
        assert said["declaration"]["by"] == "Owner"
        assert [criterion["weight"] for criterion in said["call"]["criteria"]] == [25, 20, 55]

    def test_the_copy_does_not_follow_later_changes(self, world):
        returned = world.application("returned")
        first = Submission.objects.get()
        world.organisation.name_en = "Renamed"
        world.organisation.save()
        actions.save_draft(Actor(world.owner), application=returned, name_en="Second thoughts")
        again = actions.submit_application(Actor(world.owner), application=returned, declared=True)
        assert again.number == "A-2026-0001"
        copies = list(Submission.objects.order_by("seq"))
        assert [copy.seq for copy in copies] == [1, 2]
        assert copies[0].snapshot == first.snapshot
        assert copies[0].snapshot["name_en"] == "Cantonese speech in noise"
        assert copies[1].snapshot["name_en"] == "Second thoughts"
        assert copies[1].snapshot["organisation"]["name_en"] == "Renamed"
        assert copies[0].digest != copies[1].digest

    def test_numbers_go_on(self, world):
        numbers = [world.application("submitted").number for _ in range(3)]
        assert numbers == ["A-2026-0001", "A-2026-0002", "A-2026-0003"]

    def test_a_returned_one_can_be_completed_after_closing(self, world, noon):
        returned = world.application("returned")
        with clock.fixed(noon + timedelta(days=40)):
            actions.submit_application(Actor(world.manager), application=returned, declared=True)
        assert saved(returned)["state"] == "submitted"

    def test_twice_is_refused(self, world):
        draft = world.draft()
        stale = Application.objects.get(pk=draft.pk)
        actions.submit_application(Actor(world.owner), application=draft, declared=True)
        with pytest.raises(Conflict):
            actions.submit_application(Actor(world.owner), application=stale, declared=True)
        assert Submission.objects.count() == 1

    def test_the_declaration_must_be_made_again_after_a_return(self, world):
        returned = world.application("returned")
        with pytest.raises(BadInput) as caught:
            actions.submit_application(Actor(world.owner), application=returned)
        assert [gap["section"] for gap in caught.value.extra["missing"]] == ["declaration"]

    def test_an_empty_one_says_all_that_is_missing(self, world):
        draft = actions.start_draft(Actor(world.owner), organisation=world.organisation, call=world.call)
        with pytest.raises(BadInput) as caught:
            actions.submit_application(Actor(world.owner), application=draft)
        assert caught.value.code == "application.incomplete"
        found = [(gap["section"], gap["field"]) for gap in caught.value.extra["missing"]]
        assert found == [
            ("project", "name_en"),
            ("project", "name_zh"),
            ("project", "summary_en"),
            ("project", "summary_zh"),
            ("team", "team"),
            ("resources", "resources"),
            ("start", "starts_on"),
            ("justification", "justification"),
            ("funding", "other_funding"),
            ("declaration", "declared"),
        ]
        assert (saved(draft)["state"], saved(draft)["number"], Submission.objects.count()) == ("draft", None, 0)

    @pytest.mark.parametrize(
        ("changes", "section"),
        [
            ({"other_funding": True}, "funding"),
            ({"starts_on": date(2026, 6, 14)}, "start"),
            ({"starts_on": date(2028, 6, 15)}, "start"),
            ({"team": [{"name": "", "role": "Engineer", "email": ""}]}, "team"),
            ({"team": [{"name": "Chan", "role": "", "email": ""}]}, "team"),
        ],
    )
    def test_what_does_not_fit_the_rules(self, world, changes, section):
        draft = world.draft(**changes)
        with pytest.raises(BadInput) as caught:
            actions.submit_application(Actor(world.owner), application=draft, declared=True)
        assert [gap["section"] for gap in caught.value.extra["missing"]] == [section]

    def test_today_and_two_years_ahead_are_fine(self, world):
        for day in (date(2026, 6, 15), date(2028, 6, 14)):
            assert [gap.section for gap in missing(world.draft(starts_on=day))] == ["declaration"]

    def test_double_funding_quotes_the_clause(self, world):
        gap = next(gap for gap in missing(world.draft(other_funding=True)) if gap.section == "funding")
        assert "No other government subsidy may pay for the same scope of work." in gap.text

    def test_applicants_and_secretariat_are_told(self, world, mailoutbox, django_capture_on_commit_callbacks):
        draft = world.draft()
        with django_capture_on_commit_callbacks(execute=True):
            actions.submit_application(Actor(world.owner), application=draft, declared=True)
        told = sorted(notice.person.name for notice in Notice.objects.all())
        assert told == ["Manager", "Owner", "Secretary"]
        assert sorted(mail.to[0] for mail in mailoutbox) == sorted(
            person.email for person in (world.manager, world.owner, world.secretary)
        )
        assert Notice.objects.filter(person=world.owner).get().url == f"/applications/{draft.uid}/"
        assert "A-2026-0001" in mailoutbox[0].subject

    def test_those_in_conflict_are_not_told(self, world, member):
        member(world.secretary, world.organisation, "finance")
        world.application("submitted")
        assert sorted(notice.person.name for notice in Notice.objects.all()) == ["Manager", "Owner"]


class TestWithdraw:
    def test_a_draft_that_nobody_saw_is_nobodys_news(self, world):
        world.application("withdrawn")
        assert Notice.objects.count() == 0

    def test_the_assessor_is_told(self, world):
        application = world.application("in_review")
        Notice.objects.all().delete()
        actions.withdraw(Actor(world.manager), application=application, reason="Found other computing")
        assert sorted(notice.person.name for notice in Notice.objects.all()) == [
            "Assessor",
            "Manager",
            "Owner",
            "Secretary",
        ]
        assert application.changes.last().note == "Found other computing"

    def test_a_huge_reason_changes_nothing(self, world):
        application = world.application("submitted")
        before = saved(application)
        with pytest.raises(BadInput):
            actions.withdraw(Actor(world.owner), application=application, reason="x" * 4001)
        assert saved(application) == before


class TestHints:
    def test_by_category_and_answer(self, world):
        draft = world.draft()
        assert [(hint.clause.code, hint.stops) for hint in hints(draft)] == [("startup", False)]
        draft.organisation.category = "other"
        draft.other_funding = True
        assert [(hint.clause.code, hint.stops) for hint in hints(draft)] == [("eligible", False), ("no_double", True)]
        draft.organisation.category = "university"
        draft.other_funding = False
        assert hints(draft) == []

    def test_every_gap_has_a_page(self, world):
        draft = actions.start_draft(Actor(world.owner), organisation=world.organisation, call=world.call)
        assert {gap.section for gap in missing(draft)} - {"declaration"} < set(SECTIONS)


class TestDeclared:
    """Which text was declared: the approved one in force, or the shipped one before there is any."""

    @staticmethod
    def publish(world, body, make_person):
        drafter, approver = Actor(make_person("secretariat")), Actor(make_person("secretariat"))
        text = draft_text(
            drafter,
            code="declaration-of-truth",
            effective_on=clock.today(),
            wordings={"en": ("Declaration", f"- {body}"), "zh-hans": ("声明", "- 属实。")},
        )
        for wording in text.wordings.all():
            approve_text(approver, wording=wording)
        return publish_text(approver, text=text)

    def test_the_shipped_one_in_the_readers_language(self, world):
        shown = {}
        for language in ("en", "zh-hant", "zh-hans"):
            with translation.override(language):
                shown[language] = declaration.current()
        assert [len(each.lines) for each in shown.values()] == [4, 4, 4]
        submitted = actions.submit_application(
            Actor(world.owner), application=world.draft(), declared=True, declaration=shown["zh-hans"].sha256
        )
        said = Submission.objects.get().snapshot["declaration"]
        assert (said["version"], said["language"], said["sha256"]) == (
            "2026-1", "zh-hans", shown["zh-hans"].sha256,
        )  # fmt: skip
        assert said["lines"][0].startswith("就我们所知")
        assert not texts.receipts(about=submitted.number).exists()

    def test_the_approved_one_leaves_a_receipt(self, world, make_person):
        text = self.publish(world, "It is true.", make_person)
        with translation.override("zh-hans"):
            submitted = actions.submit_application(Actor(world.owner), application=world.draft(), declared=True)
        receipt = texts.receipts(about=submitted.number).get()
        assert (receipt.person, receipt.wording) == (world.owner, text.wordings.get(language="zh-hans"))
        said = Submission.objects.get().snapshot["declaration"]
        assert (said["text"]["version"], said["lines"]) == (1, ["属实。"])

    def test_what_was_read_is_what_is_declared(self, world, make_person):
        before = declaration.current().sha256
        first = self.publish(world, "It is true.", make_person)
        draft = world.draft()
        for digest in (before, "0" * 64):
            with pytest.raises(Conflict, match="Read it again"):
                actions.submit_application(Actor(world.owner), application=draft, declared=True, declaration=digest)
        withdraw_text(Actor(make_person("secretariat")), text=first, reason="Wrong")
        with pytest.raises(Conflict, match="declaration has changed"):
            actions.submit_application(Actor(world.owner), application=draft, declared=True, declaration="0" * 64)
        assert not Submission.objects.exists()

    def test_a_changed_one_is_shown_again_on_the_page(self, world, make_person, client):
        draft = world.draft()
        client.force_login(world.owner)
        old = declaration.current().sha256
        self.publish(world, "It is all true.", make_person)
        page = client.post(f"/applications/{draft.uid}/check", {"declared": "on", "text": old})
        assert page.status_code == 422
        assert "It is all true." in page.content.decode()
        assert f'value="{declaration.current().sha256}"' in page.content.decode()
        done = client.post(
            f"/applications/{draft.uid}/check",
            {"declared": "on", "text": declaration.current().sha256},
            follow=True,
        )
        assert "/texts/declaration-of-truth/1/en/" in done.content.decode()
