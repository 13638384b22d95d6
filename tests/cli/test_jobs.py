"""Jobs after they were submitted: lists, logs, results, retries."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def finished(aisc, award):
    """The uid of a job that has ended and left a file."""
    code = "echo eins; echo zwei; echo 答 > $AISC_OUTPUT/a.txt"
    return aisc("run", "-b", award, "-t", "1m", "--json", "--name", "Finished", "sh", "-c", code).json["job"]["uid"]


def test_lists(aisc, award, finished):
    project = aisc("projects", "--json").json[0]["name_en"]
    for options in (["--state", "ended"], ["--mine"], ["--project", project], ["--budget", award], ["-q", "Finish"]):
        assert finished in {each["uid"] for each in aisc("jobs", "list", "--json", "-n", "200", *options).json}
    assert finished in aisc("jobs").out
    assert aisc("jobs", "list", "-q", "no such job").out == "No jobs.\n"


def test_one_job(aisc, finished):
    out = aisc("jobs", "show", finished).out
    for words in ("completed", "1 × cpu, 1 CPU cores", r"Exit code +0", r"Time limit +1m", "by Aarav Sharma"):
        assert re.search(words, out)
    assert aisc("jobs", "show", "Finished", "--json").json["runs"][0]["exit_code"] == 0
    assert aisc("jobs", "show", "--json").json["uid"].startswith("job-")


def test_logs(aisc, finished):
    assert aisc("logs", finished).out == "eins\nzwei\n"
    assert aisc("logs", finished, "--json").json == {
        "job": finished,
        "run": 0,
        "text": "eins\nzwei\n",
        "next_offset": 10,
        "ended": True,
    }
    followed = aisc("logs", "-f", finished)
    assert (followed.out, "Cost: HK$" in followed.err) == ("eins\nzwei\n", True)
    assert aisc("logs", "-f", finished, "--json").json["exit_code"] == 0
    aisc("logs", finished, "--index", "9", code=3)


def test_a_job_that_has_written_nothing_yet(aisc, award):
    uid = aisc("run", "-b", award, "-t", "1m", "-d", "sleep", "30").out.strip()
    assert f"{uid} is " in aisc("logs", uid).err
    aisc("cancel", uid)


def test_results(aisc, finished, home):
    assert "results/" + finished + "/a.txt" in aisc("jobs", "results", finished).out
    assert aisc("jobs", "results", finished, "--output-to", "out").out.split() == ["file", "out/a.txt"]
    assert (home / "out" / "a.txt").read_text() == "答\n"
    (home / "file").write_text("")
    done = aisc("jobs", "results", finished, "--output-to", "file/x", code=6)
    assert "cannot be written" in done.err


def test_a_note(aisc, finished):
    assert aisc("jobs", "note", finished, "val_loss 0.31").out == f"Noted with {finished}.\n"
    assert "val_loss 0.31" in aisc("jobs", "show", finished).out


def test_retry(aisc, finished):
    again = aisc("jobs", "retry", finished)
    assert again.out == "eins\nzwei\n"
    uid = aisc("jobs", "retry", finished, "--detach").out.strip()
    assert aisc("jobs", "show", uid, "--json").json["retry_of"] == finished
    aisc("logs", "-f", uid)


def test_cancel(aisc, award):
    uid = aisc("run", "-b", award, "-t", "1m", "-d", "sleep", "30").out.strip()
    assert aisc("cancel", uid).out == f"{uid} is being cancelled.\n"
    assert "It was cancelled" in aisc("logs", "-f", uid, code=130).err
    assert "ended already" in aisc("cancel", uid, code=3).err


@pytest.mark.parametrize(
    ("arguments", "who", "words"),
    [
        (["logs", "no such job"], "researcher", "There is no job “no such job” that you may see"),
        (["logs", "job-000000000000"], "researcher", "There is no such thing here"),
        (["logs"], "committee", "You have not submitted a job yet. Start one with “aisc run”"),
    ],
)
def test_jobs_that_are_not_there(aisc, arguments, who, words):
    assert words in aisc(*arguments, who=who, code=3).err


def test_templates(aisc):
    assert "digits-classifier" in aisc("templates").out
    one = aisc("templates", "digits-classifier")
    assert "epochs" in one.out
    assert "--template digits-classifier" in one.err
    assert aisc("templates", "digits-classifier", "--json").json["code"] == "digits-classifier"
    assert "There are: digits-classifier" in aisc("templates", "nothing", code=3).err
