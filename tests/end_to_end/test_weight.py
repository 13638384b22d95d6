"""What a page weighs on the wire: a first visit below 300 kB, later pages below 50 kB, and nothing from elsewhere."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser
FIRST, LATER = 300_000, 50_000
PAGES = ("/", "/scheme/", "/prices/", "/centre/", "/home", "/jobs/", "/budgets/", "/applications/", "/projects/")


@pytest.fixture
def weighed(page):
    """``weighed(path)``: bytes that came over the wire until the page was loaded, headers included; and of what."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    bytes_of: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda event: urls.update({event["requestId"]: event["request"]["url"]}))
    session.on(
        "Network.loadingFinished",
        lambda event: bytes_of.update({urls[event["requestId"]]: int(event["encodedDataLength"])}),
    )

    def weigh(path: str) -> tuple[int, dict[str, int]]:
        bytes_of.clear()
        page.goto(path, wait_until="networkidle")
        return sum(bytes_of.values()), dict(bytes_of)

    return weigh


def test_a_first_visit_is_light_and_the_next_is_lighter(page, weighed, sign_in):
    first, parts = weighed("/")
    assert first < FIRST, parts
    sign_in(page, "applicant")
    heavy = {}
    for path in PAGES:
        later, parts = weighed(path)
        if later >= LATER:
            heavy[path] = parts
    assert heavy == {}


def test_static_files_come_compressed_and_are_kept_for_good(page, centre):
    """Their names carry a hash of their content, so a browser never asks again and never shows an old one."""
    answer = page.goto("/")
    assert answer.headers["content-encoding"] in {"gzip", "br"}
    names = re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text())
    assert names
    for name in names:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", name), name
        file = page.request.get(name, headers={"Accept-Encoding": "gzip"})
        assert file.status == 200
        assert "immutable" in file.headers["cache-control"], name
        assert file.headers.get("content-encoding") == "gzip" or len(file.body()) < 1_000, name
