"""Pages of this room: who gets them, what they show, what their buttons do."""

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch

from aisc.people import actions, panels
from aisc.people.models import ApiToken, Membership, Notice, Organisation, Project
from aisc.people.notices import notify

INSIDE = {"owner", "manager", "member", "finance", "read_only"}
STAFF = {"centre_secretariat", "centre_operator", "centre_finance", "centre_auditor", "centre_administrator"}
OUTSIDE = {"stranger", "centre_assessor", "centre_committee"}


@pytest.fixture
def visit(client, cast):
    """``visit(part, path)``: the page as that person gets it; a body makes it a POST."""

    def go(part, path, body=None, **options):
        client.logout()
        if part != "anonymous":
            client.force_login(cast.people[part])
        return client.get(path, **options) if body is None else client.post(path, body, **options)

    return go


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/account/", "everybody"),
        ("/account/tokens/", "everybody"),
        ("/notices/", "everybody"),
        ("/organisations/", "everybody"),
        ("/organisations/new", "everybody"),
        ("/projects/", "everybody"),
        ("/organisations/{organisation}/", INSIDE | STAFF | {"guest"}),
        ("/organisations/{organisation}/edit", {"owner", "manager"}),
        ("/organisations/{organisation}/invite", {"owner", "manager"}),
        ("/organisations/{organisation}/ownership", {"owner"}),
        ("/organisations/{organisation}/services", {"owner", "manager"}),
        ("/organisations/{organisation}/directory", {"owner"}),
        ("/organisations/join", "everybody"),
        ("/projects/{project}/", INSIDE | STAFF | {"guest"}),
        ("/projects/{project}/edit", {"owner", "manager"}),
        ("/projects/{project}/invite", {"owner", "manager"}),
        ("/projects/{project}/services", {"owner", "manager"}),
        ("/projects/{project}/directory", {"owner", "manager"}),
        ("/projects/{project}/close", {"owner", "manager"}),
        ("/projects/{project}/facilitators", {"centre_administrator"}),
        ("/projects/{project}/shares", {"centre_operator"}),
        ("/centre/roles/", {"centre_administrator", "centre_auditor"}),
        ("/centre/merging/", {"centre_administrator"}),
    ],
)
def test_who_gets_which_page(path, allowed, visit, cast):
    path = path.format(organisation=cast.organisation.uid, project=cast.project.uid)
    for part in cast.everybody:
        status = visit(part, path).status_code
        if part == "anonymous":
            assert status == 302
        elif allowed == "everybody" or part in allowed:
            assert status == 200, part
        else:
            assert status == (404 if part in OUTSIDE and "centre" not in path else 403), part


@pytest.mark.parametrize("path", ["/organisations/org-none/", "/projects/prj-none/", "/notices/999999/"])
def test_what_is_not_there(path, visit):
    assert visit("owner", path).status_code == 404


def test_pages_take_the_same_number_of_queries(client, cast, member, make_person, make_project, make_organisation):
    paths = (
        "/organisations/",
        "/projects/",
        f"/organisations/{cast.organisation.uid}/",
        f"/projects/{cast.project.uid}/",
        "/notices/",
        "/account/",
        "/account/tokens/",
    )

    def costs():
        found = {}
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            found[path] = len(captured)
        return found

    def more():
        person = make_person()
        member(person, cast.organisation, "member")
        member(person, cast.project, "manager")
        make_project(cast.organisation)
        make_project(make_organisation(owner=cast.owner))
        notify(cast.owner, "Hello")
        ApiToken.objects.create(
            person=cast.owner, name="x", prefix="aisc_", digest=person.uid, scopes=["read"],
            created_at=cast.project.created_at, expires_at=cast.project.created_at,
        )  # fmt: skip

    client.force_login(cast.owner)
    more()
    costs()
    before = costs()
    for _ in range(4):
        more()
    assert costs() == before
    assert max(before.values()) <= 30, before


def test_name_and_language(visit, cast, client, settings):
    answer = visit("member", "/account/", {"name": "陳大文", "language": "zh-hant"})
    assert answer.status_code == 302
    cast.member.refresh_from_db()
    assert (cast.member.name, cast.member.language) == ("陳大文", "zh-hant")
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hant"
    wrong = client.post("/account/", {"name": "a\u202eb", "language": "tlh"})
    assert set(wrong.context["form"].errors) == {"name", "language"}
    cast.member.refresh_from_db()
    assert cast.member.name == "陳大文"
    page = client.get("/account/").content.decode()
    assert cast.organisation.name_zh in page


def test_somebody_without_an_organisation_is_told_what_to_do(client, make_person):
    client.force_login(make_person())
    for path in ("/account/", "/organisations/", "/projects/"):
        assert "/organisations/new" in client.get(path).content.decode()
    assert client.get("/projects/new").url == "/organisations/new"
    assert "No notices yet" in client.get("/notices/").content.decode()


def test_a_token_is_shown_once(visit, cast, client):
    answer = visit("member", "/account/tokens/", {"name": "laptop", "scopes": ["read", "jobs"], "days": "30"})
    token = ApiToken.objects.get()
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    page = client.get("/account/tokens/").content.decode()
    assert secret not in page
    assert token.prefix in page
    wrong = client.post("/account/tokens/", {"name": "", "scopes": ["root"], "days": "1000"})
    assert set(wrong.context["form"].errors) == {"name", "scopes", "days"}
    assert ApiToken.objects.count() == 1
    client.post(f"/account/tokens/{token.pk}/revoke")
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "revoked" in client.get("/account/tokens/").content.decode()


def test_only_ones_own_tokens_are_revoked(visit, cast, acting):
    token, _secret = actions.issue_token(acting(cast.owner), name="theirs", scopes=["read"])
    assert "theirs" not in visit("member", "/account/tokens/").content.decode()
    assert visit("member", f"/account/tokens/{token.pk}/revoke", {}).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
    assert visit("member", f"/account/tokens/{token.pk}/revoke").status_code == 405


def test_a_refused_token_keeps_what_was_typed(visit, monkeypatch):
    monkeypatch.setattr("aisc.people.actions.tokens.MOST_TOKENS", 0)
    answer = visit("member", "/account/tokens/", {"name": "laptop", "scopes": ["read"], "days": "30"})
    assert "You have 0 tokens" in answer.content.decode()
    assert 'value="laptop"' in answer.content.decode()


def test_notices_are_read(visit, cast, client):
    first = notify(cast.member, "First thing", url=f"/projects/{cast.project.uid}/")
    second = notify(cast.member, "Second thing")
    theirs = notify(cast.owner, "Not yours")
    page = visit("member", "/notices/").content.decode()
    assert "First thing" in page
    assert "Not yours" not in page
    assert client.get(f"/notices/{first.pk}/").url == f"/projects/{cast.project.uid}/"
    unread = client.get("/notices/?show=unread").content.decode()
    assert ("First thing" in unread, "Second thing" in unread) == (False, True)
    assert client.get(f"/notices/{second.pk}/").url == "/notices/"
    assert "Nothing unread" in client.get("/notices/?show=unread").content.decode()
    assert client.get(f"/notices/{theirs.pk}/").status_code == 404
    third, fourth = notify(cast.member, "3"), notify(cast.member, "4", url="https://elsewhere.example/")
    client.post("/notices/read", {"notice": str(third.pk)})
    assert list(Notice.objects.filter(person=cast.member, read_at=None)) == [fourth]
    assert client.get(f"/notices/{fourth.pk}/").url == "/notices/"
    notify(cast.member, "5")
    client.post("/notices/read", {"notice": "²"})
    assert not Notice.objects.filter(person=cast.member, read_at=None).exists()
    assert Notice.objects.filter(read_at=None).get() == theirs


def test_registering_an_organisation(visit, cast, client):
    body = {
        "name_en": "Harbour",
        "name_zh": "海港",
        "category": "startup",
        "registry_number": "12345678",
        "address": "",
    }
    answer = visit("stranger", "/organisations/new", body)
    made = Organisation.objects.get(name_en="Harbour")
    assert answer.url == f"/organisations/{made.uid}/"
    assert made.memberships.get().person == cast.stranger
    again = client.post("/organisations/new", body)
    assert list(again.context["form"].errors) == ["registry_number"]
    empty = client.post("/organisations/new", {"name_en": " ", "name_zh": "", "category": "startup"})
    assert list(empty.context["form"].errors) == ["name_en"]
    nothing = client.post("/organisations/new", {})
    assert list(nothing.context["form"].errors) == ["category"]
    assert Organisation.objects.filter(memberships__person=cast.stranger).count() == 2


def test_changing_particulars(visit, cast, client):
    path = f"/organisations/{cast.organisation.uid}/edit"
    page = visit("manager", path).content.decode()
    assert cast.organisation.name_zh in page
    body = {"name_en": "New", "name_zh": "新", "category": "research", "registry_number": "", "address": "Cyberport"}
    assert client.post(path, body).url == f"/organisations/{cast.organisation.uid}/"
    cast.organisation.refresh_from_db()
    assert (cast.organisation.name_en, cast.organisation.address) == ("New", "Cyberport")
    wrong = client.post(path, body | {"registry_number": "?"})
    assert list(wrong.context["form"].errors) == ["registry_number"]
    assert visit("member", path, body).status_code == 403


def test_finding(visit, cast, make_organisation):
    make_organisation(owner=cast.owner, name_en="Harbour", name_zh="海港", registry_number="9876")
    for asked, found in (("harb", True), ("海港", True), ("9876", True), ("mountain", False)):
        page = visit("owner", f"/organisations/?q={asked}").content.decode()
        assert (">Harbour<" in page) is found
        assert ("Nothing found" in page) is not found
    page = visit("owner", f"/projects/?q={cast.project.name_en}").content.decode()
    assert cast.project.uid in page
    assert "Nothing found" in visit("owner", "/projects/?q=mountain").content.decode()


def test_the_organisations_page_shows_what_each_may_see(visit, cast):
    path = f"/organisations/{cast.organisation.uid}/"
    owner = visit("owner", path).content.decode()
    assert cast.member.email in owner
    assert f"/memberships/{Membership.objects.get(person=cast.member).pk}/role" in owner
    member = visit("member", path).content.decode()
    assert cast.owner.email in member
    assert "/role" not in member
    guest = visit("guest", path).content.decode()
    assert cast.owner.email not in guest
    assert cast.project.uid in guest
    auditor = visit("centre_auditor", path).content.decode()
    assert cast.owner.email in auditor
    assert "/remove" not in auditor


def test_starting_and_changing_a_project(visit, cast, client):
    body = {
        "organisation": cast.organisation.uid,
        "name_en": "Grasping",
        "name_zh": "",
        "summary_en": "",
        "summary_zh": "",
    }
    answer = visit("manager", "/projects/new", body)
    made = Project.objects.get(name_en="Grasping")
    assert answer.url == f"/projects/{made.uid}/"
    assert (
        f'value="{cast.organisation.uid}" selected'
        in client.get(f"/projects/new?organisation={cast.organisation.uid}").content.decode()
    )
    elsewhere = client.post("/projects/new", body | {"organisation": cast.other.uid})
    assert list(elsewhere.context["form"].errors) == ["organisation"]
    bad = client.post("/projects/new", body | {"name_en": "a\u202eb"})
    assert list(bad.context["form"].errors) == ["name_en"]
    path = f"/projects/{made.uid}/edit"
    assert client.post(path, {"name_en": "Grip", "summary_en": "S"}).url == f"/projects/{made.uid}/"
    made.refresh_from_db()
    assert (made.name_en, made.summary_en) == ("Grip", "S")
    wrong = client.post(path, {"name_en": "", "name_zh": ""})
    assert list(wrong.context["form"].errors) == ["name_en"]
    assert visit("member", "/projects/new").url == "/organisations/new"
    assert visit("member", path, {"name_en": "Mine"}).status_code == 403


def test_the_weight_in_the_queue(visit, cast, client):
    path = f"/projects/{cast.project.uid}/shares"
    assert visit("centre_operator", path, {"shares": "250", "reason": "flood model"}).status_code == 302
    cast.project.refresh_from_db()
    assert cast.project.shares == 250
    for body, field in (({"shares": "0", "reason": "x"}, "shares"), ({"shares": "5", "reason": "\u202e"}, "reason")):
        assert list(client.post(path, body).context["form"].errors) == [field]
    assert "250" in visit("owner", f"/projects/{cast.project.uid}/").content.decode()


def test_closing_a_project(visit, cast):
    base = f"/projects/{cast.project.uid}"
    assert visit("member", f"{base}/close", {}).status_code == 403
    cast.project.refresh_from_db()
    assert cast.project.closed_at is None
    answer = visit("owner", f"{base}/close", {})
    assert said(answer) == ["The project is closed."]
    page = visit("owner", f"{base}/").content.decode()
    assert "This project is closed" in page
    assert cast.project.uid not in visit("owner", "/projects/").content.decode()
    assert cast.project.uid in visit("owner", "/projects/?closed=1").content.decode()
    assert "closed already" in visit("owner", f"{base}/close", {}).content.decode()
    assert said(visit("owner", f"{base}/reopen", {})) == ["The project is open again."]
    assert visit("stranger", f"{base}/reopen", {}).status_code == 404


def test_changing_and_removing(visit, cast):
    membership = Membership.objects.get(person=cast.member)
    base = f"/memberships/{membership.pk}"
    assert said(visit("owner", f"{base}/role", {"role": "manager"})) == ["The role of Member is changed."]
    assert "An owner may." in visit("manager", f"{base}/role", {"role": "member"}).content.decode()
    assert visit("stranger", f"{base}/role", {"role": "owner"}).status_code == 404
    assert visit("stranger", f"{base}/remove", {}).status_code == 404
    assert visit("owner", "/memberships/999999/remove", {}).status_code == 404
    membership.refresh_from_db()
    assert membership.role == "manager"
    page = visit("owner", f"{base}/remove").content.decode()
    assert "What will happen" in page
    assert cast.project.name_en in page
    wrong = visit("owner", f"{base}/remove", {"successor": cast.stranger.uid})
    assert list(wrong.context["form"].errors) == ["successor"]
    answer = visit("owner", f"{base}/remove", {"successor": cast.manager.uid})
    assert said(answer) == [f"Member no longer belongs to “{cast.organisation}”."]
    assert not Membership.objects.filter(pk=membership.pk).exists()


def test_leaving(visit, cast):
    guest = Membership.objects.get(person=cast.guest)
    answer = visit("guest", f"/memberships/{guest.pk}/remove", {"successor": cast.owner.uid})
    assert (answer.url, said(answer)) == ("/home", [f"You have left “{cast.project}”."])
    owner = Membership.objects.get(person=cast.owner)
    answer = visit("owner", f"/memberships/{owner.pk}/remove", {"successor": cast.manager.uid})
    assert "This is the last owner." in answer.content.decode()


def test_roles_in_the_centre(visit, cast, client):
    assert "<form" not in visit("centre_auditor", "/centre/roles/").content.decode().split("<main")[1]
    assert (
        visit("centre_auditor", "/centre/roles/", {"email": cast.member.email, "role": "operator"}).status_code == 403
    )
    assert visit("centre_auditor", "/centre/roles/revoke", {"grant": f"{cast.member.uid}:x"}).status_code == 403
    answer = visit("centre_administrator", "/centre/roles/", {"email": cast.member.email, "role": "operator"})
    assert said(answer) == ["Member is now operator of the centre."]
    again = client.post("/centre/roles/", {"email": cast.member.email, "role": "operator"})
    assert list(again.context["form"].errors) == ["role"]
    unknown = client.post("/centre/roles/", {"email": "nobody@example.org", "role": "operator"})
    assert list(unknown.context["form"].errors) == ["email"]
    bad = client.post("/centre/roles/", {"email": "x", "role": "emperor"})
    assert set(bad.context["form"].errors) == {"email", "role"}
    assert said(client.post("/centre/roles/revoke", {"grant": f"{cast.member.uid}:operator"}))[-1] == (
        "Member no longer has this role."
    )
    assert not cast.member.centre_roles.exists()
    assert client.post("/centre/roles/revoke", {"grant": "per-none:operator"}).status_code == 404


def test_panels_and_tabs_of_other_rooms(visit, cast, monkeypatch):
    monkeypatch.setattr(panels, "_panels", {})
    monkeypatch.setattr(panels, "_tabs", dict(panels._tabs))
    panels.register(
        "late",
        lambda request, project: (
            "Late",
            "portal/components/empty_state.html",
            {"title": f"Nothing of {project}", "level": 3},
        ),
        order=20,
    )
    panels.register(
        "early",
        lambda request, project: panels.Panel(
            "Early", "portal/components/empty_state.html", {"title": "First", "level": 3}
        ),
        order=10,
    )
    panels.register("none", lambda request, project: None)

    def missing(_project):
        raise NoReverseMatch

    panels.register_tab("missing", "Missing", missing)
    panels.register_tab("operators", "For operators", lambda project: "/x/", rule="people.set_shares")
    panels.register_tab("extra", "Extra", lambda project: f"/extra/{project.uid}", order=5)
    answer = visit("owner", f"/projects/{cast.project.uid}/")
    page = answer.content.decode()
    assert page.index("Early") < page.index("First") < page.index("Late")
    assert f"Nothing of {cast.project}" in page
    labels = [tab["label"] for tab in answer.context["tabs"]]
    assert labels[:2] == ["Overview", "Extra"]
    assert {"Missing", "For operators"}.isdisjoint(labels)
    operators = visit("centre_operator", f"/projects/{cast.project.uid}/").context["tabs"]
    assert "For operators" in [tab["label"] for tab in operators]
    assert [tab["current"] for tab in panels.tabs(cast.actor("owner"), cast.project, "extra")][:2] == [False, True]
