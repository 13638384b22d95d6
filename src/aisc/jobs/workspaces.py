"""A project's files on this machine's disk: ``<state>/workspaces/<project uid>/``.

Jobs run in here and may leave anything behind: symbolic links to elsewhere, pipes, names in any bytes. So no
path is ever handed to the kernel whole. Each folder on the way is opened from the one before it
(``openat`` with ``O_NOFOLLOW``), and only plain files are read: whatever a job does in the meantime, nothing
outside the workspace can be reached. Links are shown, never followed.

Writes are made whole beside the workspace (``.incoming``) and renamed into place; what is removed is renamed
away first (``.trash``). Nobody ever sees half a file. Nothing here asks who may; ``actions`` and the views do.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.http import UnreadablePostError
from django.utils.translation import gettext as _

from aisc.core.errors import BadInput, Conflict, NotFound, TooLarge, Unavailable
from aisc.jobs import content
from aisc.jobs.specification import is_printable, read_path
from aisc.people.models import Project

CHUNK = 262_144
MAX_LISTED = 5_000  # entries of one folder
KEEP_FREE_BYTES = 200 * 1024 * 1024  # left on the disk for the database and the engine
USAGE_CACHE_S = 5
LEFTOVER_AFTER_S = 24 * 3600

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe that a job left here would wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Item:
    """One name in a folder. ``kind``: ``folder``, ``file``, ``link`` or ``other`` (pipes, names that are no text)."""

    name: str
    path: str
    kind: str
    size: int
    changed: datetime

    @property
    def opens(self) -> bool:
        return self.kind in ("folder", "file")


@dataclass(frozen=True)
class Listing:
    """A folder's items, folders first, then by name; ``more``: there are others that are not shown."""

    path: str
    items: tuple[Item, ...]
    more: bool


@dataclass(frozen=True)
class Incoming:
    """A file that was received whole and is not yet in its place."""

    path: Path
    size: int
    media_type: str = content.BINARY  # told from its bytes

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)


def root_of(project: Project) -> Path:
    """The workspace's folder; made if it does not exist."""
    root = settings.STATE.workspaces / project.uid
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root


def _hand_over(descriptor: int, project: Project) -> None:
    """Gives a new file or folder to the project's own user, where the engine gave the workspace to one: jobs must be
    able to change what people upload. Only root can, and only as root are there such users."""
    owner = root_of(project).stat().st_uid
    if owner != os.geteuid() == 0:
        os.fchown(descriptor, owner, owner)


# Finding things without leaving the workspace


@contextmanager
def _folder(project: Project, path: str, *, make: bool = False) -> Iterator[int]:
    """A descriptor of the folder at ``path`` (as :func:`read_path` gives it). Raises NotFound, Conflict."""
    descriptor = os.open(root_of(project), _FOLDER)
    try:
        for part in path.split("/") if path else ():
            new = make and _make(part, descriptor)
            below = _open_below(descriptor, part, _FOLDER, made=make)
            os.close(descriptor)
            descriptor = below
            if new:
                _hand_over(descriptor, project)
        yield descriptor
    finally:
        os.close(descriptor)


def _make(name: str, parent: int) -> bool:
    """Makes a folder; whether there was none."""
    try:
        os.mkdir(name, 0o700, dir_fd=parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise refusal(error) from error
    return True


def _open_below(parent: int, name: str, flags: int, *, made: bool = False) -> int:
    try:
        return os.open(name, flags, dir_fd=parent)
    except OSError as error:
        if made and error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise Conflict(
                _("“%(name)s” is a file, so nothing can be put into it.") % {"name": name}, code="file.in_the_way"
            ) from error
        raise refusal(error) from error


def refusal(error: OSError) -> Exception:
    """What a person is told about an error of the disk; one that is not theirs is given back as it is."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
        return NotFound(_("There is no such file or folder in this workspace."), code="file.not_found")
    if error.errno == errno.ENAMETOOLONG:
        return BadInput(_("This name is too long."), field="path")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full()
    if error.errno in (errno.EACCES, errno.EPERM):
        return Conflict(_("A job has locked this file: its permissions do not allow this."), code="file.locked")
    return error


def disk_full() -> Unavailable:
    return Unavailable(
        _("The centre's disk is full. Nothing was changed. Delete files you no longer need, or tell the operator."),
        code="disk.full",
    )


def _split(path: str) -> tuple[str, str]:
    if not path:
        raise BadInput(_("Give the name of a file or folder."), field="path")
    head, _slash, name = path.rpartition("/")
    return head, name


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "other"


def _item(name: str, parent: str, facts: os.stat_result) -> Item:
    kind = _kind(facts.st_mode)
    shown = name.encode(errors="surrogateescape").decode(errors="replace")
    if shown != name or not is_printable(name):
        # Bytes that are no text, or characters that no address can name: seen, but reached by its folder alone.
        name, kind = "".join(each if is_printable(each) else "\N{REPLACEMENT CHARACTER}" for each in shown), "other"
    return Item(
        name=name,
        path=f"{parent}/{name}" if parent else name,
        kind=kind,
        size=facts.st_size if kind == "file" else 0,
        changed=datetime.fromtimestamp(max(0, facts.st_mtime_ns // 1_000_000_000), UTC),
    )


def look(project: Project, path: str) -> Item:
    """What is at ``path``. Raises NotFound, BadInput."""
    path = read_path(path)
    if not path:
        return Item("", "", "folder", 0, datetime.fromtimestamp(root_of(project).stat().st_mtime, UTC))
    head, name = _split(path)
    with _folder(project, head) as folder:
        try:
            return _item(name, head, os.stat(name, dir_fd=folder, follow_symlinks=False))
        except OSError as error:
            raise refusal(error) from error


def exists(project: Project, path: str) -> bool:
    """Whether a file or folder is at ``path``. Raises BadInput for what is no path."""
    try:
        return look(project, path).opens
    except NotFound:
        return False


def is_folder(project: Project, path: str) -> bool:
    """Whether a folder is at ``path``. Raises BadInput for what is no path."""
    try:
        return look(project, path).kind == "folder"
    except NotFound:
        return False


def list_folder(project: Project, path: str = "") -> Listing:
    """The items of a folder. Raises NotFound, BadInput."""
    path = read_path(path)
    items = []
    with _folder(project, path) as folder, os.scandir(folder) as found:
        for entry in found:
            if len(items) > MAX_LISTED:
                break
            try:
                items.append(_item(entry.name, path, entry.stat(follow_symlinks=False)))
            except FileNotFoundError:  # removed by a job this instant
                continue
    more = len(items) > MAX_LISTED
    items = sorted(items[:MAX_LISTED], key=lambda item: (item.kind != "folder", item.name.casefold(), item.name))
    return Listing(path, tuple(items), more)


def open_file(project: Project, path: str) -> tuple[int, os.stat_result]:
    """A descriptor of the plain file at ``path``, to be closed by the caller. Raises NotFound, BadInput."""
    head, name = _split(read_path(path))
    with _folder(project, head) as folder:
        descriptor = _open_below(folder, name, _FILE)
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise NotFound(_("There is no such file or folder in this workspace."), code="file.not_found")
    return descriptor, facts


def walk(project: Project, path: str = "") -> Iterator[Item]:
    """Every plain file at or below the folder ``path``, in order of their paths. Links are not followed."""
    path = read_path(path)
    with _folder(project, path) as top:
        # fwalk stays with descriptors all the way down, so that a folder swapped for a link is not entered.
        for below, folders, files, folder in os.fwalk(".", dir_fd=top, follow_symlinks=False):
            folders.sort()
            parent = "/".join(part for part in (path, below.removeprefix(".").strip("/")) if part)
            for name in sorted(files):
                try:
                    item = _item(name, parent, os.stat(name, dir_fd=folder, follow_symlinks=False))
                except FileNotFoundError:
                    continue
                if item.kind == "file":
                    yield item


def matching(project: Project, patterns: Sequence[str], most: int) -> list[Item]:
    """Plain files whose path matches one of ``patterns`` (``**`` for any number of folders), at most ``most``."""
    found: dict[str, Item] = {}
    for pattern in patterns:
        parts = pattern.split("/")
        fixed = []
        while len(parts) > 1 and not any(sign in parts[0] for sign in "*?["):
            fixed.append(parts.pop(0))
        try:
            for item in walk(project, "/".join(fixed)):
                if _matches(item.path.split("/")[len(fixed) :], parts):
                    found.setdefault(item.path, item)
                    if len(found) >= most:
                        return list(found.values())
        except NotFound:
            continue
    return list(found.values())


def _matches(names: Sequence[str], parts: Sequence[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        return any(_matches(names[skip:], parts[1:]) for skip in range(len(names) + 1)) or len(parts) == 1
    return bool(names) and fnmatch.fnmatchcase(names[0], parts[0]) and _matches(names[1:], parts[1:])


# Space


def used_bytes(project: Project) -> int:
    """The size of all plain files together; at most a few seconds old."""
    key = f"workspace-bytes:{project.uid}"
    used = cache.get(key)
    if used is None:
        used = sum(item.size for item in walk(project))
        cache.set(key, used, USAGE_CACHE_S)
    return used


def _forget_used(project: Project) -> None:
    cache.delete(f"workspace-bytes:{project.uid}")


def check_room(project: Project, size: int, *, of_many: bool = False) -> None:
    """Refuse ``size`` more bytes before they are sent: TooLarge (file, quota) or Unavailable (disk full).

    ``of_many``: they are several files together, for which the limit of one does not count.
    """
    if size > settings.MAX_UPLOAD_BYTES and not of_many:
        raise _too_large()
    if used_bytes(project) + size > settings.WORKSPACE_QUOTA_BYTES:
        raise TooLarge(
            _("This workspace may hold %(quota)s MB, and the file does not fit. Delete something first.")
            % {"quota": f"{settings.WORKSPACE_QUOTA_BYTES // 1_048_576:,}"},
            code="workspace.quota",
        )
    if shutil.disk_usage(settings.STATE.workspaces).free < size + KEEP_FREE_BYTES:
        raise disk_full()


def _too_large() -> TooLarge:
    return TooLarge(
        _("One file may have at most %(most)s MB. Split it or compress it.")
        % {"most": f"{settings.MAX_UPLOAD_BYTES // 1_048_576:,}"},
        code="file.too_large",
    )


# Writing


class Receiving:
    """A file on its way in, beside the workspace. ``expected``: the number of bytes announced, if it was.

    Whether there is room is asked before anything is written. Raises TooLarge, Unavailable (disk full).
    """

    def __init__(self, project: Project, expected: int | None = None) -> None:
        check_room(project, expected or 0)
        self._project, self._expected = project, expected
        self._left = min(settings.MAX_UPLOAD_BYTES, settings.WORKSPACE_QUOTA_BYTES - used_bytes(project))
        self._part = beside(".incoming") / secrets.token_hex(16)
        self._head = b""
        self.size = 0
        self._file = open(self._part, "xb")  # noqa: SIM115 - closed by whoever has it

    def write(self, chunk: bytes) -> None:
        """Raises TooLarge, Unavailable; the part is then gone."""
        self.size += len(chunk)
        try:
            if self.size > self._left:
                check_room(self._project, self.size)
                raise _too_large()
            if len(self._head) < content.HEAD_BYTES:
                self._head += chunk[: content.HEAD_BYTES]
            self._file.write(chunk)
        except BaseException as error:
            self.discard()
            if isinstance(error, OSError):
                raise refusal(error) from error
            raise

    def finish(self) -> Incoming:
        """All of it is here. Raises BadInput where that is less than was announced, Unavailable."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            if self._expected is not None and self.size != self._expected:
                raise BadInput(
                    _("Only %(size)s of %(expected)s bytes arrived. Nothing was changed; send the file again.")
                    % {"size": f"{self.size:,}", "expected": f"{self._expected:,}"},
                    code="file.incomplete",
                )
        except BaseException as error:
            self.discard()
            if isinstance(error, OSError):
                raise refusal(error) from error
            raise
        return Incoming(self._part, self.size, content.sniff(self._head))

    def discard(self) -> None:
        with contextlib.suppress(OSError):  # what could not be written to a full disk cannot be flushed either
            self._file.close()
        self._part.unlink(missing_ok=True)


def receive(project: Project, chunks: Iterable[bytes], *, expected: int | None = None) -> Incoming:
    """Store what ``chunks`` give beside the workspace, whole or not at all; :func:`place` puts it in its place.

    ``expected`` is the number of bytes announced, if it was: fewer is a broken connection, and refused.
    Raises TooLarge, Unavailable (disk full), BadInput.
    """
    receiving = Receiving(project, expected)
    try:
        for chunk in chunks:
            receiving.write(chunk)
    except UnreadablePostError as error:
        receiving.discard()
        raise BadInput(
            _("The connection broke before everything had arrived. Send the file again."), code="file.incomplete"
        ) from error
    except BaseException:
        receiving.discard()
        raise
    return receiving.finish()


def beside(name: str) -> Path:
    """A folder of the workspaces' own disk in which things are made before they get their place."""
    folder = settings.STATE.workspaces / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def place(project: Project, path: str, incoming: Incoming) -> Item:
    """Move a received file to ``path``, over a file that is there, making folders on the way.

    Raises Conflict where a folder is in the way; the received file is then removed.
    """
    path = read_path(path, new=True)
    try:
        head, name = _split(path)
        with _folder(project, head, make=True) as folder:
            with open(incoming.path, "rb") as file:
                _hand_over(file.fileno(), project)
            os.rename(incoming.path, name, dst_dir_fd=folder)
            facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        incoming.discard()
        if error.errno in (errno.EISDIR, errno.ENOTEMPTY, errno.EEXIST):
            raise Conflict(
                _("“%(name)s” is a folder. Choose another name for the file.") % {"name": name}, code="file.in_the_way"
            ) from error
        raise refusal(error) from error
    except BaseException:
        incoming.discard()
        raise
    _forget_used(project)
    return _item(name, head, facts)


def place_folder(project: Project, path: str, made: Path) -> Item:
    """Move a folder that was made beside the workspace to ``path``. Raises Conflict where something is there."""
    path = read_path(path, new=True)
    head, name = _split(path)
    owner = root_of(project).stat().st_uid
    if owner != os.geteuid() == 0:
        for _below, folders, files, below in os.fwalk(made, follow_symlinks=False):
            for each in (*folders, *files):
                os.chown(each, owner, owner, dir_fd=below, follow_symlinks=False)
        os.chown(made, owner, owner)
    with _folder(project, head, make=True) as folder:
        try:
            if _present(name, folder):
                raise _taken(name)
            os.rename(made, name, dst_dir_fd=folder)
        except OSError as error:
            raise refusal(error) from error
        _forget_used(project)
        return _item(name, head, os.stat(name, dir_fd=folder, follow_symlinks=False))


def head_of(project: Project, path: str) -> bytes:
    """How the file at ``path`` begins. Raises NotFound, BadInput."""
    descriptor, _facts = open_file(project, path)
    with open(descriptor, "rb") as file:
        return file.read(content.HEAD_BYTES)


def make_folder(project: Project, path: str) -> Item:
    """Make a folder and those on the way. Raises Conflict where something of this name is there already."""
    path = read_path(path, new=True)
    head, name = _split(path)
    with _folder(project, head, make=True) as folder:
        try:
            os.mkdir(name, 0o700, dir_fd=folder)
        except FileExistsError as error:
            raise _taken(name) from error
        except OSError as error:
            raise refusal(error) from error
        descriptor = _open_below(folder, name, _FOLDER)
        try:
            _hand_over(descriptor, project)
            return _item(name, head, os.fstat(descriptor))
        finally:
            os.close(descriptor)


def _taken(name: str) -> Conflict:
    return Conflict(_("“%(name)s” is there already. Choose another name.") % {"name": name}, code="file.exists")


def rename(project: Project, path: str, to: str) -> Item:
    """Move a file or folder to ``to`` in the same workspace. Raises Conflict where something is there already."""
    head, name = _split(read_path(path))
    to = read_path(to, "to", new=True)
    new_head, new_name = _split(to)
    if f"{to}/".startswith(f"{head}/{name}/".lstrip("/")):
        raise BadInput(_("A folder cannot be moved into itself."), field="to")
    with _folder(project, head) as source, _folder(project, new_head, make=True) as target:
        try:
            facts = os.stat(name, dir_fd=source, follow_symlinks=False)
            if _present(new_name, target):
                raise _taken(new_name)
            os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)
        except OSError as error:
            raise refusal(error) from error
    return _item(new_name, new_head, facts)


def _present(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def take_away(project: Project, path: str) -> Path:
    """Move a file, link or folder out of the workspace at once; :func:`destroy` then removes it at leisure."""
    head, name = _split(read_path(path))
    gone = beside(".trash") / secrets.token_hex(16)
    with _folder(project, head) as folder:
        try:
            os.rename(name, gone, src_dir_fd=folder)
        except OSError as error:
            raise refusal(error) from error
    _forget_used(project)
    return gone


def destroy(gone: Path) -> None:
    """Remove what :func:`take_away` took. What cannot be removed now is tried again by :func:`sweep`."""
    if gone.is_dir() and not gone.is_symlink():
        shutil.rmtree(gone, ignore_errors=True)
    else:
        gone.unlink(missing_ok=True)


def sweep() -> int:
    """Remove uploads that broke off and deletions that did not finish, a day after. How many there were."""
    limit, count = time.time() - LEFTOVER_AFTER_S, 0
    for folder in (beside(".incoming"), beside(".trash")):
        for left in folder.iterdir():
            if left.lstat().st_mtime < limit:
                destroy(left)
                count += 1
    return count


def prepare_run(project: Project, workdir: str, output: str) -> tuple[Path, Path]:
    """Make the folders a run starts in and writes results to; their absolute paths. Raises AiscError."""
    for path in (workdir, output):
        with _folder(project, path, make=True):
            pass
    root = root_of(project)
    return root / workdir, root / output
