"""Files on their way between this machine and a workspace, with what is left to go."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from aisc.cli.output import Exit, err, fail, say, wants_json
from aisc.cli.tongue import gettext as _
from aisc.cli.user import words

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.jobs import File

# Nobody means these when they name a folder: histories, environments and caches.
LEFT_OUT = frozenset({".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules", ".DS_Store", ".ipynb_checkpoints"})
SHOW_PROGRESS_FROM = 1_000_000  # bytes


@dataclass(frozen=True)
class Upload:
    """A file of this machine, and where it goes in the workspace."""

    source: Path
    path: str
    size: int


def named_in(command: Sequence[str], here: Path) -> tuple[list[Path], list[str]]:
    """Files in ``here`` or below it that ``command`` names, relative to it; and the folders that it names.

    A name stands as a word of its own (``train.py``) or after a sign (``--config=small.yaml``).
    """
    files: dict[Path, None] = {}
    folders: dict[str, None] = {}
    for word in command:
        for candidate in (word, word.partition("=")[2]):
            relative = _below(candidate)
            if relative is None:
                continue
            if (here / relative).is_file():
                files[relative] = None
            elif (here / relative).is_dir() and relative != Path("."):
                folders[str(relative)] = None
    return list(files), list(folders)


def _below(candidate: str) -> Path | None:
    """``candidate`` as a path that stays below the folder it starts from; None for what is none."""
    if not candidate or candidate.startswith(("-", "/", "~")) or "\0" in candidate or len(candidate.encode()) > 4096:
        return None
    normal = os.path.normpath(candidate)
    return None if normal == ".." or normal.startswith("../") else Path(normal)


def collect(wanted: Iterable[Path], here: Path, into: str) -> list[Upload]:
    """Every file to send, folders with all that is in them. Ends the command where one is not there.

    What lies below ``here`` keeps its place; what lies elsewhere goes by its own name. ``into``: a folder of the
    workspace.
    """
    found: dict[str, Upload] = {}
    for each in wanted:
        source = here / each
        if not source.exists():
            fail(_("There is no {each} here.").format(each=each), Exit.USAGE)
        relative = _below(str(each)) if not each.is_absolute() else None
        if each.is_absolute() and source.resolve().is_relative_to(here.resolve()):
            relative = source.resolve().relative_to(here.resolve())
        base = PurePosixPath(into) / (
            relative.as_posix() if relative is not None else Path(os.path.abspath(source)).name
        )
        for path, below in _files(source):
            target = str(base / below) if below else str(base)
            found[target] = Upload(path, target, path.stat().st_size)
    return list(found.values())


def _files(source: Path) -> Iterator[tuple[Path, str]]:
    if source.is_file():
        yield source, ""
        return
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(each for each in folders if each not in LEFT_OUT)
        for name in sorted(names):
            path = Path(folder) / name
            # Sockets and pipes have nothing that could be sent.
            if name not in LEFT_OUT and path.is_file():
                yield path, path.relative_to(source).as_posix()


@contextmanager
def told(total: int, verb: str) -> Iterator[Callable[[str, int], None]]:
    """``step(name, bytes so far)``: a progress bar on a terminal for what takes a while, else nothing."""
    if total < SHOW_PROGRESS_FROM or not err.is_terminal or wants_json():
        yield lambda _name, _count: None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(verb, total=total)
        yield lambda name, count: progress.update(task, description=f"{verb} {words.plain(name)}", completed=count)


def send(client: Client, project: str, uploads: Sequence[Upload]) -> None:
    """Upload everything, one file after the other; says what was sent."""
    total, before = sum(each.size for each in uploads), 0
    with told(total, "Sending") as step:
        for each in uploads:

            def progress(count: int, name: str = each.path, base: int = before) -> None:
                step(name, base + count)

            try:
                client.files.upload(project, each.source, each.path, progress=progress)
            except OSError as error:
                fail(
                    _("{source} cannot be read: {strerror}.").format(source=each.source, strerror=error.strerror),
                    Exit.SET_UP,
                )
            before += each.size
    if len(uploads) > 8:
        say(_("Sent {count} ({total})").format(count=words.files(len(uploads)), total=words.size(total)))
    else:
        for each in uploads:
            say(_("Sent {path} ({size})").format(path=each.path, size=words.size(each.size)))


def fetch(client: Client, project: str, files: Sequence[tuple[File, str]], into: Path) -> list[Path]:
    """Download files, each to its place (a relative path) below ``into``; the paths written."""
    written: list[Path] = []
    total, before = sum(file.bytes for file, _place in files), 0
    with told(total, "Fetching") as step:
        for file, place in files:
            target = _target(into, place)

            def progress(count: int, name: str = file.path, base: int = before) -> None:
                step(name, base + count)

            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                client.files.download(project, file.path, target, progress=progress)
            except OSError as error:
                fail(
                    _("{target} cannot be written: {strerror}.").format(target=target, strerror=error.strerror),
                    Exit.SET_UP,
                )
            before += file.bytes
            written.append(target)
    return written


def _target(into: Path, place: str) -> Path:
    """Where a file of the workspace goes. A job chose its name: it does not lead out of ``into``."""
    parts = [part for part in place.split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        fail(
            _("The workspace has a file called “{place}”, which is not written here.").format(place=place), Exit.REFUSED
        )
    target = into.joinpath(*parts)
    if not target.parent.resolve().is_relative_to(into.resolve()):
        fail(
            _("{target} would lie outside {into}: a link is in the way.").format(target=target, into=into), Exit.REFUSED
        )
    return target


def fetch_results(client: Client, job_uid: str, project: str, into: Path) -> list[Path]:
    """Download what a job left behind; files of its own results folder without that folder's name."""
    own = f"results/{job_uid}/"
    files = [(each.file, each.file.path.removeprefix(own)) for each in client.jobs.results(job_uid)]
    return fetch(client, project, files, into)
