"""Which pages there are: every address that links lead to, as one of the demonstration's people or as the public."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx
from django.urls import Resolver404, resolve
from whole_centre import PASSWORD, Centre

PUBLIC = "public"
# Streams, downloads and what ends the session.
LEFT_OUT = re.compile(r"/(events|logout)$|/logout/|\.pdf|\.csv|\.zip|\?zip|/static/|/i18n/|/api/|download")


@dataclass(frozen=True)
class Page:
    """A page somebody can reach: the name of its route, its address, what its ``main`` holds."""

    route: str
    path: str
    content: str


@contextmanager
def session(centre: Centre, role: str) -> Iterator[httpx.Client]:
    """An HTTP client in which ``role`` is signed in; nobody for ``PUBLIC``."""
    with httpx.Client(base_url=centre.url, follow_redirects=True, timeout=60) as client:
        if role != PUBLIC:
            form = client.get("/accounts/login/")
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text).group(1)
            answer = client.post(
                "/accounts/login/",
                data={"login": centre.sign_ins[role], "password": PASSWORD, "csrfmiddlewaretoken": token},
                headers={"Referer": f"{centre.url}/accounts/login/"},
            )
            assert (answer.status_code, answer.url.path) == (200, "/home"), (role, answer.status_code, answer.url)
        yield client


def route_of(path: str) -> str:
    """The name of the route that answers an address."""
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return ""


def crawl(client: httpx.Client, url: str, *, each: int = 1, start: tuple[str, ...] = ("/", "/home")) -> list[Page]:
    """The pages that links lead to, at most ``each`` of one route, in the order they are met."""
    found: list[Page] = []
    seen: set[str] = set()
    met: Counter[str] = Counter()
    waiting = deque(start)
    while waiting:
        path = waiting.popleft()
        route = route_of(path)
        # One page of a list stands for its other pages and filters.
        bare = path.partition("?")[0]
        if bare in seen or not route or met[route] >= each:
            continue
        seen.add(bare)
        answer = client.get(path, headers={"Accept-Language": "en"})
        if answer.status_code != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        if "content-security-policy" in answer.headers and "sandbox" in answer.headers["content-security-policy"]:
            continue  # somebody's file, shown as it is
        where = answer.url.path
        route = route_of(where)
        if where != bare and where in seen:
            continue
        seen.add(where)
        met[route] += 1
        main = answer.text.partition("<main")[2].partition("</main>")[0]
        found.append(Page(route, path if where == bare else where, main))
        for link in re.findall(r'<a\b[^>]*\bhref="([^"#]+)', answer.text):
            target = urlsplit(urljoin(f"{url}{where}", unescape(link)))
            if f"{target.scheme}://{target.netloc}" != url:
                continue
            onward = target.path + (f"?{target.query}" if target.query else "")
            if not LEFT_OUT.search(onward):
                waiting.append(onward)
    return found
