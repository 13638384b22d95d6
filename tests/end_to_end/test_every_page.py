"""Every page that a link leads to, as every role, in every language: it answers, and it answers 200."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from whole_centre import PASSWORD

ROLES = [
    "applicant",
    "researcher",
    "newcomer",
    "secretariat",
    "assessor",
    "committee",
    "operator",
    "finance",
    "auditor",
    "administrator",
]
MOST_PAGES = 150
# Streams and downloads have tests of their own.
LEFT_OUT = re.compile(r"/(events|logout)$|/logout/|\.pdf|\.csv|\.zip|/static/|/i18n/")


@contextmanager
def signed_in(centre, role: str) -> Iterator[httpx.Client]:
    """An HTTP client that holds the session of one of the demonstration's people."""
    with httpx.Client(base_url=centre.url, follow_redirects=True, timeout=30) as client:
        _sign_in(client, centre, role)
        yield client


def _sign_in(client: httpx.Client, centre, role: str) -> None:
    page = client.get("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text).group(1)
    answer = client.post(
        "/accounts/login/",
        data={"login": centre.sign_ins[role], "password": PASSWORD, "csrfmiddlewaretoken": token},
        headers={"Referer": f"{centre.url}/accounts/login/"},
    )
    assert (answer.status_code, answer.url.path) == (200, "/home")


def crawl(client: httpx.Client, url: str, language: str) -> list[str]:
    """What is wrong with the pages reachable from the front page and home."""
    wrong: list[str] = []
    seen: set[str] = set()
    waiting = deque(["/", "/home"])
    while waiting and len(seen) < MOST_PAGES:
        path = waiting.popleft()
        # One page of a list stands for its other pages and filters.
        if path.partition("?")[0] in seen:
            continue
        seen.add(path.partition("?")[0])
        answer = client.get(path, headers={"Accept-Language": language})
        if answer.status_code != 200:
            wrong.append(f"{answer.status_code} {path}")
            continue
        if "text/html" not in answer.headers["content-type"] or "/files/" in path:
            continue
        if "<style" in answer.text or ' style="' in answer.text or re.search(r"<script(?![^>]*\bsrc=)", answer.text):
            wrong.append(f"inline script or style {path}")
        for link in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', answer.text):
            target = urlsplit(urljoin(f"{url}{path}", unescape(link)))
            if f"{target.scheme}://{target.netloc}" != url:
                continue
            if not LEFT_OUT.search(target.path):
                waiting.append(target.path + (f"?{target.query}" if target.query else ""))
    return wrong


@pytest.mark.parametrize("language", ["en", "zh-hant"])
@pytest.mark.parametrize("role", ROLES)
def test_every_link_leads_somewhere(centre, role, language):
    with signed_in(centre, role) as client:
        assert crawl(client, centre.url, language) == []


def test_the_public_sees_the_public_pages(centre):
    with httpx.Client(base_url=centre.url, follow_redirects=True) as client:
        for path in ["/", "/centre/", "/scheme/", "/prices/", "/verify/", "/outbox/", "/components/"]:
            assert client.get(path).status_code == 200, path
        for path in ["/home", "/jobs/", "/budgets/", "/applications/", "/projects/", "/operator/", "/audit/"]:
            assert client.get(path).url.path == "/accounts/login/", path
