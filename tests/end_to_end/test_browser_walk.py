"""The whole way in a real browser: sign-up, application, award, both templates, the statement of both payers."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.browser
OWN_PASSWORD = "harbour-lantern-42"
ADDRESS = "browser@example.net"


@pytest.fixture
def as_(browser, centre, sign_in):
    """``as_("committee")``: a page of a browser in which somebody of the demonstration is signed in."""
    contexts = []

    def open_page(who: str):
        context = browser.new_context(base_url=centre.url, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        sign_in(page, who)
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_up(page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign up", exact=True).click()
    page.fill("input[name=name]", "林小河 Lam Siu-ho")
    page.fill("input[name=email]", ADDRESS)
    page.fill("input[name=password1]", OWN_PASSWORD)
    page.get_by_label(re.compile("I have read and accept: Terms of use")).check()
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_selector("input[name=code]")
    outbox = page.context.new_page()
    outbox.goto("/outbox/")
    mail = outbox.locator("article", has_text=ADDRESS).first.inner_text()
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", mail).group()
    outbox.close()
    page.fill("input[name=code]", code)
    page.get_by_role("button", name=re.compile("Confirm")).click()
    page.wait_for_url("**/home")


def apply(page) -> str:
    """Register an organisation, fill in an application page by page, submit it; the application's address."""
    page.get_by_role("link", name="Register your organisation").click()
    page.fill("input[name=name_en]", "River Lab")
    page.fill("input[name=name_zh]", "小河實驗室")
    page.check("input[name=category][value=startup]")
    page.get_by_role("button", name="Register it").click()
    page.goto("/scheme/")
    page.get_by_role("link", name="Open call for AI computing").first.click()
    page.get_by_role("link", name=re.compile("Apply|Start")).first.click()
    go_on = page.get_by_role("button", name="Save and continue")
    today = datetime.now(ZoneInfo("Asia/Hong_Kong")).date().isoformat()
    fill = {
        "input[name=team-0-name]": "Lam Siu-ho",
        "input[name=team-0-role]": "Lead",
        "input[name=team-0-email]": ADDRESS,
        "input[name=name_en]": "Counting fish",
        "input[name=name_zh]": "點算魚群",
        "textarea[name=summary_en]": "A model that counts fish in river pictures.",
        "textarea[name=summary_zh]": "從河流照片點算魚群的模型。",
        "input[name=resources-0-count]": "2",
        "input[name=resources-0-months]": "3",
        "input[name=starts_on]": today,
        "textarea[name=justification]": "One run was measured at three core-hours.",
    }
    # One question group after the other, until everything is answered and the answers can be checked.
    for _ in range(12):
        if page.url.endswith("/check"):
            break
        for start in page.get_by_role("button", name=re.compile("^(Start|Begin)")).all()[:1]:
            start.click()
        if page.url.endswith("/form/"):
            page.locator("main a[href*='/form/']").first.click()
        for selector, value in fill.items():
            if page.locator(selector).count():
                page.fill(selector, value)
        if page.locator("select[name=resources-0-accelerator]").count():
            page.select_option("select[name=resources-0-accelerator]", "cpu")
        if page.locator("input[name=other_funding]").count():
            page.locator("input[name=other_funding]").last.check()
        go_on.click()
    page.check("input[name=declared]")
    page.get_by_role("button", name="Submit the application").click()
    page.wait_for_url("**/submitted")
    return page.url.removesuffix("submitted")


def decide(as_, application: str) -> None:
    secretariat = as_("secretariat")
    secretariat.goto(f"{application}assign")
    secretariat.check("input[name=assessor]")
    secretariat.get_by_role("button", name="Assign").click()
    secretariat.wait_for_url(application)
    assessor = as_("assessor")
    assessor.goto("/home")
    assessor.get_by_role("link", name="Write your review").first.wait_for()
    assessor.goto(f"{application}review")
    for field in assessor.locator("input[name^=score_]").all():
        field.fill("8")
    assessor.fill("textarea[name=comment]", "Sound and useful.")
    assessor.fill("input[name=recommended_bps]", "70")
    assessor.get_by_role("button", name="Send it to the committee").click()
    assessor.wait_for_url(application)
    committee = as_("committee")
    committee.goto(f"{application}decision")
    committee.check("input[name=outcome][value=approved]")
    committee.fill("input[name=scheme_bps]", "70")
    committee.fill("textarea[name=reasons]", "Useful for the rivers.")
    committee.get_by_role("button", name="Decide and send the letter").click()
    committee.wait_for_url(application)


def run_template(page, name: str) -> None:
    """Submit a template as it is, watch it to its end, and open its report."""
    page.goto("/jobs/new")
    page.get_by_role("link", name=re.compile(name)).first.click()
    page.get_by_role("button", name="Check your answers and the cost").click()
    page.locator("button[name=step][value=submit]").click()
    page.wait_for_url(re.compile(r"/jobs/job-[^/]+/"))
    page.locator(".badge--success").first.wait_for(timeout=90_000)
    page.reload()
    # The first of the results is what the template says matters most: its report.
    address = page.locator("main .actions a.button--primary").first.get_attribute("href")
    report = page.context.new_page()
    answer = report.goto(address)
    assert answer.status == 200
    assert "sandbox" in answer.headers["content-security-policy"]
    assert report.locator("img").count() > 0
    for picture in report.locator("img").all():
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    report.close()


def test_from_sign_up_to_the_statement(page, centre, as_):
    sign_up(page)
    application = apply(page)
    decide(as_, application)
    page.goto("/home")
    page.get_by_role("link", name="Accept your award").click()
    page.goto(f"{application}award")
    page.get_by_text("Accept the award").first.click()
    page.get_by_role("button", name="Accept the award").last.click()
    page.get_by_role("link", name="Budget", exact=True).first.wait_for()
    for name in ("Handwritten digits", "Photographs"):
        run_template(page, name)
    page.goto("/budgets/")
    page.get_by_role("link", name=re.compile("Counting fish")).first.click()
    page.get_by_role("link", name=re.compile("Statements")).first.click()
    page.goto(page.url.replace("statements/", "interim"))
    text = page.locator("main").inner_text()
    assert "HK$" in text
    assert "River Lab" in text
