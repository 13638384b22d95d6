"""The jobs of one project's budget, over its time."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db.models import F, Q

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import AiscError, Conflict, InsufficientBudget
from aisc.core.money import MS_PER_HOUR
from aisc.jobs.actions import annotate_job, cancel_job, submit_job
from aisc.jobs.models import Job
from aisc.ledger.models import Budget
from aisc.ledger.queries import price_of
from aisc.people.access import WRITERS
from aisc.portal.demonstration.stories import Story
from aisc.portal.demonstration.world import World

# For each kind of work: what jobs are called, and their command.
KINDS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "speech": (
        ("Acoustic model {n}", ("python", "train.py", "--config", "configs/am.yaml", "--seed", "{n}")),
        ("聲學模型微調 {n}", ("python", "finetune.py", "--data", "wetmarket")),
        ("Decode test set {n}", ("python", "decode.py", "--beam", "12")),
        ("字錯誤率評估 {n}", ("python", "evaluate.py", "--split", "test")),
        ("Pitch features {n}", ("python", "features.py", "--pitch")),
    ),
    "language": (
        ("Pretraining, part {n}", ("torchrun", "--nproc-per-node", "8", "pretrain.py", "--resume")),
        ("雙語對齊 {n}", ("python", "align.py", "--pair", "en-yue")),
        ("Evaluate checkpoint {n}000", ("python", "evaluate.py", "--suite", "hk-exams")),
        ("指令微調 {n}", ("python", "sft.py", "--epochs", "2")),
        ("Tokenizer ablation {n}", ("python", "tokenizer.py", "--vocabulary", "64000")),
    ),
    "vision": (
        ("Training run {n}", ("python", "train.py", "--model", "vit-b", "--seed", "{n}")),
        (
            "標註質素檢查 {n}",
            (
                "python",
                "check_labels.py",
            ),
        ),
        ("Augmentation sweep {n}", ("python", "sweep.py", "--trial", "{n}")),
        ("第 {n} 版模型評估", ("python", "evaluate.py", "--release", "{n}")),
        ("Export to the device {n}", ("python", "export.py", "--int8")),
    ),
    "science": (
        ("Relaxation batch {n}", ("python", "relax.py", "--batch", "{n}")),
        ("Molecular dynamics {n}", ("lmp", "-in", "in.anneal")),
        ("能帶計算 {n}", ("python", "bands.py", "--kpoints", "12")),
        ("Variant calling, lane {n}", ("nextflow", "run", "calling.nf")),
        (
            "敏感度分析 {n}",
            (
                "python",
                "sensitivity.py",
            ),
        ),
    ),
    "film": (
        ("Reel {n}: scratches", ("python", "restore.py", "--reel", "{n}")),
        ("第 {n} 本菲林：去閃爍", ("python", "deflicker.py", "--reel", "{n}")),
        ("Upscale reel {n}", ("python", "upscale.py", "--factor", "2")),
        ("Sound of reel {n}", ("python", "denoise.py", "--reel", "{n}")),
    ),
    "tabular": (
        ("Nightly retraining {n}", ("python", "retrain.py", "--day", "{n}")),
        ("特徵重算 {n}", ("python", "features.py", "--rebuild")),
        ("Backtest {n}", ("python", "backtest.py", "--folds", "12")),
        ("模型比較 {n}", ("python", "compare.py", "--trial", "{n}")),
    ),
}
NOTES = (
    "Loss went flat after the third epoch; next: half the learning rate.",
    "與上次結果一致，可以寫入報告。",
    "Bad split of the data. Do not use.",
    "第五層權重異常，需再跑一次。",
    "Best so far: used for the demonstration.",
)
# Hundredths of a job's time limit that it uses on average.
_USED = 58
_LONGEST_H = 160
# The most that one job asks for, by accelerator; of others 8, which is a whole machine.
LARGEST = {"cpu": 64, "l40s": 4}


def project_work(
    world: World,
    budget: Budget,
    *,
    kind: str,
    accelerators: list[tuple[str, int]],
    use: int,
    jobs: int,
    until: datetime | None = None,
) -> Story:
    """``jobs`` jobs that together aim at ``use`` hundredths of the budget, until it or its money ends."""
    chance = world.chance("work", budget.reference, budget.name)
    world.kinds[budget.pk] = kind
    jobs = world.some(jobs, least=2)
    people = _submitters(budget)
    begin = max(clock.now() + timedelta(hours=20), world.at((world.end.date() - budget.starts_on).days, 9))
    end = min(until or world.end, world.at((world.end.date() - budget.ends_on).days - 1))
    if begin >= end:
        return
    # Money for one job, were all alike.
    each = budget.ceiling * use // 100 // jobs
    for number, moment in enumerate(_moments(world, chance, begin, end, jobs), start=1):
        yield moment
        code, most = accelerators[0] if chance.random() < 0.85 else accelerators[-1]
        try:
            _submit(world, budget, chance, chance.choice(people), kind, number, code, most, each)
        except InsufficientBudget:
            # They look for something small that still fits, and then wait for the next budget.
            if chance.random() < 0.3:
                return
        except Conflict:
            return  # suspended, or ended


def rush(world: World, days: int, count: int, first_hour: int, last_hour: int) -> Story:
    """Many long jobs on one day: on the eve of today, so that today has a queue; before the power fails in spring."""
    chance = world.chance("rush", days)
    minutes = sorted(chance.randint(first_hour * 60, last_hour * 60) for _ in range(count))
    for number, minute in enumerate(minutes, start=1):
        yield world.at(days) + timedelta(minutes=minute)
        usable = Budget.objects.filter(
            pk__in=world.kinds,
            state="active",
            starts_on__lte=clock.today(),
            ends_on__gt=clock.today() + timedelta(days=7),
            released__gt=F("charged") * 5 / 4,
        )
        budget = chance.choice(list(usable.select_related("organisation", "project", "price_list").order_by("pk")))
        code = chance.choice(("h800", "h800", "a800", "l40s", "l40s", "ascend-910b", "cpu"))
        price = price_of(budget.price_list, world.accelerators[code]).cents
        money = min(budget.available // 3, LARGEST.get(code, 8) * price * chance.randint(14, 60))
        actor = chance.choice(_submitters(budget))
        _submit(world, budget, chance, actor, world.kinds[budget.pk], number, code, 64, money)


def _submitters(budget: Budget) -> list[Actor]:
    here = Q(project=None) | Q(project=budget.project_id)
    members = budget.organisation.memberships.filter(here, role__in=WRITERS).select_related("person")
    people = {each.person_id: each.person for each in members.order_by("pk")}
    return [Actor(person=person) for person in people.values()]


def _moments(world: World, chance: random.Random, begin: datetime, end: datetime, count: int) -> list[datetime]:
    """Mostly in office hours, more of them later on, some at night; in order."""
    span = (end - begin) // timedelta(minutes=1)
    found = []
    for _ in range(count):
        moment = begin + timedelta(minutes=int(span * chance.random() ** 0.85), seconds=chance.randint(0, 59))
        if chance.random() < 0.8:
            moment = min(world.office(moment, chance), end - timedelta(minutes=chance.randint(1, 600)))
        found.append(max(moment, begin))
    return sorted(found)


def _submit(
    world: World,
    budget: Budget,
    chance: random.Random,
    actor: Actor,
    kind: str,
    number: int,
    code: str,
    most: int,
    money: int,
) -> None:
    name, command = chance.choice(KINDS[kind])
    array = chance.choice((4, 6, 8, 12, 16)) if chance.random() < 0.09 else 1
    count = max(1, min(most, LARGEST.get(code, 8)) // chance.choice((1, 1, 2, 4)))
    budget.refresh_from_db(fields=["price_list"])
    price = price_of(budget.price_list, world.accelerators[code]).cents
    hours = money * chance.uniform(0.4, 1.6) / array * 100 / _USED / (price * count)
    # A few hope for ten days; the cluster gives seven.
    limit_ms = (
        10 * 24 * MS_PER_HOUR
        if chance.random() < 0.004
        else max(6 * 60_000, int(min(_LONGEST_H, hours) * 12) * MS_PER_HOUR // 12)
    )
    wish = {
        "project": budget.project,
        "budget": budget,
        "command": [word.format(n=number) for word in command],
        "accelerator": code,
        "accelerator_count": count,
        "time_limit_ms": limit_ms,
    }
    job = submit_job(actor, name=name.format(n=number), array_size=array, **wish)
    world.run(job)
    fate = chance.random()
    if fate < 0.035:
        world.teller.begin(_change_of_mind(world, actor, job, chance.randint(5, 400)))
    elif fate < 0.055:
        after = tuple(f"{job.uid}-{index}" for index in range(array))
        second = submit_job(actor, name=f"{name.format(n=number)} → evaluate", after=[job.uid], **wish)
        world.run(second, after)
    elif fate < 0.075:
        annotate_job(actor, job=job, note=chance.choice(NOTES))


def _change_of_mind(world: World, actor: Actor, job: Job, minutes: int) -> Story:
    yield world.soon(minutes=minutes)
    try:
        cancel_job(actor, job=job, reason="")
    except AiscError:
        return  # it had ended
    world.engine.cancel([f"{job.uid}-{index}" for index in range(job.array_size)])
