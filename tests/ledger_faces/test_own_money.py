"""An organisation asks for a budget of its own money: a question a page, answers kept, checked, sent once."""

from __future__ import annotations

import pytest

from aisc.ledger.models import Budget
from aisc.people.models import Notice

MONEY = {"name": "Own funds 2026", "ceiling": "12,345.60", "reference": "PO-8812"}
DATES = {"starts_on": "2026-07-01", "ends_on": "2027-06-30"}


@pytest.fixture
def client(place, prices, browser):
    return browser(place.finance)


def fill(client, place, **changes) -> None:
    for step, answers in {"project": {"project": place.project.uid}, "money": MONEY, "dates": DATES}.items():
        given = {name: changes.get(name, value) for name, value in answers.items()}
        assert client.post(f"/budgets/new/{step}", given).status_code == 302


def test_from_the_first_question_to_the_budget(place, client):
    assert client.get("/budgets/new")["Location"] == "/budgets/new/project"
    html = client.get("/budgets/new/project").content.decode()
    assert "Cantonese speech – Example University" in html
    answer = client.post("/budgets/new/project", {"project": place.project.uid})
    assert answer["Location"] == "/budgets/new/money"
    assert "Step 2 of 3" in client.get("/budgets/new/money").content.decode()
    assert client.post("/budgets/new/money", MONEY)["Location"] == "/budgets/new/dates"
    assert client.post("/budgets/new/dates", DATES)["Location"] == "/budgets/new/check"
    html = client.get("/budgets/new/check").content.decode()
    for words in ("Cantonese speech", "Own funds 2026", "HK$12,345.60", "PO-8812", "1 July 2026", "30 June 2027"):
        assert words in html, words
    answer = client.post("/budgets/new/check", follow=True)
    budget = Budget.objects.get()
    assert answer.redirect_chain == [(f"/budgets/{budget.uid}/", 302)]
    assert "releasing up to HK$12,345.60" in answer.content.decode()
    assert (budget.source, budget.scheme_bps, budget.ceiling, budget.released) == ("own", 0, 1_234_560, 0)
    assert (budget.name, budget.reference, budget.project) == ("Own funds 2026", "PO-8812", place.project)
    assert Notice.objects.filter(person=place.officer).count() == 1


def test_sent_twice_it_is_one_budget(place, client):
    fill(client, place)
    client.post("/budgets/new/check")
    assert client.post("/budgets/new/check")["Location"] == "/budgets/new/project"  # the answers are used up
    assert Budget.objects.count() == 1


def test_answers_stay_and_a_changed_one_leads_back_to_the_check(place, client):
    fill(client, place)
    assert 'value="12,345.60"' in client.get("/budgets/new/money").content.decode()
    assert "/budgets/new/money?back=check" in client.get("/budgets/new/check").content.decode()
    answer = client.post("/budgets/new/money?back=check", MONEY | {"name": "Other"})
    assert answer["Location"] == "/budgets/new/check"
    assert "Other" in client.get("/budgets/new/check").content.decode()


def test_the_link_of_a_project_answers_the_first_question(place, client):
    client.get(f"/budgets/new?project={place.project.uid}")
    html = client.get("/budgets/new/project").content.decode()
    assert "checked" in html


@pytest.mark.parametrize(
    ("step", "typed", "words"),
    [
        ("project", {}, "Choose a project"),
        ("project", {"project": "prj-000000000000"}, "Select a valid choice"),
        ("money", MONEY | {"name": ""}, "This field is required"),
        ("money", MONEY | {"ceiling": "a lot"}, "Write an amount"),
        ("money", MONEY | {"reference": "x" * 65}, "at most 64 characters"),
        ("dates", DATES | {"ends_on": "2026-06-30"}, "must not be before the first day"),
        ("dates", DATES | {"starts_on": "1/7/26"}, "Enter a valid date"),
        ("dates", {}, "This field is required"),
    ],
)
def test_an_answer_that_cannot_be_used(client, step, typed, words):
    answer = client.post(f"/budgets/new/{step}", typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_one_cannot_ask_for_a_project_of_others(place, client):
    assert client.post("/budgets/new/project", {"project": place.elsewhere.uid}).status_code == 422
    fill(client, place)
    session = client.session
    session["ledger.own_money"] |= {"project": place.elsewhere.uid}
    session.save()
    assert client.post("/budgets/new/check")["Location"] == "/budgets/new/project"
    assert Budget.objects.count() == 0


def test_what_the_action_refuses_is_shown_on_the_check_page(place, client):
    fill(client, place, ceiling="0")
    answer = client.post("/budgets/new/check")
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert Budget.objects.count() == 0


def test_steps_that_do_not_exist_and_questions_left_out(client):
    assert client.get("/budgets/new/rubbish").status_code == 404
    assert client.get("/budgets/new/check")["Location"] == "/budgets/new/project"
