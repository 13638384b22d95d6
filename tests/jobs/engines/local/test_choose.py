"""The pure choice: properties that hold for every queue and every machine, and a few plain examples."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from aisc.jobs.engines.local.choose import Reservation, Resources, Running, Waiting, choose, cost, in_order

MACHINE = Resources(8, 64, {"h200": 4, "l40s": 1})
HOUR = 3_600_000

amounts = st.builds(
    Resources,
    cpus=st.integers(1, 8),
    memory_mb=st.integers(1, 64),
    gpus=st.one_of(
        st.just({}),
        st.fixed_dictionaries({"h200": st.integers(1, 4)}),
        st.fixed_dictionaries({"l40s": st.just(1)}),
    ),
)
projects = st.sampled_from(["astro", "bio", "chem", "data"])


@st.composite
def queues(draw, most=25):
    wanted = draw(st.lists(st.tuples(projects, st.integers(1, 5), amounts, st.integers(1, 100)), max_size=most))
    return [Waiting(f"r{i}", *rest) for i, rest in enumerate(wanted)]


@st.composite
def loads(draw):
    """Runs that fit on the machine together."""
    free, running = MACHINE, []
    for project, needs, ends in draw(st.lists(st.tuples(projects, amounts, st.integers(1, 100)), max_size=6)):
        if free.holds(needs):
            free -= needs
            running.append(Running(project, needs, ends))
    return running


def total(runs):
    amount = Resources(0, 0)
    for run in runs:
        amount += run.needs
    return amount


usages = st.dictionaries(projects, st.floats(0, 1e9, allow_nan=False))


@given(queues(), loads(), usages)
@settings(deadline=None)
def test_nothing_is_ever_given_twice(queue, running, used):
    chosen = choose(in_order(queue, used, MACHINE), running, MACHINE)
    assert MACHINE.holds(total([*running, *chosen]))
    assert len({run.ref for run in chosen}) == len(chosen)
    assert {run.ref for run in chosen} <= {run.ref for run in queue}


@given(queues(), usages)
@settings(deadline=None)
def test_the_order_has_every_run_once_and_is_first_come_first_served_in_a_project(queue, used):
    ordered = list(in_order(queue, used, MACHINE))
    assert Counter(run.ref for run in ordered) == Counter(run.ref for run in queue)
    for project in {run.project for run in queue}:
        assert [r for r in ordered if r.project == project] == [r for r in queue if r.project == project]
    assert ordered == list(in_order(queue, used, MACHINE))


@given(queues(), usages)
@settings(deadline=None)
def test_the_project_that_used_least_for_its_shares_is_first(queue, used):
    ordered = list(in_order(queue, used, MACHINE))
    heads = {}
    for run in queue:
        heads.setdefault(run.project, run)
    if ordered:
        ranks = {project: used.get(project, 0.0) / run.shares for project, run in heads.items()}
        assert ranks[ordered[0].project] == min(ranks.values())


@given(queues(), loads(), usages)
@settings(deadline=None)
def test_work_is_conserved_up_to_the_first_that_does_not_fit(queue, running, used):
    ordered = list(in_order(queue, used, MACHINE))
    chosen = choose(ordered, running, MACHINE)
    free = MACHINE - total(running)
    for run in ordered:
        if not free.holds(run.needs):
            break
        assert run in chosen
        free -= run.needs


@given(queues(), loads(), usages)
@settings(deadline=None)
def test_backfill_never_delays_the_first_that_waits(queue, running, used):
    ordered = list(in_order(queue, used, MACHINE))
    chosen = choose(ordered, running, MACHINE)
    blocked = next((run for run in ordered if run not in chosen), None)
    if blocked is None:
        return
    before = ordered[: ordered.index(blocked)]
    promised = earliest(blocked, running, before)
    assert earliest(blocked, running, chosen) <= promised


def earliest(run, running, started):
    """When ``run`` fits if all that runs and starts now runs to its limit and nothing else starts."""
    ends = [(r.ends_in_ms, r.needs) for r in running] + [(r.limit_ms, r.needs) for r in started]
    free = MACHINE - total([*running, *started])
    if free.holds(run.needs):
        return 0
    for end, needs in sorted(ends, key=lambda item: item[0]):
        free += needs
        if free.holds(run.needs):
            return end
    raise AssertionError("it fits on the empty machine")


@given(queues(most=40), st.integers(0, 3))
@settings(deadline=None, max_examples=60)
def test_every_run_starts_in_the_end_even_the_largest_under_a_stream_of_small_ones(queue, at):
    whole = Waiting("whole", "large", 1, Resources(8, 64), 50)
    waiting = [*queue[:at], whole, *queue[at:]]
    stream = iter(range(200))
    now, started, used, ending = 0, [], defaultdict(float), []
    while waiting or ending:
        running = [Running(run.project, run.needs, end - now) for end, _, run in ending]
        committed = dict(used)
        for run in running:
            committed[run.project] = committed.get(run.project, 0) + cost(run.needs, 100, MACHINE)
        for run in choose(in_order(waiting, committed, MACHINE), running, MACHINE):
            waiting.remove(run)
            started.append(run.ref)
            heapq.heappush(ending, (now + run.limit_ms, run.ref, run))
        now, _, done = heapq.heappop(ending)
        used[done.project] += cost(done.needs, done.limit_ms, MACHINE)
        for number in (next(stream, None), next(stream, None)):  # two come for each that ends
            if number is not None:
                waiting.append(Waiting(f"s{number}", "small", 1, Resources(1, 1), 100))
        if started.count("whole"):
            break
    assert started.count("whole") == 1


def test_projects_share_a_free_machine_by_their_shares():
    queue = [Waiting(f"a{i}", "astro", 3, Resources(1, 1), HOUR) for i in range(20)]
    queue += [Waiting(f"b{i}", "bio", 1, Resources(1, 1), HOUR) for i in range(20)]
    chosen = choose(in_order(queue, {}, MACHINE), [], MACHINE)
    assert Counter(run.project for run in chosen) == {"astro": 6, "bio": 2}


def test_a_short_run_goes_ahead_of_a_blocked_one_and_a_long_one_does_not():
    running = [Running("astro", Resources(6, 10), 100)]
    queue = [
        Waiting("blocked", "bio", 1, Resources(8, 10), 50),
        Waiting("long", "bio", 1, Resources(1, 1), 101),
        Waiting("short", "bio", 1, Resources(1, 1), 100),
    ]
    assert [run.ref for run in choose(queue, running, MACHINE)] == ["short"]


def test_a_long_run_may_use_what_the_blocked_one_leaves():
    running = [Running("astro", Resources(6, 10), 100)]
    queue = [
        Waiting("blocked", "bio", 1, Resources(7, 10), 50),
        Waiting("long", "bio", 1, Resources(1, 1), 1000),
        Waiting("longer", "bio", 1, Resources(1, 1), 1000),
    ]
    assert [run.ref for run in choose(queue, running, MACHINE)] == ["long"]


def test_runs_that_end_together_are_all_spare_for_others():
    held = [(100, Resources(4, 1)), (100, Resources(4, 1))]
    promise = Reservation.of(Waiting("x", "p", 1, Resources(4, 1), 1), Resources(0, 62), held)
    assert (promise.at_ms, promise.spare.cpus) == (100, 4)


def test_a_run_too_large_for_a_machine_that_shrank_blocks_nobody():
    queue = [Waiting("huge", "bio", 1, Resources(99, 1), 1), Waiting("small", "bio", 1, Resources(1, 1), HOUR)]
    assert [run.ref for run in choose(queue, [], MACHINE)] == ["small"]
