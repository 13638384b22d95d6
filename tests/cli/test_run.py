"""``aisc run``: from a command on this machine to its result, its log and its cost."""

from __future__ import annotations

import json
import threading

import pytest
from faulty import answer, problem

from aisc.cli.user import config, run, watch


@pytest.fixture
def program(home):
    """A program of the person's own, in the working directory."""
    (home / "train.py").write_text(
        "import os, pathlib, sys\n"
        "print('argv', sys.argv[1:], flush=True)\n"
        "print('data', pathlib.Path('data/a.csv').read_text() if pathlib.Path('data/a.csv').exists() else None)\n"
        "out = pathlib.Path(os.environ['AISC_OUTPUT'])\n"
        "(out / 'sub').mkdir(); (out / 'sub' / 'model.txt').write_text(os.environ.get('COLOUR', ''))\n"
        "sys.exit(int(sys.argv[1]))\n"
    )
    (home / "data").mkdir()
    (home / "data" / "a.csv").write_text("1,2")
    return home / "train.py"


def test_the_whole_way_of_a_run(aisc, award, program, home):
    done = aisc(
        "run", "--budget", award, "-t", "1m", "--upload", "data", "-e", "COLOUR=紅", "--name", "First",
        "--output-to", "got", "--", "python", "train.py", "0", "--epochs", "3",
    )  # fmt: skip
    assert done.out == "argv ['0', '--epochs', '3']\ndata 1,2\n"
    assert "First: at most HK$0.06 at list price, paid by “AW-" in done.err
    assert "scheme HK$0.04 (70%), applicant HK$0.02; HK$" in done.err
    assert "Sent train.py" in done.err
    assert "Sent data/a.csv (3 B)" in done.err
    assert "First (job-" in done.err
    assert ": completed after " in done.err
    assert "Cost: HK$0.0" in done.err
    assert "Fetched 1 file into got" in done.err
    assert (home / "got" / "sub" / "model.txt").read_text() == "紅"


def test_it_ends_with_the_jobs_own_exit_code(aisc, award, program):
    done = aisc("run", "-b", award, "-t", "1m", "python", "train.py", "7", code=7)
    assert "It ended with exit code 7." in done.err
    assert "data is a folder" not in done.err


@pytest.mark.parametrize(
    ("argv", "options", "code", "words"),
    [
        (["sleep", "30"], ["-t", "1s"], 124, "It reached its time limit"),
        (["python", "-c", "x = b'x' * (300 << 20); input()"], ["-t", "1m", "-m", "64"], 137, "more than the 64 MB"),
        (["python", "-c", "import os; os.kill(os.getpid(), 15)"], ["-t", "1m"], 143, "signal 15 (SIGTERM)"),
        (["no-such-program"], ["-t", "1m"], 127, "could not be found"),
    ],
)
def test_how_it_ended_is_in_the_exit_code(aisc, award, argv, options, code, words):
    assert words in aisc("run", "-b", award, *options, *argv, code=code).err


def test_json_is_the_whole_answer(aisc, award, program):
    done = aisc("run", "-b", award, "-t", "1m", "--json", "--output-to", "got", "python", "train.py", "3", code=3)
    assert (done.json["exit_code"], done.json["job"]["state"], done.json["run"]["exit_code"]) == (3, "failed", 3)
    assert done.json["fetched"] == ["got/sub/model.txt"]
    assert "argv ['3']" in done.err


def test_detached(aisc, award, program):
    done = aisc("run", "-b", award, "-t", "1m", "-d", "--no-upload", "sleep", "30")
    uid = done.out.strip()
    assert f"Watch it: aisc logs -f {uid}" in done.err
    found = aisc("run", "-b", award, "-t", "1m", "-d", "--json", "--after", uid, "true").json["job"]
    assert found["after"] == [uid]
    aisc("cancel", uid, found["uid"])


def test_an_array(aisc, award):
    done = aisc("run", "-b", award, "-t", "1m", "--array", "3", "sh", "-c", "exit $((AISC_ARRAY_INDEX * 4))", code=4)
    assert "for 3 runs" in done.err
    assert "failed (1 completed, 2 failed)" in done.err
    assert "Run 1: It ended with exit code 4." in done.err
    uid = aisc("jobs", "--json", "-n", "1").json[0]["uid"]
    assert [each["exit_code"] for each in aisc("jobs", "runs", uid, "--json").json] == [0, 4, 8]
    assert "exit code 8" in aisc("jobs", "runs", uid, "--state", "failed").out
    assert "1 completed, 2 failed" in aisc("jobs", "show", uid).out


def test_a_template(aisc, award):
    done = aisc("run", "-b", award, "--template", "digits-classifier", "-p", "epochs=1", "--note", "quick")
    assert "digits-classifier: at most HK$" in done.err
    assert "Results: " in done.err
    uid = aisc("jobs", "--json", "-n", "1").json[0]["uid"]
    assert "report" in aisc("jobs", "results", uid).out
    shown = aisc("jobs", "show", uid, "--json").json
    assert (shown["template"], shown["parameters"]["epochs"], shown["note"]) == ("digits-classifier", "1", "quick")


def test_files_go_where_the_job_runs(aisc, award, program):
    done = aisc("run", "-b", award, "-t", "1m", "--workdir", "exp/one", "--upload", "data", "python", "train.py", "0")
    assert "Sent exp/one/train.py" in done.err
    assert "data 1,2" in done.out


def test_a_folder_is_not_sent_unless_it_is_asked_for(aisc, award, program):
    done = aisc("run", "-b", award, "-t", "1m", "ls", "data")
    assert "data is a folder here and is not sent. Add --upload data if the job needs it." in done.err
    assert "Sent" not in done.err
    assert "is not sent" not in aisc("run", "-b", award, "-t", "1m", "--upload", "data", "ls", "data").err


def test_many_files_are_said_in_one_line(aisc, award, home):
    (home / "many").mkdir()
    for number in range(12):
        (home / "many" / f"{number}.txt").write_text("x")
    assert "Sent 12 files (12 B)" in aisc("run", "-b", award, "-t", "1m", "--upload", "many", "true").err


def test_a_script_is_run_by_something(aisc, award, home):
    (home / "go.sh").write_text("echo hi")
    done = aisc("run", "-b", award, "-t", "1m", "./go.sh", code=2)
    assert "would not be executable in the workspace. Name what runs it, such as: sh ./go.sh" in done.err
    assert aisc("run", "-b", award, "-t", "1m", "sh", "./go.sh").out == "hi\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Write the command after the options"),
        (["true"], "Say how long it may take at most, such as --time 10m"),
        (["-t", "soon", "true"], "--time: “soon” is no duration"),
        (["-t", "1m", "-e", "X", "true"], "--env takes NAME=VALUE, not “X”"),
        (["-t", "1m", "-e", "=1", "true"], "--env takes NAME=VALUE, not “=1”"),
        (["-t", "1m", "--confirm-above", "much", "true"], "--confirm-above: “much” is no amount"),
        (["-t", "1m", "--upload", "nothing", "true"], "There is no nothing here"),
        (["--template", "nothing"], "There is no template “nothing”. There are: digits-classifier"),
        (["-b", "nothing", "-t", "1m", "true"], "There is no budget “nothing”. You have:"),
    ],
)
def test_slips_are_met_before_anything_starts(aisc, arguments, words):
    assert words in aisc("run", *arguments, code=2).err


def test_what_the_centre_does_not_accept(aisc, award):
    done = aisc("run", "-b", award, "-t", "1m", "-a", "abacus", "--json", "true", code=3)
    assert done.json["errors"][0]["field"] == "accelerator"
    assert "--cpus" not in aisc("run", "-b", award, "-t", "1m", "-e", "AISC_X=1", "true", code=3).err


def test_more_than_the_budget_has_is_refused_before_anything_is_sent(aisc, award, program):
    done = aisc("run", "-b", award, "-t", "30d", "--array", "9000", "-c", "2", "python", "train.py", code=3)
    assert "Nothing was started. Ask for a shorter --time or fewer accelerators" in done.err
    assert "Sent" not in done.err


def test_who_pays_by_name_by_default_and_by_environment(aisc, award):
    name = next(each for each in aisc("budgets", "--json").json if each["uid"] == award)["name"]
    assert f"paid by “{name}”" in aisc("run", "-b", name, "-t", "1m", "true").err
    assert f"paid by “{name}”" in aisc("run", "-t", "1m", "true", AISC_BUDGET=award).err
    assert "pays from now on" in aisc("budgets", "use", award).out
    assert config.load().budget == award
    assert f"paid by “{name}”" in aisc("run", "-t", "1m", "true").err


# The question before it starts


def test_it_asks_above_the_threshold(aisc, award, at_terminal):
    done = aisc("run", "-b", award, "-t", "1m", "--confirm-above", "0.01", "true", input="n\n", code=3)
    assert "Start it?" in done.err
    assert "Nothing was started." in done.err
    assert "Start it?" in aisc("run", "-b", award, "-t", "1m", "--confirm-above", "0.01", "true", input="y\n").err


@pytest.mark.parametrize("options", [["--yes", "--confirm-above", "0"], []])
def test_it_does_not_ask_where_it_need_not(aisc, award, at_terminal, options):
    assert "Start it?" not in aisc("run", "-b", award, "-t", "1m", *options, "true").err


def test_names_are_short_enough():
    assert run._name_of(["python", "x" * 200], "").endswith("x…")
    assert len(run._name_of(["python", "x" * 200], "")) == 100
    assert run._name_of([], "digits") == "digits"
    assert run._memory("2G") == "2G"


# A bad network


def test_a_lost_answer_does_not_start_it_twice(aisc, award, centre, token_of, faulty):
    """The request arrives and is carried out, and the answer is lost: the same key gives the same job."""
    from aisc.client import Client

    with Client(centre.url, token_of("researcher")) as client:
        before = sum(1 for _ in client.jobs.list(q="once and no more"))
        asked = {"name": "once and no more", "command": ["true"], "time_limit": "1m", "key": "lost-answer-1"}
        project = client.budgets.get(award).project
        first = client.jobs.submit(project=project, budget=award, **asked)
        assert client.jobs.submit(project=project, budget=award, **asked).uid == first.uid
        assert sum(1 for _ in client.jobs.list(q="once and no more")) == before + 1


def test_a_centre_that_is_away_is_an_exit_code(command, faulty, monkeypatch):
    monkeypatch.setattr("aisc.client.transport.time.sleep", lambda _seconds: None)
    server = faulty(problem(503, "unavailable", "A part of the centre is away."))
    done = command("run", "-t", "1m", "true", AISC_URL=server.url, AISC_TOKEN="aisc_x", code=5)
    assert "A part of the centre is away. Trying again in 1 s (Ctrl-C stops)." in done.err
    assert done.err.endswith("aisc: A part of the centre is away.\n")


def test_something_else_at_the_address(command, faulty):
    server = faulty(answer(200, b"<html>It works!</html>"))
    done = command("whoami", "--json", AISC_URL=server.url, AISC_TOKEN="aisc_x", code=3)
    assert "Is this the address of an AISC centre?" in json.loads(done.out)["error"]


def test_no_thread_is_left_behind(aisc, award):
    aisc("run", "-b", award, "-t", "1m", "true")
    assert [each for each in threading.enumerate() if isinstance(each, watch._Follower) and each.is_alive()] == []
