"""Watching a job: what is shown, what Ctrl-C means, and the exit code."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
import typer

from aisc.cli.user import ask, outcome, watch
from aisc.cli.user.watch import Watch, remark, status_line
from aisc.client import Conflict, Unreachable
from aisc.client.models.jobs import JobDetail, Run

COST = {"currency": "HKD", "list_cents": 17, "scheme_cents": 12, "applicant_cents": 5, "held_cents": 0}


def job(**fields) -> JobDetail:
    whole = {
        "uid": "job-1",
        "name": "train",
        "project": "prj-1",
        "budget": "bud-1",
        "submitted_by": "陳",
        "state": "running",
        "accelerator": "cpu",
        "accelerator_count": 1,
        "cpus": 1,
        "memory_mb": 1024,
        "time_limit_ms": 600_000,
        "created_at": "2026-01-01T00:00:00Z",
        "cost": COST,
        "command": ["python"],
    }
    return JobDetail.read(whole | fields)


def run(**fields) -> Run:
    whole = {"index": 0, "ref": "job-1-0", "state": "failed", "elapsed_ms": 65_000, "charged_cents": 17}
    return Run.read(whole | {"started_at": "2026-01-01T00:00:00Z"} | fields)


# What is shown


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"state": "queued", "reason": "Place 3."}, "queued · Place 3."),
        ({"state": "held", "reason": ""}, "held"),
        ({}, "running · 12 s of at most 10m"),
        (
            {"progress": {"done": 3, "total": 4, "message": "epoch 3"}},
            "running · 12 s of at most 10m · ███████████████░░░░░  75% · epoch 3",
        ),
        ({"progress": {"done": 1200, "total": None}}, "running · 12 s of at most 10m · 1,200"),
        ({"cancel_asked": True}, "running · 12 s of at most 10m · being cancelled"),
        (
            {"array_size": 4, "run_states": {"completed": 1, "running": 2, "failed": 1}},
            "running · ██████████░░░░░░░░░░  50% 2 of 4 runs",
        ),
        ({"state": "out_of_memory", "cancel_asked": True}, "out of memory"),
    ],
)
def test_where_a_job_stands(fields, text):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert status_line(job(**fields), now - timedelta(seconds=12), now) == text


def test_a_clock_that_is_behind_shows_no_negative_time():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert status_line(job(), now + timedelta(seconds=5), now) == "running · 0.0 s of at most 10m"
    assert status_line(job(), None) == "running"


def test_remarks():
    assert remark(job(state="queued", reason="Place 3.")) == "job-1: queued. Place 3."
    assert remark(job(reason="x")) == "job-1: running"
    assert remark(job(array_size=2)) == "job-1: running"


# How it ended


@pytest.mark.parametrize(
    ("state", "found", "code"),
    [
        ("completed", None, 0),
        ("failed", run(exit_code=3), 3),
        ("failed", run(exit_code=255), 255),
        ("failed", run(exit_code=256), 1),
        ("failed", run(exit_code=0), 1),
        ("failed", run(signal=11), 139),
        ("failed", run(), 125),
        ("failed", None, 125),
        ("timeout", run(), 124),
        ("out_of_memory", run(signal=9), 137),
        ("cancelled", run(), 130),
        ("over_limit", run(), 125),
        ("node_failed", run(), 125),
        ("rejected", None, 125),
        ("something_new", None, 125),
    ],
)
def test_exit_codes(state, found, code):
    assert outcome.exit_code(job(state=state), found) == code


def test_what_is_said_at_the_end():
    assert outcome.summary(job(state="completed"), run(reason_text="By itself.")) == [
        "train (job-1): completed after 1 m 05 s",
        "Cost: HK$0.17 = scheme HK$0.12 + applicant HK$0.05",
    ]
    assert outcome.summary(job(state="timeout"), run(reason_text="Too long."))[1] == "Too long."
    array = job(state="failed", array_size=3, run_states={"completed": 1, "out_of_memory": 2})
    assert outcome.summary(array, run(index=2, reason_text="Too much."))[:2] == [
        "train (job-1): failed (1 completed, 2 out of memory)",
        "Run 2: Too much.",
    ]
    assert outcome.summary(job(state="cancelled"), run(started_at=None))[0] == "train (job-1): cancelled"


# Ctrl-C


class Jobs:
    """A client's jobs, scripted: each look gives the next state, or raises it."""

    def __init__(self, *looks):
        self.looks, self.cancelled, self.refuse = list(looks), 0, False

    def get(self, _job):
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, type):
            raise look
        return look

    def runs(self, _job, **_where):
        return iter([run(state="running")])

    def cancel(self, _job):
        self.cancelled += 1
        if self.refuse:
            raise Conflict("It has ended already.", status=409)


@pytest.fixture
def watching(monkeypatch):
    """``watching(*looks)``: a watch without a log, and what was scripted."""
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0)

    def make(*looks):
        jobs = Jobs(*looks)
        client = type("Client", (), {"jobs": jobs})()
        return Watch(client, job(), log=False), jobs

    return make


def test_it_waits_until_the_cost_is_settled(watching):
    ended = job(state="completed")
    waiting = job(state="completed", cost=COST | {"held_cents": 50})
    found, _jobs = watching(job(), waiting, ended)
    assert found.until_ended() == ended


@pytest.mark.parametrize("answer", ["c", "Cancel"])
def test_ctrl_c_can_cancel(watching, at_terminal, monkeypatch, capsys, answer):
    monkeypatch.setattr(watch.typer, "prompt", lambda *_a, **_k: answer)
    found, jobs = watching(job(), KeyboardInterrupt, job(state="cancelled"))
    assert found.until_ended().state == "cancelled"
    assert (jobs.cancelled, capsys.readouterr().err.splitlines()[-2]) == (1, "Cancelling…")


def test_what_has_ended_meanwhile_cannot_be_cancelled(watching, at_terminal, monkeypatch, capsys):
    monkeypatch.setattr(watch.typer, "prompt", lambda *_a, **_k: "c")
    found, jobs = watching(job(), KeyboardInterrupt, job(state="completed"))
    jobs.refuse = True
    assert found.until_ended().state == "completed"
    assert "It has ended already." in capsys.readouterr().err


def test_ctrl_c_and_enter_go_on(watching, at_terminal, monkeypatch):
    monkeypatch.setattr(watch.typer, "prompt", lambda *_a, **_k: "")
    found, jobs = watching(job(), KeyboardInterrupt, job(state="completed"))
    assert found.until_ended().state == "completed"
    assert jobs.cancelled == 0


@pytest.mark.parametrize("answer", ["d", KeyboardInterrupt, typer.Abort])
def test_ctrl_c_can_leave_it_running_as_does_a_second_one(watching, at_terminal, monkeypatch, capsys, answer):
    def prompt(*_arguments, **_options):
        if isinstance(answer, str):
            return answer
        raise answer

    monkeypatch.setattr(watch.typer, "prompt", prompt)
    found, jobs = watching(job(), KeyboardInterrupt, job())
    with pytest.raises(typer.Exit) as caught:
        found.until_ended()
    assert (caught.value.exit_code, jobs.cancelled) == (130, 0)
    assert "job-1 goes on. Watch it again: aisc logs -f job-1   End it: aisc cancel job-1" in capsys.readouterr().err


def test_where_nobody_can_be_asked_it_is_left_running(watching, monkeypatch):
    monkeypatch.setattr(ask, "interactive", lambda: False)
    found, jobs = watching(KeyboardInterrupt)
    with pytest.raises(typer.Exit) as caught:
        found.until_ended()
    assert (caught.value.exit_code, jobs.cancelled) == (130, 0)


def test_news_of_the_log(watching, capsys):
    found, _jobs = watching(job(), job(state="completed"))
    found._following = True
    for news in [("text", "one\n"), ("remark", "Away; looking again in 2 s."), ("text", "two\n"), ("end", None)]:
        found._news.put(news)
    found.until_ended()
    captured = capsys.readouterr()
    assert captured.out == "one\ntwo\n"
    assert "looking again" in captured.err


def test_a_centre_that_stays_away_leaves_word(watching, capsys):
    found, _jobs = watching(job())
    found._news.put(("error", Unreachable("Away.")))
    with pytest.raises(Unreachable):
        found.until_ended()
    assert "The job goes on. Watch it again with “aisc logs -f job-1”." in capsys.readouterr().err


def test_the_follower_tells_of_pauses_and_of_the_end(monkeypatch, command):
    import queue

    class Client:
        def __init__(self, on_pause, trouble):
            self.jobs, self.on_pause, self.trouble = self, on_pause, trouble

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def follow(self, _uid, run):
            self.on_pause(0.25, "Short.")
            self.on_pause(2, "Away.")
            if self.trouble:
                raise self.trouble
            return iter(())

    for trouble, last in [(None, ("end", None)), (error := Unreachable("Gone."), ("error", error))]:
        monkeypatch.setattr(watch, "connect", lambda patience_s, on_pause, t=trouble: Client(on_pause, t))
        news = queue.Queue()
        watch._Follower("job-1", 0, news).run()
        assert list(news.queue) == [("remark", "Away. The job goes on; looking again in 2 s."), last]


# A real terminal, a real job, a real Ctrl-C


@pytest.fixture
def at_a_terminal(centre, token_of, home):
    """``at_a_terminal(command, (what appears, keys), …)``: what was shown, and the exit code."""

    def go(arguments, *steps, timeout_s=60):
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "aisc", *arguments],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=os.environ | {"AISC_URL": centre.url, "AISC_TOKEN": token_of("researcher"), "TERM": "xterm"},
            start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
        )
        os.close(follower)
        shown, waiting, deadline = b"", list(steps), time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            ready, _, _ = select.select([leader], [], [], 0.1)
            if ready:
                try:
                    shown += os.read(leader, 65_536)
                except OSError:  # the other end is closed
                    break
            if waiting and waiting[0][0].encode() in shown:
                os.write(leader, waiting.pop(0)[1].encode())
        os.close(leader)
        return shown.decode().replace("\r\n", "\n"), process.wait(20)

    return go


FOREVER = ["-t", "1m", "sh", "-c", "echo begun; exec sleep 50"]


def test_ctrl_c_then_cancel_at_a_terminal(at_a_terminal):
    shown, code = at_a_terminal(["run", *FOREVER], ("begun\n".replace("\n", "\r\n"), "\x03"), ("(Enter)", "c\r"))
    assert "Cancelling…" in shown
    assert "running" in shown
    assert "It was cancelled." in shown
    assert code == 130


def test_ctrl_c_twice_at_a_terminal(at_a_terminal, aisc):
    shown, code = at_a_terminal(["run", *FOREVER], ("begun\r\n", "\x03"), ("(Enter)", "\x03"))
    assert "goes on. Watch it again: aisc logs -f job-" in shown
    assert code == 130
    uid = shown.partition("Submitted ")[2].partition(":")[0]
    assert aisc("jobs", "show", uid, "--json").json["state"] == "running"
    aisc("cancel", uid)
    assert aisc("logs", "-f", uid, code=130).out == "begun\n"
