"""Pictures of every page, as every person of the demonstration: contact sheets for ``docs/``, full ones to look at.

``make pictures`` starts a private demonstration centre with a year behind it, follows every link as each role and as
the public, and takes the pages on a desktop and on a phone, light and dark, in every language (简体中文 on a phone
alone). The full pictures (several hundred megabytes) go to ``build/pictures``; small ones are put together under
``docs/images/pages``, and ``docs/pages.md`` says what is on each.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")

SHEETS = ROOT / "docs/images/pages"
SCREENS = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
SCHEMES = ("light", "dark")
LOCALES = {"en": "en-GB", "zh-hant": "zh-HK", "zh-hans": "zh-CN"}
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
# These are taken as everybody who is shown them: each role has something of its own there.
EVERYBODY = {"portal:home", "scheme:application", "ledger:budget", "jobs:job", "people:project", "people:organisation"}
# These are also taken with nothing on them.
NOTHING = {"jobs:jobs", "ledger:budgets", "scheme:applications", "people:projects", "people:organisations"}
# 简体 is made from 繁體 by rule, sign for sign: what fits there fits here.
SCREENS_IN = {"zh-hans": ("phone",)}
TALLEST = 2400  # px; what is below is more of the same
THUMBS = {"desktop": (400, 320, 6), "phone": (195, 422, 12)}  # width, height, columns
QUALITY = 42  # of the contact sheets; the full pictures are for reading
PREFACE = (
    "Contact sheets of every page that a link leads to, and of some that come after a form: taken by `make pictures` "
    "from a demonstration centre with a year behind it, as the person of it who sees most of the page. Home, a "
    "project, a budget, a job, an organisation and an application are there as everybody who may open them; lists "
    "are there with nothing on them as well. The names of routes are those of the code."
)
BROWSER = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@dataclass
class Shot:
    """One page as one person. ``reach`` goes there when an address alone does not."""

    route: str
    role: str
    path: str = ""
    reach: Callable | None = None
    titles: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.route.replace(':', '.')}--{self.role}"


def checked_job(page) -> None:
    page.goto("/jobs/new")
    page.locator("main .card--link a").first.click()
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()


def with_mistakes(page) -> None:
    page.goto("/organisations/new")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()


def refused_sign_in(page) -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "nobody@example.net")
    page.fill("input[name=password]", "not the password")
    page.click("main form button[type=submit]")
    page.wait_for_load_state()


# What no link leads to: answers to check, mistakes to mend, refusals, nothing found.
BEHIND = (
    Shot("jobs:form (check your answers)", "researcher", reach=checked_job),
    Shot("people:new_organisation (mistakes)", "newcomer", reach=with_mistakes),
    Shot("account_login (refused)", "public", reach=refused_sign_in),
    Shot("jobs:jobs (nothing found)", "applicant", "/jobs/?q=no+job+is+called+this"),
    Shot("portal:verify (unknown code)", "public", "/verify/zzzz-zzzz-zzzz"),
    Shot("403", "applicant", "/operator/"),
    Shot("404", "public", "/there/is/no/such/page"),
    Shot("portal:components", "public", "/components/"),
    Shot("portal:outbox", "public", "/outbox/"),
)


@contextmanager
def centre(year: bool) -> Iterator:
    """A demonstration centre of our own."""
    from whole_centre import start_centre

    with tempfile.TemporaryDirectory(prefix="aisc-pictures-", ignore_cleanup_errors=True) as folder:
        running = start_centre(Path(folder) / "state", more=("--year",) if year else ())
        try:
            wait_for_jobs(running)
            yield running
        finally:
            running.stop()


def wait_for_jobs(running, most_s: int = 180) -> None:
    """Until the jobs that really run have ended: results belong on the pictures."""
    end = time.monotonic() + most_s
    with running.client("researcher") as client:
        while time.monotonic() < end:
            latest = list(client.jobs.list())[:2]
            if all(job.state not in {"held", "queued", "running"} for job in latest):
                return
            time.sleep(1)


def find(running, roles: tuple[str, ...]) -> list[Shot]:
    """The pages to take: each route as whoever sees most of it; some as everybody; lists with nothing on them too."""
    from crawl import crawl, session

    met: dict[str, dict[str, tuple[int, str]]] = {}
    for role in roles:
        with session(running, role) as client:
            pages = crawl(client, running.url, start=("/",) if role == "public" else ("/home", "/"))
        for page in pages:
            met.setdefault(page.route, {}).setdefault(role, (len(page.content), page.path))
        print(f"{role}: {len(pages)} pages", flush=True)
    shots = []
    for route, seen in met.items():
        fullest = max(seen, key=lambda role: seen[role][0])
        wanted = seen if route in EVERYBODY else {fullest: seen[fullest]}
        if route in NOTHING and "newcomer" in seen:
            wanted = wanted | {"newcomer": seen["newcomer"]}
        shots += [Shot(route, role, path) for role, (_size, path) in wanted.items()]
    shots += [shot for shot in BEHIND if shot.role in roles]
    return sorted(shots, key=lambda shot: (shot.route, ROLES.index(shot.role)))


def take(running, shots: list[Shot], folder: Path, languages: tuple[str, ...]) -> None:
    """Every shot on every screen, in both schemes, in each language; each page is loaded once for a language."""
    from crawl import session
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    language_cookie = f"aisc_language_{running.url.rpartition(':')[2]}"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
        for role in dict.fromkeys(shot.role for shot in shots):
            with session(running, role) as client:
                cookies = [{"name": c.name, "value": c.value, "url": running.url} for c in client.cookies.jar]
            for language in languages:
                context = chromium.new_context(base_url=running.url, locale=LOCALES[language])
                context.add_cookies([*cookies, {"name": language_cookie, "value": language, "url": running.url}])
                page = context.new_page()
                for shot in shots:
                    if shot.role == role:
                        page.set_viewport_size(SCREENS["desktop"])
                        shot.reach(page) if shot.reach else page.goto(shot.path, wait_until="load")
                        shot.titles[language] = page.title()
                        picture(page, folder / shot.name, language)
                context.close()
            print(f"{role}: taken", flush=True)
        chromium.close()


def screens_in(language: str) -> tuple[str, ...]:
    return SCREENS_IN.get(language, tuple(SCREENS))


def picture(page, stem: Path, language: str) -> None:
    """One page on every screen and in both schemes; says so when it is wider than the screen."""
    for screen in screens_in(language):
        size = SCREENS[screen]
        page.set_viewport_size(size)
        wide, tall = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        if wide > size["width"]:
            print(f"  wider than the {screen}: {page.url} {wide}", flush=True)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(
                path=f"{stem}--{language}-{screen}-{scheme}.jpg",
                type="jpeg",
                quality=82,
                full_page=True,
                clip={"x": 0, "y": 0, "width": size["width"], "height": min(TALLEST, max(size["height"], tall))},
                animations="disabled",
            )


def contact_sheet(shots: list[Shot], folder: Path, language: str, screen: str, scheme: str) -> Path:
    """All pages of one language, screen and scheme in one small picture, numbered as in ``docs/pages.md``."""
    from PIL import Image, ImageDraw, ImageFont

    width, height, columns = THUMBS[screen]
    gap, head = 8, 16
    rows = -(-len(shots) // columns)
    ground, ink = ((250, 250, 248), (40, 40, 40)) if scheme == "light" else ((8, 9, 10), (220, 220, 216))
    sheet = Image.new("RGB", (gap + columns * (width + gap), gap + rows * (height + head + gap)), ground)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, shot in enumerate(shots):
        left = gap + number % columns * (width + gap)
        top = gap + number // columns * (height + head + gap)
        draw.text((left, top), str(number + 1), fill=ink, font=font)
        with suppress(FileNotFoundError), Image.open(folder / f"{shot.name}--{language}-{screen}-{scheme}.jpg") as full:
            scale = width / full.width
            part = full.crop((0, 0, full.width, min(full.height, round(height / scale))))
            small = part.resize((width, round(part.height * scale)), Image.Resampling.LANCZOS)
            sheet.paste(small, (left, top + head))
            draw.rectangle((left - 1, top + head - 1, left + width, top + head + small.height), outline=(128, 128, 128))
    path = SHEETS / f"{language}-{screen}-{scheme}.webp"
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=QUALITY, method=6)
    return path


def page_list(shots: list[Shot], languages: tuple[str, ...]) -> str:
    """``docs/pages.md``: the sheets, and what each number on them is."""
    names = {"en": "English", "zh-hant": "繁體中文", "zh-hans": "简体中文"}
    lines = [
        "# Every page",
        "",
        PREFACE,
        "",
        "| language | desktop (1280 px) | phone (390 px) |",
        "|---|---|---|",
    ]
    for language in languages:
        cells = []
        for screen in SCREENS:
            links = [f"[{scheme}](images/pages/{language}-{screen}-{scheme}.webp)" for scheme in SCHEMES]
            cells.append(" · ".join(links) if screen in screens_in(language) else "–")
        lines.append(f"| {names.get(language, language)} | {' | '.join(cells)} |")
    lines += ["", "| number | title | route | as |", "|---|---|---|---|"]
    for number, shot in enumerate(shots, 1):
        title = re.sub(r"\s+", " ", shot.titles.get("en", "")).removesuffix(" – AISC").replace("|", "\\|")
        lines.append(f"| {number} | {title} | `{shot.route}` | {shot.role} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/pictures", help="where the full pictures go")
    parser.add_argument("--roles", default=",".join(ROLES))
    parser.add_argument("--languages", default="")
    parser.add_argument("--small", action="store_true", help="the small demonstration, without a year behind it")
    parser.add_argument("--no-sheets", action="store_true", help="leave docs/ as it is")
    given = parser.parse_args()
    import django
    import early  # noqa: F401 - a state folder for reading the settings by

    django.setup()
    from django.conf import settings

    languages = tuple(given.languages.split(",")) if given.languages else tuple(code for code, _ in settings.LANGUAGES)
    with centre(not given.small) as running:
        shots = find(running, tuple(given.roles.split(",")))
        print(f"{len(shots)} pages to take", flush=True)
        take(running, shots, given.out, languages)
    if not given.no_sheets:
        for language in languages:
            for screen in screens_in(language):
                for scheme in SCHEMES:
                    path = contact_sheet(shots, given.out, language, screen, scheme)
                    print(f"{path.relative_to(ROOT)} {path.stat().st_size // 1000} kB")
        (ROOT / "docs/pages.md").write_text(page_list(shots, languages), encoding="utf-8")


if __name__ == "__main__":
    main()
