"""The API of jobs and files, called as a client calls it."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.test import AsyncClient, Client

from aisc.jobs import actions, tasks, workspaces
from aisc.jobs.engines.base import State
from aisc.jobs.models import Job
from aisc.ledger.models import Hold

HOUR = 3_600_000


@pytest.fixture
def api(db):
    """``api(person)``: a client of the API with that person's session."""

    class Api:
        def __init__(self, person):
            self.client = Client()
            if person:
                self.client.force_login(person)

        def __call__(self, method, path, body=None, *, raw=None, **headers):
            data = raw if raw is not None else ("" if body is None else json.dumps(body))
            kind = "application/octet-stream" if raw is not None else "application/json"
            return self.client.generic(method, f"/api/v1{path}", data, content_type=kind, headers=headers)

    return Api


@pytest.fixture
def mine(api, team, memory):
    return api(team.person)


def body(team, **asked):
    return {
        "project": team.project.uid,
        "budget": team.budget.uid,
        "name": "訓練",
        "command": ["python", "x.py"],
        "accelerator": "h800",
        "time_limit": "1h",
    } | asked


def test_templates(mine):
    items = mine("GET", "/templates").json()["items"]
    digits = next(item for item in items if item["code"] == "digits-classifier")
    assert (digits["accelerator"], digits["time_limit_ms"]) == ("cpu", 600_000)
    assert next(each for each in digits["parameters"] if each["name"] == "language")["choices"] == [
        "en",
        "zh-hant",
        "zh-hans",
    ]
    chinese = mine("GET", "/templates", **{"Accept-Language": "zh-Hant"}).json()["items"]
    assert next(item for item in chinese if item["code"] == "digits-classifier")["name"].startswith("手寫")


def test_submit_look_and_end(mine, team, memory, cluster):
    answer = mine("POST", "/jobs", body(team, environment={"A": "1"}, array_size=2))
    assert answer.status_code == 201, answer.content
    job = answer.json()
    assert (job["state"], job["cost"]["held_cents"], job["cost"]["list_cents"]) == ("held", 4000, 0)
    assert (job["environment"], job["run_states"], job["after"]) == ({"A": "1"}, {"held": 2}, [])
    assert "about to be given" in job["reason"]
    tasks.run_engines()
    ref = f"{job['uid']}-0"
    memory.start(ref)
    memory.progress[ref] = type("P", (), {"done": 3, "total": 10, "message": "epoch 3"})
    tasks.run_engines()
    found = mine("GET", f"/jobs/{job['uid']}").json()
    assert (found["state"], found["progress"]) == ("running", {"done": 3, "total": 10, "message": "epoch 3"})
    memory.finish(ref, elapsed_ms=HOUR // 2)
    tasks.run_engines()
    runs = mine("GET", f"/jobs/{job['uid']}/runs").json()["items"]
    assert [(run["index"], run["state"], run["charged_cents"]) for run in runs] == [
        (0, "completed", 1000),
        (1, "queued", 0),
    ]
    assert (runs[1]["position"], runs[0]["elapsed_ms"]) == (1, HOUR // 2)
    first = mine("GET", f"/jobs/{job['uid']}/runs?limit=1").json()
    second = mine("GET", f"/jobs/{job['uid']}/runs?limit=1&cursor={first['next']}").json()
    assert [each["items"][0]["index"] for each in (first, second)] == [0, 1]
    assert len(mine("GET", f"/jobs/{job['uid']}/runs?state=ended").json()["items"]) == 1


def test_the_list_and_its_filters(mine, team, memory, api, make_team):
    one = team.submit("x", name="one")
    two = team.submit("x", name="two")
    make_team().submit("x", name="stranger's")
    names = lambda query="": [job["name"] for job in mine("GET", f"/jobs{query}").json()["items"]]  # noqa: E731
    assert names() == ["two", "one"]
    assert names("?q=on") == ["one"]
    assert names(f"?q={two.uid}") == ["two"]
    assert names("?state=active") == ["two", "one"]
    assert names("?state=completed") == []
    assert names("?state=nonsense") == []
    assert names(f"?project={team.project.uid}&budget={team.budget.uid}&mine=true") == ["two", "one"]
    first = mine("GET", "/jobs?limit=1").json()
    assert [job["name"] for job in mine("GET", f"/jobs?cursor={first['next']}").json()["items"]] == ["one"]
    assert one.uid


def test_the_list_asks_the_database_a_constant_number_of_times(mine, team, memory, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert mine("GET", "/jobs").status_code == 200
        return len(captured)

    team.submit("x")
    few = count()
    for _ in range(5):
        team.submit("x", array_size=3)
    assert count() == few


def test_an_etag_saves_sending_the_same_again(mine, team, memory):
    job = team.submit("x")
    first = mine("GET", f"/jobs/{job.uid}")
    again = mine("GET", f"/jobs/{job.uid}", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    actions.annotate_job(team.actor, job=job, note="changed")
    assert mine("GET", f"/jobs/{job.uid}", **{"If-None-Match": first["ETag"]}).status_code == 200


def test_the_same_request_twice_is_one_job(mine, team, memory):
    key = {"Idempotency-Key": "once"}
    answers = [mine("POST", "/jobs", body(team), **key) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["uid"] for answer in answers}) == 1
    assert (Job.objects.count(), Hold.objects.count()) == (1, 1)
    other = mine("POST", "/jobs", body(team, name="another"), **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.reused")


@pytest.mark.parametrize(
    ("status", "code", "field", "asked"),
    [
        (402, "budget.insufficient", None, {"array_size": 1000}),
        (422, "bad_input", "time_limit", {"time_limit": "soon"}),
        (422, "bad_input", "time_limit", {"time_limit": None}),
        (422, "bad_input", "inputs", {"inputs": ["missing"]}),
        (422, "bad_input", "budget", {"budget": "bud-nothing"}),
        (404, "not_found", None, {"project": "prj-nothing"}),
        (422, "bad_input", "body.command", {"command": "python x.py"}),
    ],
)
def test_refusals_change_nothing(mine, team, memory, status, code, field, asked):
    answer = mine("POST", "/jobs", body(team, **asked))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    if field:
        assert field in [each["field"] for each in answer.json()["errors"]]
    assert Job.objects.count() == Hold.objects.count() == 0


def test_cancel_retry_and_note(mine, team, memory, cluster):
    job = team.submit("x")
    assert mine("POST", f"/jobs/{job.uid}/retry").status_code == 409
    assert mine("POST", f"/jobs/{job.uid}/cancel").json()["cancel_asked"] is True
    tasks.run_engines()
    memory.finish(f"{job.uid}-0", State.CANCELLED)
    tasks.run_engines()
    assert mine("POST", f"/jobs/{job.uid}/cancel").status_code == 409
    again = mine("POST", f"/jobs/{job.uid}/retry")
    assert (again.status_code, again.json()["retry_of"]) == (201, job.uid)
    assert mine("PATCH", f"/jobs/{job.uid}", {"note": "why"}).json()["note"] == "why"


def test_strangers_see_nothing_and_the_centre_sees_no_contents(team, memory, api, make_team, make_person, cluster):
    job = team.submit("x", environment={"TOKEN": "secret"})
    memory.logs[f"{job.uid}-0"] = b"secret\n"
    paths = ["", "/log", "/events", "/runs", "/results"]
    stranger, nobody = api(make_team().person), api(None)
    for path in paths:
        assert stranger("GET", f"/jobs/{job.uid}{path}").status_code == 404
        assert nobody("GET", f"/jobs/{job.uid}{path}").status_code == 401
    assert stranger("POST", f"/jobs/{job.uid}/cancel").status_code == 404
    for path in ("", "/x"):
        assert stranger("GET", f"/projects/{team.project.uid}/files{path}").status_code == 404
        assert nobody("GET", f"/projects/{team.project.uid}/files{path}").status_code == 401
    assert stranger("PUT", f"/projects/{team.project.uid}/files/x", raw=b"x").status_code == 404
    for role in ("operator", "auditor", "finance"):
        overseer = api(make_person(role))
        seen = overseer("GET", f"/jobs/{job.uid}").json()
        assert (seen["environment"], seen["progress"]) == ({"TOKEN": None}, None)
        assert overseer("GET", f"/jobs/{job.uid}/runs").status_code == 200
        for path in ("/log", "/events", "/results"):
            assert overseer("GET", f"/jobs/{job.uid}{path}").status_code == 404
        assert overseer("GET", f"/projects/{team.project.uid}/files").status_code == 404
    reader = make_person()
    from aisc.core import clock
    from aisc.people.models import Membership

    Membership.objects.create(
        person=reader,
        organisation=team.organisation,
        project=team.project,
        role="read_only",
        created_at=clock.now(),
    )
    reading = api(reader)
    assert reading("GET", f"/jobs/{job.uid}/log").json()["text"] == "secret\n"
    for method, path in [("PUT", "files/x"), ("DELETE", "files/x")]:
        assert reading(method, f"/projects/{team.project.uid}/{path}", raw=b"x").status_code == 404
    assert reading("POST", f"/jobs/{job.uid}/cancel").status_code in (403, 404)


# Logs


def test_the_log_by_offset(mine, team, memory, cluster):
    job = team.submit("x")
    ref = f"{job.uid}-0"
    memory.logs[ref] = "一二\n三".encode() + b"\xff\n"
    text, offset = "", 0
    for _ in range(20):
        piece = mine("GET", f"/jobs/{job.uid}/log?offset={offset}&limit=4").json()
        assert not piece["ended"]
        text, offset = text + piece["text"], piece["next_offset"]
    assert text == "一二\n三\ufffd\n"
    tasks.run_engines()
    memory.finish(ref, elapsed_ms=1)
    tasks.run_engines()
    assert mine("GET", f"/jobs/{job.uid}/log?offset={offset}").json() == {
        "text": "",
        "next_offset": offset,
        "ended": True,
    }
    assert mine("GET", f"/jobs/{job.uid}/log?run=7").status_code == 404
    assert mine("GET", f"/jobs/{job.uid}/log?offset=-1").status_code == 422
    memory.away.add("read_log")
    away = mine("GET", f"/jobs/{job.uid}/log")
    assert (away.status_code, away["Retry-After"]) == (503, "30")


@pytest.mark.django_db(transaction=True)
def test_events_over_asgi(team, memory, cluster):
    import asyncio

    job = team.submit("x")
    ref = f"{job.uid}-0"
    tasks.run_engines()
    memory.logs[ref] = "一\n<b>\n".encode()
    memory.finish(ref, elapsed_ms=1)
    tasks.run_engines()
    client = AsyncClient()
    client.force_login(team.person)

    async def read(**headers):
        answer = await client.get(f"/api/v1/jobs/{job.uid}/events", headers=headers)
        assert answer["Content-Type"] == "text/event-stream"
        return b"".join([piece async for piece in answer.streaming_content]).decode()

    async def both():
        return await read(), await read(**{"Last-Event-ID": "4"}), await read(**{"Last-Event-ID": "x"})

    everything, rest, nonsense = asyncio.run(both())
    assert everything == "retry: 1000\n\nid: 8\ndata: 一\ndata: <b>\n\nevent: end\nid: 8\ndata: Ended\n\n"
    assert rest == "retry: 1000\n\nid: 8\ndata: <b>\n\nevent: end\nid: 8\ndata: Ended\n\n"
    assert nonsense == everything


# Files


def test_upload_list_download_delete(mine, team):
    files = f"/projects/{team.project.uid}/files"
    made = mine("PUT", f"{files}/data/訓練 1.csv", raw=b"a,b\n")
    assert (made.status_code, made.json()["bytes"]) == (201, 4)
    assert mine("PUT", f"{files}/data/訓練 1.csv", raw=b"newer").json()["bytes"] == 5
    assert mine("POST", f"/projects/{team.project.uid}/folders", {"path": "empty"}).status_code == 201
    root = mine("GET", files).json()
    assert [(item["name"], item["kind"]) for item in root["items"]] == [("data", "folder"), ("empty", "folder")]
    assert root["used_bytes"] == 5
    assert mine("GET", f"{files}/data").json()["items"][0]["path"] == "data/訓練 1.csv"
    answer = mine("GET", f"{files}/data/訓練 1.csv")
    assert b"".join(answer.streaming_content) == b"newer"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    moved = mine("POST", f"/projects/{team.project.uid}/renames", {"path": "data/訓練 1.csv", "to": "data/b"})
    assert moved.json()["path"] == "data/b"
    refused = mine("DELETE", f"{files}/data")
    assert refused.status_code == 409
    assert mine("DELETE", f"{files}/empty").status_code == 204
    assert mine("DELETE", f"{files}/data?recursive=true").status_code == 204
    assert mine("GET", files).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("../x", 422), ("a/../../x", 422), ("a%00b", 422), ("x" * 256, 422), ("%FF", 201), ("a%07b", 422)],
)
def test_paths_that_lead_out_or_cannot_be_seen(mine, team, path, status):
    # Sent as it stands: a client may send what a browser would tidy up.
    answer = mine("PUT", f"/projects/{team.project.uid}/files/{path}", raw=b"x")
    assert answer.status_code == status, answer.content


def test_what_is_too_large_is_refused_and_leaves_nothing(mine, team, settings):
    settings.MAX_UPLOAD_BYTES = 10
    answer = mine("PUT", f"/projects/{team.project.uid}/files/x", raw=b"x" * 11)
    assert (answer.status_code, answer.json()["code"]) == (413, "file.too_large")
    assert not workspaces.exists(team.project, "x")


def test_a_folder_as_zip(mine, team):
    for path, data in [("d/a.txt", b"a"), ("d/深/b.txt", b"b" * 600_000), ("other", b"")]:
        mine("PUT", f"/projects/{team.project.uid}/files/{path}", raw=data)
    answer = mine("GET", f"/projects/{team.project.uid}/files/d?archive=true")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.txt", "深/b.txt"]
        assert archive.read("深/b.txt") == b"b" * 600_000


def test_results(mine, team, memory):
    job = team.submit("x", outputs=["figures/*.png"])
    for path in (f"results/{job.uid}/report.html", "figures/a.png", "figures/b.txt", "results/other/x"):
        workspaces.place(team.project, path, workspaces.receive(team.project, [b"x"]))
    items = mine("GET", f"/jobs/{job.uid}/results").json()["items"]
    assert [(item["file"]["path"], item["media_type"]) for item in items] == [
        ("figures/a.png", "image/png"),
        (f"results/{job.uid}/report.html", "text/html; charset=utf-8"),
    ]
    assert b"".join(mine("GET", items[0]["url"].removeprefix("/api/v1")).streaming_content) == b"x"


def test_results_of_a_template_have_their_names(mine, team, memory):
    answer = mine(
        "POST", "/jobs", body(team, command=None, template="digits-classifier", accelerator="", time_limit=None)
    )
    uid = answer.json()["uid"]
    workspaces.place(team.project, f"results/{uid}/report.html", workspaces.receive(team.project, [b"x"]))
    (item,) = mine("GET", f"/jobs/{uid}/results").json()["items"]
    assert (item["label"], item["main"]) == ("Report", True)
    Job.objects.filter(uid=uid).update(parameters={"gone": "x"})
    (item,) = mine("GET", f"/jobs/{uid}/results").json()["items"]
    assert (item["label"], item["main"]) == ("", False)
