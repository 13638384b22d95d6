"""The one way to write: transaction, access, audit row."""

import ast
from pathlib import Path

import pytest

import aisc
from aisc.core import access, actions
from aisc.core.actions import ANYONE, Actor, action, note, system
from aisc.core.errors import BadInput, Forbidden, NotFound, SignInNeeded
from aisc.core.models import AuditEvent
from aisc.people.models import Organisation

PACKAGE = Path(aisc.__file__).parent


@pytest.fixture
def rename(make_organisation):
    """A throw-away action with a rule of its own."""
    rule = access.Rule(
        "owners", lambda actor, target: actor.person is not None and actor.person.name == "Owner", "test"
    )
    access._table["test.rename"] = rule

    @action("test.rename", on="organisation")
    def rename(actor, *, organisation, name):
        before, organisation.name_en = organisation.name_en, name
        organisation.save()
        note(before=before, after=name, reason="a new name")
        if name == "bad":
            raise BadInput("no")
        return organisation

    yield rename
    del access._table["test.rename"], actions._registry["test.rename"]


def test_an_action_leaves_one_audit_row_with_everything(rename, make_person, make_organisation, noon):
    owner, organisation = make_person(name="Owner"), make_organisation(name_en="Old")
    rename(Actor(person=owner, address="192.0.2.1", request_id="r1"), organisation=organisation, name="New")
    event = AuditEvent.objects.get()
    assert (event.at, event.person, event.actor, event.action) == (noon, owner, "Owner", "test.rename")
    assert (event.object_type, event.object_id) == ("people.organisation", organisation.uid)
    assert event.details == {"before": "Old", "after": "New"}
    assert (event.reason, event.address, event.request_id) == ("a new name", "192.0.2.1", "r1")
    assert str(event) == "2026-06-15 04:00:00 Owner test.rename New"


def test_a_refusal_changes_nothing_and_leaves_no_row(rename, make_person, make_organisation):
    owner, organisation = make_person(name="Owner"), make_organisation(name_en="Old")
    with pytest.raises(BadInput):
        rename(Actor(person=owner), organisation=organisation, name="bad")
    assert Organisation.objects.get(pk=organisation.pk).name_en == "Old"
    assert not AuditEvent.objects.exists()


def test_who_may_not_is_told_who_may(rename, make_person, make_organisation):
    stranger, organisation = make_person(name="Stranger"), make_organisation()
    with pytest.raises(Forbidden, match="Who may: owners"):
        rename(Actor(person=stranger), organisation=organisation, name="x")
    with pytest.raises(SignInNeeded):
        rename(ANYONE, organisation=organisation, name="x")


def test_a_token_needs_the_scope_and_is_told_which(rename, make_person, make_organisation):
    owner, organisation = make_person(name="Owner"), make_organisation()
    with pytest.raises(Forbidden, match="“test”") as refused:
        rename(Actor(person=owner, scopes=frozenset({"read"})), organisation=organisation, name="x")
    assert refused.value.code == "token.scope"
    rename(Actor(person=owner, scopes=frozenset({"test"})), organisation=organisation, name="x")


def test_a_hidden_rule_looks_like_absence(make_person):
    rule = access.Rule("nobody", lambda _actor, _target: False, hide=True)
    access._table["test.hidden"] = rule
    try:
        with pytest.raises(NotFound):
            access.require(Actor(person=make_person()), "test.hidden")
    finally:
        del access._table["test.hidden"]


def test_the_system_may_and_says_which_part_it_is(rename, make_organisation):
    rename(system("worker"), organisation=make_organisation(), name="x")
    assert AuditEvent.objects.get().actor == "worker"


def test_two_rules_or_two_actions_of_one_name_are_refused():
    with pytest.raises(ValueError, match="twice"):
        access.register({"portal.home": access.Rule("x", lambda _actor, _target: True)})
    name = next(iter(actions.registry()))
    with pytest.raises(ValueError, match="twice"):
        action(name)(lambda actor: None)


def test_rules_can_be_joined():
    first = access.Rule("a", lambda actor, target: target == 1)
    second = access.Rule(lambda: "b", lambda actor, target: target == 2, hide=True)
    both = first | second
    assert [both.allows(ANYONE, target) for target in (1, 2, 3)] == [True, True, False]
    assert both.who() == "a; b"
    assert both.hide


def test_note_outside_an_action_is_a_mistake():
    with pytest.raises(RuntimeError):
        note(reason="x")


def test_nobody_has_a_name():
    assert str(ANYONE) == "nobody"


def test_every_action_has_a_rule_and_is_called_after_its_room():
    for name, function in actions.registry().items():
        assert name in access.table(), f"{name} has no row in any access.py"
        room = function.__module__.split(".")[1]
        assert name.startswith(f"{room}."), f"{name} is an action of {room}"


def test_nothing_but_the_machines_assigns_a_state():
    """``x.state = …`` stands in core/states.py alone (and in the engines, which have their own records)."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        if path == PACKAGE / "core" / "states.py" or "engines" in path.parts or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets):
                found.append((str(path.relative_to(PACKAGE)), ast.unparse(node).partition(" = ")[0]))
    # allauth's own word for what a sign-in by an institution carries along.
    assert sorted(found) == [
        ("people/institutions/saml.py", "login.state"),
        ("people/views/iam_smart.py", "login.state"),
        ("people/views/sign_in.py", "waiting.state"),
    ]
