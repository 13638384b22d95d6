"""Accounts, tokens, organisations and projects at a real centre."""

from __future__ import annotations

import uuid

import pytest

from aisc.client import BadInput, Client, Forbidden, NotFound, NotSignedIn


@pytest.fixture
def newcomer(centre):
    """A client of somebody who has just made an account."""
    address = f"{uuid.uuid4().hex[:12]}@example.org"
    with Client(centre.url) as client:
        terms = client.accounts.terms()
        assert (terms.code, terms.illustrative, terms.wording.language) == ("terms", True, "en")
        digest = terms.wording.sha256
        asked = client.accounts.sign_up(email=address, name="New 人", password="a long enough phrase", terms=digest)
        assert asked.email == address
        person = client.accounts.confirm(asked.sign_up, centre.mailed_code(address))
        assert (person.email, person.name) == (address, "New 人")
        token = client.tokens.issue(email=address, password="a long enough phrase", name="first")
    with Client(centre.url, token.secret) as client:
        yield client


def test_who_am_i(client_of):
    me = client_of("researcher").accounts.whoami()
    assert (me.person.email, me.person.name) == ("researcher@example.org", "Aarav Sharma")
    assert [(role.role, role.project) for role in me.roles] == [("member", None)]
    assert me.centre_roles == []
    assert {"read", "jobs"} <= set(me.scopes)


def test_without_a_token(client_of):
    with pytest.raises(NotSignedIn):
        client_of().accounts.whoami()


def test_a_wrong_code_and_a_wrong_password(client_of):
    client = client_of()
    with pytest.raises(BadInput) as caught:
        client.accounts.confirm("sgn-000000000000", "AAAA-AAAA")
    assert caught.value.code == "code.wrong"
    with pytest.raises(NotSignedIn) as caught:
        client.tokens.issue(email="nobody@example.org", password="wrong", name="x")
    assert caught.value.code == "sign_in.wrong"


def test_tokens(newcomer, centre):
    me = newcomer.accounts.whoami().person
    made = newcomer.tokens.issue(
        email=me.email, password="a long enough phrase", name="only read", scopes=["read"], days=1
    )
    assert next((each.name, each.scopes) for each in newcomer.tokens.list()) == ("only read", ["read"])
    with Client(centre.url, made.secret) as reader:
        assert reader.accounts.whoami().scopes == ["read"]
        with pytest.raises(Forbidden):
            reader.organisations.create(name_en="X", category="startup")
        newcomer.tokens.revoke(made)
        with pytest.raises(NotSignedIn):
            reader.accounts.whoami()
    newcomer.tokens.revoke(made.id)
    assert [each.revoked_at is None for each in newcomer.tokens.list()] == [False, True]


def test_account_and_notices(newcomer):
    assert newcomer.accounts.update(name="另一個名字", language="zh-hant").person.name == "另一個名字"
    assert newcomer.accounts.whoami().language == "zh-hant"
    notice = next(newcomer.accounts.notices(unread=True))
    assert (notice.read_at, notice.url) == (None, "/account/tokens/")


def test_organisations_projects_and_members(newcomer):
    made = newcomer.organisations.create(name_zh="海港實驗室", category="research", key="org-once")
    again = newcomer.organisations.create(name_zh="海港實驗室", category="research", key="org-once")
    assert (again, made.name, made.category) == (made, "海港實驗室", "research")
    assert list(newcomer.organisations.list()) == [made]
    changed = newcomer.organisations.update(made, name_en="Harbour Lab")
    assert (changed.name, newcomer.organisations.get(made)) == ("Harbour Lab", changed)

    project = newcomer.projects.create(organisation=made, name_en="Waves", summary_en="About waves")
    assert list(newcomer.projects.list(organisation=made)) == list(newcomer.projects.list()) == [project]
    assert newcomer.projects.update(project, name_zh="浪").name_zh == "浪"
    assert newcomer.projects.close(project).closed_at is not None
    assert newcomer.projects.reopen(project.uid).closed_at is None
    assert newcomer.projects.get(project.uid).name == "Waves"

    member = newcomer.organisations.add_member(made, email="newcomer@example.org", role="member")
    assert member.role == "member"
    assert newcomer.organisations.change_role(made, member.person, role="manager").role == "manager"
    assert {each.role for each in newcomer.organisations.members(made)} == {"owner", "manager"}
    newcomer.organisations.remove_member(made, member.person.uid)
    assert [each.role for each in newcomer.organisations.members(made)] == ["owner"]


def test_a_name_with_a_slash_stays_one_name(newcomer):
    with pytest.raises(NotFound):
        newcomer.organisations.get("../projects")
