"""Roles in the centre."""

import pytest

from aisc.core.actions import Actor, system
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound
from aisc.core.models import AuditEvent
from aisc.people import actions, queries
from aisc.people.access import has_centre_role
from aisc.people.models import CentreRole, Notice


def test_administrators_give_and_take_roles(make_person, noon):
    admin, ada = make_person("administrator"), make_person(name="Ada")
    granted = actions.grant_centre_role(Actor(person=admin), person=ada, role="assessor")
    assert (granted.person, granted.role, granted.granted_at) == (ada, "assessor", noon)
    assert str(granted) == "Ada: assessor"
    assert list(queries.persons_with_centre_role("assessor")) == [ada]
    assert str(Notice.objects.get()) == "You were given the role “assessor” of the centre."
    event = AuditEvent.objects.get()
    assert (event.action, event.object_id, event.details) == (
        "people.grant_centre_role", ada.uid, {"role": "assessor"},
    )  # fmt: skip
    with pytest.raises(Conflict, match="Ada has this role already"):
        actions.grant_centre_role(Actor(person=admin), person=ada, role="assessor")
    actions.revoke_centre_role(Actor(person=admin), person=ada, role="assessor")
    assert list(queries.persons_with_centre_role("assessor")) == []
    assert str(Notice.objects.order_by("-id").first()) == "The role “assessor” of the centre was taken from you."
    with pytest.raises(NotFound):
        actions.revoke_centre_role(Actor(person=admin), person=ada, role="assessor")


def test_the_system_makes_the_first_administrator(make_person):
    ada = make_person()
    actions.grant_centre_role(system("aisc"), person=ada, role="administrator")
    assert has_centre_role(Actor(person=ada), ("administrator",))
    assert not has_centre_role(Actor(), ("administrator",))


def test_unknown_roles_are_refused(make_person):
    with pytest.raises(BadInput):
        actions.grant_centre_role(system("aisc"), person=make_person(), role="emperor")
    assert not CentreRole.objects.exists()


@pytest.mark.parametrize("role", ["secretariat", "assessor", "committee", "operator", "finance", "auditor", None])
def test_nobody_else_does(role, make_person):
    actor, ada = Actor(person=make_person(*[role] if role else [])), make_person("auditor")
    with pytest.raises(Forbidden, match="administrator"):
        actions.grant_centre_role(actor, person=actor.person, role="administrator")
    with pytest.raises(Forbidden):
        actions.revoke_centre_role(actor, person=ada, role="auditor")
    assert not CentreRole.objects.filter(role="administrator").exists()
    assert ada.centre_roles.count() == 1


def test_the_last_administrator_stays(make_person):
    admin, second = make_person("administrator"), make_person("administrator")
    actions.revoke_centre_role(Actor(person=admin), person=second, role="administrator")
    with pytest.raises(Conflict, match="last administrator"):
        actions.revoke_centre_role(Actor(person=admin), person=admin, role="administrator")
    assert list(queries.persons_with_centre_role("administrator")) == [admin]


def test_a_deactivated_person_has_no_say(make_person):
    ada = make_person("committee")
    ada.is_active = False
    ada.save()
    assert list(queries.persons_with_centre_role("committee")) == []
