"""Before and after values, and what a row is about, noted by themselves."""

from datetime import date

import pytest
from django.utils.functional import SimpleLazyObject

from aisc.core import access, actions
from aisc.core.actions import action, system
from aisc.core.audit import changes
from aisc.core.audit.prove import prove
from aisc.core.audit.subjects import subjects_of
from aisc.core.models import AuditEvent
from aisc.ledger.models import Entry
from aisc.people.models import ApiToken, Membership, Organisation, Person

WORKER = system("test")


@pytest.fixture
def doing(db):
    """``doing(function)``: run ``function`` inside an action; the row's changes."""

    def run(function):
        access._table["test.do"] = access.Rule("nobody", lambda actor, target: False)
        try:
            action("test.do")(lambda actor: function())(WORKER)
        finally:
            del access._table["test.do"], actions._registry["test.do"]
        return AuditEvent.objects.latest("seq").changes

    return run


def test_a_changed_row_says_what_changed_and_nothing_else(doing, make_organisation):
    organisation = make_organisation(name_en="Old", name_zh="舊")

    def change():
        organisation.name_en, organisation.address = "New", "1 Road"
        organisation.save()

    assert doing(change) == [
        {
            "type": "people.organisation",
            "id": organisation.uid,
            "label": "New",
            "what": "changed",
            "before": {"name_en": "Old", "address": ""},
            "after": {"name_en": "New", "address": "1 Road"},
        }
    ]


def test_a_row_saved_twice_is_one_change(doing, make_organisation):
    organisation = make_organisation(name_en="A")

    def change():
        for name in ("B", "C"):
            organisation.name_en = name
            organisation.save(update_fields=["name_en"])
        organisation.category = "other"
        organisation.save(update_fields=["category"])

    (only,) = doing(change)
    assert (only["before"], only["after"]) == (
        {"name_en": "A", "category": "startup"},
        {"name_en": "C", "category": "other"},
    )


def test_a_row_saved_as_it_was_is_no_change(doing, make_organisation):
    assert doing(make_organisation().save) == []


def test_a_new_row_says_all_it_has(doing, make_person, make_organisation, noon):
    person, organisation = make_person(name="Wong"), make_organisation(name_en="Org")

    def change():
        Membership.objects.create(person=person, organisation=organisation, role="owner", created_at=noon)

    (only,) = doing(change)
    assert (only["what"], only["before"]) == ("created", {})
    assert only["after"] == {
        "person": f"Wong (#{person.pk})",
        "organisation": f"Org (#{organisation.pk})",
        "role": "owner",
        "created_at": "2026-06-15T04:00:00.000000Z",
    }


def test_a_row_made_and_changed_is_new(doing, noon):
    def change():
        organisation = Organisation.objects.create(name_en="A", category="other", created_at=noon)
        organisation.name_en = "B"
        organisation.save()

    (only,) = doing(change)
    assert (only["what"], only["before"], only["after"]["name_en"]) == ("created", {}, "B")


def test_a_deleted_row_says_what_it_was_also_when_many_are_deleted_at_once(doing, make_person, make_organisation):
    owner = make_person()
    organisation = make_organisation(owner)
    (only,) = doing(Membership.objects.filter(organisation=organisation).delete)
    assert (only["what"], only["before"]["role"], only["after"]) == ("deleted", "owner", {})
    assert {"people.person", "people.organisation", "people.membership"} == {
        subject.split(":")[0] for subject in AuditEvent.objects.get().subjects
    }


def test_secrets_are_never_written_only_that_they_changed(doing, make_person, noon):
    person = make_person()

    def change():
        person.set_password("a secret of mine")
        person.save()
        ApiToken.objects.create(
            person=person, name="t", prefix="aisc_abc", digest="d" * 64, created_at=noon, expires_at=noon
        )

    of_person, of_token = doing(change)
    assert (of_person["before"], of_person["after"]) == ({"password": "•••"}, {"password": "•••"})
    assert of_token["after"]["digest"] == "•••"
    assert "dddd" not in str(AuditEvent.objects.values().get())


def test_a_reference_known_by_name_on_one_side_is_the_same_row(doing, make_person, make_organisation):
    organisation = make_organisation(make_person())
    membership = Membership.objects.select_related("person").get(organisation=organisation)

    def change():
        membership.role = "manager"
        membership.save()

    (only,) = doing(change)
    assert list(only["after"]) == ["role"]


def test_a_long_text_is_kept_by_its_beginning_and_hash(doing, make_organisation, make_project):
    project = make_project(make_organisation())

    def change():
        project.summary_en = "x" * 5000
        project.save()

    (only,) = doing(change)
    assert only["after"]["summary_en"].startswith("x" * 200 + "… (5000 characters, SHA-256 ")
    assert changes.shortened({"a": 1}) == {"a": 1}
    assert changes.shortened(["x" * 400]).startswith('["xxx')


def test_what_an_action_reads_itself_is_not_asked_for_again(doing, make_organisation, django_assert_num_queries):
    pk = make_organisation(name_en="Old").pk

    def change():
        organisation = Organisation.objects.get(pk=pk)
        organisation.name_en = "New"
        with django_assert_num_queries(1):
            organisation.save(update_fields=["category"])
        organisation.save(update_fields=["name_en"])

    (only,) = doing(change)
    assert (only["before"], only["after"]) == ({"name_en": "Old"}, {"name_en": "New"})


def test_what_was_not_read_is_asked_for(doing, make_organisation):
    pk = make_organisation(name_en="Old", address="1 Road").pk

    def change():
        organisation = Organisation.objects.only("name_en").get(pk=pk)
        organisation.address = "2 Road"
        organisation.save(update_fields=["address"])

    (only,) = doing(change)
    assert (only["before"], only["after"]) == ({"address": "1 Road"}, {"address": "2 Road"})


def test_what_an_earlier_action_read_is_read_again(doing, make_organisation):
    kept = []
    pk = make_organisation(name_en="Old").pk
    doing(lambda: kept.append(Organisation.objects.get(pk=pk)))
    Organisation.objects.filter(pk=pk).update(name_en="Meanwhile")

    def change():
        kept[0].name_en = "New"
        kept[0].save()

    (only,) = doing(change)
    assert only["before"] == {"name_en": "Meanwhile"}


def test_a_list_changed_in_place_is_a_change(doing, make_person, noon):
    token = ApiToken.objects.create(
        person=make_person(), name="t", prefix="p", digest="d", scopes=["read"], created_at=noon, expires_at=noon
    )

    def change():
        found = ApiToken.objects.get(pk=token.pk)
        found.scopes.append("jobs")
        found.save()

    (only,) = doing(change)
    assert (only["before"], only["after"]) == ({"scopes": ["read"]}, {"scopes": ["read", "jobs"]})


def test_of_very_many_rows_it_is_said_how_many(doing, make_organisation, monkeypatch):
    monkeypatch.setattr(changes, "MOST_ROWS", 2)
    rows = [make_organisation() for _each in range(5)]

    def change():
        for row in rows:
            row.category = "other"
            row.save()

    found = doing(change)
    assert len(found) == 3
    assert found[2] == {"more": 3}
    # The histories of all five know of it.
    assert len(AuditEvent.objects.get().subjects) == 5
    assert prove().holds


def test_a_row_that_was_never_there_or_is_loaded_from_a_file_is_no_change(doing, make_person):
    def change():
        ghost = Person(pk=10**9, email="x@example.org", name="x")
        ghost._state.adding = False
        ghost.save()
        ghost.save_base(raw=True)

    (only,) = doing(change)
    assert only["type"] == "people.person"


def test_outside_of_actions_nothing_is_noted(make_organisation):
    organisation = make_organisation()
    organisation.save()
    organisation.delete()
    assert not AuditEvent.objects.exists()


def test_a_row_is_about_its_object_and_all_that_belongs_to(
    doing, make_person, make_organisation, make_project, make_budget, django_assert_num_queries
):
    organisation = make_organisation()
    project = make_project(organisation)
    budget = make_budget(project)
    expected = [("ledger.budget", budget.pk), ("people.organisation", organisation.pk), ("people.project", project.pk)]
    assert sorted(subjects_of([budget])) == expected
    # Known by key alone, the budget and the project are asked for what they belong to.
    entry = Entry.objects.get(budget=budget)
    with django_assert_num_queries(2):
        assert set(subjects_of([entry])) == {*expected, ("ledger.entry", entry.pk)}
    lazy = SimpleLazyObject(lambda: budget)  # as request.user is
    assert sorted(subjects_of([lazy])) == expected
    assert subjects_of([], [("people.project", 5), ("people.x", "text")]) == [("people.project", 5)]


def test_which_models_are_watched():
    assert changes.is_watched(Organisation)
    assert not changes.is_watched(AuditEvent)
    assert not changes.is_watched(Entry)
    assert changes.is_hidden(Person, "password")
    assert not changes.is_hidden(Person, "name")


def test_a_day_is_written_as_a_day(doing, make_organisation, make_project, make_budget):
    budget = make_budget(make_project(make_organisation()))

    def change():
        budget.ends_on = date(2030, 1, 2)
        budget.save()

    (only,) = doing(change)
    assert only["after"] == {"ends_on": "2030-01-02"}
