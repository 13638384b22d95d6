"""The centre's side of ``aisc apply``: secretariat, assessors, committee."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aisc.cli.output import Exit, Json, add, facts, fail, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import ask, find, words
from aisc.cli.user.session import centre

if TYPE_CHECKING:
    from aisc.client.models.scheme import ApplicationDetail

SECRETARIAT = "For the secretariat"
ASSESSOR = "For assessors"
COMMITTEE = "For the committee"

app = typer.Typer()

Application = Annotated[str, typer.Argument(metavar="APPLICATION", help="Its uid, number or title.")]


@app.command("return", rich_help_panel=SECRETARIAT)
def return_for_completion(
    application: Application,
    missing: Annotated[str, typer.Option(help="Everything that is missing; it can be returned once.")] = "",
    json: Json = False,
) -> None:
    """Return an application for completion."""
    missing = missing or ask.text(_("Everything that is missing"), "--missing")
    with centre() as client:
        found = client.applications.return_for_completion(find.application(client, application), missing=missing)
    show(found, _("{label} is returned for completion.").format(label=found.label))


@app.command("assessors", rich_help_panel=SECRETARIAT)
def assessors(application: Application, json: Json = False) -> None:
    """Whom you may assign: assessors who are not connected with the applicant."""
    with centre() as client:
        found = list(client.applications.assessors(find.application(client, application)))
    rows = table("uid", pgettext("terminal", "name"), _("open reviews"), right=(2,))
    for each in found:
        add(rows, each.uid, each.name, each.open_reviews)
    show(found, rows if found else _("Nobody can be assigned. An administrator makes somebody an assessor."))


@app.command("assign", rich_help_panel=SECRETARIAT)
def assign(
    application: Application,
    assessor: Annotated[str, typer.Argument(metavar="[PERSON]", help="uid or name, from “aisc apply assessors”.")] = "",
    json: Json = False,
) -> None:
    """Assign an assessor."""
    with centre() as client:
        of = find.application(client, application)
        chosen = find.pick(
            client.applications.assessors(of),
            assessor,
            kind="assessor",
            option="PERSON",
            none=_("Nobody can be assigned. An administrator makes somebody an assessor."),
        )
        found = client.applications.assign(of, chosen.uid)
    show(found, _("{name} assesses {label}.").format(name=words.plain(chosen.name), label=found.label))


@app.command("take-back", rich_help_panel=SECRETARIAT)
def take_back(
    application: Application,
    reason: Annotated[str, typer.Option(help="Why; kept with the assignment.")] = "",
    json: Json = False,
) -> None:
    """End an assignment, to choose another assessor."""
    reason = reason or ask.text(pgettext("terminal", "Reason"), "--reason")
    with centre() as client:
        found = client.applications.take_back(find.application(client, application), reason=reason)
    show(found, _("The assignment of {label} is ended.").format(label=found.label))


@app.command("conflict", rich_help_panel=ASSESSOR)
def conflict(
    application: Application,
    why: Annotated[str, typer.Option(help="What connects you with the applicant or the work.")] = "",
    json: Json = False,
) -> None:
    """Declare a conflict of interest. From then on you do not see the application."""
    why = why or ask.text(_("What connects you with the applicant or the work"), "--why")
    with centre() as client:
        of = find.application(client, application)
        client.applications.declare_conflict(of, conflict=why)
    show({"uid": of.uid, "conflict": why}, _("Declared. {label} goes to another assessor.").format(label=of.label))


@app.command("review", rich_help_panel=ASSESSOR)
def review(
    application: Application,
    score: Annotated[
        list[str] | None,
        typer.Option("--score", metavar="CRITERION=0..10", help="Once for each criterion of “aisc calls show”."),
    ] = None,
    comment: Annotated[str, typer.Option(help="Your reasons, for the committee.")] = "",
    recommend: Annotated[str, typer.Option(metavar="SHARE", help="The scheme's share, such as 70%; 0%: none.")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Keep it unfinished; submit it later.")] = False,
    json: Json = False,
) -> None:
    """Give your review to the committee, or keep it for later."""
    scores = dict(_score(each) for each in score or [])
    bps = _share(recommend, "--recommend") if recommend else None
    with centre() as client:
        of = find.application(client, application)
        if not scores and not keep and ask.interactive():
            for each in client.calls.get(of.call).criteria:
                typed = ask.text(_("{name} ({weight}%), 0 to 10").format(name=each.name, weight=each.weight), "--score")
                scores |= dict([_score(f"{each.code}={typed}")])
            comment = comment or ask.text(_("Your reasons, for the committee"), "--comment")
            bps = _share(ask.text(_("The scheme's share you recommend"), "--recommend"), "--recommend")
        found = client.applications.review(of, scores=scores, comment=comment, recommended_bps=bps, submit=not keep)
    told = _("Total {total} of 100.").format(total=found.total) + " " if found.total else ""
    show(found, told + (_("Kept; not yet submitted.") if keep else _("Submitted to the committee.")))


@app.command("decide", rich_help_panel=COMMITTEE)
def decide(
    application: Application,
    approve: Annotated[bool | None, typer.Option("--approve/--reject", help="The outcome.")] = None,
    reasons: Annotated[str, typer.Option(help="The letter quotes them.")] = "",
    share: Annotated[
        str, typer.Option(metavar="SHARE", help="The scheme's: up to 70%; up to 90% with --exceptional-reason.")
    ] = "",
    ceiling: Annotated[str, typer.Option(metavar="AMOUNT", help="At list price; left out: what was asked for.")] = "",
    months: Annotated[int | None, typer.Option(min=1, help="Left out: what was asked for.")] = None,
    exceptional_reason: Annotated[str, typer.Option(help="What makes it a special, exceptional case.")] = "",
    json: Json = False,
) -> None:
    """Decide on an application. The letter, and on approval the award, are issued at once."""
    from aisc.cli.user.budgets import amount_in_cents

    if approve is None:
        fail(_("Say --approve or --reject."), Exit.USAGE)
    reasons = reasons or ask.text(pgettext("terminal", "Reasons"), "--reasons")
    bps = 0
    if approve:
        bps = _share(share or ask.text(_("The scheme's share"), "--share"), "--share")
    with centre() as client:
        found = client.applications.decide(
            find.application(client, application),
            outcome="approved" if approve else "rejected",
            reasons=reasons,
            scheme_bps=bps,
            exceptional_reason=exceptional_reason,
            ceiling_cents=amount_in_cents(ceiling, "--ceiling") if ceiling else None,
            months=months,
        )
    award = (
        " "
        + _("Award {number}, to be accepted by {accept_by}.").format(
            number=found.award.number, accept_by=found.award.accept_by
        )
        if found.award
        else ""
    )
    show(found, _("{label} is {state}.{award}").format(label=found.label, state=found.state, award=award))


def _score(text: str) -> tuple[str, int]:
    code, _equals, points = text.partition("=")
    if not code or not (points.isascii() and points.isdigit()):
        fail(_("“{text}”: write CRITERION=POINTS, such as alignment=8.").format(text=text), Exit.USAGE)
    return code, int(points)


def _share(text: str, option: str) -> int:
    try:
        return words.parse_percent(text)
    except ValueError as error:
        fail(f"{option}: {error}", Exit.USAGE)


def show_detail(found: ApplicationDetail) -> None:
    """Everything that the caller may see of an application."""
    said = found.submitted or (found.draft.model_dump(mode="json") if found.draft else {})
    team = "\n".join(", ".join(filter(None, each.values())) for each in said.get("team", []))
    step = f"{found.next.who}: {found.next.what}" if found.next else ""
    if found.next and found.next.due:
        step += " " + _("(by {due})").format(due=found.next.due)
    cost = found.cost
    lines = "\n".join(
        _("{count} × {accelerator} × {months} months = {hours:,} h at {price_cents}: {list_cents}").format(
            count=line.count,
            accelerator=line.accelerator,
            months=line.months,
            hours=line.hours,
            price_cents=words.money(line.price_cents, cost.currency),
            list_cents=words.money(line.list_cents, cost.currency),
        )
        for line in cost.lines
    )
    rows = [
        ("uid", found.uid),
        (pgettext("terminal", "Number"), found.number),
        (pgettext("terminal", "State"), words.state(found.state)),
        (pgettext("terminal", "Next"), step),
        (pgettext("terminal", "Title"), found.name_en),
        ("標題", found.name_zh),
        (pgettext("terminal", "Summary"), said.get("summary_en")),
        ("摘要", said.get("summary_zh")),
        (pgettext("terminal", "Start"), said.get("starts_on")),
        (pgettext("terminal", "Team"), team),
        (_("Asked for"), lines),
        (
            _("At {scheme_bps}").format(scheme_bps=words.percent(cost.scheme_bps)),
            (
                _("scheme {scheme_cents}, applicant {applicant_cents}").format(
                    scheme_cents=words.money(cost.scheme_cents, cost.currency),
                    applicant_cents=words.money(cost.applicant_cents, cost.currency),
                )
            ),
        ),
        (pgettext("terminal", "Why"), said.get("justification")),
        (_("Returned for"), found.returned_for),
        *((_("Receipt {number}").format(number=number), each.sha256) for number, each in enumerate(found.receipts, 1)),
        *_decision_rows(found),
    ]
    reviews = table(
        pgettext("terminal", "assessor"),
        pgettext("terminal", "submitted"),
        pgettext("terminal", "total"),
        pgettext("terminal", "recommends"),
        pgettext("terminal", "comment"),
        right=(2, 3),
    )
    for each in found.reviews:
        share = "" if each.recommended_bps is None else words.percent(each.recommended_bps)
        comment = each.comment or each.conflict or each.taken_back
        add(reviews, each.assessor, words.when(each.submitted_at), each.total, share, comment)
    show(found, facts(*rows), *([reviews] if found.reviews else []))


def _decision_rows(found: ApplicationDetail) -> list[tuple[str, str | None]]:
    rows: list[tuple[str, str | None]] = []
    if decision := found.decision:
        rows += [
            (pgettext("terminal", "Decision"), decision.outcome),
            (pgettext("terminal", "Reasons"), decision.reasons),
        ]
        if decision.outcome == "approved":
            terms = _("scheme {scheme_bps} of up to {ceiling_cents}").format(
                scheme_bps=words.percent(decision.scheme_bps), ceiling_cents=words.money(decision.ceiling_cents)
            )
            rows += [
                (
                    pgettext("terminal", "Terms"),
                    _("{terms} at list price, {months} months").format(terms=terms, months=decision.months),
                ),
                (pgettext("terminal", "Exceptional"), decision.exceptional_reason),
            ]
    if award := found.award:
        accepted = (
            _("accepted {accepted_at}").format(accepted_at=words.when(award.accepted_at))
            if award.accepted_at
            else _("accept by {accept_by}").format(accept_by=award.accept_by)
        )
        rows += [
            (pgettext("terminal", "Award"), f"{award.number}, {accepted}"),
            (pgettext("terminal", "Project"), award.project),
            (pgettext("terminal", "Budget"), award.budget),
        ]
    if found.letter:
        rows.append(
            (
                pgettext("terminal", "Letter"),
                _("{reference}, verification code {code}").format(
                    reference=found.letter.reference, code=found.letter.code
                ),
            )
        )
    return rows
