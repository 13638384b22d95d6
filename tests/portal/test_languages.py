"""Every page in every language: nothing untranslated, nothing mixed, nothing in the other script.

A world with one of everything is walked by its links, as people who see different pages. On a Chinese page no text is
English, on an English page none is Chinese, and neither script of Chinese stands on a page of the other, unless the
text is marked with its own ``lang``, or is a name.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from access_world import FILE, MARKER, whole_world
from django.db import transaction
from django.test import Client, override_settings
from django.urls import Resolver404, resolve
from fixtures import NOON

from aisc.core import clock
from aisc.core.chinese import has_chinese, in_simplified, simplified
from aisc.core.language import tag

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))

from memory_engine import MemoryEngine

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "zh-hant", "zh-hans")
READERS = (
    "owner",
    "centre_secretariat",
    "centre_assessor",
    "centre_committee",
    "centre_operator",
    "centre_finance",
    "centre_auditor",
    "centre_administrator",
    "newcomer",
    "anonymous",
)
# A page that many links lead to is read this often in each language: lists lead to hundreds of the same page.
MOST_OF_ONE = 2
# Streams, downloads, what a link alone would change, and pages of the machine.
LEFT_OUT = re.compile(r"\.(pdf|csv|zip|txt|jsonl?)$|/events$|/logout|^/(static|i18n|api|metrics|readyz|healthz)")
# The components' page shows every piece with made-up names in it.
EXAMPLES = {"portal:components"}

# What is written the same in every language, or is nobody's text to translate.
NAMES = {
    "AISC",
    "English",
    "繁體中文",
    "简体中文",
    "DejaVu Sans Mono",
    "OpenID Connect",
    "SAML",
    "iAM Smart",
    "Markdown",
    "Prometheus",
    "Slurm",
}
# Words inside Chinese that are units, formats, file names and signs of the trade.
TERM = re.compile(
    r"[\w.+/@:-]*[\d_@/:.\\=*<>#…-][\w.+/@:=*-]*|HK|[A-Z][A-Z0-9]+s?|k?[KMGTP]i?B|[KMGTP]?FLOPS|shell|notebook|sh|python|aisc"
)
WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
CODE = {"code", "pre", "kbd", "samp", "script", "style", "svg"}
SAID = ("aria-label", "title", "placeholder", "alt", "data-guard-message", "data-must-equal-message")


@dataclass
class Page(HTMLParser):
    """The texts of a page that are in its own language, and its links."""

    texts: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # where no element can mark a language: attributes, options, titles
    links: list[str] = field(default_factory=list)
    lang: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, bool]] = []

    def _quiet(self) -> bool:
        return any(quiet for _tag, quiet in self._open)

    def handle_starttag(self, name: str, pairs: list[tuple[str, str | None]]) -> None:
        given = dict(pairs)
        if name == "html":
            self.lang = given.get("lang") or ""
        if name == "a" and given.get("href"):
            self.links.append(given["href"])
        other = given.get("lang") not in (None, self.lang)
        quiet = name in CODE or other or "code" in (given.get("class") or "").split() or given.get("translate") == "no"
        if not quiet and not self._quiet():
            self.said += [given[each] for each in SAID if given.get(each)]
        if name not in {"input", "meta", "link", "br", "hr", "img", "path", "use", "wbr", "source"}:
            self._open.append((name, quiet))

    def handle_endtag(self, name: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at][0] == name:
                del self._open[at:]
                return

    def handle_data(self, data: str) -> None:
        if not self._quiet() and data.strip():
            plain = self._open and self._open[-1][0] in {"option", "title"}
            (self.said if plain else self.texts).append(" ".join(data.split()))


def faults(page: Page, language: str, names: set[str]) -> list[str]:
    """The page's texts that are not in its language, and names in another script that nothing marks."""
    other = {"en": has_chinese, "zh-hant": in_simplified, "zh-hans": lambda text: simplified(text) != text}[language]
    wrong = [text for text in page.texts if text in names and other(text)]
    for text in (*page.texts, *page.said):
        rest = _without(text, names)
        if rest and MARKER not in text and (other(rest) or (language != "en" and _english(rest))):
            wrong.append(text)
    return wrong


def _without(text: str, names: set[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text.strip()


def _english(text: str) -> bool:
    words = WORD.findall(TERM.sub(" ", text))
    return len(words) > 2 if has_chinese(text) else bool(words)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """One of everything, with names in several scripts; and the approved texts in force."""
    from aisc.people.models import Organisation, Person, Project

    fresh = override_settings(STEP_UP_AFTER_MS=0)
    with django_db_blocker.unblock(), fresh, clock.fixed(NOON), transaction.atomic():
        with whole_world(MemoryEngine()) as made:
            people = made.people
            # A name in each script: neither is ever converted, and each is marked where it is foreign.
            for who, name in (("manager", "陳大文"), ("centre_assessor", "张伟"), ("centre_committee", "Zoë Ōyama")):
                Person.objects.filter(pk=people[who].pk).update(name=name)
            Organisation.objects.filter(pk=made.own[Organisation].pk).update(name_en="", name_zh="雲端實驗室")
            Project.objects.filter(pk=made.objects[Project].pk).update(name_en="", name_zh=f"{MARKER}语言模型")
            _approved_texts(people)
            yield made
        transaction.set_rollback(True)


def _approved_texts(people) -> None:
    from aisc.core.actions import Actor
    from aisc.people.actions import approve_text, draft_text, publish_text
    from aisc.people.models import ApprovedText
    from aisc.people.shipped import shipped

    drafter, approver = Actor(person=people["centre_secretariat"]), Actor(person=people["centre_administrator"])
    for code in ApprovedText.Code.values:
        text = draft_text(drafter, code=code, effective_on=clock.today(), wordings=shipped(code), illustrative=True)
        for wording in text.wordings.all():
            approve_text(approver, wording=wording)
        publish_text(approver, text=text)
    draft_text(drafter, code="terms", effective_on=clock.today(), wordings={"zh-hans": ("条款", "草案。")})


def _names() -> set[str]:
    """What people named, and the names of products: said as it is in every language."""
    from aisc.centre.models import AcceleratorType, Node
    from aisc.jobs.models import Job
    from aisc.ledger.models import Budget, Meter, PriceList
    from aisc.people.models import Organisation, Person, Project

    named = ((Person, "name email"), (AcceleratorType, "name vendor"), (Node, "name"), (Job, "name"))
    named += ((Meter, "name_en"), (PriceList, "version"), (Budget, "name reference"))
    named += ((Organisation, "name_en name_zh"), (Project, "name_en name_zh"))
    found = {name for model, columns in named for row in model.objects.values_list(*columns.split()) for name in row}
    return {*found, *NAMES, *FILE.split("/")} - {""}


def _route(path: str) -> str:
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_untranslated_or_mixed(world, language):
    names, read, wrong = _names(), Counter(), {}
    for who in READERS:
        client = Client()
        if who != "anonymous":
            client.force_login(world.people[who])
        seen: set[str] = set()
        waiting = deque(["/", "/home", "/components/", "/accounts/login/", "/accounts/signup/", "/nowhere"])
        while waiting:
            path = waiting.popleft()
            address = path.partition("#")[0]
            bare, route = address.partition("?")[0], _route(address)
            if bare in seen or LEFT_OUT.search(bare) or read[route] >= MOST_OF_ONE:
                continue
            seen.add(bare)
            with transaction.atomic():
                answer = client.get(address, headers={"Accept-Language": language})
                transaction.set_rollback(True)
            if answer.status_code in (301, 302):
                waiting.append(answer.headers["Location"])
                continue
            if answer.streaming or "text/html" not in answer.headers.get("Content-Type", ""):
                continue
            read[route] += 1
            page = Page()
            page.feed(answer.content.decode())
            assert page.lang == tag(language), address
            for text in [] if route in EXAMPLES else faults(page, language, names):
                wrong.setdefault(text, f"{who} {address}")
            for link in page.links:
                target = urlsplit(urljoin(f"http://testserver{address}", link))
                if target.netloc == "testserver":
                    waiting.append(target.path + (f"?{target.query}" if target.query else ""))
    assert not wrong, "\n".join(f"{where}: {text}" for text, where in wrong.items())
    assert len(read) > 60, "the walk has lost its way"
