"""What the worker, the operators and the finance officers do over the year."""

from __future__ import annotations

from datetime import timedelta

from aisc.centre.actions import sync_nodes
from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import AiscError
from aisc.jobs import tasks
from aisc.jobs.actions import retry_job
from aisc.jobs.engines.base import RunSpec
from aisc.jobs.engines.simulated.fleet import SPRING
from aisc.jobs.models import Job, Run
from aisc.ledger import tasks as ledger_tasks
from aisc.ledger.actions import (
    attribute_usage,
    move_to_price_list,
    open_own_budget,
    publish_price_list,
    raise_ceiling,
    release_tranche,
    resume_budget,
    reverse_entry,
    suspend_budget,
)
from aisc.ledger.models import Budget, Entry, Price, UsageRecord
from aisc.ledger.queries import current_price_list
from aisc.ledger.seals import seal_due_days
from aisc.people import consent
from aisc.people.actions import create_project, issue_token, list_organisation, list_project, revoke_token
from aisc.people.models import Project
from aisc.people.notices import mark_read
from aisc.portal.demonstration.applications import end_of_project
from aisc.portal.demonstration.projects import Own
from aisc.portal.demonstration.stories import Story
from aisc.portal.demonstration.work import project_work
from aisc.portal.demonstration.world import World
from aisc.scheme import tasks as scheme_tasks

HOURS = (0, 12)
# Days before the end, who, and how they introduce themselves in the public directory.
LISTED = (
    (
        70,
        "lionrock",
        "A university that teaches in two languages and wants its machines to.",
        "以兩種語言授課的大學，也想教會機器兩種語言。",
    ),
    (
        52,
        "cantonese",
        "We make speech and text tools for Cantonese, and give them away.",
        "我們開發粵語語音及文字工具，並開放予公眾使用。",
    ),
    (
        41,
        "signal8",
        "Forecasts for the next two hours, street by street.",
        "逐條街道預測未來兩小時的天氣。",
    ),
    (
        33,
        "harbour",
        "The department that keeps the harbour clear and its water clean.",
        "負責保持海港暢通、海水清潔的部門。",
    ),
)
CREDIT = (
    "Power failure of {day}: results of that morning were lost, credited back by the centre. "
    "{day_zh}停電，當日上午的運算結果遺失，中心退回收費。"
)


def worker(world: World) -> Story:
    """The background work: accounting twice a day; seals, statements and what lapses once."""
    for days in range(364, -1, -1):
        for hour in HOURS:
            yield world.at(days, hour, 10)
            before = clock.now() - timedelta(hours=12)
            ended = tasks.meter(world.cluster, world.engine)
            if ended:
                _try_again(world, before)
            if hour == 0:
                _once_a_day()


def _once_a_day() -> None:
    seal_due_days()
    scheme_tasks.awards()
    if clock.today().day == 1:
        ledger_tasks.statements()


def _try_again(world: World, since) -> None:
    """Some of those whose job failed submit it again."""
    failed = Job.objects.filter(
        cluster=world.cluster, state__in=("failed", "node_failed", "timeout"), ended_at__gte=since, array_size=1
    ).select_related("project", "budget", "accelerator", "submitted_by")
    for job in failed.order_by("pk"):
        if world.chance("again", job.uid).random() < 0.3:
            try:
                world.run(retry_job(Actor(person=job.submitted_by), job=job))
            except AiscError:
                continue  # no money left, or the budget has ended


def machines(world: World) -> Story:
    """Machines that come, fail and come back, as the engine reports them."""
    for days, hour in ((200, 0), (SPRING, 15), (SPRING - 1, 0), (96, 0), (95, 0), (1, 4)):
        yield world.at(days, hour, 2)
        sync_nodes(tasks.ACTOR, cluster=world.cluster, nodes=world.engine.nodes())


def outage(world: World) -> Story:
    """After the spring's power failure: results that were lost with it are credited back, with a reason for all."""
    yield world.at(SPRING - 2, 15, 20)
    begin, end = clock.to_ms(world.at(SPRING)), clock.to_ms(world.at(SPRING, 15))
    day = clock.day_of_ms(begin)
    lost = Run.objects.filter(state="completed", ended_ms__gte=begin, ended_ms__lt=end)
    charges = Entry.objects.filter(
        kind="charge", amount__gt=0, reversed_by=None, usage__source_id__in=list(lost.values_list("ref", flat=True))
    )
    reason = CREDIT.format(day=f"{day:%-d %B %Y}", day_zh=f"{day.year}年{day.month}月{day.day}日")
    for entry in charges.order_by("pk"):
        reverse_entry(world.actor("finance"), entry=entry, reason=reason)


def prices(world: World) -> Story:
    """Prices fall in the middle of the year; who asks gets them for a budget that began before."""
    yield world.at(188, 11, 5)
    effective = clock.today() + timedelta(days=8)
    old = {price.meter.code: price.cents for price in Price.objects.select_related("meter")}
    lower = {"accelerator:h800": 1_800, "accelerator:a800": 1_080, "accelerator:l40s": 840}
    new_list = publish_price_list(
        world.actor("finance"),
        version=f"ILLUSTRATIVE-{effective:%Y-%m}",
        effective_from=effective,
        prices=old | lower,
        illustrative=True,
        note_en="Example prices of this software, lower for three accelerators; not those of any real centre.",
        note_zh="本軟件的示例價格，三款加速器下調；並非任何實際中心的收費。",
    )
    yield world.at(178, 10, 30)
    for budget in Budget.objects.filter(state="active", ends_on__gte=clock.today()).order_by("pk")[:9:2]:
        move_to_price_list(
            world.actor("finance"), budget=budget, price_list=new_list, reason="The holder asked for the lower prices."
        )


def own_money(world: World, own: Own) -> Story:
    """A project that its organisation pays for; credit is granted in two parts."""
    chance = world.chance("own", own.place, own.name_en)
    yield world.office(world.at(own.day, 9), chance)
    owner = world.actor(f"{own.place}.0")
    project = create_project(
        owner,
        organisation=world.places[own.place],
        name_en=own.name_en,
        name_zh=own.name_zh,
        summary_en=own.about_en,
        summary_zh=own.about_zh,
    )
    if own.released == 0:
        # Asked for lately: the finance officer's next thing to do.
        yield world.at(2, 16, 12)
    budget = open_own_budget(
        owner,
        project=project,
        name=f"{own.order} {own.name_en}",
        ceiling=own.ceiling * 100,
        starts_on=clock.today(),
        ends_on=clock.today() + timedelta(days=365 if not own.closes else 120),
        reference=own.order,
    )
    world.budgets[own.name_en] = budget
    if own.released == 0:
        return
    yield world.office(world.soon(days=1), chance)
    first = own.released * 60
    release_tranche(
        world.actor("finance"), budget=budget, amount=first, reason=f"Credit granted on purchase order {own.order}"
    )
    world.teller.begin(
        project_work(
            world,
            budget,
            kind=own.kind,
            accelerators=[(own.accelerator, 8 if own.accelerator != "cpu" else 32)],
            use=own.use * own.released // own.ceiling,
            jobs=own.jobs,
            until=world.at(max(0, own.day - 110)) if own.closes else None,
        )
    )
    yield world.office(world.soon(days=40), chance)
    release_tranche(
        world.actor("finance"), budget=budget, amount=own.released * 100 - first, reason="Second part, first one paid"
    )
    if own.closes:
        yield world.office(world.at(own.day - 118), chance)
        end_of_project(world, owner, budget)


def suspensions(world: World) -> Story:
    """One budget is suspended and resumed; another is suspended today."""
    finance = world.actor("finance")
    yield world.at(120, 10, 40)
    suspend_budget(finance, budget=world.budgets["Counting what floats"], reason="A statement is overdue since March.")
    yield world.at(112, 14, 5)
    resume_budget(finance, budget=world.budgets["Counting what floats"], reason="The statement was paid.")
    yield world.at(60, 9, 50)
    budget = world.budgets["Everyday forecasts"]
    raise_ceiling(world.actor("shipping.0"), budget=budget, ceiling=11_000_000, reason="More ships than planned.")
    yield world.at(12, 11, 15)
    suspend_budget(
        finance,
        budget=world.budgets["Packing containers in the right order"],
        reason="The company changes hands; waits for the new owner's signature.",
    )


def strangers(world: World) -> Story:
    """Runs that no job of this centre stands behind: usage that nobody is known to pay for."""
    found = None
    for days, ref in ((260, "burn-in-h800-01"), (97, "acceptance-cpu-02"), (3, "vendor-test-l40s-01")):
        yield world.at(days, 17, 30)
        accelerator = "cpu" if "cpu" in ref else ref.split("-")[-2]
        world.engine.submit(
            [
                RunSpec(
                    ref=ref,
                    name=ref,
                    project="",
                    argv=("burn-in",),
                    workdir="/",
                    accelerator=accelerator,
                    accelerator_count=4,
                    cpus=4,
                    memory_mb=1024,
                    time_limit_ms=3 * 3_600_000,
                )
            ]
        )
        yield world.soon(days=1, hours=19)
        if found is None:
            found = UsageRecord.objects.get(source_id=ref)
            budget = world.budgets.get("Everyday forecasts")
            price = current_price_list().prices.get(meter__code=f"accelerator:{accelerator}")
            if budget is not None:
                attribute_usage(
                    world.actor("operator"),
                    usage=found,
                    budget=budget,
                    price=price,
                    reason="Run by hand for this organisation, as agreed.",
                )


def listings(world: World) -> Story:
    """Some organisations agree to be in the public directory, with what they have begun until then."""
    for days, key, summary_en, summary_zh in LISTED:
        yield world.at(days, 10, 5)
        owner, organisation = world.actor(f"{key}.0"), world.places[key]
        agreed = consent.current().wording.digest
        list_organisation(
            owner, organisation=organisation, agreed_text=agreed, summary_en=summary_en, summary_zh=summary_zh
        )
        for project in Project.objects.filter(organisation=organisation).order_by("pk")[:2]:
            list_project(
                owner,
                project=project,
                agreed_text=agreed,
                name_en=project.name_en,
                name_zh=project.name_zh,
                summary_en=project.summary_en,
                summary_zh=project.summary_zh,
            )


def tokens(world: World) -> Story:
    """People who use the API."""
    for days, key, name in (
        (300, "cantonese.2", "notebook"),
        (210, "signal8.1", "radar pipeline"),
        (80, "researcher", "laptop"),
        (75, "shipping.1", "nightly"),
        (30, "lionrock.2", "cluster scripts"),
    ):
        yield world.at(days, 13, 25)
        token, _secret = issue_token(world.actor(key), name=name, scopes=["read", "jobs"], days=365)
        if name == "notebook":
            yield world.at(days - 40, 18, 2)
            revoke_token(world.actor(key), token=token)


def reading(world: World) -> Story:
    """Everybody reads their notices now and then, the last time a few days ago."""
    for days in (180, 90, 5):
        yield world.at(days, 8, 45)
        for key in sorted(world.persons):
            mark_read(world.persons[key])


def last_look(world: World) -> None:
    """The worker's view of today's queue, and the machines as they are."""
    held = Run.objects.filter(state="held", job__cluster=world.cluster).order_by("pk")
    for refs in tasks.batches(held.values_list("ref", flat=True)):
        tasks.actions.record_accepted(tasks.ACTOR, cluster=world.cluster, refs=refs)
    tasks.look(world.cluster, world.engine)
    sync_nodes(tasks.ACTOR, cluster=world.cluster, nodes=world.engine.nodes())
