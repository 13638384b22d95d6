"""``aisc jobs``, ``aisc logs``, ``aisc cancel`` and ``aisc templates``."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Exit, Json, add, facts, fail, say, show, show_json, table, wants_json
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import find, words
from aisc.cli.user.session import centre

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.jobs import JobDetail

app = typer.Typer(help="Jobs: list, show, retry, results.", cls=ListGroup)

Job = Annotated[str, typer.Argument(metavar="[JOB]", help="Its uid or name; left out: your newest.")]


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("list")
def list_jobs(
    state: Annotated[str, typer.Option(help="Only in this state; or active, ended.")] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only those you have submitted.")] = False,
    project: Annotated[str, typer.Option(help="Only of this project: its uid or name.")] = "",
    budget: Annotated[str, typer.Option(help="Only paid by this budget: its uid or name.")] = "",
    query: Annotated[str, typer.Option("--query", "-q", help="Only with this in the name.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 20,
    json: Json = False,
) -> None:
    """Jobs you may see, newest first."""
    with centre() as client:
        of_project = find.project(client, project) if project else None
        of_budget = find.budget(client, budget) if budget else None
        jobs = client.jobs.list(state=state, project=of_project, budget=of_budget, mine=mine, q=query)
        found = list(islice(jobs, limit))
    rows = table(
        "uid",
        pgettext("terminal", "name"),
        pgettext("terminal", "state"),
        pgettext("terminal", "on"),
        pgettext("terminal", "submitted"),
        pgettext("terminal", "cost"),
        pgettext("terminal", "held"),
        right=(5, 6),
    )
    for each in found:
        on = f"{each.accelerator_count} × {each.accelerator}"
        if each.array_size > 1:
            on = f"{each.array_size:,} × ({on})"
        listed, held = each.cost.list_cents, each.cost.held_cents
        add(
            rows,
            each.uid,
            each.name,
            words.state(each.state),
            on,
            words.ago(each.created_at),
            words.money(listed, each.cost.currency),
            words.money(held, each.cost.currency) if held else "",
        )
    show(found, rows if found else _("No jobs."))


@app.command("show")
def show_job(job: Job = "", json: Json = False) -> None:
    """One job: what was asked, where it stands and why, what it cost to whom."""
    from aisc.cli.user import outcome

    with centre() as client:
        found = _job(client, job)
        runs = list(islice(client.jobs.runs(found), 200))
    on = _("{accelerator_count} × {accelerator}, {cpus} CPU cores, {memory_mb}").format(
        accelerator_count=found.accelerator_count,
        accelerator=found.accelerator,
        cpus=found.cpus,
        memory_mb=words.memory(found.memory_mb),
    )
    cost = outcome.cost(found)
    if found.cost.held_cents:
        cost += _("; {held_cents} held").format(held_cents=words.money(found.cost.held_cents, found.cost.currency))
    first = runs[0] if found.array_size == 1 and runs else None
    show(
        {**found.model_dump(mode="json"), "runs": runs},
        facts(
            ("uid", found.uid),
            (pgettext("terminal", "Name"), found.name),
            (pgettext("terminal", "State"), words.state(found.state)),
            ("", found.reason),
            (pgettext("terminal", "Runs"), _counts(found)),
            (pgettext("terminal", "Command"), " ".join(found.command)),
            (pgettext("terminal", "Template"), found.template),
            (
                pgettext("terminal", "Parameters"),
                ", ".join(f"{name}={value}" for name, value in found.parameters.items()),
            ),
            (pgettext("terminal", "On"), on),
            (_("Time limit"), words.limit(found.time_limit_ms)),
            (pgettext("terminal", "Took"), words.duration(first.elapsed_ms) if first and first.started_at else None),
            (_("Exit code"), first.exit_code if first else None),
            (pgettext("terminal", "Node"), first.node if first else None),
            (_("Peak memory"), words.memory(first.max_rss_mb) if first and first.max_rss_mb else None),
            (pgettext("terminal", "Project"), found.project),
            (pgettext("terminal", "Budget"), found.budget),
            (pgettext("terminal", "Cost"), cost),
            (pgettext("terminal", "After"), ", ".join(found.after)),
            (_("Retry of"), found.retry_of),
            (
                pgettext("terminal", "Submitted"),
                _("{created_at} by {submitted_by}").format(
                    created_at=words.when(found.created_at), submitted_by=found.submitted_by
                ),
            ),
            (pgettext("terminal", "Ended"), words.when(found.ended_at)),
            (pgettext("terminal", "Note"), found.note),
        ),
    )


def _counts(job: JobDetail) -> str:
    if job.array_size == 1:
        return ""
    return ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in job.run_states.items())


@app.command("runs")
def runs(
    job: Job = "",
    state: Annotated[str, typer.Option(help="Only in this state; or active, ended.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many.")] = 50,
    json: Json = False,
) -> None:
    """The runs of a job, by index."""
    with centre() as client:
        of = _job(client, job)
        found = list(islice(client.jobs.runs(of, state=state), limit))
    rows = table(
        pgettext("terminal", "run"),
        pgettext("terminal", "state"),
        pgettext("terminal", "took"),
        pgettext("terminal", "exit"),
        pgettext("terminal", "peak"),
        pgettext("terminal", "cost"),
        pgettext("terminal", "why"),
        right=(0, 2, 3, 4, 5),
    )
    for each in found:
        took = words.duration(each.elapsed_ms) if each.started_at else ""
        peak = words.memory(each.max_rss_mb) if each.max_rss_mb else ""
        cost = words.money(each.charged_cents, of.cost.currency)
        add(rows, each.index, words.state(each.state), took, each.exit_code, peak, cost, each.reason_text)
    show(found, rows if found else _("No runs."))


@app.command("retry")
def retry(
    job: Job = "",
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Submit it and leave.")] = False,
    json: Json = False,
) -> None:
    """Submit the same job again, as a new one, and watch it."""
    from aisc.cli.user.run import leave, see_through

    with centre() as client:
        made = client.jobs.retry(_job(client, job))
        say(_("Submitted {uid}: {name}").format(uid=made.uid, name=made.name))
        if detach:
            leave(made)
        see_through(client, made)


@app.command("note")
def note(
    job: Annotated[str, typer.Argument(metavar="JOB", help="Its uid or name.")],
    text: Annotated[str, typer.Argument(help="What came of it, what to try next; replaces the note.")],
    json: Json = False,
) -> None:
    """Write down what came of a job."""
    with centre() as client:
        found = client.jobs.annotate(_job(client, job), text)
    show(found, _("Noted with {uid}.").format(uid=found.uid))


@app.command("results")
def results(
    job: Job = "",
    output_to: Annotated[Path | None, typer.Option(metavar="DIR", help="Fetch them into this folder.")] = None,
    json: Json = False,
) -> None:
    """Files that a job left behind; with --output-to, fetch them."""
    from aisc.cli.user import transfer

    with centre() as client:
        of = _job(client, job)
        if output_to is not None:
            written = transfer.fetch_results(client, of.uid, of.project, output_to)
            rows = table(pgettext("terminal", "file"))
            for path in written:
                add(rows, path)
            show({"fetched": [str(each) for each in written]}, rows if written else _("It left no files behind."))
            return
        found = list(client.jobs.results(of))
    rows = table(pgettext("terminal", "file"), pgettext("terminal", "size"), "", right=(1,))
    for each in found:
        add(rows, each.file.path, words.size(each.file.bytes), each.label)
    show(found, rows if found else _("It left no files behind."))


def logs(
    job: Job = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job ends.")] = False,
    index: Annotated[int, typer.Option(min=0, help="Which run of an array.")] = 0,
    json: Json = False,
) -> None:
    """Print what a job has written. With -f, follow it and end with the job's exit code."""
    from aisc.cli.user.watch import Watch, finish

    with centre() as client:
        found = _job(client, job)
        if follow:
            ended = Watch(client, found, run=index).until_ended()
            run, code = finish(client, ended)
            if wants_json():
                show_json({"job": ended, "run": run, "exit_code": code})
            raise typer.Exit(code)
        text, offset, over = [], 0, False
        for piece in client.jobs.pieces(found, run=index):
            offset, over = piece.next_offset, piece.ended
            if wants_json():
                text.append(piece.text)
            else:
                sys.stdout.write(piece.text)
        sys.stdout.flush()
    if wants_json():
        show_json({"job": found.uid, "run": index, "text": "".join(text), "next_offset": offset, "ended": over})
    elif not offset and not over:
        say(
            _("{uid} is {state} and has written nothing yet. Follow it with -f.").format(
                uid=found.uid, state=found.state
            )
        )


def cancel(
    jobs: Annotated[list[str], typer.Argument(metavar="JOB...", help="Their uids or names.")],
    json: Json = False,
) -> None:
    """End jobs. What they have used until then is charged, the rest of the hold is free again."""
    with centre() as client:
        found = [client.jobs.cancel(_job(client, each)) for each in jobs]
    show(found, "\n".join(_("{uid} is being cancelled.").format(uid=each.uid) for each in found))


def templates(
    code: Annotated[str, typer.Argument(metavar="[TEMPLATE]", help="One of them, with its parameters.")] = "",
    json: Json = False,
) -> None:
    """Jobs that need no program of your own. With a name: its parameters."""
    with centre() as client:
        everything = list(client.templates.list())
    if not code or code == "list":
        rows = table(pgettext("terminal", "template"), pgettext("terminal", "name"), _("asks for"), _("at most"))
        for each in everything:
            on = f"{each.accelerator_count} × {each.accelerator}"
            add(rows, each.code, each.name, on, words.limit(each.time_limit_ms))
        show(everything, rows if everything else _("This centre has no templates."))
        return
    found = next((each for each in everything if each.code == code), None)
    if found is None:
        known = ", ".join(each.code for each in everything)
        fail(_("There is no template “{code}”. There are: {known}.").format(code=code, known=known), Exit.REFUSED)
    rows = table(pgettext("terminal", "parameter"), "", _("unless given"), "")
    for each in found.parameters:
        kind = ", ".join(each.choices) or each.type
        add(rows, each.name, kind, "needed" if each.default is None else each.default, each.label)
    show(found, f"[bold]{words.plain(found.name)}[/]", words.plain(found.description), rows)
    say(_("Run it: aisc run --template {code} --param NAME=VALUE").format(code=found.code))


def _job(client: Client, wanted: str) -> JobDetail:
    """The job of this uid; the newest of this name; the caller's newest where none is named."""
    if wanted.startswith("job-"):
        return client.jobs.get(wanted)
    if not wanted:
        newest = next(client.jobs.list(mine=True), None)
        if newest is None:
            fail(_("You have not submitted a job yet. Start one with “aisc run”."), Exit.REFUSED)
        return client.jobs.get(newest)
    same = (each for each in client.jobs.list(q=wanted) if each.name.casefold() == wanted.casefold())
    found = next(same, None)
    if found is None:
        fail(_("There is no job “{wanted}” that you may see.").format(wanted=wanted), Exit.REFUSED)
    return client.jobs.get(found)
