"""``aisc orgs`` and ``aisc projects``: where people belong, and who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Exit, Json, add, facts, fail, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import ask, find, words
from aisc.cli.user.session import centre

if TYPE_CHECKING:
    from aisc.client import Client

CATEGORIES = "university, research, enterprise, startup, government or other"
ROLES = "owner, manager, member, finance or read_only"

orgs = typer.Typer(help="Organisations and their members.", cls=ListGroup)
projects = typer.Typer(help="Projects and their members.", cls=ListGroup)

NameEn = Annotated[str, typer.Option("--name", help="Name in English.")]
NameZh = Annotated[str, typer.Option("--name-zh", help="Name in Chinese. At least one of the two names is needed.")]
Organisation = Annotated[str, typer.Argument(metavar="ORG", help="Its uid or name.")]
Project = Annotated[str, typer.Argument(metavar="PROJECT", help="Its uid or name.")]
Place = Annotated[str, typer.Argument(metavar="PLACE", help="Its uid or name.")]
Email = Annotated[str, typer.Argument(help="E-mail address of somebody who has an account here.")]
RoleOption = Annotated[str, typer.Option("--role", help=f"{ROLES}.")]


# Organisations


@orgs.callback()
def orgs_default(json: Json = False) -> None:
    """The first command, where none is named."""


@orgs.command("list")
def list_orgs(json: Json = False) -> None:
    """Organisations you may see."""
    with centre() as client:
        found = list(client.organisations.list())
    rows = table("uid", pgettext("terminal", "name"), "", pgettext("terminal", "category"))
    for each in found:
        add(rows, each.uid, each.name_en, each.name_zh, each.category)
    show(found, rows if found else _("You are in no organisation yet. Make one with “aisc orgs new”."))


@orgs.command("new")
def new_org(
    name: NameEn = "",
    name_zh: NameZh = "",
    category: Annotated[str, typer.Option(help=f"{CATEGORIES}.")] = "",
    registry_number: Annotated[str, typer.Option(help="Such as the Business Registration number.")] = "",
    address: Annotated[str, typer.Option(help="Postal address.")] = "",
    json: Json = False,
) -> None:
    """Register an organisation. You become its owner."""
    if not (name or name_zh):
        name = ask.text(_("Name in English"), "--name or --name-zh")
    category = category or ask.text(_("Category ({categories})").format(categories=CATEGORIES), "--category")
    with centre() as client:
        made = client.organisations.create(
            name_en=name, name_zh=name_zh, category=category, registry_number=registry_number, address=address
        )
    show(
        made,
        _("{name} ({uid}) is registered, and you own it. Next: aisc projects new").format(
            name=words.plain(made.name), uid=made.uid
        ),
    )


@orgs.command("show")
def show_org(organisation: Organisation, json: Json = False) -> None:
    """One organisation with its members and projects."""
    with centre() as client:
        found = find.organisation(client, organisation)
        members = _members_if_allowed(client.organisations, found)
        theirs = list(client.projects.list(organisation=found))
    show(
        {**found.model_dump(mode="json"), "members": members, "projects": theirs},
        facts(
            ("uid", found.uid),
            (pgettext("terminal", "Name"), found.name_en),
            ("名稱", found.name_zh),
            (pgettext("terminal", "Category"), found.category),
            (_("Registry number"), found.registry_number),
            (pgettext("terminal", "Address"), found.address),
            (
                pgettext("terminal", "Members"),
                "\n".join(f"{each.person.name} <{each.person.email}> {each.role}" for each in members),
            ),
            (pgettext("terminal", "Projects"), "\n".join(f"{each.uid}  {each.name}" for each in theirs)),
        ),
    )


# Projects


@projects.callback()
def projects_default(json: Json = False) -> None:
    """The first command, where none is named."""


@projects.command("list")
def list_projects(
    organisation: Annotated[str, typer.Option("--org", help="Only of this organisation: its uid or name.")] = "",
    json: Json = False,
) -> None:
    """Projects you may see."""
    with centre() as client:
        of = find.organisation(client, organisation) if organisation else None
        found = list(client.projects.list(organisation=of))
    rows = table("uid", pgettext("terminal", "name"), "", pgettext("terminal", "organisation"), "")
    for each in found:
        add(rows, each.uid, each.name_en, each.name_zh, each.organisation, "closed" if each.closed_at else "")
    show(found, rows if found else _("You are in no project yet. Make one with “aisc projects new”."))


@projects.command("new")
def new_project(
    name: NameEn = "",
    name_zh: NameZh = "",
    organisation: Annotated[str, typer.Option("--org", help="Of which organisation: its uid or name.")] = "",
    summary: Annotated[str, typer.Option(help="What it is about, in English.")] = "",
    summary_zh: Annotated[str, typer.Option(help="What it is about, in Chinese.")] = "",
    json: Json = False,
) -> None:
    """Start a project of an organisation. For its owners and managers."""
    if not (name or name_zh):
        name = ask.text(_("Name in English"), "--name or --name-zh")
    with centre() as client:
        made = client.projects.create(
            organisation=find.organisation(client, organisation),
            name_en=name,
            name_zh=name_zh,
            summary_en=summary,
            summary_zh=summary_zh,
        )
    show(
        made,
        _("{name} ({uid}) is open. Who pays: aisc budgets open, or aisc apply new").format(
            name=words.plain(made.name), uid=made.uid
        ),
    )


@projects.command("show")
def show_project(project: Project, json: Json = False) -> None:
    """One project with its members and budgets."""
    with centre() as client:
        found = find.project(client, project)
        members = _members_if_allowed(client.projects, found)
        budgets = list(client.budgets.list(project=found))
    show(
        {**found.model_dump(mode="json"), "members": members, "budgets": budgets},
        facts(
            ("uid", found.uid),
            (pgettext("terminal", "Name"), found.name_en),
            ("名稱", found.name_zh),
            (pgettext("terminal", "Organisation"), found.organisation),
            (pgettext("terminal", "Summary"), found.summary_en),
            ("摘要", found.summary_zh),
            (pgettext("terminal", "Fair-share"), found.shares),
            (pgettext("terminal", "Closed"), words.when(found.closed_at)),
            (
                pgettext("terminal", "Members"),
                "\n".join(f"{each.person.name} <{each.person.email}> {each.role}" for each in members),
            ),
            (pgettext("terminal", "Budgets"), "\n".join(f"{each.uid}  {each.name} ({each.state})" for each in budgets)),
        ),
    )


@projects.command("close")
def close_project(project: Project, json: Json = False) -> None:
    """Close a project: nothing new can be submitted. It can be opened again."""
    with centre() as client:
        found = client.projects.close(find.project(client, project))
    show(found, _("{name} is closed.").format(name=words.plain(found.name)))


@projects.command("reopen")
def reopen_project(project: Project, json: Json = False) -> None:
    """Open a closed project again."""
    with centre() as client:
        found = client.projects.reopen(find.project(client, project))
    show(found, _("{name} is open again.").format(name=words.plain(found.name)))


# Members, of both in the same way


def _members_if_allowed(resource: Any, place: Any) -> list[Any]:
    from aisc.client import Forbidden

    try:
        return list(resource.members(place))
    except Forbidden:  # one may be in a project without seeing the whole organisation
        return []


def _person(resource: Any, place: Any, email: str) -> Any:
    wanted = email.strip().casefold()
    for each in resource.members(place):
        if wanted in (each.person.email.casefold(), each.person.uid):
            return each.person
    return fail(
        _("Nobody with the address {email} has a role in {name}.").format(email=email, name=place.name), Exit.REFUSED
    )


def _members_app(kind: str, lookup: Any, resource_of: Any) -> typer.Typer:
    """``members`` below ``orgs`` or ``projects``: list, add, role, remove."""
    app = typer.Typer(help=f"Who has a role in {'an' if kind[0] in 'aeiou' else 'a'} {kind}: list, add, role, remove.")

    @app.command("list")
    def list_members(place: Place, json: Json = False) -> None:
        """Everybody with a role, and which."""
        with centre() as client:
            found = list(resource_of(client).members(lookup(client, place)))
        rows = table(
            pgettext("terminal", "name"),
            pgettext("terminal", "e-mail"),
            pgettext("terminal", "role"),
            pgettext("terminal", "since"),
        )
        for each in found:
            add(rows, each.person.name, each.person.email, each.role, words.when(each.since))
        show(found, rows)

    @app.command("add")
    def add_member(place: Place, email: Email, role: RoleOption = "member", json: Json = False) -> None:
        """Give somebody a role who has an account here."""
        with centre() as client:
            found = resource_of(client).add_member(lookup(client, place), email=email, role=role)
        show(found, _("{name} is now {role}.").format(name=words.plain(found.person.name), role=found.role))

    @app.command("role")
    def change_role(
        place: Place,
        email: Email,
        role: Annotated[str, typer.Argument(help=f"{ROLES}.")],
        json: Json = False,
    ) -> None:
        """Change somebody's role."""
        with centre() as client:
            resource, at = resource_of(client), lookup(client, place)
            found = resource.change_role(at, _person(resource, at, email), role=role)
        show(found, _("{name} is now {role}.").format(name=words.plain(found.person.name), role=found.role))

    @app.command("remove")
    def remove_member(place: Place, email: Email, json: Json = False) -> None:
        """Take somebody's role away, or leave."""
        with centre() as client:
            resource, at = resource_of(client), lookup(client, place)
            person = _person(resource, at, email)
            resource.remove_member(at, person)
        show({"removed": person}, _("{name} has no role there any more.").format(name=words.plain(person.name)))

    return app


def _organisations(client: Client) -> Any:
    return client.organisations


def _projects(client: Client) -> Any:
    return client.projects


orgs.add_typer(_members_app("organisation", find.organisation, _organisations), name="members")
projects.add_typer(_members_app("project", find.project, _projects), name="members")
