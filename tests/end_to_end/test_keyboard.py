"""The whole way by keyboard alone: sign in, apply, run a job, read the statement, sign out."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from keyboard import Keys
from whole_centre import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def keys(page, centre) -> Keys:
    """Somebody who has just signed in as the demonstration's applicant, without a mouse."""
    at_work = Keys(page)
    page.goto("/")
    at_work.follow("Sign in")
    at_work.fill_in({"login": centre.sign_ins["applicant"], "password": PASSWORD}, "Sign in")
    page.wait_for_url("**/home")
    return at_work


def apply(keys: Keys) -> None:
    """An application from the call's page to the confirmation that says what happens next."""
    today = datetime.now(ZoneInfo("Asia/Hong_Kong")).date().isoformat()
    answers = {
        "team-0-name": "陳家欣",
        "team-0-role": "Lead",
        "team-0-email": "applicant@example.org",
        "name_en": "Counting birds by keyboard",
        "name_zh": "以鍵盤點算雀鳥",
        "summary_en": "A model that counts birds in pictures of the marshes.",
        "summary_zh": "從濕地照片點算雀鳥的模型。",
        "resources-0-accelerator": "CPU",
        "resources-0-count": "2",
        "resources-0-months": "3",
        "starts_on": today,
        "justification": "One run was measured at three core-hours.",
        "other_funding": "no",
    }
    page = keys.page
    page.goto("/scheme/")
    keys.follow("Open call for AI computing")
    keys.follow("Apply")
    keys.fill_in({}, "Start the application")
    keys.follow("Organisation")
    for _section in range(10):
        if page.url.endswith("/check"):
            break
        keys.fill_in(answers, "Save and continue")
    keys.fill_in({"declared": "yes"}, "Submit the application")
    assert page.url.endswith("/submitted"), page.locator("main").inner_text()
    assert "Counting birds by keyboard" in page.locator("main").inner_text()


def run_a_job(keys: Keys) -> None:
    """From home to a template's results, with the cost read before anything starts."""
    page = keys.page
    page.goto("/home")
    keys.follow("Run a job")
    keys.follow("Photographs.*")
    keys.fill_in({"name": "By keyboard"}, "Check your answers and the cost")
    assert "What it can cost at most" in page.locator("main").inner_text()
    keys.follow("Hold the money and run it")
    page.wait_for_url(re.compile(r"/jobs/job-[^/]+/"))
    # The state is said aloud as it changes, without the page being loaded again.
    page.locator(".badge--success").first.wait_for(timeout=90_000)
    keys.to("Log")
    assert keys.focused()["tag"] == "pre"


def read_the_statement(keys: Keys) -> None:
    page = keys.page
    keys.follow("Budgets")
    keys.follow("AW-.*Robots that sort harbour waste")
    keys.follow("Statements")
    keys.follow("Interim statement")
    assert "HK$" in page.locator("main").inner_text()


def sign_out(keys: Keys) -> None:
    keys.page.goto("/home")
    keys.to("Your account.*")
    keys.press("Enter")
    keys.press("Escape")
    assert keys.focused()["tag"] == "summary"  # Escape closes the menu and stays where it was opened
    keys.press("Enter")
    keys.follow("Sign out")
    keys.page.wait_for_url(re.compile(r"/$"))
    assert keys.page.get_by_role("link", name="Sign in").first.is_visible()


def test_from_sign_in_to_sign_out_without_a_mouse(keys):
    apply(keys)
    run_a_job(keys)
    read_the_statement(keys)
    sign_out(keys)


def test_a_mistake_is_said_first_and_leads_to_its_field(keys):
    page = keys.page
    page.goto("/organisations/new")
    keys.fill_in({}, "Register it")
    assert page.title().startswith("Error:")
    keys.to("(?s).*(Give|Choose|Write|required|name).*")
    keys.press("Enter")
    assert keys.focused()["tag"] in {"input", "select", "textarea"}


def test_a_dialog_keeps_the_focus_and_gives_it_back(keys):
    page = keys.page
    page.goto("/components/")
    opener = page.locator("details[data-confirm] > summary").first.inner_text().strip()
    keys.to(re.escape(opener))
    keys.press("Enter")
    assert page.locator("dialog[open]").is_visible()
    inside = "() => Boolean(document.activeElement.closest('dialog[open]'))"
    for _press in range(6):
        assert page.evaluate(inside) or keys.focused()["end"]
        keys.press("Tab")
    keys.press("Escape")
    assert not page.locator("dialog[open]").count()
    assert keys.focused()["name"] == opener
