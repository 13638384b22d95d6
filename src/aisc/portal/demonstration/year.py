"""The demonstration's year: two dozen organisations and what they did, told strictly forward to this morning.

Everything is done by the actions that people and the worker use, with the clock stopped at each moment; only the
machines are simulated (:mod:`aisc.jobs.engines.simulated`), and say so. The same day gives the same year, but for
secrets. It is made in one transaction: an interrupted start leaves nothing, and the next one makes it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import override

from aisc.centre.actions import register_cluster, sync_nodes
from aisc.centre.models import AcceleratorType, Cluster
from aisc.core import clock, ids
from aisc.core.models import AuditEvent
from aisc.jobs import tasks
from aisc.jobs.engines.simulated.fleet import SPRING
from aisc.jobs.registry import engine_for
from aisc.ledger.models import PriceList
from aisc.people.actions import add_member, create_organisation
from aisc.people.models import Organisation
from aisc.people.notices import unmailed
from aisc.portal import set_up
from aisc.portal.demonstration import operations
from aisc.portal.demonstration.applications import CALLS, application
from aisc.portal.demonstration.organisations import COLLEAGUES, FAMILIAR, PLACES, Place
from aisc.portal.demonstration.projects import AWARDED, OTHERS, OWN
from aisc.portal.demonstration.projects import FAMILIAR as FAMILIAR_PLANS
from aisc.portal.demonstration.signing_in import everybody, join
from aisc.portal.demonstration.stories import Story, Teller
from aisc.portal.demonstration.work import rush
from aisc.portal.demonstration.world import CLUSTER, World
from aisc.scheme import actions as scheme

DAYS = 365
Progress = Callable[[int], None]


def made() -> bool:
    """Whether the year is there."""
    return Cluster.objects.filter(code=CLUSTER).exists()


def possible() -> bool:
    """Whether a year can be written: nothing has happened at this centre yet."""
    return not (PriceList.objects.exists() or AuditEvent.objects.exists() or Organisation.objects.exists())


def make(progress: Progress = lambda _hundredths: None, scale: int = 100) -> World:
    """Write the year that ends with the night before today. ``progress`` hears how far it is, in hundredths.

    Raises nothing that an interrupted attempt could cause; the caller has asked :func:`possible`.
    """
    start_of_today, _end = clock.day_bounds_ms(clock.today())
    end = clock.from_ms(start_of_today)
    seed = f"aisc demonstration {clock.today()}"
    # The texts that actions write into rows are English whatever the language of the shell.
    with transaction.atomic(), override("en"), ids.seeded(seed), unmailed():
        world = _begin(end, scale)
        for story in _stories(world):
            with clock.fixed(world.at(DAYS, 8)):
                world.teller.begin(story)
        world.teller.tell(_reporting(world, progress))
        with clock.fixed(end):
            operations.last_look(world)
        world.engine.commit()
    return world


def _begin(end: datetime, scale: int) -> World:
    world = World(end=end, engine=None, teller=Teller(end), scale=scale)  # type: ignore[arg-type]
    with clock.fixed(world.at(DAYS, 8)):
        set_up.centre()
        world.cluster = register_cluster(
            set_up.ACTOR,
            code=CLUSTER,
            engine="simulated",
            name_en="Simulated cluster (demonstration)",
            name_zh="模擬叢集（示範）",
        )
        world.accelerators = {each.code: each for each in AcceleratorType.objects.all()}
        world.engine = engine_for(world.cluster)
        world.engine.hold_back()
        world.engine.begin(clock.to_ms(end))
        sync_nodes(tasks.ACTOR, cluster=world.cluster, nodes=world.engine.nodes())
        world.persons = everybody()
        for key, name, roles in COLLEAGUES:
            world.persons[key] = join(f"{key}@example.org", name, roles=roles)
    return world


def _stories(world: World) -> list[Story]:
    return [
        operations.worker(world),
        operations.machines(world),
        operations.prices(world),
        *(_place(world, place) for place in (*PLACES, *FAMILIAR)),
        *(_call(world, number) for number in range(len(CALLS))),
        *(application(world, plan) for plan in (*AWARDED, *FAMILIAR_PLANS, *OTHERS)),
        *(operations.own_money(world, own) for own in OWN),
        operations.outage(world),
        operations.suspensions(world),
        operations.strangers(world),
        operations.listings(world),
        operations.tokens(world),
        operations.reading(world),
        rush(world, SPRING, world.some(23, least=12), 3, 14),
        rush(world, 1, world.some(64, least=16), 9, 23),
    ]


def _place(world: World, place: Place) -> Story:
    """An organisation is registered by the first of its people, who then takes in the others."""
    yield world.at(place.day, 9, 30)
    for number, someone in enumerate(place.people):
        key = f"{place.key}.{number}"
        if "@" in someone.local:
            world.persons[key] = world.persons[someone.local.partition("@")[0]]
        else:
            email = f"{someone.local}@{place.key}.example"
            world.persons[key] = join(email, someone.name, language=someone.language)
    owner = world.actor(f"{place.key}.0")
    world.places[place.key] = create_organisation(
        owner,
        category=place.category,
        name_en=place.name_en,
        name_zh=place.name_zh,
        registry_number=f"DEMO-{world.chance('registry', place.key).randint(10_000_000, 79_999_999)}",
        address=place.address,
    )
    for number, someone in enumerate(place.people[1:], start=1):
        yield world.soon(hours=3)
        email = world.persons[f"{place.key}.{number}"].email
        add_member(owner, organisation=world.places[place.key], email=email, role=someone.role)


def _call(world: World, number: int) -> Story:
    yield world.at(CALLS[number] + 1, 17, 0)
    opens, closes = world.at(CALLS[number], 9), world.at((300, 180, -15)[number], 18)
    world.calls[number] = scheme.create_call(
        world.actor("secretariat"),
        opens_at=opens,
        closes_at=closes,
        price_list=PriceList.objects.latest("id"),
        name_en=f"Call for AI computing, {opens:%B %Y}",
        name_zh=f"人工智能算力申請（{opens.year}年{opens.month}月）",
        summary_en="For universities, research institutes, start-ups and companies whose work needs supercomputing. "
        "The scheme pays up to 70 % of the list price, in special cases up to 90 %.",
        summary_zh="歡迎需要超級算力的大學、研究機構、初創企業及公司申請。計劃資助目錄價格最多 70%，特殊情況最多 90%。",
        illustrative=True,
    )


def _reporting(world: World, progress: Progress) -> Callable[[datetime], None]:
    begin = world.at(DAYS)
    last = -1

    def report(moment: datetime) -> None:
        nonlocal last
        hundredths = max(0, 100 * (moment - begin) // (world.end - begin))
        if hundredths != last:
            last = hundredths
            progress(hundredths)

    return report
