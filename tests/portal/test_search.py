"""Search: found in either script and in any order, only by those who may see it, always up to date."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from aisc.core import clock
from aisc.core.actions import ANYONE, Actor, system
from aisc.core.models import SearchEntry, SearchState
from aisc.core.search import asking, database, index, tasks
from aisc.core.search.kinds import Document, Kind, Shown, kinds, register
from aisc.ledger.actions import UsageItem, issue_statements, record_usage
from aisc.people import actions as people
from aisc.people.models import Membership, Organisation, Project

WORKER = system("test")


@pytest.fixture
def world(make_person, make_organisation, make_project, make_budget, member):
    class World:
        owner = make_person(name="陳大文", email="taiman@example.org")
        colleague, stranger = make_person(name="Wong Siu Ming"), make_person(name="Lee Stranger")
        auditor = make_person("auditor", name="Auditor")
        organisation = make_organisation(owner, name_en="Polar Research", name_zh="極地研究所")
        project = make_project(organisation, name_en="Sea ice", name_zh="海冰粵語語音", summary_en="How fast it melts")
        other = make_project(organisation, name_en="Glaciers of ice", name_zh="冰川")
        elsewhere = make_project(
            make_organisation(stranger, name_en="Elsewhere", name_zh="別處"), name_en="Sea ice too"
        )

    member(World.colleague, World.project)
    World.budget = make_budget(World.project, name="Ice money", reference="PO-2026/17")
    return World


def found(person, question, **options):
    answer = asking.search(Actor(person=person) if person else ANYONE, question, **options)
    return [(hit.kind.slug, hit.row.pk) for hit in answer.hits]


@pytest.mark.parametrize(
    "question",
    ["語音", "语音", "粤语", "海冰", "冰 海", "粤語語音", "sea", "SE", "ice sea", "Séa", "melts", "海冰 sea"],
)
def test_in_either_script_any_order_and_by_beginnings(world, question):
    assert ("project", world.project.pk) in found(world.owner, question)


@pytest.mark.parametrize("question", ["ea", "音語", "sea ice nothing", "融化", "!!", "", "語言"])
def test_what_is_not_there_is_not_found(world, question):
    assert ("project", world.project.pk) not in found(world.owner, question)


@pytest.mark.parametrize("question", ["陳大文", "大文 陳", "陈大文", "taiman@example.org"])
def test_people_by_names_in_any_order(world, question):
    assert ("person", world.owner.pk) in found(world.auditor, question)
    assert ("person", world.owner.pk) in found(world.owner, question)


def test_english_names_in_any_order(world):
    for question in ("wong ming", "Ming Wong", "siu wo"):
        assert ("person", world.colleague.pk) in found(world.owner, question)


def test_everybody_finds_what_they_may_see_and_nothing_else(world):
    mine, other, theirs = (("project", each.pk) for each in (world.project, world.other, world.elsewhere))
    money = ("budget", world.budget.pk)
    assert set(found(world.owner, "ice")) == {mine, other, money}
    assert set(found(world.colleague, "ice")) == {mine, money}
    assert found(world.stranger, "ice") == [theirs]
    assert set(found(world.auditor, "ice")) == {mine, other, theirs, money}
    assert found(None, "ice") == []
    assert len(asking.search(WORKER, "ice").hits) == 4
    # People are found by those who share a place with them.
    assert found(world.stranger, "陳大文") == []
    assert ("person", world.stranger.pk) in found(world.stranger, "lee stranger")
    # A token that may not read sees what is public.
    blind = Actor(person=world.owner, scopes=frozenset({"jobs"}))
    assert asking.search(blind, "ice").hits == []


def test_the_query_itself_leaves_out_what_is_not_for_the_asker(world, monkeypatch):
    """Not only the page: the index is never asked for what the asker may not see."""
    asked = []
    real = database.find

    def spy(*args, **options):
        rows = real(*args, **options)
        asked.append(rows)
        return rows

    monkeypatch.setattr(asking, "find", spy)
    found(world.stranger, "ice")
    assert {pk for rows in asked for _id, kind, pk in rows if kind == "project"} == {world.elsewhere.pk}


def test_the_rooms_own_rules_have_the_last_word(world):
    """A row of the index that is out of date shows nothing to who may not see the thing any more."""
    assert ("project", world.project.pk) in found(world.colleague, "sea")
    entry = SearchEntry.objects.get(kind="project", object_pk=world.project.pk)
    SearchEntry.objects.filter(pk=entry.pk).update(tokens=f"{entry.tokens} _u{world.stranger.pk}")
    assert found(world.stranger, "melts") == []


def test_a_statement_is_found_by_its_number_by_those_who_see_the_budget(noon, world, client, prices):
    now = clock.now_ms()
    usage = UsageItem(
        source_id="1",
        quantity=3_600_000,
        started_ms=now - 3_600_000,
        ended_ms=now,
        budget_id=world.budget.pk,
        price_id=prices.prices.order_by("pk").first().pk,
    )
    record_usage(WORKER, source="test", items=[usage])
    with clock.fixed(noon + timedelta(days=1)):
        issued = issue_statements(WORKER, budget=world.budget, period_start=noon.date(), period_end=noon.date())
        assert found(world.owner, issued[0].number) == [("statement", issued[0].pk)]
        assert found(world.stranger, issued[0].number) == []
        text = get(client, world.owner, f"/search?q={issued[0].number}").content.decode()
    assert f'href="/statements/{issued[0].number}' in text


def test_numbers_first_then_titles_then_texts_the_newest_first(world, make_project):
    text = make_project(world.organisation, name_en="Older", summary_en="all about krill")
    first = make_project(world.organisation, name_en="Krill one")
    second = make_project(world.organisation, name_en="Krill two")
    exact = make_project(world.organisation, name_en="Another")
    assert [pk for _kind, pk in found(world.owner, "krill")] == [second.pk, first.pk, text.pk]
    assert found(world.owner, exact.uid)[0] == ("project", exact.pk)
    assert found(world.owner, "PO-2026/17") == [("budget", world.budget.pk)]


def test_a_page_at_a_time_each_thing_once(world, make_project):
    for number in range(7):
        make_project(world.organisation, name_en=f"Whale {number}")
        make_project(world.organisation, name_en=f"Other {number}", summary_en="whale song")
    actor, seen, cursor = Actor(person=world.owner), [], ""
    for _page in range(5):
        answer = asking.search(actor, "whale", cursor=cursor, limit=3)
        seen += [hit.row.name_en for hit in answer.hits]
        if answer.cursor is None:
            break
        cursor = answer.cursor
    assert seen == [f"Whale {n}" for n in range(6, -1, -1)] + [f"Other {n}" for n in range(6, -1, -1)]
    # A cursor that is none of ours begins again.
    assert len(asking.search(actor, "whale", cursor="9-x", limit=3).hits) == 3


def test_one_kind_alone(world):
    assert {kind for kind, _pk in found(world.owner, "ice", kind="budget")} == {"budget"}
    assert len({kind for kind, _pk in found(world.owner, "ice", kind="teapot")}) == 2


def test_every_change_is_found_at_once(world):
    actor = Actor(person=world.owner)
    people.update_project(actor, project=world.project, name_en="Frazil")
    assert found(world.owner, "frazil") == [("project", world.project.pk)]
    assert ("project", world.project.pk) not in found(world.owner, "sea")
    made = people.create_project(actor, organisation=world.organisation, name_zh="企鵝")
    assert found(world.owner, "企鹅") == [("project", made.pk)]
    Membership.objects.filter(person=world.colleague).delete()
    assert found(world.colleague, "frazil") == []
    world.colleague.name = "Someone Else"
    world.colleague.save()
    assert found(world.auditor, "siu ming") == []
    assert index.missing() == {}


def test_what_is_undone_is_not_found(world):
    def breaks_off():
        with transaction.atomic():
            people.create_project(Actor(person=world.owner), organisation=world.organisation, name_en="Never")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert found(world.owner, "never") == []


def test_a_deleted_thing_is_not_found(world):
    quiet = Project.objects.create(
        organisation=world.organisation, name_en="Quiet", created_at=world.project.created_at
    )
    assert found(world.owner, "quiet")
    quiet.delete()
    assert found(world.owner, "quiet") == []


def test_a_save_of_something_else_leaves_the_index_alone(world, django_assert_num_queries):
    world.project.shares = 5
    with django_assert_num_queries(1):
        world.project.save(update_fields=["shares"])


def test_the_index_can_be_built_anew_and_be_checked(world):
    before = dict(SearchEntry.objects.values_list("object_pk", "tokens").filter(kind="project"))
    SearchEntry.objects.filter(kind="project").delete()
    SearchEntry.objects.filter(kind="budget").update(tokens="_nonsense")
    SearchEntry.objects.create(kind="organisation", object_pk=10**9, tokens="_public ghost")
    SearchEntry.objects.create(kind="teapot", object_pk=1, tokens="_public ghost")
    assert index.missing() == {"project": 3, "organisation": -1}
    assert found(None, "ghost") == []
    assert index.rebuild() == SearchEntry.objects.count()
    assert index.missing() == {}
    assert dict(SearchEntry.objects.values_list("object_pk", "tokens").filter(kind="project")) == before
    assert ("budget", world.budget.pk) in found(world.owner, "money")


def test_the_worker_builds_it_when_there_is_none_of_this_version(world, monkeypatch):
    SearchState.objects.all().delete()
    SearchEntry.objects.all().delete()
    tasks.build()
    assert ("project", world.project.pk) in found(world.owner, "sea")
    monkeypatch.setattr(index, "rebuild", lambda: pytest.fail("it is there"))
    tasks.build()
    SearchState.objects.update(version=0)
    assert index.is_due()


def test_an_index_that_differs_heals(world):
    tasks.build()
    tasks.heal()
    assert not index.is_due()
    Project.objects.filter(pk=world.other.pk)._raw_delete("default")
    tasks.heal()
    assert index.is_due()
    tasks.build()
    assert index.missing() == {}


def test_rows_written_in_bulk_are_put_by_hand(world):
    made = Organisation.objects.bulk_create(
        [Organisation(name_en=f"Bulk {n}", category="other", created_at=world.project.created_at) for n in range(3)]
    )
    index.put("organisation", [row.pk for row in made], new=True)
    assert len(found(world.auditor, "bulk")) == 3
    Organisation.objects.filter(pk=made[0].pk).update(name_en="Changed")
    Organisation.objects.filter(pk=made[1].pk)._raw_delete("default")
    index.put("organisation", [row.pk for row in made])
    assert len(found(world.auditor, "bulk")) == 1


def test_older_blocks_are_asked_when_the_newest_have_not_enough(world, monkeypatch, make_project):
    monkeypatch.setattr(database, "BLOCK", 1)
    for number in range(20):
        make_project(world.organisation, name_en=f"Block {'rare' if number == 0 else ''} {number}")
    index.rebuild()
    assert len(found(world.owner, "block", limit=50)) == 20
    assert len(found(world.owner, "block rare")) == 1
    first = asking.search(Actor(person=world.owner), "block", limit=2)
    rest = asking.search(Actor(person=world.owner), "block", limit=50, cursor=first.cursor)
    assert len(first.hits) + len(rest.hits) == 20


def test_a_kind_is_registered_once():
    with pytest.raises(ValueError, match="twice"):
        register(
            Kind(
                "project",
                Project,
                "x",
                describe=lambda row: Document([]),
                visible=lambda actor: Project.objects.all(),
                show=lambda row: Shown("", "", ""),
                watched=(),
            )
        )


def test_no_index_before_there_is_a_table(db, monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", list)
    database.install()


def test_every_kind_describes_and_shows_a_row_of_its_own(world, make_person, noon):
    """Whatever is in the tables can be indexed and shown; the world has most kinds."""
    index.rebuild()
    for kind in kinds().values():
        for row in kind.all()[:2]:
            assert kind.describe(row).marks
            assert isinstance(kind.show(row).title, str)
        assert kind.visible(ANYONE) is not None
        assert str(kind.label)


def get(client, person, path):
    client.logout()
    if person:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(path)


def test_the_page_shows_marks_filters_and_the_box_on_every_page(world, client):
    text = get(client, world.owner, "/search?q=语音").content.decode()
    assert "海冰粵語<mark>語音</mark>" in text
    assert 'href="/search?q=%E8%AF%AD%E9%9F%B3&amp;kind=project"' in text
    assert 'action="/search"' in get(client, world.owner, "/projects/").content.decode()
    assert "<mark>Sea</mark> ice" in get(client, world.owner, "/search?q=sea&kind=project").content.decode()
    assert get(client, world.owner, "/search").status_code == 200


def test_nothing_found_says_what_helps(world, client):
    text = get(client, world.owner, "/search?q=zzz&kind=project").content.decode()
    assert "Nothing found for “zzz” in Projects" in text
    assert "Search everywhere instead" in text
    text = get(client, None, "/search?q=zzz").content.decode()
    assert "Nothing found for “zzz”" in text
    assert "Sign in to search your own projects as well" in text


def test_more_results_are_a_link_away(world, client, make_project):
    for number in range(25):
        make_project(world.organisation, name_en=f"Whale {number}")
    text = get(client, world.owner, "/search?q=whale").content.decode()
    assert "<mark>Whale</mark> 24<" in text
    assert "<mark>Whale</mark> 4<" not in text
    cursor = text.split("from=")[1].split('"')[0]
    text = get(client, world.owner, f"/search?q=whale&from={cursor}").content.decode()
    assert "<mark>Whale</mark> 4<" in text
    assert "From the beginning" in text


def test_pages_of_results_take_the_same_queries(world, client, make_project, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(40) as counted:
            assert get(client, world.owner, "/search?q=whale").status_code == 200
        return len(counted)

    make_project(world.organisation, name_en="Whale")
    few = queries()
    for number in range(19):
        make_project(world.organisation, name_en=f"Whale {number}")
    assert queries() <= few


def test_the_api_finds_the_same(world, client):
    found = get(client, world.owner, "/api/v1/search?q=语音").json()
    assert [(item["kind"], item["title"]) for item in found["items"]] == [("project", "Sea ice")]
    assert found["next"] is None
    assert get(client, None, "/api/v1/search?q=语音").status_code in (200, 401)
    assert get(client, world.owner, "/api/v1/search").status_code == 422


def test_the_operator_s_commands(world, capsys, monkeypatch):
    from aisc.cli.operator import check, search
    from aisc.cli.operator import django as machine

    monkeypatch.setattr(machine, "start", lambda: None)
    SearchEntry.objects.all().delete()
    assert check._search()[0] is False
    assert "aisc search rebuild" in check._search()[1]
    search.rebuild()
    assert "things can be found" in capsys.readouterr().out
    assert check._search()[0] is True
    search.root()
