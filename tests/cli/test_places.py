"""Organisations, projects, members; and which of several is meant."""

from __future__ import annotations

import uuid

import pytest

from aisc.cli.user import find
from aisc.client.models.people import Organisation, Project


@pytest.fixture
def name():
    return f"Lab {uuid.uuid4().hex[:8]}"


def test_an_organisation_from_its_registration_to_its_members(aisc, name):
    made = aisc(
        "orgs", "new", "--name", name, "--name-zh", "實驗室", "--category", "research", "--json", who="newcomer"
    )
    uid = made.json["uid"]
    assert name in aisc("orgs", who="newcomer").out
    assert aisc("orgs", "list", "--json", who="newcomer").json[-1]["category"]
    project = aisc("projects", "new", "--name", f"P {name}", "--org", name, "--summary", "Waves", who="newcomer")
    assert "is open. Who pays: aisc budgets open" in project.out

    added = aisc("orgs", "members", "add", uid, "researcher@example.org", who="newcomer")
    assert added.out == "Aarav Sharma is now member.\n"
    assert "manager" in aisc("orgs", "members", "role", name, "researcher@example.org", "manager", who="newcomer").out
    listed = aisc("orgs", "members", "list", name, "--json", who="newcomer").json
    assert {each["person"]["email"]: each["role"] for each in listed} == {
        "newcomer@example.org": "owner",
        "researcher@example.org": "manager",
    }
    shown = aisc("orgs", "show", name, who="newcomer").out
    assert "Aarav Sharma <researcher@example.org> manager" in shown
    assert f"P {name}" in shown
    assert (
        "has no role there any more"
        in aisc("orgs", "members", "remove", uid, "researcher@example.org", who="newcomer").out
    )
    assert (
        "Nobody with the address" in aisc("orgs", "members", "remove", uid, "x@y.example", who="newcomer", code=3).err
    )


def test_a_project_from_its_start_to_its_end(aisc, name):
    aisc("orgs", "new", "--name-zh", name, "--category", "startup", who="newcomer")
    made = aisc("projects", "new", "--name-zh", "浪", "--org", name, "--json", who="newcomer").json
    assert (made["name_zh"], made["name_en"]) == ("浪", "")
    assert made["uid"] in aisc("projects", "list", "--org", name, who="newcomer").out
    aisc("projects", "members", "add", made["uid"], "assessor@example.org", "--role", "read_only", who="newcomer")
    shown = aisc("projects", "show", made["uid"], "--json", who="newcomer").json
    assert ([each["role"] for each in shown["members"]], shown["budgets"]) == (["read_only"], [])
    # One who is in the project alone does not see who is in the organisation.
    assert "Okafor" in aisc("projects", "show", made["uid"], who="assessor").out
    assert "浪" in aisc("orgs", "show", name, who="assessor").out
    assert "is closed" in aisc("projects", "close", made["uid"], who="newcomer").out
    assert "closed" in aisc("projects", "list", "--org", name, who="newcomer").out
    assert "is open again" in aisc("projects", "reopen", made["uid"], who="newcomer").out


def test_questions_are_asked_where_they_can_be_answered(aisc, name, at_terminal):
    done = aisc("orgs", "new", who="newcomer", input=f"{name}\nresearch\n")
    assert f"{name} (org-" in done.out
    uid = next(each["uid"] for each in aisc("orgs", "--json", who="newcomer").json if each["name_en"] == name)
    done = aisc("projects", "new", "--org", uid, who="newcomer", input="Tides\n")
    assert "Tides (prj-" in done.out


def test_what_the_centre_refuses_is_said_with_its_field(aisc):
    done = aisc("orgs", "new", "--name", "X", "--category", "circus", "--json", who="newcomer", code=3)
    assert done.json["errors"][0]["field"] == "category"
    assert done.json["status"] == 422
    assert "--name or --name-zh is needed" in aisc("orgs", "new", "--category", "startup", who="newcomer", code=2).err


def test_somebody_new_is_told_what_to_do_first(aisc, centre):
    assert "“aisc orgs new”" in aisc("orgs", who="committee").out
    assert "“aisc projects new”" in aisc("projects", who="committee").out
    assert "You are in no organisation yet" in aisc("projects", "new", "--name", "X", who="committee", code=3).err
    assert "No budgets. Apply" in aisc("budgets", who="committee").out
    assert "There is no budget you can use" in aisc("run", "-t", "1m", "true", who="committee", code=3).err


# Which one is meant


def place(number: int, name: str) -> Organisation:
    return Organisation(
        uid=f"org-{number}", name_en=name, name_zh="", category="startup", created_at="2026-01-01T00:00:00Z"
    )


def pick(things, wanted):
    return find.pick(things, wanted, kind="organisation", option="--org", none="Make one.")


PLACES = [place(1, "Tides"), place(2, "Waves"), place(3, "waves")]


@pytest.mark.parametrize(("wanted", "uid"), [("tides", "org-1"), (" Tides ", "org-1"), ("ORG-3", "org-3")])
def test_a_name_or_a_uid_will_do(wanted, uid):
    assert pick(PLACES, wanted).uid == uid


def test_the_only_one_needs_no_name():
    assert pick(PLACES[:1], "").uid == "org-1"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("tide", "There is no organisation “tide”. You have:\n  org-1  Tides\n"),
        ("waves", "Several are called “waves”; give the uid:\n  org-2  Waves\n  org-3  waves\n"),
        ("", "Say which organisation with --org:\n  org-1  Tides\n"),
    ],
)
def test_what_only_looks_like_it_is_not_taken(command, capsys, wanted, words):
    with pytest.raises(BaseException, match="2"):
        pick(PLACES, wanted)
    assert words in capsys.readouterr().err


def test_one_of_several_can_be_chosen(at_terminal, monkeypatch):
    answers = iter(["x", "0", "9", "2"])
    monkeypatch.setattr(find.ask, "text", lambda *_arguments: next(answers))
    assert pick(PLACES, "").uid == "org-2"


def test_a_uid_is_asked_for_directly(aisc):
    project = aisc("projects", "--json").json[0]
    assert Project.read(aisc("projects", "show", project["uid"], "--json").json).uid == project["uid"]
    assert aisc("projects", "show", "prj-000000000000", code=3).err.startswith("aisc: There is no such thing here")
