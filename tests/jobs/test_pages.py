"""The pages of jobs and files, as a browser without script sees them."""

from __future__ import annotations

import html
import re

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aisc.jobs import actions, tasks, workspaces
from aisc.jobs.engines.base import Reason, State
from aisc.jobs.models import Job, job_uid
from aisc.people.models import Membership

HOUR = 3_600_000


@pytest.fixture
def browser(db):
    def make(person):
        client = Client()
        client.force_login(person)
        return client

    return make


@pytest.fixture
def mine(browser, team, memory):
    return browser(team.person)


def text_of(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[:3000]
    return html.unescape(re.sub(r"\s+", " ", answer.content.decode()))


def drain(answer):
    """Read to the end: closing a streamed answer half-way would also close the test's own database connection."""
    return b"".join(answer.streaming_content)


def put(team, path, data=b"data"):
    workspaces.place(team.project, path, workspaces.receive(team.project, [data]))


# The list


def test_an_empty_list_says_what_to_do_first(mine, browser, make_person):
    assert "Run your first job" in text_of(mine.get("/jobs/"))
    assert "To run one, be a member" in text_of(browser(make_person()).get("/jobs/"))


def test_the_list_its_filters_and_its_queries(mine, team, memory, browser, make_team, make_person):
    team.submit("x", name="Alpha <b>")
    team.submit("x", name="Beta", array_size=3, accelerator="h800")
    make_team().submit("x", name="Stranger's")
    page = text_of(mine.get("/jobs/"))
    assert "Alpha <b>" in page
    assert "<b>" not in mine.get("/jobs/").content.decode().replace("&lt;b&gt;", "")
    assert "Stranger's" not in page
    assert "3 runs" in page
    assert "Alpha" not in text_of(mine.get("/jobs/?q=beta&mine=on&state=active"))
    assert "No job matches" in text_of(mine.get("/jobs/?state=completed"))
    assert "No job matches" in text_of(mine.get(f"/jobs/?project={team.project.uid}&q=none"))
    assert text_of(mine.get("/jobs/?state=nonsense&page=99"))
    with CaptureQueriesContext(connection) as few:
        mine.get("/jobs/")
    for _ in range(4):
        team.submit("x", array_size=2)
    with CaptureQueriesContext(connection) as more:
        mine.get("/jobs/")
    assert len(more) == len(few)
    assert "Stranger's" in text_of(browser(make_person("operator")).get("/jobs/"))
    assert Client().get("/jobs/").status_code == 302


def test_a_project_shows_its_latest_jobs(mine, team, memory, browser, make_person, member, rf, acting):
    from aisc.jobs.panels import latest_jobs

    page = text_of(mine.get(f"/projects/{team.project.uid}/"))
    assert "Run the first job" in page
    for number in range(7):
        team.submit("x", name=f"job {number}")
    page = text_of(mine.get(f"/projects/{team.project.uid}/"))
    assert "job 6" in page
    assert "job 1" not in page
    listed = text_of(mine.get(f"/jobs/?project={team.project.uid}"))
    assert f'href="/projects/{team.project.uid}/files/"' in listed
    request = rf.get("/")
    request.actor = acting(make_person())
    assert latest_jobs(request, team.project) is None


# One job


def test_a_job_from_held_to_settled(mine, team, memory, cluster):
    job = team.submit("python", "x.py", "a b", accelerator="h800", time_limit_ms="1h", environment={"A": "1"})
    ref, url = f"{job.uid}-0", f"/jobs/{job.uid}/"
    page = text_of(mine.get(url))
    for text in ("about to be given to the engine", "HK$20.00", "python x.py 'a b'", "A=1", "aisc run --budget"):
        assert text in page
    tasks.run_engines()
    assert "first in line. Place in the queue: 1." in text_of(mine.get(url))
    memory.start(ref)
    memory.logs[ref] = b"line one\n\x1b[31m<script>alert(1)</script>\n"
    memory.progress[ref] = type("P", (), {"done": 3, "total": 4, "message": "epoch 3"})
    tasks.run_engines()
    answer = mine.get(url)
    page = text_of(answer)
    for text in ("Used so far", "epoch 3", "3 of 4", "Cancel the job", "line one"):
        assert text in page
    assert b"<script>alert" not in answer.content
    assert f"/jobs/{job.uid}/status?run=0" in page
    fragment = mine.get(f"{url}status?run=0")
    assert "HX-Refresh" not in fragment
    assert "epoch 3" in text_of(fragment)
    put(team, f"results/{job.uid}/curve.png")
    put(team, f"results/{job.uid}/model.bin")
    memory.finish(ref, elapsed_ms=HOUR // 2)
    tasks.run_engines()
    page = text_of(mine.get(url))
    for text in ("HK$10.00", "HK$7.00", "HK$3.00", "curve.png", "model.bin", "Run again", "What it used"):
        assert text in page
    assert f'<img src="/projects/{team.project.uid}/files/results/{job.uid}/curve.png"' in page
    assert f"/usage/engine%3Alocal/{ref}" in page or f"/usage/engine:local/{ref}" in page
    assert mine.get(f"{url}status")["HX-Refresh"] == "true"
    assert "Cancel the job" not in page


@pytest.mark.parametrize(
    ("state", "facts", "words"),
    [
        (State.TIMEOUT, {}, "reached its time limit of 1 h"),
        (State.OUT_OF_MEMORY, {}, "more than the 4 GB"),
        (State.OVER_LIMIT, {"reason": Reason.PROCESS_LIMIT}, "more processes"),
        (State.OVER_LIMIT, {"reason": Reason.OUTPUT_LIMIT}, "larger than one file"),
        (State.OVER_LIMIT, {"reason": Reason.DISK_FULL}, "disk became full"),
        (State.OVER_LIMIT, {}, "over a limit"),
        (State.NODE_FAILED, {}, "credited back"),
        (State.CANCELLED, {"reason": Reason.CANCELLED}, "It was cancelled."),
        (State.FAILED, {"exit_code": 3}, "exit code 3"),
        (State.FAILED, {"signal": 9}, "signal 9 (SIGKILL)"),
        (State.FAILED, {"signal": 99}, "signal 99 (?)"),
        (State.FAILED, {"reason": Reason.EXIT_STATUS_LOST}, "could not be seen"),
        (State.FAILED, {"reason": Reason.COMMAND_NOT_FOUND}, "could not be found"),
        (State.FAILED, {}, "exit code ?"),
        (State.COMPLETED, {}, "without an error"),
    ],
)
def test_every_end_is_said_in_words_and_in_chinese_without_breaking(mine, team, memory, state, facts, words):
    job = team.submit("x", accelerator="h800", time_limit_ms="1h")
    tasks.run_engines()
    memory.finish(f"{job.uid}-0", state, 1000, **facts)
    tasks.run_engines()
    assert words in text_of(mine.get(f"/jobs/{job.uid}/"))
    assert mine.get(f"/jobs/{job.uid}/?lang=zh-hant").status_code == 200


def test_the_runs_of_an_array(mine, team, memory):
    job = team.submit("x", array_size=3, accelerator="h800", time_limit_ms="1h")
    tasks.run_engines()
    memory.finish(f"{job.uid}-1", State.FAILED, HOUR // 2, exit_code=4)
    tasks.run_engines()
    page = text_of(mine.get(f"/jobs/{job.uid}/runs"))
    assert "exit code 4" in page
    assert "HK$10.00" in page
    assert "exit code 4" not in text_of(mine.get(f"/jobs/{job.uid}/runs?state=queued"))
    assert "No run is in this state" in text_of(mine.get(f"/jobs/{job.uid}/runs?state=running"))
    assert mine.get(f"/jobs/{job.uid}/runs?state=nonsense").status_code == 200
    overview = text_of(mine.get(f"/jobs/{job.uid}/?run=1"))
    assert "run 1 of 3" in overview
    assert "1 of 3" in overview
    assert mine.get(f"/jobs/{job.uid}/?run=99").status_code == 404
    assert mine.get(f"/jobs/{job.uid}/?run=x").status_code == 200
    actions.cancel_job(team.actor, job=job)
    assert "being cancelled" in text_of(mine.get(f"/jobs/{job.uid}/"))
    assert "being cancelled" in text_of(mine.get("/jobs/"))


def test_what_the_centre_sees_of_a_job(browser, team, memory, make_person, make_team):
    job = team.submit("x", name="Secret", environment={"TOKEN": "hunter2"}, note="ours")
    memory.logs[f"{job.uid}-0"] = b"hunter3"
    for role in ("operator", "auditor"):
        client = browser(make_person(role))
        answer = client.get(f"/jobs/{job.uid}/")
        page = text_of(answer)
        assert "Secret" in page
        assert "seen by the people of the project alone" in page
        assert "hunter" not in page
        assert ("Cancel the job" in page) == (role == "operator")
        for path in ("events", "log"):
            assert client.get(f"/jobs/{job.uid}/{path}").status_code == 404
    stranger = browser(make_team().person)
    for path in ("", "status", "runs", "events", "log"):
        assert stranger.get(f"/jobs/{job.uid}/{path}").status_code == 404
    for path in ("cancel", "retry", "note"):
        assert stranger.post(f"/jobs/{job.uid}/{path}").status_code == 404


def test_cancel_retry_and_note(mine, team, memory):
    job = team.submit("x")
    url = f"/jobs/{job.uid}/"
    assert mine.get(f"{url}cancel").status_code == 405
    assert "still under way" in text_of(mine.post(f"{url}retry", follow=True))
    assert "being cancelled" in text_of(mine.post(f"{url}cancel", follow=True))
    tasks.run_engines()
    memory.finish(f"{job.uid}-0", State.CANCELLED)
    tasks.run_engines()
    assert "ended already" in text_of(mine.post(f"{url}cancel", follow=True))
    assert "submitted again" in text_of(mine.post(f"{url}retry", follow=True))
    again = Job.objects.get(retry_of=job)
    assert "Run again from" in text_of(mine.get(f"/jobs/{again.uid}/"))
    assert "The note is saved" in text_of(mine.post(f"{url}note", {"note": "期望"}, follow=True))
    assert Job.objects.get(pk=job.pk).note == "期望"
    assert "at most" in text_of(mine.post(f"{url}note", {"note": "x" * 10_001}, follow=True))
    assert "20,000" in text_of(mine.post(f"{url}note", {"note": "x" * 20_001}, follow=True)).replace("20000", "20,000")
    assert Job.objects.get(pk=job.pk).note == "期望"


def test_the_whole_log_as_text(mine, team, memory):
    job = team.submit("x")
    memory.logs[f"{job.uid}-0"] = b"<script>\n" * 100_000
    answer = mine.get(f"/jobs/{job.uid}/log")
    assert b"".join(answer.streaming_content) == b"<script>\n" * 100_000
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    download = mine.get(f"/jobs/{job.uid}/log?download&run=0")
    assert download["Content-Disposition"].startswith("attachment")
    drain(download)
    assert text_of(mine.get(f"/jobs/{job.uid}/")).count("<script>") < 10_000


def test_a_job_whose_engine_is_away_is_still_shown(mine, team, memory):
    job = team.submit("x")
    memory.away.add("read_log")
    assert "log cannot be read at the moment" in text_of(mine.get(f"/jobs/{job.uid}/"))


# A new job


def signed(uid=None):
    return signing.dumps(uid or job_uid(), salt="aisc.jobs.new")


def answers(team, **given):
    return {
        "project": team.project.uid,
        "uid": signed(),
        "budget": team.budget.uid,
        "name": "訓練",
        "command": "python train.py 'a b'",
        "accelerator": "h800",
        "accelerator_count": "1",
        "time_limit": "2h30m",
        "array_size": "1",
    } | given


def test_choosing_what_to_run(mine, team, browser, make_person, make_project, make_organisation):
    page = text_of(mine.get("/jobs/new"))
    assert "Handwritten digits" in page
    assert "Your own command" in page
    other = make_project(team.organisation, name_en="Another project")
    page = text_of(mine.get(f"/jobs/new?project={other.uid}"))
    assert "no budget that can be used now" in page
    assert "Another project" in page
    assert "no project to run jobs in" in text_of(browser(make_person()).get("/jobs/new"))
    assert "手寫數字" in text_of(mine.get(f"/jobs/new?project={team.project.uid}&lang=zh-hant"))


def test_the_form_of_a_command_then_the_cost_then_the_job(mine, team):
    assert "Command" in text_of(mine.get(f"/jobs/new/command?project={team.project.uid}"))
    given = answers(team, environment="A=1\nB=x=y", note="try")
    check = text_of(mine.post("/jobs/new/command", given))
    for text in ("Check your answers", "HK$50.00", "HK$35.00", "HK$15.00", "2 · 4 GB", "2 h 30 min", "python train.py"):
        assert text in check
    assert Job.objects.count() == 0
    changed = text_of(mine.post("/jobs/new/command", given | {"step": "change"}))
    assert "python train.py 'a b'" in changed
    assert "A=1" in changed
    done = mine.post("/jobs/new/command", given | {"step": "submit"}, follow=True)
    assert "submitted and its money is held" in text_of(done)
    job = Job.objects.get()
    assert job.command == ["python", "train.py", "a b"]
    assert (job.environment, job.time_limit_ms, job.note) == ({"A": "1", "B": "x=y"}, 9_000_000, "try")
    assert done.redirect_chain[-1][0] == f"/jobs/{job.uid}/"
    again = mine.post("/jobs/new/command", given | {"step": "submit"}, follow=True)
    assert again.redirect_chain[-1][0] == f"/jobs/{job.uid}/"
    assert Job.objects.count() == 1


def test_the_form_of_a_template(mine, team):
    url = "/jobs/new/digits-classifier"
    page = text_of(mine.get(f"{url}?project={team.project.uid}"))
    assert "Epochs" in page
    given = answers(
        team, p_epochs="3", p_learning_rate="", p_language="zh-hant", p_hidden="64", p_seed="", p_data="", p_output=""
    )
    del given["command"]
    wrong = text_of(mine.post(url, given | {"p_epochs": "0", "p_hidden": "x"}), 422)
    assert "0 is too small: the least is 1" in wrong
    assert "does not have the form" in wrong
    assert 'value="0"' in wrong  # nothing typed is lost
    check = text_of(mine.post(url, given))
    assert "Traditional Chinese" in check
    mine.post(url, given | {"step": "submit"})
    job = Job.objects.get()
    assert (job.template, job.parameters["epochs"], job.command[-1]) == (
        "digits-classifier",
        "3",
        "--language=zh-hant",
    )
    assert f"--output=results/{job.uid}" in job.command
    again = text_of(mine.get(f"{url}?project={team.project.uid}&from={job.uid}"))
    assert 'value="3"' in again


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "Give the job a name"),
        ({"name": "a\u202eb"}, "cannot be shown"),
        ({"command": ""}, "Write the command"),
        ({"command": "python 'x"}, "quotation mark"),
        ({"command": "x " * 2000}, "at most 1,000 arguments"),
        ({"time_limit": ""}, "Say how long"),
        ({"time_limit": "soon"}, "Write a time such as"),
        ({"memory": "much"}, "amount of memory"),
        ({"memory": "1 TB"}, "largest machine"),
        ({"environment": "nonsense"}, "has no “=”"),
        ({"environment": "AISC_X=1"}, "set by the centre"),
        ({"inputs": "missing.csv"}, "There is no “missing.csv”"),
        ({"after": "job-none"}, "no job “job-none”"),
        ({"accelerator": "none"}, "Select a valid choice"),
        ({"accelerator_count": "3"}, "largest machine has 2"),
        ({"budget": "none"}, "Select a valid choice"),
        ({"uid": "forged"}, "Command"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(mine, team, given, words):
    for step in ("check", "submit"):
        page = text_of(mine.post("/jobs/new/command", answers(team, note="a long note") | given | {"step": step}), 422)
        assert words in page
        assert "a long note" in page
    assert Job.objects.count() == 0


def test_too_little_money(mine, team):
    given = answers(team, array_size="100")
    check = text_of(mine.post("/jobs/new/command", given))
    assert "The budget cannot hold this" in check
    assert "Hold the money and run it" not in check
    refused = text_of(mine.post("/jobs/new/command", given | {"step": "submit"}), 402)
    assert "The job was not submitted" in refused
    assert Job.objects.count() == 0


def test_the_cost_while_the_form_is_filled_in(mine, team):
    given = {
        "project": team.project.uid,
        "budget": team.budget.uid,
        "accelerator": "h800",
        "accelerator_count": "2",
        "time_limit": "1h",
        "array_size": "3",
    }
    assert "HK$120.00" in text_of(mine.get("/jobs/new/cost", given))
    for nonsense in (
        {"time_limit": "x"},
        {"accelerator_count": "x"},
        {"accelerator": "x"},
        {"budget": "x"},
        {"array_size": "0"},
    ):
        assert "is shown here as soon as" in text_of(mine.get("/jobs/new/cost", given | nonsense))


def test_who_may_not_ask_for_a_job(mine, team, browser, make_person, member):
    assert mine.get(f"/jobs/new/nonsense?project={team.project.uid}").status_code == 404
    assert mine.get("/jobs/new/command?project=none").status_code == 404
    reader = make_person()
    member(reader, team.project, "read_only")
    for path in ("/jobs/new/command", "/jobs/new/cost"):
        assert browser(reader).get(f"{path}?project={team.project.uid}").status_code == 404
    assert Client().get("/jobs/new").status_code == 302


def test_running_again_with_changes(mine, team, memory):
    job = team.submit("python", "a b", environment={"A": "1"}, outputs=["x/*"], array_size=2)
    page = text_of(mine.get(f"/jobs/new/command?project={team.project.uid}&from={job.uid}"))
    for text in ("python 'a b'", "A=1", "x/*"):
        assert text in page
    assert '<details class="more" open>' in page


# Files


def test_files_page(mine, team):
    url = f"/projects/{team.project.uid}/files/"
    assert "This folder is empty" in text_of(mine.get(url))
    put(team, "data/訓練 100%?#.csv", b"x" * 2048)
    put(team, "data/pic.png")
    put(team, "data/deep/x")
    (workspaces.root_of(team.project) / "data" / "link").symlink_to("/etc/passwd")
    (workspaces.root_of(team.project) / "data" / "bad\nname").write_text("x")
    assert mine.get(f"{url}data").headers["Location"] == f"{url}data/"
    page = text_of(mine.get(f"{url}data/"))
    for text in ("訓練 100%?#.csv", "2.0 KiB", "deep/", "links are not followed", "not an ordinary file", "Upload"):
        assert text in page
    found = re.search(r'href="([^"]*100%25[^"]*)"', mine.get(f"{url}data/").content.decode())
    assert b"".join(mine.get(found[1]).streaming_content) == b"x" * 2048
    assert mine.get(f"{url}data/link").status_code == 404
    assert mine.get(f"{url}none").status_code == 404
    assert mine.get(f"{url}..%2Fx").status_code == 422


def test_uploading_several_files(mine, team, settings):
    url = f"/projects/{team.project.uid}/"
    settings.MAX_UPLOAD_BYTES = 100
    given = [
        SimpleUploadedFile("一.txt", b"1"),
        SimpleUploadedFile("two.txt", b"2"),
        SimpleUploadedFile("large", b"x" * 101),
    ]
    page = text_of(mine.post(f"{url}upload", {"folder": "data", "files": given}, follow=True))
    assert "2 files are uploaded" in page
    assert "large: One file may have at most" in page
    assert [item.name for item in workspaces.list_folder(team.project, "data").items] == ["two.txt", "一.txt"]
    one = {"folder": "", "files": [SimpleUploadedFile("a", b"1")]}
    assert "“a” is uploaded" in text_of(mine.post(f"{url}upload", one, follow=True))
    assert "Choose one or more files" in text_of(mine.post(f"{url}upload", {"folder": ""}), 422)


def test_folders_renaming_and_deleting(mine, team):
    url = f"/projects/{team.project.uid}/"
    assert (
        mine.post(f"{url}new-folder", {"folder": "", "name": "資料"})
        .headers["Location"]
        .endswith("/%E8%B3%87%E6%96%99/")
    )
    assert "there already" in text_of(mine.post(f"{url}new-folder", {"folder": "", "name": "資料"}), 422)
    assert "Give the folder a name" in text_of(mine.post(f"{url}new-folder", {"folder": "", "name": ""}), 422)
    put(team, "資料/a.txt")
    page = text_of(mine.get(f"{url}change/資料/a.txt"))
    assert "Delete this file" in page
    assert "It is called “b.txt” now" in text_of(mine.post(f"{url}change/資料/a.txt", {"to": "b.txt"}, follow=True))
    assert "no such file" in text_of(mine.get(f"{url}change/資料/a.txt"), 404)
    assert "there already" in text_of(mine.post(f"{url}change/b.txt", {"to": "資料"}), 422)
    put(team, "資料/c")
    assert "It holds 1 file" in text_of(mine.get(f"{url}change/資料"))
    assert "Type the folder's name" in text_of(mine.post(f"{url}delete/資料", {"confirm_name": "x"}, follow=True))
    assert workspaces.exists(team.project, "資料/c")
    assert "is deleted" in text_of(mine.post(f"{url}delete/資料", {"confirm_name": "資料"}, follow=True))
    assert "is deleted" in text_of(mine.post(f"{url}delete/b.txt", follow=True))
    assert workspaces.list_folder(team.project).items == ()


def test_who_may_read_and_write_files(mine, team, browser, make_person, member, make_team):
    put(team, "a.txt")
    url = f"/projects/{team.project.uid}/"
    reader = make_person()
    member(reader, team.project, "read_only")
    reading = browser(reader)
    page = text_of(reading.get(f"{url}files/"))
    assert "a.txt" in page
    assert "Upload files" not in page
    assert "uploads and what its jobs write" in text_of(reading.get(f"{url}files/")) or page
    strangers = [browser(make_team().person), browser(make_person("operator"))]
    for client in strangers:
        assert client.get(f"{url}files/").status_code == 404
        assert client.get(f"{url}files/a.txt").status_code == 404
    for client in (*strangers, reading):
        for path in ("upload", "new-folder", "delete/a.txt", "change/a.txt"):
            assert client.post(f"{url}{path}").status_code == 404
    assert workspaces.exists(team.project, "a.txt")


def test_what_a_job_wrote_is_shown_in_a_sandbox(mine, team):
    url = f"/projects/{team.project.uid}/files/"
    script = b"<script>alert(1)</script>"
    contents = {"x.svg": b"<svg>" + script, "doc.pdf": b"%PDF-1.7 " + script}
    for name in ("report.html", "x.svg", "a.txt", "m.bin", "doc.pdf", "run.js"):
        put(team, name, contents.get(name, script))
    seen = {}
    for name in ("report.html", "x.svg", "a.txt", "m.bin", "doc.pdf", "run.js"):
        answer = mine.get(f"{url}{name}")
        drain(answer)
        assert answer["X-Content-Type-Options"] == "nosniff"
        policy = answer["Content-Security-Policy"]
        assert "allow-scripts" not in policy
        assert "sandbox" in policy or name == "doc.pdf"
        seen[name] = (answer["Content-Type"], answer["Content-Disposition"].split(";")[0])
    assert seen == {
        "report.html": ("text/html; charset=utf-8", "inline"),
        "x.svg": ("image/svg+xml", "inline"),
        "a.txt": ("text/plain; charset=utf-8", "inline"),
        "m.bin": ("application/octet-stream", "attachment"),
        "doc.pdf": ("application/pdf", "inline"),
        "run.js": ("application/octet-stream", "attachment"),
    }
    saved = mine.get(f"{url}report.html?download")
    assert saved["Content-Disposition"] == "attachment; filename=\"report.html\"; filename*=UTF-8''report.html"
    drain(saved)


def test_parts_of_a_file_and_what_has_not_changed(mine, team):
    put(team, "video.mp4", bytes(range(256)) * 4096)
    url = f"/projects/{team.project.uid}/files/video.mp4"
    whole = mine.get(url)
    assert int(whole["Content-Length"]) == len(b"".join(whole.streaming_content)) == 1_048_576
    same = mine.get(url, headers={"If-None-Match": whole["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    for asked, status, length, told in [
        ("bytes=0-0", 206, 1, "bytes 0-0/1048576"),
        ("bytes=1048570-", 206, 6, "bytes 1048570-1048575/1048576"),
        ("bytes=-10", 206, 10, "bytes 1048566-1048575/1048576"),
        ("bytes=5-99999999", 206, 1_048_571, "bytes 5-1048575/1048576"),
        ("bytes=0-1,5-6", 200, 1_048_576, None),
        ("bytes=-", 200, 1_048_576, None),
        ("items=0-1", 200, 1_048_576, None),
    ]:
        part = mine.get(url, headers={"Range": asked})
        assert (part.status_code, part.get("Content-Range")) == (status, told), asked
        assert len(b"".join(part.streaming_content)) == length
    beyond = mine.get(url, headers={"Range": "bytes=1048576-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, "bytes */1048576")
    stale = mine.get(url, headers={"Range": "bytes=0-0", "If-Range": '"old"'})
    assert stale.status_code == 200
    drain(stale)
    head = mine.head(url)
    assert (head["Content-Length"], b"".join(head.streaming_content)) == ("1048576", b"")


def test_names_of_any_script_in_a_download(mine, team):
    put(team, '結果 "a"; b.bin')
    answer = mine.get(f'/projects/{team.project.uid}/files/結果 "a"; b.bin')
    assert answer["Content-Disposition"] == (
        "attachment; filename=\"__ _a__ b.bin\"; filename*=UTF-8''%E7%B5%90%E6%9E%9C%20%22a%22%3B%20b.bin"
    )
    drain(answer)


def test_a_folder_as_zip(mine, team):
    put(team, "d/a")
    answer = mine.get(f"/projects/{team.project.uid}/files/d?zip")
    assert b"".join(answer.streaming_content).startswith(b"PK")
    assert 'filename="d.zip"' in answer["Content-Disposition"]
    assert Membership.objects.exists()


def test_the_same_job_for_a_terminal(mine, team, memory):
    template = team.submit(
        template="digits-classifier", parameters={"epochs": "3"}, time_limit_ms=None, environment={"A": "b c"}
    )
    page = text_of(mine.get(f"/jobs/{template.uid}/"))
    assert "--template digits-classifier --param epochs=3" in page
    assert "--env 'A=b c'" in page
    put(team, "in/x")
    command = team.submit("x", "-y", inputs=["in/x"], outputs=["out/*"], workdir="in", array_size=2)
    page = text_of(mine.get(f"/jobs/{command.uid}/"))
    assert "--memory 2048MB --array 2 --input in/x --output 'out/*' --workdir in -- x -y" in page
