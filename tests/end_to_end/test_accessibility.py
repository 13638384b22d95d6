"""Every page for everyone: WCAG 2.2 AA by axe-core in a real browser, every language, light and dark, wide and narrow.

Each page is loaded once for a language. Colours and widths are switched without loading it again, and of axe's rules
only those run again that the switch can change. Which role looks at which page is found by following links; a page
that somebody before has shown is not shown again, but for the pages that differ from role to role.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import stress_world
from accessible import PHONE, axe_script, inspect
from crawl import PUBLIC, Page, crawl, session
from django.conf import settings

pytestmark = pytest.mark.browser
ROLES = (
    PUBLIC,
    "newcomer",
    "applicant",
    "finance",
    "secretariat",
    "committee",
    "assessor",
    "operator",
    "auditor",
    "administrator",
)
# These answer each role with something of its own.
DIFFERENT = {"portal:home", "scheme:application", "ledger:budget"}
LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.fixture(scope="module")
def walked(centre):
    """``walked(role)``: the pages that ``role`` is the first to be shown, and the cookies of a session."""

    @cache
    def walk(role: str) -> tuple[list[Page], list[dict[str, str]]]:
        with session(centre, role) as client:
            pages = crawl(client, centre.url, start=("/",) if role == PUBLIC else ("/home", "/"))
            cookies = [{"name": each.name, "value": each.value, "url": centre.url} for each in client.cookies.jar]
        return pages, cookies

    def shown_first(role: str) -> tuple[list[Page], list[dict[str, str]]]:
        before = {page.route for each in ROLES[: ROLES.index(role)] for page in walk(each)[0]}
        pages, cookies = walk(role)
        return [page for page in pages if page.route in DIFFERENT or page.route not in before], cookies

    return shown_first


@pytest.fixture
def reader(browser, centre):
    """``reader(cookies, language)``: a page in which axe is at hand."""
    contexts = []
    language_cookie = f"aisc_language_{centre.url.rpartition(':')[2]}"

    def open_page(cookies, language: str):
        context = browser.new_context(base_url=centre.url, reduced_motion="reduce")
        contexts.append(context)
        context.add_cookies([*cookies, {"name": language_cookie, "value": language, "url": centre.url}])
        context.add_init_script(axe_script())
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ROLES)
def test_no_page_keeps_anybody_out(role, language, walked, reader):
    pages, cookies = walked(role)
    page = reader(cookies, language)
    wrong, titles = [], {}
    for each in pages:
        page.goto(each.path)
        wrong += [f"{each.path}: {what}" for what in inspect(page)]
        assert page.locator("html").get_attribute("lang").lower().startswith(language)
        titles.setdefault(page.title(), []).append(each)
    # A title tells a page from every other of the same room.
    wrong += [f"one title: {title!r} {[each.path for each in same]}" for title, same in titles.items() if len(same) > 1]
    assert wrong == []


@pytest.fixture
def overfull(centre):
    """A session of somebody with much of everything under names that break pages (``tests/stress_world.py``)."""
    make = "import django; django.setup(); import stress_world; stress_world.make(60)"
    tests = str(Path(__file__).parent.parent)
    environment = centre.environment | {"DJANGO_SETTINGS_MODULE": "aisc.core.settings", "PYTHONPATH": tests}
    subprocess.run([sys.executable, "-c", make], check=True, env=environment, timeout=120)
    sign_ins = dict(centre.sign_ins) | {"overfull": stress_world.EMAIL}
    with session(replace(centre, sign_ins=sign_ins), "overfull") as client:
        yield [{"name": each.name, "value": each.value, "url": centre.url} for each in client.cookies.jar]


def test_names_of_any_length_and_script_break_no_page(centre, overfull, reader):
    page = reader(overfull, "en")
    wrong = []
    page.goto("/projects/")
    project = page.locator("main tbody th a").first.get_attribute("href")
    page.goto("/organisations/")
    organisation = page.locator("main tbody th a").first.get_attribute("href")
    page.goto("/budgets/")
    budget = page.locator("main tbody th a").first.get_attribute("href")
    for path in ("/home", "/projects/", project, "/organisations/", organisation, "/budgets/", budget, "/notices/"):
        page.goto(path)
        wrong += [f"{path}: {what}" for what in inspect(page)]
    assert wrong == []


def test_what_is_reached_by_the_skip_link_and_never_hidden_under_a_table_head(walked, reader):
    """WCAG 2.4.1 and 2.4.11: the first Tab offers the way to the content; what has the focus can be seen."""
    _pages, cookies = walked("operator")
    page = reader(cookies, "en")
    page.set_viewport_size(PHONE)
    page.goto("/home")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("/components/")
    page.focus("#main")
    hidden = []
    for _step in range(120):
        page.keyboard.press("Tab")
        what = page.evaluate(
            """() => {
              const it = document.activeElement, box = it.getClientRects()[0];  // its first line
              if (it === document.body) return "end";
              const middle = [box.x + box.width / 2, box.y + Math.min(box.height / 2, 8)];
              const top = document.elementFromPoint(...middle);
              const seen = top && (it.contains(top) || top.contains(it) || top.closest("label")?.control === it);
              const ring = getComputedStyle(it);
              const marked = ring.outlineStyle !== "none" || it.matches("g");
              return seen && marked ? "" : it.outerHTML.slice(0, 120);
            }"""
        )
        if what == "end":
            break
        if what:
            hidden.append(what)
    assert hidden == []


def test_nothing_moves_for_those_who_asked_for_stillness(walked, reader):
    _pages, cookies = walked("operator")
    page = reader(cookies, "en")
    page.goto("/components/")
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((element) => {
          const style = getComputedStyle(element);
          return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
        }).map((element) => element.className)"""
    )
    assert moving == []


def test_a_reader_s_own_colours_leave_every_state_told(walked, reader):
    """In forced colours grounds are gone: badges, the current place and the pressed button keep an edge or a line."""
    _pages, cookies = walked("operator")
    page = reader(cookies, "en")
    page.emulate_media(forced_colors="active")
    page.goto("/components/")
    told = page.evaluate(
        """() => Object.fromEntries([".badge", "nav [aria-current]", ".notice", ".button--primary"].map((name) => {
          const style = getComputedStyle(document.querySelector(name));
          return [name, style.borderTopStyle !== "none" || style.textDecorationLine.includes("underline")];
        }))"""
    )
    assert told == dict.fromkeys(told, True)


def test_on_paper_there_is_the_content_alone(walked, reader):
    _pages, cookies = walked("operator")
    page = reader(cookies, "en")
    page.goto("/components/")
    page.emulate_media(media="print")
    for gone in (".site-header", ".site-footer", ".filters", ".button", ".pager", ".demonstration"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator("main table").first.is_visible()
