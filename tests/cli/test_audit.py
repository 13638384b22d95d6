"""``aisc audit``: proof and export on the centre's own machine; and what a command leaves in the log."""

import json

import pytest
import typer
from django.db import connection

from aisc.cli.operator import audit
from aisc.cli.operator import django as machine
from aisc.core import actions
from aisc.core.audit.prove import prove
from aisc.core.models import AuditEvent
from aisc.people.actions import set_shares


@pytest.fixture
def log(make_organisation, make_project, monkeypatch):
    monkeypatch.setattr(machine, "start", lambda: None)
    project = make_project(make_organisation())
    for number in (1, 2, 3):
        set_shares(actions.system("test"), project=project, shares=number, reason="x")


def test_the_proof_holds(log, capsys):
    audit.prove(limit=50)
    said = capsys.readouterr().out
    assert "Audit log: 3 rows looked at" in said
    assert "The chain holds" in said


def test_a_proof_that_does_not_hold_ends_with_one(log, capsys):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditevent SET reason = 'y' WHERE seq = 2")
    with pytest.raises(typer.Exit) as ended:
        audit.prove(limit=50)
    assert ended.value.exit_code == 1
    assert "Row 2:" in capsys.readouterr().out


def test_the_proof_for_programs(log, capsys, monkeypatch):
    monkeypatch.setattr(audit, "wants_json", lambda: True)
    audit.prove(limit=50)
    assert json.loads(capsys.readouterr().out) == prove().as_dict() | {
        "milliseconds": pytest.approx(0, abs=60_000),
    }


def test_the_export_is_the_whole_log(log, capsys):
    audit.export()
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["seq"], row["hash"]) for row in rows] == list(
        AuditEvent.objects.order_by("seq").values_list("seq", "hash")
    )


def test_a_command_is_named_without_what_was_typed_after_it(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    monkeypatch.setattr("sys.argv", ["aisc", "grant", "secret-word@example.org", "x"])
    assert machine._this_command() == "aisc grant (root)"

    def nobody():
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert machine._this_command().startswith("aisc grant (user ")
