"""With script switched off: sign in, change the language, run a job, read its log, sign out."""

from __future__ import annotations

import re
import time

import pytest
from whole_centre import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(browser, centre):
    """A page of a browser that runs no script."""
    context = browser.new_context(base_url=centre.url, locale="en-GB", java_script_enabled=False)
    yield context.new_page()
    context.close()


def wait_for(page, text: str, most_s: float = 90) -> None:
    """Load the page again until it says ``text``, as somebody without script does."""
    end = time.monotonic() + most_s
    while text not in page.locator("main").inner_text():
        assert time.monotonic() < end, f"{page.url} never said {text!r}"
        page.wait_for_timeout(500)
        page.reload()


def test_a_job_from_sign_in_to_its_log(plain, centre):
    page = plain
    page.goto("/accounts/login/")
    page.fill("input[name=login]", centre.sign_ins["researcher"])
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/home")
    # The menu and the way to every room are there without script.
    for name in ("Home", "Projects", "Jobs", "Budgets", "Applications"):
        assert page.locator("#site-nav").get_by_role("link", name=name, exact=True).is_visible()
    page.get_by_role("link", name="Run a job").click()
    page.get_by_role("link", name=re.compile("Your own command")).click()
    page.fill("input[name=name]", "Without script")
    page.fill("[name=command]", "echo read without script")
    page.get_by_role("button", name="Check your answers and the cost").click()
    assert "What it can cost at most" in page.locator("main").inner_text()
    page.get_by_role("button", name="Hold the money and run it").click()
    wait_for(page, "It ended by itself without an error.")
    assert "read without script" in page.locator("[data-log-text]").inner_text()
    page.get_by_role("link", name="The whole log as plain text").click()
    assert "read without script" in page.locator("body").inner_text()


def test_filters_languages_and_confirmations_need_no_script(plain, centre):
    page = plain
    page.goto("/accounts/login/")
    page.fill("input[name=login]", centre.sign_ins["applicant"])
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/home")
    page.goto("/jobs/")
    page.fill("main input[name=q]", "no job is called this")
    page.get_by_role("button", name="Filter").click()
    assert "No job matches" in page.locator("main").inner_text()
    # What would be a dialog opens in its place.
    page.goto("/components/")
    opener = page.locator("details[data-confirm] > summary").first
    opener.click()
    assert page.locator("details[data-confirm][open] .confirm__panel button[type=submit]").first.is_visible()
    # The choice is kept with the person, so it is taken back for the tests that come after.
    for language, tag in (("繁體中文", "zh-Hant-HK"), ("English", "en-HK")):
        page.get_by_role("button", name=language).click()
        assert page.locator("html").get_attribute("lang") == tag
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile(r"/$"))
