"""The API: organisations, projects, members, roles of the centre."""

import pytest

from aisc.people.models import Membership, Organisation, Project

INSIDE = {"owner", "manager", "member", "finance", "read_only"}
STAFF = {"centre_secretariat", "centre_operator", "centre_finance", "centre_auditor", "centre_administrator"}


def test_registering_once(call, make_person, secret_of, noon):
    ada = make_person()
    secret = secret_of(ada)
    body = {"name_en": "Harbour", "name_zh": "海港", "category": "startup", "registry_number": "1234 5678"}
    first = call("POST", "/organisations", body, secret=secret, key="k1")
    again = call("POST", "/organisations", body, secret=secret, key="k1")
    made = Organisation.objects.get()
    assert (first.status_code, first.json()) == (
        201,
        {
            "uid": made.uid,
            "name_en": "Harbour",
            "name_zh": "海港",
            "category": "startup",
            "registry_number": "12345678",
            "address": "",
            "created_at": "2026-06-15T04:00:00Z",
        },
    )
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (201, first.json(), "true")
    other = call("POST", "/organisations", body | {"name_en": "Other"}, secret=secret, key="k1")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.reused")
    taken = call("POST", "/organisations", body, secret=secret, key="k2")
    assert (taken.status_code, taken.json()["code"]) == (409, "organisation.registry_number")
    assert taken.json()["errors"][0]["field"] == "registry_number"


@pytest.mark.parametrize("path", ["organisations", "projects"])
def test_who_gets_what(path, cast, call, secret_of):
    place = cast.organisation if path == "organisations" else cast.project
    for part, person in cast.people.items():
        secret = secret_of(person)
        uids = [each["uid"] for each in call("GET", f"/{path}", secret=secret).json()["items"]]
        one = call("GET", f"/{path}/{place.uid}", secret=secret)
        changed = call("PATCH", f"/{path}/{place.uid}", {"name_en": part}, secret=secret)
        members = call("GET", f"/{path}/{place.uid}/members", secret=secret)
        seen = part in INSIDE | STAFF | {"guest"}
        assert (place.uid in uids) is seen
        assert one.status_code == (200 if seen else 404)
        assert changed.status_code == (200 if part in {"owner", "manager"} else 403 if seen else 404)
        hidden = part == "guest" and path == "organisations"
        assert members.status_code == (403 if hidden else 200 if seen else 404)
    place.refresh_from_db()
    assert place.name_en == "manager"


def test_lists_take_the_same_number_of_queries(
    cast, call, secret_of, make_organisation, make_project, member, make_person, django_assert_num_queries
):
    secret = secret_of(cast.owner)
    call("GET", "/whoami", secret=secret)  # notes that the token is used

    def cost():
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        costs = []
        for path in ("/organisations", "/projects", f"/organisations/{cast.organisation.uid}/members", "/whoami"):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert call("GET", path, secret=secret).status_code == 200
            costs.append(len(captured))
        return costs

    before = cost()
    for _ in range(3):
        make_project(make_organisation(owner=cast.owner))
        make_project(cast.organisation)
        member(make_person(), cast.organisation, "member")
    assert cost() == before
    assert max(before) <= 6


def test_projects(cast, call, secret_of, noon):
    owner, stranger = secret_of(cast.owner), secret_of(cast.stranger)
    body = {"organisation": cast.organisation.uid, "name_zh": "視覺抓取", "summary_en": "Grasping"}
    answer = call("POST", "/projects", body, secret=owner)
    made = Project.objects.order_by("-pk").first()
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "uid": made.uid,
            "organisation": cast.organisation.uid,
            "name_en": "",
            "name_zh": "視覺抓取",
            "summary_en": "Grasping",
            "summary_zh": "",
            "shares": 100,
            "created_at": "2026-06-15T04:00:00Z",
            "closed_at": None,
        },
    )
    refused = call("POST", "/projects", body, secret=stranger)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "organisation")
    assert call("POST", "/projects", body, secret=secret_of(cast.member)).status_code == 403
    listed = call("GET", f"/projects?organisation={cast.organisation.uid}", secret=owner).json()["items"]
    assert [each["uid"] for each in listed] == [made.uid, cast.project.uid]
    assert call("GET", "/projects?organisation=org-none", secret=owner).json()["items"] == []


def test_closing_and_weighing_a_project(cast, call, secret_of, noon):
    path = f"/projects/{cast.project.uid}"
    owner, operator = secret_of(cast.owner), secret_of(cast.people["centre_operator"])
    assert call("POST", f"{path}/close", secret=owner).json()["closed_at"] == "2026-06-15T04:00:00Z"
    assert call("POST", f"{path}/close", secret=owner).status_code == 409
    assert call("POST", f"{path}/reopen", secret=owner).json()["closed_at"] is None
    weighed = call("PUT", f"{path}/shares", {"shares": 200, "reason": "flood model"}, secret=operator)
    assert (weighed.status_code, weighed.json()["shares"]) == (200, 200)
    assert call("PUT", f"{path}/shares", {"shares": 300, "reason": "x"}, secret=owner).status_code == 403
    assert call("PUT", f"{path}/shares", {"shares": 0, "reason": "x"}, secret=operator).status_code == 422


@pytest.mark.parametrize("path", ["organisations", "projects"])
def test_members(path, cast, call, secret_of, make_person):
    place = cast.organisation if path == "organisations" else cast.project
    newcomer = make_person(name="陳大文")
    base, secret = f"/{path}/{place.uid}/members", secret_of(cast.owner)
    added = call("POST", base, {"email": newcomer.email, "role": "member"}, secret=secret)
    assert (added.status_code, added.json()["person"]["uid"], added.json()["role"]) == (201, newcomer.uid, "member")
    assert call("POST", base, {"email": newcomer.email, "role": "member"}, secret=secret).status_code == 409
    unknown = call("POST", base, {"email": "nobody@example.org", "role": "member"}, secret=secret)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "member.unknown")
    changed = call("PATCH", f"{base}/{newcomer.uid}", {"role": "manager"}, secret=secret)
    assert (changed.status_code, changed.json()["role"]) == (200, "manager")
    assert call("PATCH", f"{base}/per-none", {"role": "manager"}, secret=secret).status_code == 404
    listed = call("GET", f"{base}?limit=200", secret=secret).json()["items"]
    assert newcomer.uid in {each["person"]["uid"] for each in listed}
    for part in ("member", "finance", "read_only"):
        assert call("DELETE", f"{base}/{newcomer.uid}", secret=secret_of(cast.people[part])).status_code == 403
    assert call("DELETE", f"{base}/{newcomer.uid}", secret=secret_of(cast.stranger)).status_code == 404
    assert call("DELETE", f"{base}/{newcomer.uid}", secret=secret).status_code == 204
    assert not newcomer.memberships.exists()


def test_the_last_owner_and_leaving(cast, call, secret_of):
    base = f"/organisations/{cast.organisation.uid}/members"
    answer = call("DELETE", f"{base}/{cast.owner.uid}", secret=secret_of(cast.owner))
    assert (answer.status_code, answer.json()["code"]) == (409, "member.last_owner")
    assert call("DELETE", f"{base}/{cast.member.uid}", secret=secret_of(cast.member)).status_code == 204
    # A guest of a project may leave it, though he cannot list the organisation's people.
    guest = secret_of(cast.guest)
    assert call("DELETE", f"{base}/{cast.owner.uid}", secret=guest).status_code == 404
    assert call("DELETE", f"/projects/{cast.project.uid}/members/{cast.guest.uid}", secret=guest).status_code == 204
    assert Membership.objects.filter(organisation=cast.organisation).count() == 4


def test_roles_of_the_centre(cast, call, secret_of):
    admin = secret_of(cast.people["centre_administrator"])
    body = {"email": cast.member.email, "role": "assessor"}
    given = call("POST", "/centre/roles", body, secret=admin)
    assert (given.status_code, given.json()["person"]["uid"], given.json()["role"]) == (
        201, cast.member.uid, "assessor",
    )  # fmt: skip
    assert call("POST", "/centre/roles", body, secret=admin).status_code == 409
    unknown = call("POST", "/centre/roles", {"email": "nobody@example.org", "role": "assessor"}, secret=admin)
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "email")
    listed = call("GET", "/centre/roles?limit=200", secret=secret_of(cast.people["centre_auditor"])).json()["items"]
    assert len(listed) == 8
    assert call("DELETE", f"/centre/roles/{cast.member.uid}/assessor", secret=admin).status_code == 204
    assert call("DELETE", f"/centre/roles/{cast.member.uid}/assessor", secret=admin).status_code == 404
    assert call("DELETE", "/centre/roles/per-none/assessor", secret=admin).status_code == 404
    for part in ("owner", "centre_operator", "centre_auditor"):
        secret = secret_of(cast.people[part])
        assert call("POST", "/centre/roles", body, secret=secret).status_code == 403
        # The refusal comes before the address is looked at.
        assert call("POST", "/centre/roles", body | {"email": "x"}, secret=secret).status_code == 403
        assert call("DELETE", f"/centre/roles/{cast.owner.uid}/assessor", secret=secret).status_code == 403
    assert call("GET", "/centre/roles", secret=secret_of(cast.owner)).status_code == 403


def test_the_description_tells_of_problems_and_keys(client, db):
    schema = client.get("/api/v1/openapi.json").json()
    assert schema["openapi"] == "3.1.0"
    operation = schema["paths"]["/api/v1/organisations"]["post"]
    assert set(operation["responses"]) == {"201", "400", "401", "402", "403", "404", "409", "422", "429", "503"}
    reference = {"$ref": "#/components/schemas/Problem"}
    assert operation["responses"]["409"]["content"]["application/problem+json"]["schema"] == reference
    assert [each["name"] for each in operation["parameters"]] == ["Idempotency-Key"]
    assert operation["security"] == [{"BearerToken": []}, {"Session": []}]
    assert "404" in schema["paths"]["/api/v1/projects/{uid}"]["get"]["responses"]
    assert "security" not in schema["paths"]["/api/v1/signup"]["post"]
    assert set(schema["components"]["securitySchemes"]) == {"BearerToken", "Session"}
    assert client.get("/api/v1/docs").status_code == 404
