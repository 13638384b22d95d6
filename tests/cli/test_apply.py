"""Applications by file, by options and by questions; reviews and decisions."""

from __future__ import annotations

import re
import tomllib

import pytest
import typer

from aisc.cli.user import application_file

ORGANISATION = "Institute of Marine Computing"
PARTS = [
    "--name", "Tides", "--name-zh", "潮汐", "--summary", "We forecast.", "--summary-zh", "我們預測。",
    "--justification", "Measured.", "--no-other-funding", "--team", "陳家欣;PI;applicant@example.org",
    "--team", "Aarav;Engineer", "--resource", "cpu:2:1",
]  # fmt: skip


@pytest.fixture
def draft(aisc, centre):
    """``draft()``: the uid of a draft that is complete."""

    def make() -> str:
        return aisc(
            "apply", "new", "--org", ORGANISATION, "--starts", centre.today(), *PARTS, "--json", who="applicant"
        ).json["uid"]

    return make


@pytest.fixture
def submitted(aisc, draft):
    def make() -> str:
        uid = draft()
        aisc("apply", "submit", uid, "--declare", who="applicant")
        return uid

    return make


@pytest.fixture
def reviewed(aisc, submitted):
    def make() -> str:
        uid = submitted()
        aisc("apply", "assign", uid, "Dr Amina Okafor", who="secretariat")
        scores = ["--score", "alignment=8", "--score", "compute=8", "--score", "placeholder=8"]
        aisc("apply", "review", uid, *scores, "--comment", "Clear.", "--recommend", "70%", who="assessor")
        return uid

    return make


def test_from_a_file(aisc, centre, home):
    text = aisc("apply", "example", who="").out
    assert tomllib.loads(text)["resources"] == [{"accelerator": "h800", "count": 8, "months": 6}]
    assert tomllib.loads(aisc("apply", "example", "--json", who="").json["toml"])
    (home / "a.toml").write_text(text)
    made = aisc("apply", "new", "-f", "a.toml", "--org", ORGANISATION, "--json", who="applicant").json
    assert made["draft"]["resources"] == [{"accelerator": "h800", "count": 8, "months": 6}]
    missing = aisc("apply", "check", made["uid"], who="applicant", code=1).out
    assert "- Give the project a title in English." in missing

    filled = text.replace('name_en = ""', 'name_en = "Maps"').replace('name_zh = ""', 'name_zh = "地圖"')
    filled = filled.replace('summary_en = """\n', 'summary_en = """\nOf the sea.\n').replace(
        'summary_zh = """\n', 'summary_zh = """\n海的。\n'
    )
    filled = filled.replace('justification = """\n', 'justification = """\nMeasured.\n')
    filled = filled.replace("# starts_on = 2026-09-01", f"starts_on = {centre.today()}")
    (home / "b.toml").write_text(filled.replace('name = ""', 'name = "Chan"'))
    done = aisc("apply", "edit", made["uid"], "-f", "b.toml", who="applicant")
    assert re.search(r"Title +Maps", done.out)
    assert "scheme HK$" in done.out
    assert f"Next: aisc apply edit {made['uid']}" in done.err  # the declaration is made when submitting
    aisc("apply", "withdraw", made["uid"], "--yes", who="applicant")


def test_submitting_makes_the_declaration(aisc, draft, at_terminal):
    uid = draft()
    done = aisc("apply", "submit", uid, who="applicant", input="n\n", code=3)
    assert "- No other government subsidy pays" in done.err
    assert "Nothing was submitted." in done.err
    done = aisc("apply", "submit", uid, who="applicant", input="y\n")
    assert re.search(r"Submitted as A-\d{4}-\d{4}\. Receipt \(SHA-256 of the frozen copy\): [0-9a-f]{64}", done.out)
    assert "Next: " in done.err


def test_nobody_declares_by_accident(aisc, draft):
    assert "say --declare" in aisc("apply", "submit", draft(), who="applicant", code=2).err


def test_an_incomplete_one_is_not_submitted(aisc):
    uid = aisc("apply", "new", "--org", ORGANISATION, "--name", "Half", "--json", who="applicant").json["uid"]
    done = aisc("apply", "submit", uid, "--declare", who="applicant", code=3)
    assert "This is not complete yet: Give the project a title in Chinese." in done.err
    assert "summary_en: Summarise the project in English." in done.err
    assert "Say what to change" in aisc("apply", "edit", uid, who="applicant", code=2).err
    assert aisc("apply", "edit", uid, "--org", "Harbour Robotics Limited", "--json", who="applicant").json[
        "organisation"
    ]
    assert "Say --yes" in aisc("apply", "withdraw", uid, who="applicant", code=2).err
    assert "is withdrawn" in aisc("apply", "withdraw", uid, "--reason", "No", "--yes", who="applicant").out


def test_by_answering_questions(aisc, centre, at_terminal):
    answers = [
        "Waves", "浪", "About waves", "關於浪", "Measured", "soon", str(centre.today()), "n",
        "Chan;PI;applicant@example.org", "", "cpu:1:1", "",
    ]  # fmt: skip
    done = aisc("apply", "new", "--org", ORGANISATION, who="applicant", input="\n".join(answers) + "\n")
    assert "“soon” is no date" in done.err
    assert "Accelerators of this call: " in done.err
    uid = re.search(r"app-\w+", done.out)[0]
    assert aisc("apply", "check", uid, "--json", who="applicant", code=1).json["missing"] == ["Make the declaration."]
    assert "for good?" in aisc("apply", "withdraw", uid, who="applicant", input="y\n").err


def test_a_draft_that_could_not_be_filled_is_said(aisc):
    done = aisc("apply", "new", "--org", ORGANISATION, "--resource", "abacus:1:1", who="applicant", code=3)
    uid = re.search(r"The draft (app-\w+) was begun; go on with: aisc apply edit", done.err)[1]
    aisc("apply", "withdraw", uid, "--yes", who="applicant")


def test_from_the_desk_to_the_award(aisc, submitted, home):
    uid = submitted()
    number = aisc("apply", "show", uid, "--json", who="applicant").json["number"]
    assert number in aisc("apply", "--state", "submitted", who="secretariat").out
    returned = aisc("apply", "return", uid, "--missing", "A second name", who="secretariat")
    assert returned.out == f"{number} is returned for completion.\n"
    assert re.search(r"Returned for +A second name", aisc("apply", "show", number, who="applicant").out)
    aisc("apply", "submit", number, "--declare", who="applicant")

    assert "Dr Amina Okafor" in aisc("apply", "assessors", uid, who="secretariat").out
    assert "Okafor assesses" in aisc("apply", "assign", uid, "Dr Amina Okafor", who="secretariat").out
    ended = aisc("apply", "take-back", uid, "--reason", "Away", who="secretariat")
    assert ended.out == f"The assignment of {number} is ended.\n"


def test_a_review_and_a_decision(aisc, reviewed, home):
    uid = reviewed()
    number = aisc("apply", "show", uid, "--json", who="committee").json["number"]
    assert re.search(r"80\.0 +70% +Clear\.", aisc("apply", "show", uid, who="committee").out)
    done = aisc(
        "apply", "decide", uid, "--approve", "--share", "65%", "--ceiling", "1,234.50", "--months", "1",
        "--reasons", "Useful.", who="committee",
    )  # fmt: skip
    assert re.search(rf"{number} is approved\. Award AW-\d{{4}}-\d{{4}}, to be accepted by ", done.out)
    letter = aisc("apply", "letter", number, who="applicant")
    assert letter.out.startswith(f"letter-{number}.pdf (")
    assert (home / f"letter-{number}.pdf").read_bytes().startswith(b"%PDF-")
    accepted = aisc("apply", "accept", uid, who="applicant").out
    budget = re.search(r"budget (bud-\w+)", accepted)[1]
    shown = aisc("budgets", "show", budget, "--json", who="applicant").json
    assert (shown["ceiling_cents"], shown["scheme_bps"]) == (123_450, 6500)
    out = aisc("apply", "show", uid, who="applicant").out
    assert re.search(r"Terms +scheme 65% of up to HK\$1,234\.50 at list price, 1 months", out)
    assert re.search(r"Award +AW-\S+, accepted ", out)
    assert "verification code" in out


def test_an_award_is_declined(aisc, reviewed, at_terminal):
    uid = reviewed()
    done = aisc("apply", "decide", uid, "--approve", who="committee", input="Good.\n70%\n")
    assert "is approved" in done.out
    assert "Nothing was declined" in aisc("apply", "decline", uid, who="applicant", input="n\n", code=2).err
    assert "is declined" in aisc("apply", "decline", uid, "--reason", "Moved", "--yes", who="applicant").out


def test_an_application_is_rejected(aisc, reviewed):
    uid = reviewed()
    assert "is rejected" in aisc("apply", "decide", uid, "--reject", "--reasons", "Not yet.", who="committee").out
    assert re.search(r"Decision +rejected", aisc("apply", "show", uid, who="applicant").out)


def test_a_conflict_and_an_unfinished_review(aisc, submitted):
    uid = submitted()
    aisc("apply", "assign", uid, "Dr Amina Okafor", who="secretariat")
    kept = aisc("apply", "review", uid, "--score", "alignment=5", "--keep", who="assessor")
    assert kept.out == "Kept; not yet submitted.\n"
    done = aisc("apply", "conflict", uid, "--why", "I advise them.", who="assessor")
    assert "goes to another assessor" in done.out
    aisc("apply", "show", uid, who="assessor", code=3)


def test_a_review_by_answering_questions(aisc, submitted, at_terminal):
    uid = submitted()
    aisc("apply", "assign", uid, "Dr Amina Okafor", who="secretariat")
    done = aisc("apply", "review", uid, who="assessor", input="7\n8\n9\nClear need.\n70%\n")
    assert re.search(r"Total \d\d\.\d of 100\. Submitted to the committee\.", done.out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["apply", "decide", "app-1"], "Say --approve or --reject."),
        (
            ["apply", "decide", "app-1", "--approve", "--reasons", "x", "--share", "most"],
            "--share: “most” is no percentage",
        ),
        (["apply", "review", "app-1", "--score", "alignment"], "write CRITERION=POINTS"),
        (["apply", "review", "app-1", "--score", "alignment=ten"], "write CRITERION=POINTS"),
        (["apply", "new", "--resource", "h800:8"], "write CODE:COUNT:MONTHS"),
        (["apply", "new", "-f", "nothing.toml"], "nothing.toml cannot be read"),
        (["apply", "show", "nothing"], "There is no application “nothing”"),
        (["apply", "withdraw", "app-1"], "There is no such thing here"),
    ],
)
def test_slips(aisc, arguments, words):
    done = aisc(*arguments, who="applicant", code=None)
    assert words in done.err
    assert done.code in (2, 3)


def test_calls(aisc, centre):
    shown = aisc("calls", "show", who="").out
    assert "Open call for AI computing" in shown
    assert re.search(r"alignment +Alignment .* +25%", shown)
    dates = ["--opens", "2030-01-01", "--closes", "2031-01-01"]
    made = aisc("calls", "new", "--name", "Second call", *dates, who="secretariat")
    assert "Second call (cal-" in made.out
    uid = re.search(r"cal-\w+", made.out)[0]
    assert aisc("calls", "show", uid, "--json", who="").json["phase"] == "coming"
    assert uid in {each["uid"] for each in aisc("calls", "--json", who="").json}
    aisc("apply", "--call", uid, "--json", who="applicant")
    aisc("calls", "new", "--name", "X", "--closes", "2031-01-01", who="applicant", code=3)


def test_a_call_by_answering_questions(aisc, at_terminal):
    done = aisc("calls", "new", "--opens", "2030-01-01T09:00", who="secretariat", input="Third\n2030-02-01\n")
    assert "Third (cal-" in done.out


# The file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name_en = ", "is not good TOML"),
        ("name = 'x'", "there is no “name”. There are: "),
        ("name_en = 5", "“name_en” must be text in quotation marks."),
        ("starts_on = '2026-09-01'", "“starts_on” must be a date such as 2026-09-01."),
        ("other_funding = 'no'", "“other_funding” must be true or false."),
        ("team = ['Chan']", "team is written as [[team]], once for each."),
        ("[[team]]\nname = 'Chan'\nage = 5", "there is no “age” in [[team]] number 1. There are: name, role, email."),
        ("[[resources]]\ncount = true", "“count” in [[resources]] number 1 must be a whole number."),
        ("[[resources]]\ncount = 1.5", "“count” in [[resources]] number 1 must be a whole number."),
    ],
)
def test_a_file_that_cannot_be_used_says_where(tmp_path, capsys, text, words):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(typer.Exit) as caught:
        application_file.read(path)
    assert caught.value.exit_code == 2
    assert words in capsys.readouterr().err


def test_a_file_that_is_no_text(tmp_path, capsys):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(typer.Exit):
        application_file.read(tmp_path / "a.toml")
    assert "is not good TOML" in capsys.readouterr().err
