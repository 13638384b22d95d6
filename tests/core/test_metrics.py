"""``/metrics``: who may read it, what it says, and that it says it for every process."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families as parse

from aisc.core import metric_files
from aisc.people.models import CentreRole


def read(client, secret: str) -> dict[tuple[str, frozenset], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = [sample for family in parse(answer.content.decode()) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


@pytest.fixture
def secret(make_person, acting):
    from aisc.core import clock
    from aisc.people.actions import issue_token

    operator = make_person("operator@example.org")
    CentreRole.objects.create(person=operator, role=CentreRole.Role.OPERATOR, granted_at=clock.now())
    return issue_token(acting(operator), name="prometheus", scopes=["read"], days=30)[1]


def test_strangers_get_nothing(client, db, make_person):
    for headers in ({}, {"Authorization": "Bearer aisc_nothing"}, {"Authorization": "Basic eDp5"}):
        answer = client.get("/metrics", headers=headers)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    client.force_login(make_person("somebody@example.org"))
    assert client.get("/metrics").status_code == 403


def test_the_figures_agree_with_the_centre(client, secret, make_organisation, make_project, make_budget):
    budget = make_budget(make_project(make_organisation()))
    client.get("/prices/")
    found = read(client, secret)
    assert found["aisc_ready", frozenset({("part", "database")})] == 1
    money = {("currency", budget.currency)}
    assert found["aisc_budget_cents", frozenset(money | {("what", "released")})] == budget.released
    assert found["aisc_charged_cents", frozenset(money | {("payer", "scheme")})] == 0
    assert found["aisc_runs", frozenset({("state", "running")})] == 0
    assert found["aisc_usage_unattributed", frozenset()] == 0
    labels = frozenset({("method", "GET"), ("route", "/prices/"), ("status", "200")})
    assert found["aisc_http_requests_total", labels] >= 1


def test_a_code_in_an_address_is_no_label(client, secret):
    client.get("/verify/abcd-very-secret")
    names = {value for _name, labels in read(client, secret) for _label, value in labels}
    assert "/verify/<str:code>" in names
    assert not any("very-secret" in value for value in names)


def test_the_number_of_queries_does_not_grow(client, secret, make_organisation, make_project, make_budget):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(client, secret)
        return len(captured)

    make_budget(make_project(make_organisation()))
    queries()  # the first notes that the token was used
    few = queries()
    for _more in range(5):
        make_budget(make_project(make_organisation()))
    assert queries() == few


COUNT = """
import sys
from pathlib import Path
from aisc.core import metric_files
metric_files.keep_in(Path(sys.argv[1]))
import django
django.setup()
from aisc.core import metrics
metrics.TASK_FAILURES.labels(sys.argv[2]).inc(3)
print(metrics.counted().decode(), flush=True)
sys.stdin.read()
"""


def test_one_process_answers_for_all(tmp_path):
    """A second process tells what the first counted; files of processes that are gone are dropped at the next start."""
    folder = tmp_path / "metrics"
    run = [sys.executable, "-c", COUNT, str(folder)]
    with subprocess.Popen([*run, "first"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        while 'task="first"' not in first.stdout.readline():
            assert first.poll() is None
        second = subprocess.run([*run, "second"], input="", capture_output=True, text=True, check=True)
        for task in ("first", "second"):
            assert f'aisc_task_failures_total{{task="{task}"}} 3.0' in second.stdout
    third = subprocess.run([*run, "third"], input="", capture_output=True, text=True, check=True)
    assert 'task="third"' in third.stdout
    assert 'task="first"' not in third.stdout


def test_without_room_for_the_files_counters_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    in_the_way = tmp_path / "metrics"
    in_the_way.write_text("not a folder")
    metric_files.keep_in(in_the_way)
    assert "PROMETHEUS_MULTIPROC_DIR" not in metric_files.os.environ
