"""``aisc files``: a project's workspace."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from aisc.cli.output import Exit, Json, add, fail, say, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import config, find, transfer, words
from aisc.cli.user.session import centre

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.jobs import File

app = typer.Typer(help="Files of a project's workspace: ls, put, get, rm, unpack, link.", no_args_is_help=True)

Project = Annotated[
    str, typer.Option("--project", "-p", help="Which project: its uid or name. Left out: that of “aisc budgets use”.")
]


def _project(client: Client, wanted: str) -> str:
    """Its uid: the one named, the default budget's, or the only one."""
    chosen = config.load().budget
    if not wanted and chosen:
        return client.budgets.get(chosen).project
    return find.project(client, wanted).uid


@app.command("ls")
def ls(
    path: Annotated[str, typer.Argument(help="A folder of the workspace; left out: all of it.")] = "",
    project: Project = "",
    json: Json = False,
) -> None:
    """List a folder."""
    with centre() as client:
        found = client.files.list(_project(client, project), path)
    rows = table(
        pgettext("terminal", "name"), pgettext("terminal", "size"), pgettext("terminal", "changed"), right=(1,)
    )
    for each in found.items:
        folder = each.kind == "folder"
        size = "" if folder else words.size(each.bytes)
        add(rows, each.name + ("/" if folder else ""), size, words.when(each.changed_at))
    show(found, rows if found.items else _("Empty."))
    if found.more:
        say(_("There are more than are listed."))
    say(
        _("{used_bytes} of {quota_bytes} used").format(
            used_bytes=words.size(found.used_bytes), quota_bytes=words.size(found.quota_bytes)
        )
    )


@app.command("put")
def put(
    sources: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files or folders of this machine.")],
    to: Annotated[str, typer.Option(help="Into which folder of the workspace.", metavar="FOLDER")] = "",
    project: Project = "",
    json: Json = False,
) -> None:
    """Send files and folders to the workspace. Each arrives whole or not at all."""
    # By their own names, as cp does it, and not by where they lie here.
    uploads = [each for source in sources for each in transfer.collect([source.absolute()], Path("/nowhere"), to)]
    with centre() as client:
        transfer.send(client, _project(client, project), uploads)
    show({"sent": [each.path for each in uploads]}, "")


@app.command("get")
def get(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files or folders of the workspace.")],
    to: Annotated[Path, typer.Option(help="Into which folder of this machine.", metavar="DIR")] = Path(),
    project: Project = "",
    json: Json = False,
) -> None:
    """Fetch files and folders from the workspace. What breaks off goes on where it was."""
    with centre() as client:
        uid = _project(client, project)
        wanted: list[tuple[File, str]] = []
        for path in paths:
            wanted += _wanted(client, uid, path)
        written = transfer.fetch(client, uid, wanted, to)
    rows = table(pgettext("terminal", "file"))
    for each in written:
        add(rows, each)
    show({"fetched": [str(each) for each in written]}, rows)


def _wanted(client: Client, project: str, path: str) -> list[tuple[File, str]]:
    """Each file at or below ``path``, and where it goes: by its own name, folders with what is in them."""
    clean = str(PurePosixPath(path.strip("/") or "."))
    parent = PurePosixPath(clean).parent
    if clean != "." and client.files.is_file(project, clean):
        listing = client.files.list(project, "" if str(parent) == "." else str(parent))
        found = next((each for each in listing.items if each.path == clean), None)
        if found is None:
            fail(_("There is no “{path}” in the workspace any more.").format(path=path), Exit.REFUSED)
        return [(found, found.name)]
    below = "" if clean == "." else clean
    base = "" if str(parent) == "." or clean == "." else f"{parent}/"
    return [(each, each.path.removeprefix(base)) for each in client.files.walk(project, below)]


@app.command("rm")
def rm(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files or folders of the workspace.")],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders with all that is in them.")] = False,
    project: Project = "",
    json: Json = False,
) -> None:
    """Delete files and folders of the workspace."""
    with centre() as client:
        uid = _project(client, project)
        for path in paths:
            client.files.delete(uid, path, recursive=recursive)
    show({"deleted": paths}, _("Deleted: {paths}").format(paths=words.plain(", ".join(paths))))


@app.command("unpack")
def unpack(
    path: Annotated[str, typer.Argument(help="An archive of the workspace: ZIP, tar, tar.gz, tar.bz2, tar.xz.")],
    to: Annotated[str, typer.Option(help="A new folder; left out, called as the archive is.", metavar="FOLDER")] = "",
    project: Project = "",
    json: Json = False,
) -> None:
    """Unpack an archive where it lies: all of it or nothing."""
    with centre() as client:
        made = client.files.unpack(_project(client, project), path, to)
    show(made, _("Unpacked into {path}/").format(path=words.plain(made.path)))


@app.command("link")
def link(
    path: Annotated[str, typer.Argument(help="A file of the workspace.")],
    days: Annotated[int, typer.Option(help="For how many days it works.", min=1, max=90)] = 7,
    email: Annotated[str, typer.Option("--for", help="Only for the person with this address.", metavar="EMAIL")] = "",
    project: Project = "",
    json: Json = False,
) -> None:
    """Make a link by which others can fetch a file, as it is now, without being in the project."""
    with centre() as client:
        made = client.files.share(_project(client, project), path, days=days, email=email)
    show(made, made.url)
    say(
        _("{uid} works until {expires_at}. Take it back with “aisc files unlink {uid}”.").format(
            uid=made.uid, expires_at=words.when(made.expires_at)
        )
    )


@app.command("links")
def links(project: Project = "", json: Json = False) -> None:
    """List the links to a project's files, with how often each was used."""
    with centre() as client:
        found = list(client.files.links(_project(client, project)))
    rows = table(
        pgettext("terminal", "link"),
        pgettext("terminal", "file"),
        pgettext("terminal", "for"),
        pgettext("terminal", "until"),
        pgettext("terminal", "used"),
        right=(4,),
    )
    for each in found:
        state = words.when(each.expires_at) if each.url else "ended"
        add(rows, each.uid, each.path, each.only_for or "anybody", state, str(each.uses))
    show(found, rows if found else _("There are no links."))


@app.command("unlink")
def unlink(
    uid: Annotated[str, typer.Argument(metavar="LINK", help="As “aisc files links” lists it.")],
    json: Json = False,
) -> None:
    """Take a link back: it opens nothing any more."""
    with centre() as client:
        client.files.revoke_link(uid)
    show({"revoked": uid}, _("{uid} no longer works.").format(uid=words.plain(uid)))


@app.command("mkdir")
def mkdir(path: str, project: Project = "", json: Json = False) -> None:
    """Make a folder in the workspace."""
    with centre() as client:
        made = client.files.make_folder(_project(client, project), path)
    show(made, f"Made {words.plain(made.path)}")


@app.command("mv")
def mv(path: str, to: str, project: Project = "", json: Json = False) -> None:
    """Rename or move a file or folder within the workspace."""
    with centre() as client:
        made = client.files.rename(_project(client, project), path, to)
    show(made, f"Now {words.plain(made.path)}")
