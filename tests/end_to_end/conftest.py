"""A whole centre, started as a user starts it, and a real browser in front of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from whole_centre import PASSWORD, Centre, start_centre


def pytest_collection_modifyitems(items) -> None:
    """What walks the whole house says nothing about which line is tested, and takes twice as long while lines count."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def centre() -> Iterator[Centre]:
    """One centre for the whole session of tests."""
    with tempfile.TemporaryDirectory(prefix="aisc-e2e-", ignore_cleanup_errors=True) as folder:
        running = start_centre(Path(folder) / "state with spaces")
        assert httpx.get(f"{running.url}/readyz").status_code == 200
        yield running
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Chromium, for one file of tests: Playwright keeps an event loop running, which no other test should meet."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, centre) -> Iterator:
    """A page of a fresh browser session; fails the test on a script error or a request to another host."""
    context = browser.new_context(base_url=centre.url, locale="en-GB")
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    opened.on(
        "request",
        lambda request: (
            troubles.append(f"request to {request.url}")
            if not request.url.startswith((centre.url, "data:", "blob:"))
            else None
        ),
    )
    yield opened
    context.close()
    assert troubles == []


@pytest.fixture
def sign_in(centre):
    """``sign_in(page, "applicant")``: sign in on a page as one of the demonstration's people."""

    def act(page, who: str) -> None:
        page.goto("/accounts/login/")
        page.fill("input[name=login]", centre.sign_ins.get(who, who))
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit]")
        page.wait_for_url("**/home")

    return act
