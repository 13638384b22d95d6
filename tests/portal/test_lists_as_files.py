"""Every list that has a file: the same rows that the reader sees, no others."""

from __future__ import annotations

import csv
import io

import pytest


@pytest.fixture
def rows(client):
    """``rows(person, path)``: the lines of a list's file, by the names of its columns."""

    def read(person, path: str) -> list[dict[str, str]]:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(path)
        assert answer.headers["Content-Type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.content.decode().removeprefix("\ufeff"))))

    return read


def test_budgets(rows, make_person, make_organisation, make_project, make_budget, member):
    mine, other = make_person(), make_person()
    organisation = make_organisation()
    member(mine, organisation, "owner")
    member(other, make_organisation(), "owner")
    budget = make_budget(make_project(organisation), released=1234_56, name="=SUM(A1)")
    [line] = rows(mine, "/budgets/?csv=1")
    assert (line["uid"], line["name"], line["released_cents"]) == (budget.uid, "'=SUM(A1)", "123456")
    assert rows(mine, "/budgets/?q=nothing+like+it&csv=1") == []
    assert rows(other, "/budgets/?csv=1") == []


def test_jobs_and_applications_of_nobody_are_empty_files(rows, make_person):
    person = make_person()
    assert rows(person, "/jobs/?csv=1") == []
    assert rows(person, "/applications/?csv=1") == []
