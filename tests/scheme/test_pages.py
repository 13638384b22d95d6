"""The pages, as a browser without script sees them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.ledger.models import Budget
from aisc.scheme import actions
from aisc.scheme.completeness import SECTIONS
from aisc.scheme.models import Application, Call, Decision, Review
from aisc.scheme.states import APPLICATION


@pytest.fixture
def as_(client):
    """``as_(person)``: the test client, signed in as that person."""

    def sign_in(person):
        client.force_login(person)
        return client

    return sign_in


def text(answer):
    return answer.content.decode()


def rows(prefix, *given, initial=0):
    data = {f"{prefix}-TOTAL_FORMS": len(given), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(given):
        data |= {f"{prefix}-{number}-{key}": value for key, value in row.items()}
    return data


TEAM = {"name": "陳大文", "role": "Principal investigator", "email": ""}
LINE = {"accelerator": "h800", "count": "8", "months": "6"}
ANSWERS = {
    "organisation": lambda w: {"organisation": w.organisation.uid},
    "project": lambda w: {"name_en": "Cantonese", "name_zh": "粵語", "summary_en": "In noise.", "summary_zh": "嘈雜。"},
    "team": lambda w: rows("team", TEAM, {"name": "", "role": "", "email": ""}),
    "resources": lambda w: rows("resources", LINE),
    "start": lambda w: {"starts_on": "2026-09-01"},
    "justification": lambda w: {"justification": "300 billion tokens"},
    "funding": lambda w: {"other_funding": "no", "funding_note": ""},
}


def test_an_application_from_the_call_to_the_receipt(world, as_):
    owner = as_(world.owner)
    assert "Apply" in text(owner.get(f"/scheme/{world.call.uid}/"))
    started = owner.post(f"/scheme/{world.call.uid}/apply", {"organisation": world.organisation.uid})
    draft = Application.objects.get()
    assert (started.status_code, started["Location"]) == (302, f"/applications/{draft.uid}/form/")
    at = f"/applications/{draft.uid}"
    assert "0 of 7" not in text(owner.get(f"{at}/form/"))
    order = list(SECTIONS)
    for place, section in enumerate(order):
        assert owner.get(f"{at}/form/{section}").status_code == 200
        answer = owner.post(f"{at}/form/{section}", ANSWERS[section](world))
        following = f"{at}/form/{order[place + 1]}" if place + 1 < len(order) else f"{at}/check"
        assert (answer.status_code, answer["Location"]) == (302, following)
    assert "7 of 7" in text(owner.get(f"{at}/form/"))
    check = text(owner.get(f"{at}/check"))
    assert "HK$700,800.00" in check
    assert "No other government subsidy pays" in check
    undeclared = owner.post(f"{at}/check", {})
    assert undeclared.status_code == 422
    assert "Make the declaration." in text(undeclared)
    done = owner.post(f"{at}/check", {"declared": "on"}, follow=True)
    assert done.redirect_chain == [(f"{at}/submitted", 302)]
    assert "A-2026-0001" in text(done)
    assert "22 June 2026" in text(done)
    # A second click, or the page of the form still open, changes nothing and says where it is.
    again = owner.post(f"{at}/check", {"declared": "on"})
    assert (again.status_code, again["Location"]) == (302, f"{at}/submitted")
    assert owner.post(f"{at}/form/project", {"name_en": "Changed"}).status_code == 409
    assert Application.objects.get().name_en == "Cantonese"


class TestForm:
    def test_what_is_incomplete_is_kept_and_asked_for(self, world, as_):
        draft = world.draft(name_zh="", summary_zh="")
        answer = as_(world.owner).post(
            f"/applications/{draft.uid}/form/project", {"name_en": "Only this", "summary_en": "And that"}
        )
        assert answer.status_code == 422
        assert "Give the project a title in Chinese." in text(answer)
        assert "What you wrote is saved." in text(answer)
        draft.refresh_from_db()
        assert (draft.name_en, draft.summary_en) == ("Only this", "And that")

    def test_come_back_later(self, world, as_):
        draft = world.draft()
        answer = as_(world.writer).post(
            f"/applications/{draft.uid}/form/justification", {"justification": "half a", "later": "1"}
        )
        assert answer["Location"] == f"/applications/{draft.uid}/form/"
        draft.refresh_from_db()
        assert draft.justification == "half a"

    def test_rows_are_added_and_removed(self, world, as_):
        draft = world.draft()
        at = f"/applications/{draft.uid}/form/team"
        gone = {"name": "Ōyama", "role": "Engineer", "email": "", "DELETE": "on"}
        data = rows("team", TEAM, gone, {"name": "New", "role": "Writer", "email": "new@example.org"}, initial=2)
        answer = as_(world.owner).post(at, data | {"again": "1"})
        assert (answer.status_code, answer["Location"]) == (302, at)
        assert [member.name for member in draft.team.all()] == ["陳大文", "New"]

    @pytest.mark.parametrize(
        ("section", "data"),
        [
            ("project", {"name_en": "x" * 201}),
            ("project", {"name_en": "a\u202eb"}),
            ("start", {"starts_on": "31 February"}),
            ("funding", {"other_funding": "maybe"}),
            ("organisation", {"organisation": "org-x"}),
            ("team", rows("team", TEAM | {"email": "nonsense"})),
            ("team", {}),
            ("team", rows("team", TEAM | {"email": "a@example.org"}, TEAM | {"email": "a@example.org"})),
            ("resources", rows("resources", LINE | {"count": "0"})),
            ("resources", rows("resources", LINE | {"count": "8.5"})),
            ("resources", rows("resources", LINE | {"accelerator": ""})),
            ("resources", rows("resources", LINE | {"count": ""})),
            ("resources", rows("resources", LINE | {"months": ""})),
            ("resources", rows("resources", LINE, LINE, initial=1)),
            ("resources", {"resources-TOTAL_FORMS": "999999", "resources-INITIAL_FORMS": "x"}),
        ],
    )
    def test_errors_stand_at_the_top_and_nothing_changes(self, world, as_, section, data):
        draft = world.draft()
        before = Application.objects.values().get(), list(draft.team.values()), list(draft.resources.values())
        answer = as_(world.owner).post(f"/applications/{draft.uid}/form/{section}", data)
        assert answer.status_code == 422
        assert "There is a problem" in text(answer)
        assert before == (
            Application.objects.values().get(),
            list(draft.team.values()),
            list(draft.resources.values()),
        )

    def test_typed_text_is_shown_again_and_escaped(self, world, as_):
        draft = world.draft()
        answer = as_(world.owner).post(
            f"/applications/{draft.uid}/form/project", {"name_en": "<script>alert(1)</script>" * 20}
        )
        assert "<script>alert" not in text(answer)
        assert "&lt;script&gt;alert" in text(answer)

    def test_double_funding_stops_with_the_clause(self, world, as_):
        draft = world.draft()
        answer = as_(world.owner).post(f"/applications/{draft.uid}/form/funding", {"other_funding": "yes"})
        assert answer.status_code == 422
        assert "No other government subsidy may pay for the same scope of work." in text(answer)
        draft.refresh_from_db()
        assert draft.other_funding is True
        assert "You answered that another subsidy pays for this work." in text(
            as_(world.owner).get(f"/applications/{draft.uid}/form/")
        )

    def test_changing_from_the_check_leads_back_to_it(self, world, as_):
        draft = world.draft()
        answer = as_(world.owner).post(f"/applications/{draft.uid}/form/start?back=check", {"starts_on": "2026-10-01"})
        assert answer["Location"] == f"/applications/{draft.uid}/check"
        assert as_(world.owner).get(f"/applications/{draft.uid}/form/start?back=check").status_code == 200

    def test_no_such_page(self, world, as_):
        assert as_(world.owner).get(f"/applications/{world.draft().uid}/form/secrets").status_code == 404

    def test_the_call_closes_while_the_form_is_open(self, world, noon, as_):
        draft = world.draft()
        owner = as_(world.owner)
        at = f"/applications/{draft.uid}"
        with clock.fixed(noon + timedelta(days=31)):
            kept = owner.post(f"{at}/form/justification", {"justification": "typed late"})
            assert kept.status_code == 302
            assert "The call has closed" in text(owner.get(f"{at}/form/"))
            refused = owner.post(f"{at}/check", {"declared": "on"})
        assert refused.status_code == 422
        assert "This call has closed. Your draft is kept" in text(refused)
        draft.refresh_from_db()
        assert (draft.state, draft.justification) == ("draft", "typed late")

    def test_the_live_cost(self, world, as_):
        draft = world.draft()
        at = f"/applications/{draft.uid}/cost"
        owner = as_(world.owner)
        data = rows(
            "resources", LINE, {"accelerator": "cpu", "count": "x", "months": "1"}, LINE | {"DELETE": "on"}, initial=1
        )
        answer = owner.post(at, data)
        assert "HK$490,560.00" in text(answer)
        assert "HK$210,240.00" in text(answer)
        assert "Fill in a line" in text(owner.post(at, {}))
        assert owner.get(at).status_code == 405
        assert draft.resources.get().count == 8

    def test_members_write_and_owners_and_managers_submit(self, world, as_):
        draft = world.draft()
        at = f"/applications/{draft.uid}/check"
        assert "An owner or manager submits it" in text(as_(world.writer).get(at))
        assert as_(world.writer).post(at, {"declared": "on"}).status_code == 422
        assert as_(world.reader).get(at).status_code == 403
        assert as_(world.manager).post(at, {"declared": "on"}).status_code == 302

    def test_what_is_missing_is_listed_with_links(self, world, as_):
        draft = world.draft(team=[], resources=[])
        page = text(as_(world.owner).get(f"/applications/{draft.uid}/check"))
        assert f"/applications/{draft.uid}/form/team?back=check" in page
        assert "Name at least one person." in page
        refused = as_(world.owner).post(f"/applications/{draft.uid}/check", {"declared": "on"})
        assert refused.status_code == 422

    def test_starting_needs_an_organisation_and_an_open_call(self, world, noon, as_, make_person):
        at = f"/scheme/{world.call.uid}/apply"
        assert "First register your organisation" in text(as_(make_person()).get(at))
        owner = as_(world.owner)
        assert owner.post(at, {}).status_code == 422
        assert owner.post(at, {"organisation": world.other_organisation.uid}).status_code == 422
        with clock.fixed(noon + timedelta(days=40)):
            assert "This call is not open" in text(owner.get(at))
            assert owner.post(at, {"organisation": world.organisation.uid}).status_code == 422
        assert Application.objects.count() == 0

    def test_the_receipt_needs_a_submission(self, world, as_):
        assert as_(world.owner).get(f"/applications/{world.draft().uid}/submitted").status_code == 404
        later = world.application("reviewed")
        assert "The secretariat has checked it." in text(as_(world.owner).get(f"/applications/{later.uid}/submitted"))

    def test_withdrawing(self, world, as_):
        application = world.application("submitted")
        at = f"/applications/{application.uid}/withdraw"
        assert as_(world.owner).get(at).status_code == 200
        assert as_(world.owner).post(at, {"reason": "x" * 4001}).status_code == 422
        assert as_(world.owner).post(at, {"reason": ""})["Location"] == f"/applications/{application.uid}/"
        assert as_(world.owner).post(at, {"reason": ""}).status_code == 422
        application.refresh_from_db()
        assert application.state == "withdrawn"


@pytest.mark.parametrize("state", list(APPLICATION.labels))
def test_each_reader_sees_the_page_in_each_state(world, as_, state):
    """200 for those who may see it, 404 for the others; only the centre reads reviews."""
    application = world.application(state)
    if state in {"reviewed", "rejected", "approved", "accepted"}:
        Review.objects.update(comment="SECRET-COMMENT")
    from aisc.core import access

    for who, person in world.everybody.items():
        sees = access.may(Actor(person), "scheme.view_application", application)
        answer = as_(person).get(f"/applications/{application.uid}/")
        assert answer.status_code == (200 if sees else 404), who
        reads = access.may(Actor(person), "scheme.view_reviews", application)
        assert ("SECRET-COMMENT" in text(answer)) == (
            sees and reads and Review.objects.filter(comment="SECRET-COMMENT").exists()
        ), who
        if sees:
            assert ("Assessor" in text(answer)) <= reads, who


PAGES = ["", "form/", "form/team", "check", "submitted", "withdraw", "return", "assign", "take-back", "conflict"]
PAGES += ["review", "decision", "award", "letter.pdf"]


@pytest.mark.parametrize("page", PAGES)
def test_the_conflicted_and_strangers_get_404_everywhere(world, as_, member, make_project, page):
    application = world.application("reviewed")
    project = make_project(world.organisation)
    for name in ("secretary", "member", "auditor"):
        member(getattr(world, name), project, "read_only")
    for name in ("secretary", "member", "auditor", "stranger", "second_assessor"):
        answer = as_(getattr(world, name)).get(f"/applications/{application.uid}/{page}")
        assert answer.status_code == 404, name


@pytest.mark.parametrize("page", PAGES)
def test_nobody_signed_in_is_asked_to(world, client, page):
    application = world.application("approved")
    answer = client.get(f"/applications/{application.uid}/{page}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


class TestDesk:
    def test_returning(self, world, as_):
        application = world.application("submitted")
        at = f"/applications/{application.uid}/return"
        secretary = as_(world.secretary)
        assert secretary.get(at).status_code == 200
        assert secretary.post(at, {"missing": ""}).status_code == 422
        assert secretary.post(at, {"missing": "The CVs"})["Location"] == f"/applications/{application.uid}/"
        assert "The CVs" in text(as_(world.owner).get(f"/applications/{application.uid}/form/"))
        assert "The CVs" in text(as_(world.owner).get(f"/applications/{application.uid}/check"))
        assert as_(world.secretary).post(at, {"missing": "More"}).status_code == 422

    def test_assigning_and_taking_back(self, world, as_):
        application = world.application("submitted")
        at = f"/applications/{application.uid}"
        secretary = as_(world.secretary)
        assert "Second assessor (open assessments: 0)" in text(secretary.get(f"{at}/assign"))
        assert secretary.post(f"{at}/assign", {}).status_code == 422
        assert secretary.post(f"{at}/assign", {"assessor": world.member.uid}).status_code == 422
        assert secretary.post(f"{at}/assign", {"assessor": world.assessor.uid})["Location"] == f"{at}/"
        assert secretary.get(f"{at}/take-back").status_code == 200
        assert secretary.post(f"{at}/take-back", {"reason": "x"})["Location"] == f"{at}/assign"
        assert "On leave" not in text(secretary.get(f"{at}/"))

    def test_a_colleague_was_faster(self, world, as_):
        application = world.application("in_review")
        at = f"/applications/{application.uid}/assign"
        answer = as_(world.secretary).post(at, {"assessor": world.second_assessor.uid})
        assert answer.status_code == 422
        assert "in review" in text(answer)

    def test_no_assessor_left(self, world, as_):
        application = world.application("submitted")
        for person in (world.assessor, world.second_assessor):
            person.centre_roles.all().delete()
        page = text(as_(world.secretary).get(f"/applications/{application.uid}/assign"))
        assert "There is no assessor left to choose" in page

    def test_a_conflict(self, world, as_):
        application = world.application("in_review")
        at = f"/applications/{application.uid}"
        assessor = as_(world.assessor)
        assert assessor.get(f"{at}/conflict").status_code == 200
        assert assessor.post(f"{at}/conflict", {"conflict": ""}).status_code == 422
        done = assessor.post(f"{at}/conflict", {"conflict": "My brother"}, follow=True)
        assert done.redirect_chain == [("/applications/", 302)]
        assert "Cantonese" not in text(done)
        for page in ("", "review", "conflict", "letter.pdf"):
            assert assessor.get(f"{at}/{page}").status_code == 404
        assert "My brother" in text(as_(world.secretary).get(f"{at}/"))
        assert "My brother" not in text(as_(world.owner).get(f"{at}/"))


class TestReview:
    SCORES = {"score_alignment": "8", "score_compute": "7", "score_placeholder": "6"}

    def test_saved_then_sent(self, world, as_):
        application = world.application("in_review")
        at = f"/applications/{application.uid}/review"
        assessor = as_(world.assessor)
        page = text(assessor.get(at))
        assert "weight 55%" in page
        assert "Illustrative placeholder" in page
        assert assessor.post(at, {"score_compute": "7", "later": "1"})["Location"] == at
        assert Review.objects.get().scores == {"compute": 7}
        assert "Not finished yet." in text(as_(world.secretary).get(f"/applications/{application.uid}/"))
        incomplete = as_(world.assessor).post(at, self.SCORES | {"comment": "", "recommended_bps": "70"})
        assert incomplete.status_code == 422
        assert Review.objects.get().scores == {"alignment": 8, "compute": 7, "placeholder": 6}
        sent = assessor.post(at, self.SCORES | {"comment": "Sound.", "recommended_bps": "62.5"})
        assert sent.status_code == 302
        review = Review.objects.get()
        assert (review.recommended_bps, review.comment) == (6250, "Sound.")
        assert assessor.get(at)["Location"] == f"/applications/{application.uid}/"

    @pytest.mark.parametrize("rate", ["91", "-1", "seventy", "70.001", "NaN", "Infinity", "７０", "1e1000000"])
    def test_rates_that_are_none(self, world, as_, rate):
        application = world.application("in_review")
        answer = as_(world.assessor).post(
            f"/applications/{application.uid}/review", self.SCORES | {"comment": "x", "recommended_bps": rate}
        )
        assert answer.status_code == 422
        assert Application.objects.get().state == "in_review"

    def test_the_names_follow_the_reader(self, world, as_):
        application = world.application("in_review")
        page = text(as_(world.assessor).get(f"/applications/{application.uid}/review?lang=zh-hant"))
        assert "配合香港創科及人工智能發展需要" in page


class TestDecision:
    def test_shows_the_formula_and_decides(self, world, as_):
        application = world.application("reviewed")
        at = f"/applications/{application.uid}/decision"
        member = as_(world.member)
        page = text(member.get(at))
        assert "730 hours" in page
        assert "700,800.00" in page
        data = {"outcome": "approved", "scheme_bps": "70", "ceiling": "500,000.00", "months": "5", "reasons": "Good."}
        assert member.post(at, data)["Location"] == f"/applications/{application.uid}/"
        decision = Decision.objects.get()
        assert (decision.scheme_bps, decision.ceiling, decision.months) == (7000, 50_000_000, 5)
        assert member.get(at).status_code == 302
        assert "HK$500,000.00" in text(as_(world.owner).get(f"/applications/{application.uid}/"))

    @pytest.mark.parametrize(
        "changes",
        [
            {"scheme_bps": "70.01"},
            {"scheme_bps": "90.01", "exceptional_reason": "x"},
            {"scheme_bps": "100", "exceptional_reason": "x"},
            {"scheme_bps": ""},
            {"scheme_bps": "0"},
            {"ceiling": "700800.01"},
            {"ceiling": "-1"},
            {"ceiling": "much"},
            {"months": "37"},
            {"reasons": ""},
            {"outcome": ""},
            {"outcome": "perhaps"},
        ],
    )
    def test_what_the_rules_forbid(self, world, as_, changes):
        application = world.application("reviewed")
        data = {"outcome": "approved", "scheme_bps": "70", "ceiling": "1", "months": "5", "reasons": "Good."}
        answer = as_(world.member).post(f"/applications/{application.uid}/decision", data | changes)
        assert answer.status_code == 422
        assert "There is a problem" in text(answer)
        assert Decision.objects.count() == 0

    def test_a_rejection_needs_no_terms(self, world, as_):
        application = world.application("reviewed")
        answer = as_(world.member).post(
            f"/applications/{application.uid}/decision", {"outcome": "rejected", "reasons": "No.", "scheme_bps": ""}
        )
        assert answer.status_code == 302
        assert Decision.objects.get().outcome == "rejected"


class TestAward:
    def test_says_what_accepting_does_and_accepts_once(self, world, as_):
        application = world.application("approved")
        at = f"/applications/{application.uid}/award"
        owner = as_(world.owner)
        page = text(owner.get(at))
        assert "become members of its project" in page
        assert "chan@example.org" in page
        assert "13 July 2026" in page
        assert owner.post(f"{at}/accept")["Location"] == at
        assert owner.post(f"{at}/accept")["Location"] == at
        assert Budget.objects.count() == 1
        assert Budget.objects.get().uid in text(owner.get(at))
        assert owner.post(f"{at}/decline").status_code == 409

    def test_a_manager_sees_it_and_cannot_accept(self, world, as_):
        application = world.application("approved")
        at = f"/applications/{application.uid}/award"
        manager = as_(world.manager)
        assert "An owner accepts it" in text(manager.get(at))
        assert manager.post(f"{at}/accept").status_code == 403
        assert manager.get(f"{at}/accept").status_code == 405
        assert Budget.objects.count() == 0

    def test_declining(self, world, as_):
        application = world.application("approved")
        answer = as_(world.owner).post(f"/applications/{application.uid}/award/decline", {"reason": "No"})
        assert answer["Location"] == f"/applications/{application.uid}/"

    def test_there_is_none_before_the_decision(self, world, as_):
        application = world.application("reviewed")
        assert as_(world.owner).get(f"/applications/{application.uid}/award").status_code == 404

    def test_the_letter(self, world, as_):
        rejected, approved = world.application("rejected"), world.application("approved")
        owner = as_(world.owner)
        for at in (
            f"/applications/{rejected.uid}/letter.pdf",
            f"/applications/{approved.uid}/letter.pdf",
            f"/awards/{approved.award.number}/letter.pdf",
        ):
            answer = owner.get(at)
            assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
            assert answer["Cache-Control"] == "private, no-store"
        for person in (world.stranger, world.assessor):
            assert as_(person).get(f"/awards/{approved.award.number}/letter.pdf").status_code == 404
        assert owner.get("/awards/AW-2026-9999/letter.pdf").status_code == 404
        draft = world.draft()
        assert as_(world.owner).get(f"/applications/{draft.uid}/letter.pdf").status_code == 404


class TestLists:
    def test_each_role_has_its_queue(self, world, as_):
        for state in ("draft", "submitted", "in_review", "reviewed"):
            world.application(state, name_en=f"Title {state}")

        def listed(person, view):
            page = text(as_(person).get(f"/applications/?view={view}"))
            return {state for state in APPLICATION.labels if f"Title {state}" in page}

        assert listed(world.owner, "own") == {"draft", "submitted", "in_review", "reviewed"}
        assert listed(world.secretary, "check") == {"submitted"}
        assert listed(world.secretary, "all") == {"submitted", "in_review", "reviewed"}
        assert listed(world.assessor, "assess") == {"in_review"}
        assert listed(world.member, "decide") == {"reviewed"}
        assert listed(world.auditor, "all") == {"submitted", "in_review", "reviewed"}
        assert listed(world.auditor, "check") == {"submitted", "in_review", "reviewed"}
        assert listed(world.stranger, "all") == set()

    def test_filtered_by_state(self, world, as_):
        world.application("draft", name_en="Title one")
        world.application("submitted", name_en="Title two")
        page = text(as_(world.owner).get("/applications/?view=own&state=submitted&page=99"))
        assert "Title two" in page
        assert "Title one" not in page
        assert "Title one" in text(as_(world.owner).get("/applications/?view=own&state=nonsense"))

    def test_empty_ones_say_what_to_do(self, world, noon, as_):
        assert "See the open call" in text(as_(world.owner).get("/applications/"))
        assert "Nothing waits for you here" in text(as_(world.member).get("/applications/"))
        with clock.fixed(noon + timedelta(days=90)):
            assert "the next one is announced" in text(as_(world.owner).get("/applications/"))

    def test_a_draft_without_a_title_has_a_name(self, world, as_):
        actions.start_draft(Actor(world.owner), organisation=world.organisation, call=world.call)
        assert "Application without a title" in text(as_(world.owner).get("/applications/"))


class TestCalls:
    def test_public_pages_give_counts_only(self, world, client):
        world.application("accepted")
        for path in ("/scheme/", f"/scheme/{world.call.uid}/"):
            page = text(client.get(path))
            assert "Open call 2026" in page
            assert "Harbour" not in page
            assert "Cantonese speech" not in page
        assert "Illustrative placeholder" in page
        assert f"/prices/?version={world.prices.version}" in page
        assert client.get("/scheme/cal-nothing/").status_code == 404

    def test_before_and_after(self, world, noon, client):
        call = actions.create_call(
            Actor(world.secretary),
            name_zh="稍後",
            opens_at=noon + timedelta(days=40),
            closes_at=noon + timedelta(days=50),
            price_list=world.prices,
        )
        assert "To come" in text(client.get("/scheme/"))
        assert "This call has not opened yet" in text(client.get(f"/scheme/{call.uid}/"))
        with clock.fixed(noon + timedelta(days=90)):
            assert "No call is open now" in text(client.get("/scheme/"))
            assert "Closed" in text(client.get(f"/scheme/{call.uid}/"))

    def data(self, world, **changes):
        criteria = [
            {"code": "alignment", "name_en": "Alignment", "weight": "45"},
            {"code": "placeholder", "name_en": "Placeholder", "weight": "55", "illustrative": "on"},
            {"code": "", "name_en": "", "name_zh": "", "weight": "", "DELETE": "on"},
            {"code": "", "name_en": "", "name_zh": "", "weight": ""},
        ]
        return {
            "name_en": "Autumn call",
            "opens_at": "2026-09-01T09:00",
            "closes_at": "2026-09-30T18:00",
            "price_list": world.prices.pk,
            "acceptance_days": "28",
            **rows("criteria", *criteria, initial=3),
        } | changes

    def test_made_and_edited_by_the_secretariat(self, world, as_):
        secretary = as_(world.secretary)
        assert "New call" in text(secretary.get("/scheme/"))
        assert secretary.get("/scheme/new").status_code == 200
        made = secretary.post("/scheme/new", self.data(world))
        assert made.status_code == 302, text(made)
        call = Call.objects.get(name_en="Autumn call")
        # Typed at the centre's time, 09:00 in Hong Kong.
        assert call.opens_at.isoformat() == "2026-09-01T01:00:00+00:00"
        assert [row["weight"] for row in call.criteria] == [45, 55]
        assert "Edit the call" in text(secretary.get(made["Location"]))
        at = f"/scheme/{call.uid}/edit"
        assert "2026-09-01T09:00" in text(secretary.get(at))
        assert secretary.post(at, self.data(world, name_en="Late autumn call")).status_code == 302
        call.refresh_from_db()
        assert call.name_en == "Late autumn call"
        with clock.fixed(call.opens_at):
            assert secretary.post(at, self.data(world))["Location"] == f"/scheme/{call.uid}/"

    @pytest.mark.parametrize(
        "changes",
        [
            {"name_en": ""},
            {"criteria-0-weight": "44"},
            {"criteria-0-weight": "x"},
            {"closes_at": "2026-08-30T18:00"},
            {"opens_at": "soon"},
            {"price_list": "0"},
            {"acceptance_days": "0"},
        ],
    )
    def test_refused_and_shown_again(self, world, as_, changes):
        answer = as_(world.secretary).post("/scheme/new", self.data(world, **changes))
        assert answer.status_code == 422
        assert "There is a problem" in text(answer)
        assert Call.objects.count() == 1

    def test_nobody_else(self, world, as_, client):
        assert client.get("/scheme/new").status_code == 302
        assert as_(world.owner).get("/scheme/new").status_code == 403
        assert as_(world.owner).get(f"/scheme/{world.call.uid}/edit").status_code == 403


def test_the_number_of_queries_does_not_grow(world, client):
    first = world.application("approved")
    paths = ["/scheme/", f"/scheme/{world.call.uid}/", "/applications/?view=all", f"/applications/{first.uid}/"]
    people = (world.owner, world.secretary, world.member, world.auditor)
    counts = []
    for _round in range(2):
        counts.append({})
        for person in people:
            client.force_login(person)
            for path in paths:
                client.get(path)
                with CaptureQueriesContext(connection) as captured:
                    assert client.get(path).status_code == 200
                counts[-1][person.name, path] = len(captured)
        for state in ("approved", "accepted", "submitted", "in_review"):
            world.application(state)
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 32
