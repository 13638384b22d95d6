"""Archives, unpacked as if an enemy had packed them: ZIP and tar (plain, gzip, bzip2, xz).

Everything in an archive is a claim: names, sizes, kinds. So each entry is read with a limit on what really comes out,
written with its name checked like that of an upload, into a folder beside the workspace; only when all of it is there
does the folder get its place. An archive that breaks any rule leaves nothing behind.

Refused: names that lead out (absolute, ``..``, drive letters, backslashes), links, devices and pipes, encrypted
entries, names that are the same but for upper and lower case or for how Unicode writes them, a file and a folder of one
name, too many entries, more than the workspace may hold, and far more than the archive's size could honestly hold.
Archives in an archive stay packed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _

from aisc.core.errors import AiscError, BadInput, TooLarge
from aisc.jobs import content, workspaces
from aisc.jobs.specification import read_path
from aisc.people.models import Project

MAX_ENTRIES = 20_000
MAX_RATIO = 200  # bytes that come out for each that is in the archive…
FREE_BYTES = 64 * 1_048_576  # …beyond this many, since a small file of zeros is no bomb
SUFFIXES = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar", ".zip")
_TAR = frozenset({"application/x-tar", "application/gzip", "application/x-bzip2", "application/x-xz"})


@dataclass(frozen=True)
class Unpacked:
    """What came out, beside the workspace; :func:`aisc.jobs.actions.unpack_file` puts it in its place."""

    path: Path
    files: int
    size: int

    def discard(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


def is_archive(name: str) -> bool:
    """Whether a file of this name can be offered for unpacking."""
    return name.lower().endswith(SUFFIXES)


def folder_for(name: str) -> str:
    """The folder an archive is unpacked into unless another is named: its name without the suffix."""
    return next((name[: -len(each)] for each in SUFFIXES if name.lower().endswith(each)), name) or name


def unpack(project: Project, path: str) -> Unpacked:
    """Unpack the archive at ``path`` beside the workspace. Raises BadInput, TooLarge, NotFound, Unavailable."""
    descriptor, facts = workspaces.open_file(project, path)
    target = workspaces.beside(".incoming") / secrets.token_hex(16)
    target.mkdir(mode=0o700)
    try:
        with open(descriptor, "rb") as file:
            writer = _Writer(project, target, facts.st_size)
            with _opened(file) as entries:
                for name, is_folder, stream in entries:
                    writer.add(name, is_folder, stream)
        return Unpacked(target, writer.files, writer.size)
    except BaseException as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, AiscError) or not isinstance(error, Exception):
            raise
        if isinstance(error, OSError) and error.errno:
            raise workspaces.refusal(error) from error
        # Whatever a damaged archive makes the readers raise.
        raise BadInput(_("This archive is damaged. Nothing was unpacked."), code="archive.damaged") from error


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[Iterator[tuple[str, bool, Any]]]:
    kind = content.sniff(file.read(content.HEAD_BYTES))
    file.seek(0)
    if kind == "application/zip":
        with zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > MAX_ENTRIES:
                raise _too_many()
            yield _zip_entries(archive)
    elif kind in _TAR:
        # As a stream: what follows is not looked for before what precedes was allowed.
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            yield _tar_entries(archive)
    else:
        raise BadInput(_("This is not an archive that can be unpacked here (ZIP, tar, tar.gz, tar.bz2, tar.xz)."))


def _zip_entries(archive: zipfile.ZipFile) -> Iterator[tuple[str, bool, Any]]:
    for entry in archive.infolist():
        if entry.flag_bits & 0x1:
            raise BadInput(_("This archive is encrypted. Unpack it where you made it and upload the files."))
        mode = entry.external_attr >> 16
        if entry.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _special(entry.filename)
        yield entry.orig_filename, entry.is_dir(), lambda entry=entry: archive.open(entry)


def _tar_entries(archive: tarfile.TarFile) -> Iterator[tuple[str, bool, Any]]:
    for entry in archive:
        if not (entry.isreg() or entry.isdir()) or entry.issparse():
            raise _special(entry.name)
        yield entry.name, entry.isdir(), lambda entry=entry: archive.extractfile(entry)


def _special(name: str) -> BadInput:
    return BadInput(
        _("“%(name).80s” in this archive is a link or a device. Only files and folders are unpacked.")
        % {"name": _shown(name)},
        code="archive.special",
    )


def _too_many() -> TooLarge:
    return TooLarge(
        _("This archive has more than %(most)s entries. Unpack it in a job instead.") % {"most": f"{MAX_ENTRIES:,}"},
        code="archive.too_many",
    )


def _shown(name: str) -> str:
    text = name.encode(errors="replace").decode()
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


class _Writer:
    """Writes entries below ``target``, whose folders nobody else can reach, and counts what comes out."""

    def __init__(self, project: Project, target: Path, packed: int) -> None:
        self._target = target
        self._project = project
        self._honest = FREE_BYTES + packed * MAX_RATIO
        self._left = settings.WORKSPACE_QUOTA_BYTES - workspaces.used_bytes(project)
        self._seen: dict[str, tuple[str, bool]] = {}
        self._entries = self.files = self.size = 0

    def add(self, name: str, is_folder: bool, stream: Any) -> None:
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            raise _too_many()
        path = self._path(name)
        if not path:
            return
        parts = path.split("/")
        for depth in range(1, len(parts)):
            self._claim("/".join(parts[:depth]), folder=True)
        self._claim(path, folder=is_folder)
        place = self._target / path
        (place if is_folder else place.parent).mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_folder:
            self._write(place, stream())

    @staticmethod
    def _path(name: str) -> str:
        if "\\" in name or (len(name) > 1 and name[1] == ":"):
            raise BadInput(
                _("“%(name).80s” in this archive is no name that can be unpacked.") % {"name": _shown(name)},
                code="archive.name",
            )
        try:
            return read_path(name, new=True)
        except BadInput as error:
            raise BadInput(
                _("“%(name).80s” in this archive: %(why)s") % {"name": _shown(name), "why": error.message},
                code="archive.name",
            ) from error

    def _claim(self, path: str, *, folder: bool) -> None:
        """Two names that some machine or some reader takes for one are refused, as is a file where a folder is."""
        key = unicodedata.normalize("NFKC", path).casefold()
        before = self._seen.setdefault(key, (path, folder))
        if before != (path, folder) or (not folder and (self._target / path).exists()):
            raise BadInput(
                _("“%(name).80s” and “%(other).80s” in this archive cannot lie side by side.")
                % {"name": path, "other": before[0]},
                code="archive.collision",
            )

    def _write(self, place: Path, stream: IO[bytes]) -> None:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file, stream:
            while piece := stream.read(workspaces.CHUNK):
                self.size += len(piece)
                if self.size > self._honest:
                    raise TooLarge(
                        _("Far more comes out of this archive than its size allows. Nothing was unpacked."),
                        code="archive.bomb",
                    )
                if self.size > self._left:
                    workspaces.check_room(self._project, self.size, of_many=True)
                file.write(piece)
        self.files += 1
