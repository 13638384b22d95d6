"""Organisations and projects."""

import pytest

from aisc.core.actions import ANYONE, Actor, system
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound, SignInNeeded
from aisc.core.models import AuditEvent
from aisc.people import actions, queries, signals
from aisc.people.models import Membership, Organisation, Project


def test_whoever_registers_an_organisation_owns_it(make_person, acting, noon):
    ada = make_person()
    made = actions.create_organisation(
        acting(ada),
        category="startup",
        name_en=" Harbour  Robotics ",
        name_zh="海港機械人",
        registry_number="1234 5678",
        address="Cyberport 1",
    )
    made.refresh_from_db()
    assert (made.name_en, made.name_zh, made.registry_number) == ("Harbour Robotics", "海港機械人", "12345678")
    assert made.created_at == noon
    assert list(made.memberships.values_list("person", "role", "project")) == [(ada.pk, "owner", None)]
    event = AuditEvent.objects.get()
    assert (event.action, event.person, event.object_id) == ("people.create_organisation", ada, made.uid)


def test_the_system_says_whose_it_is(make_person):
    ada = make_person()
    made = actions.create_organisation(system("demo"), category="other", name_en="A", owner=ada)
    assert made.memberships.get().person == ada
    with pytest.raises(BadInput, match="needs an owner"):
        actions.create_organisation(system("demo"), category="other", name_en="B")
    assert Organisation.objects.count() == 1


def test_a_signed_in_person_cannot_make_somebody_else_the_owner(make_person, acting):
    ada, bob = make_person(), make_person()
    made = actions.create_organisation(acting(ada), category="other", name_en="A", owner=bob)
    assert made.memberships.get().person == ada


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"category": "club"}, "category"),
        ({"name_en": ""}, "name_en"),
        ({"name_zh": "機\u202e構"}, "name_zh"),
        ({"name_en": "a" * 201}, "name_en"),
        ({"registry_number": "??"}, "registry_number"),
        ({"address": "a" * 301}, "address"),
    ],
)
def test_bad_input_changes_nothing(values, field, make_person, acting):
    values = {"category": "startup", "name_en": "A"} | values
    with pytest.raises(BadInput) as refused:
        actions.create_organisation(acting(make_person()), **values)
    assert refused.value.field == field
    assert not Organisation.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_registry_number_is_here_once(make_person, acting):
    first = actions.create_organisation(
        acting(make_person()), category="startup", name_en="A", registry_number="12345678"
    )
    with pytest.raises(Conflict, match="is here already") as refused:
        actions.create_organisation(
            acting(make_person()), category="startup", name_en="B", registry_number="1234-5678".replace("-", " ")
        )
    assert refused.value.field == "registry_number"
    assert list(Organisation.objects.all()) == [first]
    second = actions.create_organisation(acting(make_person()), category="startup", name_en="B")
    third = actions.create_organisation(acting(make_person()), category="startup", name_en="C")
    owner = Actor(person=second.memberships.get().person)
    with pytest.raises(Conflict):
        actions.update_organisation(owner, organisation=second, registry_number="12345678")
    second.refresh_from_db()
    assert (second.registry_number, third.registry_number) == ("", "")


def test_only_what_is_given_changes(cast):
    before = Organisation.objects.values().get(pk=cast.organisation.pk)
    saved = actions.update_organisation(
        cast.actor("manager"), organisation=cast.organisation, name_zh="新名", address="Cyberport 2", category="startup"
    )
    after = Organisation.objects.values().get(pk=cast.organisation.pk)
    assert after == before | {"name_zh": "新名", "address": "Cyberport 2"}
    assert saved.name_zh == "新名"
    event = AuditEvent.objects.get()
    assert event.details == {
        "before": {"name_zh": before["name_zh"], "address": ""},
        "after": {"name_zh": "新名", "address": "Cyberport 2"},
    }
    actions.update_organisation(cast.actor("owner"), organisation=cast.organisation, category="research")
    assert Organisation.objects.get(pk=cast.organisation.pk).category == "research"
    with pytest.raises(BadInput):
        actions.update_organisation(cast.actor("owner"), organisation=cast.organisation, name_en="", name_zh="")
    assert Organisation.objects.get(pk=cast.organisation.pk).name_zh == "新名"


@pytest.mark.parametrize("part", ["member", "finance", "read_only", "guest", "stranger", "anonymous"])
def test_others_change_nothing(part, cast):
    actor = cast.actor(part)
    before = (Organisation.objects.values_list().get(pk=cast.organisation.pk), Project.objects.count())
    refusal = SignInNeeded if part == "anonymous" else Forbidden
    with pytest.raises(refusal):
        actions.update_organisation(actor, organisation=cast.organisation, name_en="Mine")
    with pytest.raises(refusal):
        actions.create_project(actor, organisation=cast.organisation, name_en="Mine")
    with pytest.raises(refusal):
        actions.update_project(actor, project=cast.project, name_en="Mine")
    with pytest.raises(refusal):
        actions.close_project(actor, project=cast.project)
    assert before == (Organisation.objects.values_list().get(pk=cast.organisation.pk), Project.objects.count())
    assert not AuditEvent.objects.exists()


def test_projects_are_started_and_changed(cast, noon):
    made = actions.create_project(
        cast.actor("manager"), organisation=cast.organisation, name_zh="視覺抓取", summary_en="One\r\ntwo"
    )
    assert (made.name_zh, made.summary_en, made.shares, made.created_at) == ("視覺抓取", "One\ntwo", 100, noon)
    actions.update_project(cast.actor("owner"), project=made, name_en="Grasping", summary_zh="摘要")
    made.refresh_from_db()
    assert (made.name_en, made.name_zh, made.summary_en, made.summary_zh) == (
        "Grasping",
        "視覺抓取",
        "One\ntwo",
        "摘要",
    )
    with pytest.raises(BadInput) as refused:
        actions.update_project(cast.actor("owner"), project=made, summary_en="a" * 5001)
    assert refused.value.field == "summary_en"


def test_shares_are_set_by_operators_for_a_reason(cast):
    actions.set_shares(cast.actor("centre_operator"), project=cast.project, shares=200, reason="flood model")
    cast.project.refresh_from_db()
    assert cast.project.shares == 200
    event = AuditEvent.objects.get()
    assert (event.details, event.reason) == ({"before": {"shares": 100}, "after": {"shares": 200}}, "flood model")
    for shares, reason, field in ((0, "x", "shares"), (10_001, "x", "shares"), (5, " ", "reason")):
        with pytest.raises(BadInput) as refused:
            actions.set_shares(cast.actor("centre_operator"), project=cast.project, shares=shares, reason=reason)
        assert refused.value.field == field
    with pytest.raises(Forbidden):
        actions.set_shares(cast.actor("owner"), project=cast.project, shares=300, reason="x")
    cast.project.refresh_from_db()
    assert cast.project.shares == 200


def test_projects_close_and_reopen(cast, noon):
    owner = cast.actor("owner")
    with pytest.raises(Conflict, match="is open"):
        actions.reopen_project(owner, project=cast.project)
    assert actions.close_project(owner, project=cast.project).closed_at == noon
    with pytest.raises(Conflict, match="closed already"):
        actions.close_project(owner, project=cast.project)
    assert list(queries.projects_where(owner, ("owner",))) == []
    assert actions.reopen_project(owner, project=cast.project).closed_at is None
    assert list(queries.projects_where(owner, ("owner",))) == [cast.project]


def test_other_rooms_can_keep_a_project_open(cast):
    def busy(sender, actor, project, **_more):
        assert (actor.person, project) == (cast.owner, cast.project)
        raise Conflict("2 jobs run.")

    signals.project_closing.connect(busy)
    try:
        with pytest.raises(Conflict, match="2 jobs run"):
            actions.close_project(cast.actor("owner"), project=cast.project)
    finally:
        signals.project_closing.disconnect(busy)
    cast.project.refresh_from_db()
    assert cast.project.closed_at is None


def test_who_sees_what(cast):
    both = [cast.organisation, cast.other]
    seen = {part: list(queries.organisations_visible_to(cast.actor(part)).order_by("pk")) for part in cast.everybody}
    projects = {part: list(queries.projects_visible_to(cast.actor(part)).order_by("pk")) for part in cast.everybody}
    for part in cast.everybody:
        if part == "stranger":
            assert (seen[part], projects[part]) == ([cast.other], [cast.other_project])
        elif part in {"anonymous", "centre_assessor", "centre_committee"}:
            assert (seen[part], projects[part]) == ([], [])
        elif part.startswith("centre_"):
            assert (seen[part], projects[part]) == (both, [cast.project, cast.other_project])
        else:
            assert (seen[part], projects[part]) == ([cast.organisation], [cast.project])
    assert list(queries.organisations_visible_to(system("x")).order_by("pk")) == both
    assert list(queries.organisations_visible_to(ANYONE)) == []


def test_a_guest_of_one_project_sees_no_other(cast, make_project):
    make_project(cast.organisation)
    assert list(queries.projects_visible_to(cast.actor("guest"))) == [cast.project]
    assert queries.projects_visible_to(cast.actor("read_only")).count() == 2


def test_what_forms_offer(cast):
    assert list(queries.organisations_where(cast.actor("owner"), ("owner", "manager"))) == [cast.organisation]
    assert list(queries.organisations_where(cast.actor("member"), ("owner", "manager"))) == []
    assert list(queries.projects_where(cast.actor("guest"), ("member",))) == [cast.project]
    assert list(queries.projects_where(cast.actor("guest"), ("owner",))) == []
    assert list(queries.projects_where(ANYONE, ("owner",))) == []


def test_persons_with_a_role(cast):
    assert list(queries.persons_with_role(cast.organisation, ("owner", "finance"))) == [cast.owner, cast.finance]
    assert list(queries.persons_with_role(cast.project, ("member",))) == [cast.member, cast.guest]
    cast.guest.is_active = False
    cast.guest.save()
    assert list(queries.persons_with_role(cast.project, ("member",))) == [cast.member]


def test_a_thing_that_is_not_there_looks_like_one_that_may_not_be_seen(cast):
    for uid in (cast.organisation.uid, "org-none"):
        with pytest.raises(NotFound):
            queries.organisation(cast.actor("stranger"), uid)
        with pytest.raises(SignInNeeded):
            queries.organisation(ANYONE, uid)
    for uid in (cast.project.uid, "prj-none"):
        with pytest.raises(NotFound):
            queries.project(cast.actor("stranger"), uid)
    with pytest.raises(NotFound):
        queries.project(system("x"), "prj-none")


def test_names_are_in_the_readers_language(cast):
    from django.utils.translation import override

    organisation = Organisation(name_en="Harbour", name_zh="海港")
    project = Project(name_en="", name_zh="抓取", summary_en="S", summary_zh="")
    membership = Membership.objects.get(person=cast.guest)
    assert (str(organisation), str(project), project.summary) == ("Harbour", "抓取", "S")
    with override("zh-hant"):
        assert (str(organisation), str(project), project.summary) == ("海港", "抓取", "S")
        assert str(membership).startswith("Guest: ")
