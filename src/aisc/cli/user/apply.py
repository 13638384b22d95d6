"""``aisc apply``: the applicant's commands. Those of the centre's people are in ``desk``."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Exit, Json, add, facts, fail, out, say, show, table, wants_json
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import application_file, ask, desk, find, words
from aisc.cli.user.save import Output, save
from aisc.cli.user.session import centre

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.scheme import ApplicationDetail

APPLICANT = "For applicants"

app = typer.Typer(help="Applications, from the draft to the award.", cls=ListGroup)

Application = Annotated[str, typer.Argument(metavar="APPLICATION", help="Its uid, number or title.")]
File = Annotated[
    Path | None,
    typer.Option("--file", "-f", metavar="FILE", help="A TOML file; “aisc apply example” prints one to fill in."),
]
Reason = Annotated[str, typer.Option(help="Why; shown to the secretariat.")]
Name = Annotated[str | None, typer.Option("--name", help="Title in English.")]
NameZh = Annotated[str | None, typer.Option("--name-zh", help="Title in Chinese.")]
Summary = Annotated[str | None, typer.Option("--summary", help="Summary in English.")]
SummaryZh = Annotated[str | None, typer.Option("--summary-zh", help="Summary in Chinese.")]
Starts = Annotated[datetime | None, typer.Option("--starts", formats=["%Y-%m-%d"], metavar="DATE", help="First day.")]
Justification = Annotated[str | None, typer.Option("--justification", help="Why this much computing.")]
OtherFunding = Annotated[
    bool | None,
    typer.Option("--other-funding/--no-other-funding", help="Whether another subsidy pays for the same work."),
]
FundingNote = Annotated[str | None, typer.Option("--funding-note", help="Public money for other parts of the work.")]
Team = Annotated[
    list[str] | None,
    typer.Option("--team", metavar="NAME;ROLE;EMAIL", help="Somebody of the team; repeat for several."),
]
Resources = Annotated[
    list[str] | None,
    typer.Option("--resource", metavar="CODE:COUNT:MONTHS", help="Accelerators asked for; repeat for several."),
]


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("list", rich_help_panel=APPLICANT)
def list_applications(
    state: Annotated[str, typer.Option(help="Only in this state.")] = "",
    call: Annotated[str, typer.Option(help="Only to this call: its uid or name.")] = "",
    json: Json = False,
) -> None:
    """Applications you may see, newest first, and who must act next."""
    with centre() as client:
        to = find.call(client, call) if call else None
        found = list(client.applications.list(state=state, call=to))
    rows = table(
        "number",
        pgettext("terminal", "title"),
        pgettext("terminal", "state"),
        pgettext("terminal", "next"),
        pgettext("terminal", "by"),
    )
    for each in found:
        step = f"{each.next.who}: {each.next.what}" if each.next else ""
        due = each.next.due if each.next else None
        add(rows, each.label, each.name, words.state(each.state), step, due)
    show(found, rows if found else _("No applications. Begin one with “aisc apply new”."))


@app.command("example", rich_help_panel=APPLICANT)
def example(json: Json = False) -> None:
    """Print an application file to fill in: aisc apply example > application.toml"""
    if wants_json():
        show({"toml": application_file.EXAMPLE}, "")
    else:
        out.print(application_file.EXAMPLE, markup=False, soft_wrap=True, end="")


@app.command("new", rich_help_panel=APPLICANT)
def new(
    file: File = None,
    call: Annotated[str, typer.Option(help="To which call: its uid or name; left out: the open one.")] = "",
    organisation: Annotated[str, typer.Option("--org", help="For which organisation: its uid or name.")] = "",
    name: Name = None,
    name_zh: NameZh = None,
    summary: Summary = None,
    summary_zh: SummaryZh = None,
    starts: Starts = None,
    justification: Justification = None,
    other_funding: OtherFunding = None,
    funding_note: FundingNote = None,
    team: Team = None,
    resource: Resources = None,
    json: Json = False,
) -> None:
    """Make a draft: from a file, from options, or by answering questions.

    It may be as unfinished as you like; “aisc apply edit” goes on with it.
    """
    parts = application_file.read(file) if file else {}
    parts |= _options(
        name_en=name,
        name_zh=name_zh,
        summary_en=summary,
        summary_zh=summary_zh,
        starts_on=starts.date() if starts else None,
        justification=justification,
        other_funding=other_funding,
        funding_note=funding_note,
        team=team,
        resources=resource,
    )
    call, organisation = call or parts.pop("call", ""), organisation or parts.pop("organisation", "")
    with centre() as client:
        to = find.call(client, call, phase="open")
        of = find.organisation(client, organisation)
        if not parts and ask.interactive():
            parts = _questions(client, to.price_list)
        draft = client.applications.start(call=to, organisation=of)
        try:
            found = client.applications.save(draft, **parts) if parts else draft
        except BaseException:
            say(_("The draft {uid} was begun; go on with: aisc apply edit {uid}").format(uid=draft.uid))
            raise
    _show_draft(found)


@app.command("edit", rich_help_panel=APPLICANT)
def edit(
    application: Application,
    file: File = None,
    organisation: Annotated[str, typer.Option("--org", help="Another organisation of yours.")] = "",
    name: Name = None,
    name_zh: NameZh = None,
    summary: Summary = None,
    summary_zh: SummaryZh = None,
    starts: Starts = None,
    justification: Justification = None,
    other_funding: OtherFunding = None,
    funding_note: FundingNote = None,
    team: Team = None,
    resource: Resources = None,
    json: Json = False,
) -> None:
    """Save parts of a draft, or of one that was returned for completion. What is not given stays."""
    parts = application_file.read(file) if file else {}
    parts |= _options(
        name_en=name,
        name_zh=name_zh,
        summary_en=summary,
        summary_zh=summary_zh,
        starts_on=starts.date() if starts else None,
        justification=justification,
        other_funding=other_funding,
        funding_note=funding_note,
        team=team,
        resources=resource,
    )
    parts.pop("call", None)
    organisation = organisation or parts.pop("organisation", "")
    if not parts and not organisation:
        fail(_("Say what to change: --file, or one of the options of “aisc apply edit --help”."), Exit.USAGE)
    with centre() as client:
        if organisation:
            parts["organisation"] = find.organisation(client, organisation).uid
        found = client.applications.save(find.application(client, application), **parts)
    _show_draft(found)


@app.command("show", rich_help_panel=APPLICANT)
def show_application(application: Application, json: Json = False) -> None:
    """One application, as much of it as you may see: where it stands, what it asks for, what was decided."""
    with centre() as client:
        found = client.applications.get(find.application(client, application))
    desk.show_detail(found)


@app.command("check", rich_help_panel=APPLICANT)
def check(application: Application, json: Json = False) -> None:
    """Say what keeps a draft from being submitted. Ends with 1 if anything does."""
    with centre() as client:
        found = client.applications.get(find.application(client, application))
    missing = found.draft.missing if found.draft else []
    show(
        {"uid": found.uid, "state": found.state, "missing": missing},
        "\n".join(f"- {words.plain(each)}" for each in missing) if missing else _("Nothing is missing."),
    )
    if missing:
        raise typer.Exit(int(Exit.FAILED))


@app.command("submit", rich_help_panel=APPLICANT)
def submit(
    application: Application,
    declare: Annotated[bool, typer.Option("--declare", help="Make the declaration without being asked.")] = False,
    json: Json = False,
) -> None:
    """Make the declaration and send the application in. From then on it cannot be changed."""
    with centre() as client:
        of = find.application(client, application)
        read = "" if declare else _declaration(client, of)
        found = client.applications.submit(of, declared=True, declaration=read)
    receipt = found.receipts[-1].sha256 if found.receipts else ""
    show(
        found,
        _("Submitted as {number}. Receipt (SHA-256 of the frozen copy): {receipt}").format(
            number=found.number, receipt=receipt
        ),
    )
    _say_next(found)


def _declaration(client: Client, of: Any) -> str:
    """Show what is declared, and ask; nobody declares anything by accident. The digest of what was shown."""
    call = client.calls.get(of.call)
    lines = call.declaration
    if not ask.interactive():
        fail(_("Submitting makes the scheme's declaration. Read it, then say --declare."), Exit.USAGE)
    if lines:
        say(_("We declare:"))
        for line in lines:
            say(f"- {line}")
    else:
        say(
            _("Submitting makes the scheme's declaration. Read it at {url}/applications/{uid}/ first.").format(
                url=client.url, uid=of.uid
            )
        )
    if not ask.yes(_("Do you declare this?")):
        fail(_("Nothing was submitted."), Exit.REFUSED)
    return call.declaration_sha256


@app.command("withdraw", rich_help_panel=APPLICANT)
def withdraw(
    application: Application,
    reason: Reason = "",
    yes: ask.Yes = False,
    json: Json = False,
) -> None:
    """Take an application back before it is decided; for good."""
    with centre() as client:
        of = find.application(client, application)
        ask.for_good(
            _("Withdraw {label} “{name}” for good?").format(label=of.label, name=of.name),
            agreed=yes,
            otherwise=_("Nothing was withdrawn."),
        )
        found = client.applications.withdraw(of, reason=reason)
    show(found, _("{label} is withdrawn.").format(label=found.label))


@app.command("accept", rich_help_panel=APPLICANT)
def accept(application: Application, json: Json = False) -> None:
    """Accept the award. Its project and its budget are opened. For owners."""
    with centre() as client:
        found = client.applications.accept(find.application(client, application))
    award = found.award
    show(
        found,
        _(
            "Accepted. Project {project}, budget {budget}. "
            "Next: aisc run --budget {payer} --time 10m -- python train.py"
        ).format(
            project=award.project if award else "",
            budget=award.budget if award else "",
            payer=award.budget if award else "BUDGET",
        ),
    )


@app.command("decline", rich_help_panel=APPLICANT)
def decline(
    application: Application,
    reason: Reason = "",
    yes: ask.Yes = False,
    json: Json = False,
) -> None:
    """Decline the award; for good. For owners."""
    with centre() as client:
        of = find.application(client, application)
        ask.for_good(
            _("Decline the award of {label} for good?").format(label=of.label),
            agreed=yes,
            otherwise=_("Nothing was declined."),
        )
        found = client.applications.decline(of, reason=reason)
    show(found, _("The award of {label} is declined.").format(label=found.label))


@app.command("letter", rich_help_panel=APPLICANT)
def letter(application: Application, output: Output = None, json: Json = False) -> None:
    """The decision letter as PDF, with its verification code."""
    with centre() as client:
        of = find.application(client, application)
        save(client.applications.letter(of), output or Path(f"letter-{of.label}.pdf"))


# What was typed


def _options(
    *, team: list[str] | None, resources: list[str] | None, **plain: str | bool | date | None
) -> dict[str, Any]:
    """What was given as options, as the API takes it."""
    parts: dict[str, Any] = {name: value for name, value in plain.items() if value is not None}
    if team is not None:
        parts["team"] = [_member(each) for each in team]
    if resources is not None:
        parts["resources"] = [_resource(each) for each in resources]
    return parts


def _member(text: str) -> dict[str, str]:
    name, role, email = (*(part.strip() for part in text.split(";")), "", "")[:3]
    return {"name": name, "role": role, "email": email}


def _resource(text: str) -> dict[str, Any]:
    code, *numbers = text.split(":")
    if len(numbers) != 2 or not all(each.isascii() and each.isdigit() for each in numbers):
        fail(_("“{text}”: write CODE:COUNT:MONTHS, such as h800:8:6.").format(text=text), Exit.USAGE)
    return {"accelerator": code, "count": int(numbers[0]), "months": int(numbers[1])}


def _questions(client: Client, price_list: str) -> dict[str, Any]:
    """Every part of the form, one question after the other; Enter leaves one for later."""
    say(_("Answer what you can; Enter leaves a question for later (“aisc apply edit”)."))
    labels = {
        "name_en": _("Title in English"),
        "name_zh": _("Title in Chinese"),
        "summary_en": _("Summary in English"),
        "summary_zh": _("Summary in Chinese"),
        "justification": _("Why this much computing"),
    }
    parts: dict[str, Any] = {name: ask.text(label, "--file", default="") for name, label in labels.items()}
    while (typed := ask.text(_("Start date (YYYY-MM-DD)"), "--file", default="")) and "starts_on" not in parts:
        try:
            parts["starts_on"] = date.fromisoformat(typed)
        except ValueError:
            say(_("“{typed}” is no date. Write it like 2026-09-01.").format(typed=typed))
        else:
            break
    parts["other_funding"] = ask.yes(_("Does another government subsidy pay for the same work?"))
    parts["team"] = []
    while typed := ask.text(_("Somebody of the team (NAME;ROLE;EMAIL)"), "--file", default=""):
        parts["team"].append(_member(typed))
    codes = [each.accelerator for each in client.prices.version(price_list).prices if each.accelerator]
    say(_("Accelerators of this call: {codes}").format(codes=", ".join(codes)))
    parts["resources"] = []
    while typed := ask.text(_("Accelerators (CODE:COUNT:MONTHS)"), "--file", default=""):
        parts["resources"].append(_resource(typed))
    return {name: value for name, value in parts.items() if value not in ("", [])}


def _show_draft(found: ApplicationDetail) -> None:
    cost, missing = found.cost, found.draft.missing if found.draft else []
    listed, scheme, applicant = (
        words.money(cents, cost.currency) for cents in (cost.list_cents, cost.scheme_cents, cost.applicant_cents)
    )
    asked = _("{listed}: scheme {scheme} ({scheme_bps}), applicant {applicant}").format(
        listed=listed, scheme=scheme, scheme_bps=words.percent(cost.scheme_bps), applicant=applicant
    )
    show(
        found,
        facts(
            ("uid", found.uid),
            (pgettext("terminal", "Title"), found.name),
            (pgettext("terminal", "State"), found.state),
            (_("Asked for"), asked if cost.list_cents else None),
            (pgettext("terminal", "Missing"), "\n".join(missing) or pgettext("terminal", "nothing")),
        ),
    )
    say(
        _("Next: aisc apply edit {uid} --file application.toml").format(uid=found.uid)
        if missing
        else _("Next: aisc apply submit {uid}").format(uid=found.uid)
    )


def _say_next(found: ApplicationDetail) -> None:
    if found.next:
        say(
            _("Next: {who}: {what}").format(who=found.next.who, what=found.next.what)
            + (_(", by {due}").format(due=found.next.due) if found.next.due else "")
        )


app.registered_commands += desk.app.registered_commands
