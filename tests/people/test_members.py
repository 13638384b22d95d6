"""Members of organisations and projects, and what owners and managers may give."""

import pytest

from aisc.core.actions import ANYONE, Actor, system
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound, SignInNeeded, TooOften
from aisc.core.models import AuditEvent
from aisc.people import actions, queries
from aisc.people.actions.members import roles_given_by
from aisc.people.models import Membership, Notice

ROLES = ["owner", "manager", "member", "finance", "read_only"]


def memberships(place):
    return {each.person.name: each.role for each in queries.members_of(place)}


@pytest.mark.parametrize(
    ("part", "given"),
    [
        ("owner", ROLES),
        ("manager", ["member", "read_only"]),
        ("member", []),
        ("finance", []),
        ("read_only", []),
        ("guest", []),
        ("stranger", []),
        ("centre_administrator", []),
        ("anonymous", []),
    ],
)
def test_roles_that_each_may_give(part, given, cast, make_person, settings):
    actor = cast.actor(part)
    assert [role.value for role in roles_given_by(actor, cast.organisation)] == given
    in_project = ["manager", *given] if part == "manager" else given
    assert [role.value for role in roles_given_by(actor, cast.project)] == in_project
    for role in ROLES:
        newcomer = make_person(name=f"New {role}")
        if role in given:
            added = actions.add_member(actor, organisation=cast.organisation, email=newcomer.email, role=role)
            assert (added.person, added.role, added.project) == (newcomer, role, None)
        else:
            with pytest.raises(SignInNeeded if part == "anonymous" else Forbidden):
                actions.add_member(actor, organisation=cast.organisation, email=newcomer.email, role=role)
            assert not newcomer.memberships.exists()


def test_the_system_gives_every_role(cast):
    assert [role.value for role in roles_given_by(system("x"), cast.project)] == ROLES


def test_adding_tells_the_person(cast, make_person, mailoutbox, django_capture_on_commit_callbacks, noon):
    newcomer = make_person(name="陳大文")
    newcomer.language = "zh-hant"
    newcomer.save()
    with django_capture_on_commit_callbacks(execute=True):
        added = actions.add_member(
            cast.actor("owner"), project=cast.project, email=newcomer.email.upper(), role="finance"
        )
    assert (added.organisation, added.project, added.created_at) == (cast.organisation, cast.project, noon)
    notice = Notice.objects.get()
    assert (notice.person, str(notice)) == (newcomer, f"You are now finance in “{cast.project.name_en}”.")
    assert notice.url == f"/projects/{cast.project.uid}/"
    assert [mail.to for mail in mailoutbox] == [[newcomer.email]]
    assert f"/projects/{cast.project.uid}/" in mailoutbox[0].body
    event = AuditEvent.objects.get()
    assert event.details == {"person": newcomer.uid, "role": "finance"}


def test_an_address_must_be_confirmed_here(cast, make_person):
    from allauth.account.models import EmailAddress

    from aisc.people.models import Person

    unconfirmed = Person.objects.create(email="squatter@example.org", name="S")
    EmailAddress.objects.create(user=unconfirmed, email="squatter@example.org", verified=False)
    gone = make_person(email="gone@example.org")
    gone.is_active = False
    gone.save()
    for email in ("squatter@example.org", "gone@example.org", "nobody@example.org"):
        with pytest.raises(BadInput, match="Invite them instead") as refused:
            actions.add_member(cast.actor("owner"), organisation=cast.organisation, email=email, role="member")
        assert (refused.value.code, refused.value.field) == ("member.unknown", "email")
    with pytest.raises(BadInput, match=r"chan@example\.org"):
        actions.add_member(cast.actor("owner"), organisation=cast.organisation, email="?", role="member")
    with pytest.raises(BadInput, match="one of the roles"):
        actions.add_member(
            cast.actor("owner"), organisation=cast.organisation, email=cast.stranger.email, role="emperor"
        )
    with pytest.raises(BadInput, match="to which organisation"):
        actions.add_member(cast.actor("owner"), email=cast.stranger.email, role="member")
    assert len(memberships(cast.organisation)) == 5
    assert not AuditEvent.objects.exists()


def test_addresses_cannot_be_tried_for_ever(cast):
    for number in range(30):
        with pytest.raises(BadInput):
            actions.add_member(
                cast.actor("owner"), organisation=cast.organisation, email=f"a{number}@example.org", role="member"
            )
    with pytest.raises(TooOften):
        actions.add_member(
            cast.actor("owner"), organisation=cast.organisation, email=cast.stranger.email, role="member"
        )
    added = actions.add_member(
        cast.actor("manager"), organisation=cast.organisation, email=cast.stranger.email, role="member"
    )
    assert added.person == cast.stranger


def test_nobody_is_added_twice(cast):
    with pytest.raises(Conflict, match="change their role"):
        actions.add_member(cast.actor("owner"), organisation=cast.organisation, email=cast.member.email, role="finance")
    in_project = actions.add_member(cast.actor("owner"), project=cast.project, email=cast.member.email, role="manager")
    assert in_project.project == cast.project
    with pytest.raises(Conflict):
        actions.add_member(cast.actor("owner"), project=cast.project, email=cast.member.email, role="member")
    assert Membership.objects.filter(person=cast.member).count() == 2


@pytest.mark.parametrize("part", ["owner", "manager"])
@pytest.mark.parametrize("old", ROLES)
@pytest.mark.parametrize("new", ROLES)
def test_changing_roles(part, old, new, cast, make_person, member):
    colleague = make_person(name="Colleague")
    membership = member(colleague, cast.organisation, old)
    allowed = part == "owner" or {old, new} <= {"member", "read_only"}
    if allowed:
        assert actions.change_role(cast.actor(part), membership=membership, role=new).role == new
    else:
        with pytest.raises(Forbidden, match="An owner may"):
            actions.change_role(cast.actor(part), membership=membership, role=new)
    assert memberships(cast.organisation)["Colleague"] == (new if allowed else old)


def test_a_change_is_told_and_written_down(cast):
    membership = Membership.objects.get(person=cast.member)
    actions.change_role(cast.actor("owner"), membership=membership, role="manager")
    assert Notice.objects.get().person == cast.member
    assert AuditEvent.objects.get().details == {"before": "member", "after": "manager", "person": cast.member.uid}
    with pytest.raises(BadInput):
        actions.change_role(cast.actor("owner"), membership=membership, role="emperor")


def test_nobody_raises_themselves(cast, member):
    for part in ("manager", "member", "finance", "read_only", "guest"):
        membership = Membership.objects.get(person=cast.people[part])
        with pytest.raises(Forbidden):
            actions.change_role(cast.actor(part), membership=membership, role="owner")
    # Nor through a project: a manager of the organisation makes no owners of its projects.
    with pytest.raises(Forbidden):
        actions.add_member(cast.actor("manager"), project=cast.project, email=cast.manager.email, role="owner")


def test_the_last_owner_stays(cast, make_person, member):
    last = Membership.objects.get(person=cast.owner)
    for act in (
        lambda: actions.remove_member(cast.actor("owner"), membership=last),
        lambda: actions.change_role(cast.actor("owner"), membership=last, role="member"),
    ):
        with pytest.raises(Conflict, match="last owner"):
            act()
    gone = make_person()
    gone.is_active = False
    gone.save()
    member(gone, cast.organisation, "owner")
    with pytest.raises(Conflict, match="last owner"):
        actions.remove_member(cast.actor("owner"), membership=last)
    assert actions.change_role(cast.actor("owner"), membership=last, role="owner").role == "owner"
    member(make_person(), cast.organisation, "owner")
    actions.change_role(cast.actor("owner"), membership=last, role="member")
    assert memberships(cast.organisation)["Owner"] == "member"


def test_a_project_needs_no_owner_of_its_own(cast, make_person, member):
    lead = member(make_person(), cast.project, "owner")
    actions.remove_member(Actor(person=lead.person), membership=lead)
    assert memberships(cast.project) == {"Guest": "member"}


@pytest.mark.parametrize("part", ["manager", "member", "finance", "read_only"])
def test_everybody_may_leave_without_notice(part, cast):
    actions.remove_member(cast.actor(part), membership=Membership.objects.get(person=cast.people[part]))
    assert part.capitalize() not in memberships(cast.organisation)
    # Whoever takes over is told; nobody else.
    assert [notice.person for notice in Notice.objects.all()] == [cast.owner]


def test_leaving_an_organisation_is_leaving_its_projects(cast, member):
    member(cast.member, cast.project, "manager")
    elsewhere = member(cast.member, cast.other, "member")
    actions.remove_member(
        cast.actor("owner"),
        membership=Membership.objects.get(person=cast.member, project=None, organisation=cast.organisation),
    )
    assert list(Membership.objects.filter(person=cast.member)) == [elsewhere]
    assert str(Notice.objects.get()) == f"You no longer belong to “{cast.organisation.name_en}”."
    event = AuditEvent.objects.get()
    assert event.object_id == cast.organisation.uid
    assert {"person": cast.member.uid, "before": "member", "successor": cast.owner.uid}.items() <= event.details.items()


def test_leaving_a_project_is_not_leaving_the_organisation(cast, member):
    in_project = member(cast.member, cast.project, "manager")
    actions.remove_member(cast.actor("manager"), membership=Membership.objects.get(person=cast.guest))
    actions.remove_member(cast.actor("owner"), membership=in_project)
    assert memberships(cast.project) == {}
    assert memberships(cast.organisation)["Member"] == "member"


@pytest.mark.parametrize("part", ["member", "finance", "read_only", "guest", "stranger"])
def test_others_remove_and_change_nobody(part, cast):
    reader = Membership.objects.get(person=cast.owner)
    with pytest.raises(Forbidden):
        actions.remove_member(cast.actor(part), membership=reader)
    with pytest.raises(Forbidden):
        actions.change_role(cast.actor(part), membership=reader, role="member")
    assert len(memberships(cast.organisation)) == 5


def test_managers_remove_neither_owners_nor_finance(cast):
    for part in ("owner", "finance"):
        with pytest.raises(Forbidden):
            actions.remove_member(cast.actor("manager"), membership=Membership.objects.get(person=cast.people[part]))
    assert len(memberships(cast.organisation)) == 5


def test_what_is_gone_is_not_there(cast):
    membership = Membership.objects.get(person=cast.member)
    Membership.objects.filter(pk=membership.pk).delete()
    with pytest.raises(NotFound):
        actions.remove_member(cast.actor("owner"), membership=membership)
    with pytest.raises(NotFound):
        actions.change_role(cast.actor("owner"), membership=membership, role="finance")


def test_strangers_who_are_not_signed_in(cast):
    with pytest.raises(SignInNeeded):
        actions.remove_member(ANYONE, membership=Membership.objects.get(person=cast.member))


def test_people_with_access_are_those_of_the_project_and_of_its_organisation(cast):
    assert {each.person for each in queries.people_with_access(cast.project)} == {
        cast.owner, cast.manager, cast.member, cast.finance, cast.read_only, cast.guest,
    }  # fmt: skip


def test_delegation_in_a_project(cast, make_person, member):
    lead, second = member(make_person(name="Lead"), cast.project, "owner"), make_person(name="Second")
    acting_lead = Actor(person=lead.person)
    # A project's owner gives every role there, and none in the organisation.
    given = actions.add_member(acting_lead, project=cast.project, email=second.email, role="owner")
    actions.change_role(acting_lead, membership=given, role="finance")
    with pytest.raises(Forbidden):
        actions.add_member(acting_lead, organisation=cast.organisation, email=cast.stranger.email, role="read_only")
    # A manager of the organisation manages members of its projects, their managers as well, but not their owners.
    guest = Membership.objects.get(person=cast.guest)
    assert actions.change_role(cast.actor("manager"), membership=guest, role="manager").role == "manager"
    actions.change_role(cast.actor("manager"), membership=guest, role="member")
    with pytest.raises(Forbidden):
        actions.remove_member(cast.actor("manager"), membership=lead)


def test_nobody_acts_on_somebody_who_stands_higher(cast, make_person, member):
    lead = member(make_person(name="Lead"), cast.project, "manager")
    also = member(cast.manager, cast.project, "member")
    with pytest.raises(Forbidden, match="not below yours"):
        actions.remove_member(Actor(person=lead.person), membership=also)
    peer = member(make_person(name="Peer"), cast.project, "member")
    member(peer.person, cast.organisation, "manager")
    with pytest.raises(Forbidden, match="not below yours"):
        actions.change_role(cast.actor("manager"), membership=peer, role="read_only")
    assert actions.change_role(cast.actor("owner"), membership=peer, role="read_only").role == "read_only"
    # Owners act on owners: somebody has to.
    other = member(make_person(name="Other"), cast.organisation, "owner")
    actions.remove_member(cast.actor("owner"), membership=other)


def test_an_owner_of_a_project_who_manages_it_does_not_raise_himself(cast, make_person, member):
    mine = member(cast.manager, cast.project, "member")
    with pytest.raises(Forbidden, match="Nobody raises"):
        actions.change_role(cast.actor("manager"), membership=mine, role="manager")
    assert actions.change_role(cast.actor("manager"), membership=mine, role="read_only").role == "read_only"
    assert actions.change_role(system("x"), membership=mine, role="manager").role == "manager"
