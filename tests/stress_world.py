"""Much of everything, with names that break pages: very long, without spaces, right to left, emoji, wide characters."""

from __future__ import annotations

from datetime import timedelta

from allauth.account.models import EmailAddress

from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.ledger.actions import open_budget, release_tranche
from aisc.ledger.models import PriceList
from aisc.people.actions import add_member, create_organisation, create_project
from aisc.people.models import Person

NAMES = (
    "A research group whose name, as nobody could agree on a shorter one, goes on until the line is full twice over",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2,
    "國立香港人工智能與高效能運算及跨學科數據科學聯合研究中心暨粵港澳大灣區開放算力服務平台籌備委員會秘書處",
    "مركز أبحاث الذكاء الاصطناعي والحوسبة الفائقة في هونغ كونغ",
    "🧪🛰️ Lab 👩🏽‍🔬 of 🌊 things 🐬",
    "<b>not bold</b> & “quoted” ' OR 1=1 --",
)
PASSWORD = "demonstration"
EMAIL = "a.person.whose.address.is.as.long.as.an.address.may.reasonably.be@department.of.example.org"
ROWS = 300


def make(rows: int = ROWS) -> Person:
    """One person who sees it all: organisations, people, projects and budgets under every difficult name."""
    person = Person.objects.create_user(EMAIL, PASSWORD, name=NAMES[3])
    EmailAddress.objects.create(user=person, email=EMAIL, primary=True, verified=True)
    actor, centre = Actor(person=person), system("stress")
    prices = PriceList.objects.filter(published_at__isnull=False).latest("id")
    organisations = [
        create_organisation(actor, category="research", name_en=name[:200], name_zh=name[:200]) for name in NAMES
    ]
    for number, name in enumerate(NAMES):
        other = Person.objects.create_user(f"stress-{number}@example.org", PASSWORD, name=name[:150])
        EmailAddress.objects.create(user=other, email=other.email, primary=True, verified=True)
        add_member(actor, organisation=organisations[0], email=other.email, role="member")
    for number in range(rows):
        name = f"{NAMES[number % len(NAMES)]} {number}"[-200:]
        project = create_project(actor, organisation=organisations[number % 3], name_en=name, name_zh=name)
        if number % 10 == 0:
            budget = open_budget(
                centre,
                name=name,
                source="award",
                project=project,
                price_list=prices,
                scheme_bps=7000,
                ceiling=10**13 + number,
                starts_on=clock.today() - timedelta(days=10),
                ends_on=clock.today() + timedelta(days=20),
            )
            release_tranche(centre, budget=budget, amount=10**12 + 1, reason=name)
    return person
