"""``aisc run``: from a command on this machine to its result, its log and its cost at the centre."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from aisc.cli.output import Exit, Json, fail, say, show_json, wants_json
from aisc.cli.tongue import gettext as _
from aisc.cli.user import ask, config, find, transfer, words
from aisc.cli.user.session import centre

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.jobs import JobDetail, Template
    from aisc.client.models.ledger import Budget, Estimate

WHAT = "What to run"
WHERE = "On what"
FILES = "Files"
MONEY = "Money"
AFTER = "Afterwards"


def run(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[--] COMMAND [ARGS]...", help="The command. No shell reads it; use sh -c for one."),
    ] = None,
    template: Annotated[
        str, typer.Option(help="A template instead of a command; see “aisc templates”.", rich_help_panel=WHAT)
    ] = "",
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="NAME=VALUE", help="Of the template.", rich_help_panel=WHAT),
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the job.", rich_help_panel=WHAT)] = "",
    env: Annotated[
        list[str] | None,
        typer.Option("--env", "-e", metavar="NAME=VALUE", help="Environment variable.", rich_help_panel=WHAT),
    ] = None,
    array: Annotated[
        int,
        typer.Option(min=1, help="Run it so many times, each with its AISC_ARRAY_INDEX.", rich_help_panel=WHAT),
    ] = 1,
    after: Annotated[
        list[str] | None,
        typer.Option(metavar="JOB", help="Start when this job has completed.", rich_help_panel=WHAT),
    ] = None,
    note: Annotated[str, typer.Option(help="What this run tries; shown with the job.", rich_help_panel=WHAT)] = "",
    accelerator: Annotated[
        str, typer.Option("--accelerator", "-a", help="Its code; cpu counts CPU cores.", rich_help_panel=WHERE)
    ] = "",
    count: Annotated[
        int | None, typer.Option("--count", "-c", min=1, help="How many of them.", rich_help_panel=WHERE)
    ] = None,
    cpus: Annotated[
        int | None, typer.Option(min=1, help="CPU cores beside accelerators.", rich_help_panel=WHERE)
    ] = None,
    memory: Annotated[str, typer.Option("--memory", "-m", help="Such as 2G.", rich_help_panel=WHERE)] = "",
    time: Annotated[
        str,
        typer.Option("--time", "-t", help="The most it may take, such as 10m or 2h30m.", rich_help_panel=WHERE),
    ] = "",
    upload: Annotated[
        list[Path] | None,
        typer.Option(help="Send this file or folder too.", rich_help_panel=FILES),
    ] = None,
    no_upload: Annotated[
        bool, typer.Option("--no-upload", help="Do not send the files that the command names.", rich_help_panel=FILES)
    ] = False,
    workdir: Annotated[
        str, typer.Option(help="Folder of the workspace to send files to and to run in.", rich_help_panel=FILES)
    ] = "",
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", help="File of the workspace that must be there.", rich_help_panel=FILES),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option("--output", help="Pattern of results beside the job's own folder.", rich_help_panel=FILES),
    ] = None,
    output_to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Fetch the results into this folder.", rich_help_panel=FILES)
    ] = None,
    budget: Annotated[
        str, typer.Option("--budget", "-b", help="Who pays: its uid or name.", rich_help_panel=MONEY)
    ] = "",
    confirm_above: Annotated[
        str,
        typer.Option(metavar="AMOUNT", help="Ask before it starts if it can cost more.", rich_help_panel=MONEY),
    ] = "100",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.", rich_help_panel=MONEY)] = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Submit it and leave.", rich_help_panel=AFTER)] = False,
    json: Json = False,
) -> None:
    """Run a command, or a template, at the centre: send its files, watch it, get its results.

    Files of this folder that the command names are sent first. What it may cost at most is shown,
    and held on the budget, before it starts; what it did cost, and to whom, when it has ended.
    Ctrl-C asks whether to cancel it or to leave it running.

    Ends with the job's own exit code; with 124 at its time limit, 137 when it was out of memory,
    130 when it was cancelled or left running, 125 when the centre ended it for another reason.

        aisc run --time 10m -- python train.py --epochs 3
        aisc run --template digits-classifier --param epochs=10
        aisc run -a h800 -c 8 -t 4h --upload data/ --output-to results -- python train.py
    """
    if not command and not template:
        fail(_("Write the command after the options: aisc run --time 10m -- python train.py"), Exit.USAGE)
    wish = Wish(
        command=command or [],
        name=name or _name_of(command or [], template),
        template=template,
        parameters=_pairs(param or [], "--param"),
        environment=_pairs(env or [], "--env"),
        accelerator=accelerator,
        count=count,
        time=time,
        array=array,
        uploads=_uploads(command or [], upload or [], workdir, by_name=not no_upload and not template),
        threshold=_threshold(confirm_above),
        yes=yes,
    )
    with centre() as client:
        pays = find.budget(client, budget or os.environ.get("AISC_BUDGET", "") or config.load().budget, state="active")
        estimate = _estimate(client, pays, wish)
        _show_cost(pays, estimate, wish)
        _ask_whether(estimate, wish)
        if wish.uploads:
            transfer.send(client, pays.project, wish.uploads)
        job = client.jobs.submit(
            project=pays.project,
            budget=pays,
            name=wish.name,
            command=wish.command or None,
            template=template,
            parameters=wish.parameters,
            accelerator=accelerator,
            accelerator_count=count,
            cpus=cpus,
            memory=_memory(memory) or None,
            time_limit=time or None,
            array_size=array,
            environment=wish.environment,
            inputs=inputs or [],
            outputs=outputs or [],
            workdir=workdir,
            after=after or [],
            note=note,
        )
        say(_("Submitted {uid}: {name}").format(uid=job.uid, name=job.name))
        if detach:
            leave(job)
        see_through(client, job, output_to)


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line, read."""

    command: list[str]
    name: str
    template: str
    parameters: dict[str, str]
    environment: dict[str, str]
    accelerator: str
    count: int | None
    time: str
    array: int
    uploads: list[transfer.Upload]
    threshold: int
    yes: bool


def see_through(client: Client, job: JobDetail, output_to: Path | None = None) -> NoReturn:
    """Watch a job to its end, say what came of it, fetch its results, and end with its exit code."""
    from aisc.cli.user.watch import Watch, finish

    ended = Watch(client, job, log=job.array_size == 1).until_ended()
    deciding, code = finish(client, ended)
    written: list[Path] = []
    if output_to is not None:
        written = transfer.fetch_results(client, ended.uid, ended.project, output_to)
        say(_("Fetched {count} into {output_to}").format(count=words.files(len(written)), output_to=output_to))
    elif number := sum(1 for _ in client.jobs.results(ended)):
        say(
            _("Results: {count}. Fetch with: aisc jobs results {uid} --output-to DIR").format(
                count=words.files(number), uid=ended.uid
            )
        )
    if wants_json():
        show_json({"job": ended, "run": deciding, "exit_code": code, "fetched": [str(each) for each in written]})
    raise typer.Exit(code)


def leave(job: JobDetail) -> NoReturn:
    """Say where a submitted job is, and end."""
    if wants_json():
        show_json({"job": job, "exit_code": 0})
    else:
        # The uid alone on standard output: job=$(aisc run -d …)
        print(job.uid)
    say(_("Watch it: aisc logs -f {uid}   End it: aisc cancel {uid}").format(uid=job.uid))
    raise typer.Exit(0)


# Reading the command line


def _name_of(command: Sequence[str], template: str) -> str:
    text = " ".join(" ".join(command).split()) or template
    return text if len(text) <= 100 else text[:99] + "…"


def _pairs(values: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for each in values:
        name, equals, value = each.partition("=")
        if not equals or not name:
            fail(_("{option} takes NAME=VALUE, not “{each}”.").format(option=option, each=each), Exit.USAGE)
        pairs[name] = value
    return pairs


def _memory(text: str) -> str:
    """A number alone is MiB, as the API has it."""
    return f"{text} MB" if text.isascii() and text.isdigit() else text


def _threshold(text: str) -> int:
    try:
        return words.parse_money(text)
    except ValueError as error:
        fail(f"--confirm-above: {error}", Exit.USAGE)


def _uploads(command: list[str], more: list[Path], workdir: str, *, by_name: bool) -> list[transfer.Upload]:
    here = Path.cwd()
    files, folders = transfer.named_in(command, here) if by_name else ([], [])
    sent = [os.path.normpath(each) for each in more]
    for folder in folders:
        if not any(folder == each or folder.startswith(f"{each}/") for each in sent):
            say(
                _("{folder} is a folder here and is not sent. Add --upload {folder} if the job needs it.").format(
                    folder=folder
                )
            )
    if files and os.path.normpath(command[0]) == str(files[0]):
        fail(
            _("{command} would not be executable in the workspace. Name what runs it, such as: sh {command}").format(
                command=command[0]
            ),
            Exit.USAGE,
        )
    return transfer.collect([*files, *more], here, workdir)


# Money, before anything starts


def _estimate(client: Client, budget: Budget, wish: Wish) -> Estimate:
    template = _template(client, wish.template) if wish.template else None
    return client.budgets.estimate(
        budget,
        accelerator=wish.accelerator or (template.accelerator if template else "cpu"),
        count=wish.count or (template.accelerator_count if template else 1),
        time_limit_ms=_time_limit_ms(wish.time, template),
        runs=wish.array,
    )


def _template(client: Client, code: str) -> Template:
    everything = list(client.templates.list())
    for each in everything:
        if each.code == code:
            return each
    return fail(
        _("There is no template “{code}”. There are: {known}.").format(
            code=code, known=", ".join(each.code for each in everything)
        ),
        Exit.USAGE,
    )


def _time_limit_ms(text: str, template: Template | None) -> int:
    from aisc.client.quantities import milliseconds

    if not text and template:
        return template.time_limit_ms
    if not text:
        fail(_("Say how long it may take at most, such as --time 10m. Less than that costs less."), Exit.USAGE)
    try:
        return milliseconds(text)
    except ValueError as error:
        fail(f"--time: {error}", Exit.USAGE)


def _show_cost(budget: Budget, estimate: Estimate, wish: Wish) -> None:
    def amount(cents: int) -> str:
        return words.money(cents, budget.currency)

    runs = _(" for {runs:,} runs").format(runs=estimate.runs) if estimate.runs > 1 else ""
    say(
        _("{name}: at most {list_cents} at list price{runs}, paid by “{budget}”").format(
            name=wish.name, list_cents=amount(estimate.list_cents), runs=runs, budget=budget.name
        )
    )
    say(
        _("  scheme {scheme_cents} ({scheme_bps}), applicant {applicant_cents}; {max} stay available").format(
            scheme_cents=amount(estimate.scheme_cents),
            scheme_bps=words.percent(budget.scheme_bps),
            applicant_cents=amount(estimate.applicant_cents),
            max=amount(max(0, estimate.available_cents - estimate.list_cents)),
        )
    )
    if not estimate.enough:
        fail(
            _(
                "“{name}” has {available_cents} available, and this can cost {list_cents}. Nothing was started. "
                "Ask for a shorter --time or fewer accelerators, or have more released."
            ).format(
                name=budget.name,
                available_cents=amount(estimate.available_cents),
                list_cents=amount(estimate.list_cents),
            ),
            Exit.REFUSED,
            code="budget.insufficient",
        )


def _ask_whether(estimate: Estimate, wish: Wish) -> None:
    """Only of somebody who can answer, and only where it is worth a question: scripts are never held up."""
    if wish.yes or estimate.list_cents <= wish.threshold or not ask.interactive():
        return
    if not ask.yes(_("Start it?"), default=True):
        fail(_("Nothing was started."), Exit.REFUSED)


# “aisc run python train.py --epochs 3” needs no “--”: what follows the command is the command's.
run.command_settings = {"context_settings": {"allow_interspersed_args": False}}
