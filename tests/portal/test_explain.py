"""“Who may do what”: the page that says why."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aisc.core.access import routes
from aisc.portal.words import words_of


@pytest.fixture
def place(make_person, make_organisation, make_project, member):
    owner, reader = make_person(name="Olga Owner"), make_person(name="Rita Reader")
    organisation = make_organisation(owner, name_en="Harbour AI", name_zh="海港智能")
    project = make_project(organisation, name_en="Harbour project", name_zh="海港項目")
    member(reader, organisation, "read_only")
    return owner, reader, organisation, project


@pytest.fixture
def asks():
    def ask(person, path="", **more):
        client = Client()
        if person:
            client.force_login(person)
        return client.get("/access/", {"page": path} if path else {}, **more)

    return ask


def test_everybody_signed_in_may_read_all_rules(asks, make_person):
    assert asks(None).headers["Location"].startswith("/accounts/login/")
    text = asks(make_person()).content.decode()
    assert "See a project" in text
    assert "have no role that counts" in text


def test_a_reader_is_told_which_role_is_missing_and_who_gives_it(asks, place):
    _owner, reader, _organisation, project = place
    text = asks(reader, f"/projects/{project.uid}/edit").content.decode()
    assert "You may not use this page." in text
    assert "owner, manager" in text
    assert "read-only, Harbour AI" in text
    assert "Olga Owner (owners and managers of “Harbour project”)" in text


def test_an_owner_is_told_that_they_may_and_what_else(asks, place):
    owner, _reader, _organisation, project = place
    text = asks(owner, f"/projects/{project.uid}/edit").content.decode()
    assert "You may use this page." in text
    assert "What else can be done with “Harbour project”" in text


def test_what_belongs_to_others_is_explained_like_what_is_not_there(asks, place, make_person, make_organisation):
    stranger = make_person(name="Stranger")
    make_organisation(stranger)
    project = place[3]
    first = asks(stranger, f"/projects/{project.uid}/edit").content.decode()
    second = asks(stranger, "/projects/prj-zzzzzzzzzzzz/edit").content.decode()
    assert "Harbour" not in first
    assert "Olga" not in first
    main = [text.partition("<main")[2].partition("</main")[0] for text in (first, second)]
    assert main[0].replace(project.uid, "") == main[1].replace("prj-zzzzzzzzzzzz", "")


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/x", "/nowhere", "javascript:alert(1)"])
def test_an_address_that_is_none_of_ours_is_not_explained(asks, make_person, path):
    answer = asks(make_person(), path)
    assert answer.status_code == 200
    assert "evil" not in answer.content.decode().partition("<main")[2].partition("</main")[0]


@pytest.mark.parametrize("path", ["/", "/organisations/", "/accounts/email/", "/outbox/", "/budgets/new", "/jobs/new"])
def test_pages_of_every_kind(asks, make_person, path):
    assert asks(make_person(), path).status_code == 200


def test_administrators_see_who_grants_roles_of_the_centre(asks, make_person):
    make_person("administrator", name="Ada Administrator")
    auditor = make_person("auditor")
    assert "Ada Administrator (administrators of the centre)" in asks(auditor, "/scheme/new").content.decode()
    assert "an administrator of the centre" in asks(make_person(), "/scheme/new").content.decode()


def test_a_refusal_leads_to_its_explanation(place):
    _owner, reader, _organisation, project = place
    client = Client()
    client.force_login(reader)
    answer = client.get(f"/projects/{project.uid}/edit")
    assert answer.status_code == 403
    assert f'href="/access/?page=%2Fprojects%2F{project.uid}%2Fedit"' in answer.content.decode()


def test_the_number_of_queries_does_not_grow(asks, place, make_project, make_person, member):
    owner, _reader, organisation, project = place

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as made:
            assert asks(owner, path).status_code == 200
        return len(made)

    path = f"/projects/{project.uid}/"
    before = count(path), count("")
    for _ in range(5):
        make_project(organisation)
        member(make_person(), organisation, "manager")
    assert (count(path), count("")) == before


def test_every_rule_that_guards_something_has_words():
    named = {step.rule for row in routes().values() for step in row.steps}
    assert {name for name in named if words_of(name) == name} == set()
    assert words_of("people.view_project") == "See a project"
