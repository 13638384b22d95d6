"""The API, as a client sees it."""

import json
from datetime import timedelta

import pytest
from scheme_world import ANSWERS, LIST_CENTS, SCORES

from aisc.core import clock
from aisc.scheme import actions
from aisc.scheme.models import Application, Call, Review


@pytest.fixture
def api(client):
    """``api(person)("POST", "/calls", {...})``: answer of one call as that person."""

    def of(person=None):
        def call(method, path, body=None, **headers):
            client.logout()
            if person is not None:
                client.force_login(person)
            return client.generic(
                method,
                f"/api/v1{path}",
                b"" if body is None else json.dumps(body, default=str).encode(),
                content_type="application/json",
                headers=headers,
            )

        return call

    return of


def test_from_draft_to_budget(world, api):
    """The whole way, through the API alone."""
    owner = api(world.owner)
    started = owner("POST", "/applications", {"call": world.call.uid, "organisation": world.organisation.uid})
    assert started.status_code == 201, started.content
    at = f"/applications/{started.json()['uid']}"
    assert len(started.json()["draft"]["missing"]) == 10
    saved = owner("PATCH", at, ANSWERS)
    assert saved.status_code == 200, saved.content
    assert saved.json()["cost"]["list_cents"] == LIST_CENTS
    assert saved.json()["cost"]["scheme_cents"] + saved.json()["cost"]["applicant_cents"] == LIST_CENTS
    assert api(world.secretary)("GET", at).status_code == 404
    submitted = owner("POST", f"{at}/submit", {"declared": True})
    assert submitted.status_code == 200, submitted.content
    assert (submitted.json()["number"], submitted.json()["next"]["due"]) == ("A-2026-0001", "2026-06-22")
    secretary = api(world.secretary)
    assert secretary("POST", f"{at}/return", {"missing": "CVs"}).json()["state"] == "returned"
    assert owner("POST", f"{at}/submit", {"declared": True}).json()["state"] == "submitted"
    offered = secretary("GET", f"{at}/assessors").json()
    assert [person["uid"] for person in offered] == [world.assessor.uid, world.second_assessor.uid]
    assert secretary("POST", f"{at}/assign", {"assessor": world.assessor.uid}).json()["state"] == "in_review"
    assert api(world.assessor)("POST", f"{at}/conflict", {"conflict": "My brother"}).status_code == 204
    assert api(world.assessor)("GET", at).status_code == 404
    assert secretary("POST", f"{at}/assign", {"assessor": world.second_assessor.uid}).status_code == 200
    assert secretary("POST", f"{at}/take-back", {"reason": "wrong person"}).json()["state"] == "submitted"
    Review.objects.filter(assessor=world.second_assessor).delete()
    secretary("POST", f"{at}/assign", {"assessor": world.second_assessor.uid})
    assessor = api(world.second_assessor)
    half = assessor("POST", f"{at}/review", {"scores": {"compute": 7}, "submit": False})
    assert (half.json()["total"], half.json()["scores"]) == (None, {"compute": 7})
    assert secretary("GET", at).json()["reviews"][1]["scores"] is None
    done = assessor("POST", f"{at}/review", {"scores": SCORES, "comment": "Sound.", "recommended_bps": 7000})
    assert done.json()["total"] == "67.0", done.content
    member = api(world.member)
    assert member("GET", at).json()["reviews"][1]["total"] == "67.0"
    decided = member("POST", f"{at}/decision", {"outcome": "approved", "reasons": "Good.", "scheme_bps": 7000})
    assert decided.status_code == 200, decided.content
    assert decided.json()["award"]["number"] == "AW-2026-0001"
    seen = owner("GET", at).json()
    assert (seen["reviews"], seen["decision"]["ceiling_cents"]) == ([], LIST_CENTS)
    letter = owner("GET", f"{at}/letter.pdf")
    assert (letter["Content-Type"], letter.content[:5]) == ("application/pdf", b"%PDF-")
    accepted = owner("POST", f"{at}/accept", **{"Idempotency-Key": "accept-1"})
    assert accepted.status_code == 200, accepted.content
    assert accepted.json()["award"]["budget"].startswith("bud-")
    again = owner("POST", f"{at}/accept", **{"Idempotency-Key": "accept-1"})
    assert (again.json(), again["Idempotency-Replayed"]) == (accepted.json(), "true")
    third = owner("POST", f"{at}/accept")
    assert (third.status_code, third.json()["code"]) == (409, "award.state")


def test_a_repeated_submission_is_one(world, api):
    draft = world.draft()
    owner = api(world.owner)
    first = owner("POST", f"/applications/{draft.uid}/submit", {"declared": True}, **{"Idempotency-Key": "k"})
    second = owner("POST", f"/applications/{draft.uid}/submit", {"declared": True}, **{"Idempotency-Key": "k"})
    assert (first.status_code, second.status_code, second.json()) == (200, 200, first.json())
    assert draft.submissions.count() == 1


def test_an_incomplete_one_says_what_is_missing(world, api):
    draft = world.draft(name_zh="", justification="")
    answer = api(world.owner)("POST", f"/applications/{draft.uid}/submit", {"declared": False})
    assert (answer.status_code, answer.json()["code"]) == (422, "application.incomplete")
    assert [gap["field"] for gap in answer.json()["missing"]] == ["name_zh", "justification", "declared"]


def test_detail_has_an_etag(world, api):
    application = world.application("submitted")
    owner = api(world.owner)
    first = owner("GET", f"/applications/{application.uid}")
    assert owner("GET", f"/applications/{application.uid}", **{"If-None-Match": first["ETag"]}).status_code == 304
    call = api()("GET", f"/calls/{world.call.uid}")
    assert api()("GET", f"/calls/{world.call.uid}", **{"If-None-Match": call["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("method", "verb", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"name_en": "Mine"}),
        ("POST", "/submit", {"declared": True}),
        ("POST", "/withdraw", {}),
        ("POST", "/return", {"missing": "x"}),
        ("GET", "/assessors", None),
        ("POST", "/assign", {"assessor": "per-x"}),
        ("POST", "/take-back", {"reason": "x"}),
        ("POST", "/conflict", {"conflict": "x"}),
        ("POST", "/review", {"scores": {}}),
        ("POST", "/decision", {"outcome": "rejected", "reasons": "x"}),
        ("POST", "/accept", None),
        ("POST", "/decline", {}),
        ("GET", "/letter.pdf", None),
    ],
)
def test_strangers_and_the_recused_learn_nothing(world, api, method, verb, body):
    application = world.application("in_review")
    actions.declare_conflict(actor(world.assessor), application=application, conflict="x")
    before = Application.objects.values().get()
    for person in (world.stranger, world.assessor):
        answer = api(person)(method, f"/applications/{application.uid}{verb}", body)
        nothing = api(person)(method, f"/applications/app-000000000000{verb}", body)
        assert (answer.status_code, nothing.status_code) == (404, 404)
        gone = {key: value for key, value in answer.json().items() if key != "request_id"}
        assert gone == {key: value for key, value in nothing.json().items() if key != "request_id"}
    assert api()(method, f"/applications/{application.uid}{verb}", body).status_code in {401, 403}
    assert Application.objects.values().get() == before


def actor(person):
    from aisc.core.actions import Actor

    return Actor(person)


def test_lists_are_filtered_and_paged(world, api):
    numbers = [world.application(state).uid for state in ("submitted", "draft", "rejected")]
    owner = api(world.owner)
    first = owner("GET", "/applications?limit=2").json()
    assert [row["uid"] for row in first["items"]] == numbers[:0:-1]
    rest = owner("GET", f"/applications?limit=2&cursor={first['next']}").json()
    assert ([row["uid"] for row in rest["items"]], rest["next"]) == (numbers[:1], None)
    assert [row["uid"] for row in owner("GET", "/applications?state=rejected").json()["items"]] == numbers[2:]
    assert len(owner("GET", f"/applications?call={world.call.uid}").json()["items"]) == 3
    assert owner("GET", "/applications?call=cal-x").json()["items"] == []
    assert owner("GET", "/applications?state=lost").status_code == 422
    assert [row["uid"] for row in api(world.auditor)("GET", "/applications").json()["items"]] == numbers[2:] + numbers[
        :1
    ]
    assert api(world.stranger)("GET", "/applications").json()["items"] == []


class TestCalls:
    BODY = {
        "name_en": "Autumn call",
        "opens_at": "2026-09-01T01:00:00Z",
        "closes_at": "2026-09-30T10:00:00Z",
    }

    def test_public_lists_and_pages(self, world, api):
        listed = api()("GET", "/calls").json()["items"]
        assert [(call["uid"], call["phase"]) for call in listed] == [(world.call.uid, "open")]
        world.application("accepted")
        call = api()("GET", f"/calls/{world.call.uid}").json()
        assert call["figures"] == {"received": 1, "decided": 1, "approved": 1, "accepted": 1}
        assert "Harbour" not in json.dumps(call)
        assert api()("GET", "/calls/cal-nothing").status_code == 404

    def test_made_and_changed_by_the_secretariat(self, world, api):
        body = self.BODY | {"price_list": world.prices.version}
        made = api(world.secretary)("POST", "/calls", body)
        assert made.status_code == 201, made.content
        at = f"/calls/{made.json()['uid']}"
        changed = api(world.secretary)("PATCH", at, {"name_zh": "秋季", "price_list": world.prices.version})
        assert (changed.json()["name_zh"], changed.json()["name_en"]) == ("秋季", "Autumn call")
        with clock.fixed(clock.now() + timedelta(days=100)):
            late = api(world.secretary)("PATCH", at, {"name_zh": "遲"})
        assert (late.status_code, late.json()["code"]) == (409, "call.opened")

    def test_refusals(self, world, api):
        body = self.BODY | {"price_list": world.prices.version}
        assert api(world.owner)("POST", "/calls", body).status_code == 403
        assert api(world.owner)("PATCH", f"/calls/{world.call.uid}", {}).status_code == 403
        assert api(world.secretary)("POST", "/calls", body | {"price_list": "none"}).status_code == 422
        naive = api(world.secretary)("POST", "/calls", body | {"opens_at": "2026-09-01T01:00:00"})
        assert (naive.status_code, naive.json()["errors"][0]["field"]) == (422, "opens_at")
        assert Call.objects.count() == 1


class TestHostile:
    @pytest.mark.parametrize(
        "body",
        [
            {"name_en": None},
            {"name_en": "a\u0000"},
            {"name_en": "x" * 300},
            {"summary_en": "x" * 100_000},
            {"team": [{"name": "x" * 1000}]},
            {"team": [{"email": "<script>"}]},
            {"resources": [{"accelerator": "h800", "count": 2**70, "months": 1}]},
            {"resources": [{"accelerator": "h800' OR 1=1", "count": 1, "months": 1}]},
            {"organisation": "org-nothing"},
            {"starts_on": "yesterday"},
            {"starts_on": "0000-00-00"},
        ],
    )
    def test_a_draft_stays_as_it_was(self, world, api, body):
        draft = world.draft()
        before = Application.objects.values().get()
        answer = api(world.owner)("PATCH", f"/applications/{draft.uid}", body)
        assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
        assert Application.objects.values().get() == before

    def test_a_lone_surrogate(self, world, client):
        draft = world.draft()
        client.force_login(world.owner)
        answer = client.generic(
            "PATCH", f"/api/v1/applications/{draft.uid}", rb'{"name_en": "\ud800"}', content_type="application/json"
        )
        assert answer.status_code in {400, 422}

    def test_emptying_what_may_be_empty(self, world, api):
        draft = world.draft()
        answer = api(world.owner)("PATCH", f"/applications/{draft.uid}", {"starts_on": None, "other_funding": None})
        assert (answer.json()["draft"]["starts_on"], answer.json()["draft"]["other_funding"]) == (None, None)

    def test_moving_to_another_of_ones_organisations(self, world, api, member):
        draft = world.draft()
        member(world.owner, world.other_organisation, "owner")
        answer = api(world.owner)("PATCH", f"/applications/{draft.uid}", {"organisation": world.other_organisation.uid})
        assert answer.json()["organisation"] == world.other_organisation.uid

    def test_starting_for_others(self, world, api):
        body = {"call": world.call.uid, "organisation": world.other_organisation.uid}
        assert api(world.owner)("POST", "/applications", body).status_code == 422
        assert api(world.owner)("POST", "/applications", body | {"call": "cal-x"}).status_code in {404, 422}

    def test_assigning_nobody(self, world, api):
        application = world.application("submitted")
        answer = api(world.secretary)("POST", f"/applications/{application.uid}/assign", {"assessor": "per-x"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "assessor")

    def test_declining_what_was_not_offered(self, world, api):
        application = world.application("rejected")
        answer = api(world.owner)("POST", f"/applications/{application.uid}/decline", {})
        assert (answer.status_code, answer.json()["code"]) == (409, "award.none")


def test_declining_and_withdrawing(world, api):
    offered, submitted = world.application("approved"), world.application("submitted")
    owner = api(world.owner)
    assert owner("POST", f"/applications/{offered.uid}/decline", {"reason": "No"}).json()["state"] == "declined"
    assert owner("POST", f"/applications/{submitted.uid}/withdraw", {}).json()["state"] == "withdrawn"


def test_the_number_of_queries_does_not_grow(world, client):
    """A list of five takes the queries of a list of one, and so does what one application looks like."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    first = world.application("approved")
    paths = ["/api/v1/applications", f"/api/v1/applications/{first.uid}", "/api/v1/calls"]
    counts = []
    for _round in range(2):
        counts.append({})
        for person in (world.owner, world.secretary, world.member):
            client.force_login(person)
            client.get(paths[0])
            for path in paths:
                with CaptureQueriesContext(connection) as captured:
                    assert client.get(path).status_code == 200
                counts[-1][person.name, path] = len(captured)
        for state in ("approved", "accepted", "submitted", "in_review"):
            world.application(state)
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 32
