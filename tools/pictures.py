"""Pictures of every page, as every person of the demonstration: contact sheets for ``docs/``, full ones to look at.

``make pictures`` starts a private demonstration centre, follows every link as each role and as the public, and takes
each page that shows something of its own on a desktop and on a phone, light and dark, in every language. The full
pictures (several hundred megabytes) go to ``build/pictures``; small ones are put together under
``docs/images/pages``, and ``docs/pages.md`` says what is on each.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tools")]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")

SCREENS = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
SCHEMES = ("light", "dark")
LANGUAGES = {"en": "en-GB", "zh-hant": "zh-HK", "zh-hans": "zh-CN"}
ROLES = (
    "public",
    "newcomer",
    "applicant",
    "researcher",
    "assessor",
    "committee",
    "secretariat",
    "finance",
    "operator",
    "auditor",
    "administrator",
)
TALLEST = 4000  # px; what is below is more of the same
BROWSER = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@dataclass(frozen=True)
class Shot:
    """One page as one person: where its pictures lie, and what it is."""

    name: str
    route: str
    path: str
    role: str


@contextmanager
def centre() -> Iterator:
    """A demonstration centre of our own, with its jobs run to their ends."""
    from whole_centre import start_centre

    with tempfile.TemporaryDirectory(prefix="aisc-pictures-", ignore_cleanup_errors=True) as folder:
        running = start_centre(Path(folder) / "state")
        try:
            wait_for_jobs(running)
            yield running
        finally:
            running.stop()


def wait_for_jobs(running, most_s: int = 180) -> None:
    """Until the jobs of the demonstration have ended: results belong on the pictures."""
    end = time.monotonic() + most_s
    with running.client("researcher") as client:
        while time.monotonic() < end:
            if all(job.state not in {"queued", "waiting", "running", "starting"} for job in client.jobs.list()):
                return
            time.sleep(1)


def what_shows(content: str) -> str:
    """A page's content without what differs from person to person by name alone."""
    return re.sub(r"\s+", " ", re.sub(r"csrf\S+|value=\"[^\"]{64}\"|<time.*?</time>", "", content))


def find(running, roles: tuple[str, ...]) -> list[Shot]:
    """The pages to take: each route as everybody for whom it shows something else."""
    from crawl import crawl, session

    shots, known = [], set()
    for role in roles:
        with session(running, role) as client:
            start = ("/",) if role == "public" else ("/home", "/")
            pages = crawl(client, running.url, start=start)
        for page in pages:
            shows = (page.route, what_shows(page.content))
            if shows in known:
                continue
            known.add(shows)
            route = page.route.replace(":", ".")
            shots.append(Shot(f"{route}--{role}", page.route, page.path, role))
        print(f"{role}: {len(pages)} pages", flush=True)
    return shots


def take(running, shots: list[Shot], folder: Path, languages: tuple[str, ...]) -> None:
    """Every shot on every screen, in both schemes, in each language; each page is loaded once for a language."""
    from playwright.sync_api import sync_playwright
    from whole_centre import PASSWORD

    port = running.url.rpartition(":")[2]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
        for language in languages:
            for role in dict.fromkeys(shot.role for shot in shots):
                context = chromium.new_context(base_url=running.url, locale=LANGUAGES[language])
                context.add_cookies([{"name": f"aisc_language_{port}", "value": language, "url": running.url}])
                page = context.new_page()
                if role != "public":
                    page.goto("/accounts/login/")
                    page.fill("input[name=login]", running.sign_ins[role])
                    page.fill("input[name=password]", PASSWORD)
                    page.click("main form button[type=submit]")
                    page.wait_for_url("**/home")
                for shot in shots:
                    if shot.role == role:
                        page.goto(shot.path, wait_until="load")
                        picture(page, folder / shot.name, language)
                context.close()
        chromium.close()


def picture(page, stem: Path, language: str) -> None:
    """One page on every screen and in both schemes; says so when it is wider than the screen."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    for screen, size in SCREENS.items():
        page.set_viewport_size(size)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size["width"]:
            print(f"  wider than the {screen}: {page.url} {wide}", flush=True)
        tall = min(TALLEST, max(size["height"], page.evaluate("document.documentElement.scrollHeight")))
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(
                path=f"{stem}--{language}-{screen}-{scheme}.jpg",
                type="jpeg",
                quality=82,
                full_page=True,
                clip={"x": 0, "y": 0, "width": size["width"], "height": tall},
                animations="disabled",
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/pictures", help="where the full pictures go")
    parser.add_argument("--roles", default=",".join(ROLES))
    parser.add_argument("--languages", default="")
    parser.add_argument("--no-sheets", action="store_true", help="do not write the contact sheets under docs/")
    given = parser.parse_args()
    import django
    import early  # noqa: F401 - a state folder for reading the settings by

    django.setup()
    from django.conf import settings

    offered = [code for code, _name in settings.LANGUAGES]
    languages = tuple(given.languages.split(",")) if given.languages else tuple(offered)
    with centre() as running:
        shots = find(running, tuple(given.roles.split(",")))
        print(f"{len(shots)} pages to take", flush=True)
        take(running, shots, given.out, languages)


if __name__ == "__main__":
    main()
