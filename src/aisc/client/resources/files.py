"""Files of a project's workspace: list, upload, download, remove."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from aisc.client.errors import NotFound, Refused, Unreachable
from aisc.client.models import Ref, uid_of
from aisc.client.models.jobs import File, FileLink, Folder
from aisc.client.resources.base import Resource, at
from aisc.client.transport import OnBytes, Pauses


class Files(Resource):
    def list(self, project: Ref, path: str = "") -> Folder:
        """The items of a folder of the workspace. Raises NotFound, also where ``path`` is a file."""
        found = self._folder(project, _inside(path))
        if found is None:
            raise NotFound(f"“{path}” is a file, not a folder.")
        return found

    def walk(self, project: Ref, path: str = "") -> Iterator[File]:
        """Every file below the folder ``path``."""
        for item in self.list(project, path).items:
            if item.kind == "folder":
                yield from self.walk(project, item.path)
            elif item.kind == "file":
                yield item

    def is_file(self, project: Ref, path: str) -> bool:
        """Whether a file, and not a folder, is at ``path``. Raises NotFound where nothing is."""
        return self._folder(project, _inside(path)) is None

    def _folder(self, project: Ref, path: str) -> Folder | None:
        """The folder; or None for a file, of which no more than a byte is sent."""
        found = self._t.get_part(_path(project, path), "bytes=0-0")
        return None if found is None else Folder.read(found)

    def upload(
        self, project: Ref, source: str | Path | BinaryIO, path: str, *, progress: OnBytes | None = None
    ) -> File:
        """Put a file of this machine at ``path``, over an older one; folders on the way are made.

        It is read and sent piece by piece, and appears whole or not at all. ``source`` may be an open, seekable file.
        """
        if isinstance(source, (str, Path)):
            with open(source, "rb") as file:
                return self.upload(project, file, path, progress=progress)
        begin = source.tell()
        size = source.seek(0, os.SEEK_END) - begin
        source.seek(begin)
        return File.read(self._t.put_file(_path(project, _inside(path)), source, size, progress=progress))

    def download(self, project: Ref, path: str, target: str | Path, *, progress: OnBytes | None = None) -> Path:
        """Write a file of the workspace to ``target`` on this machine, whole or not at all.

        A download that breaks off goes on where it was, unless the file has changed meanwhile; then it begins again.
        """
        target = Path(target)
        part = target.with_name(f".{target.name}.part")
        url = _path(project, _inside(path))
        pauses, tag = Pauses(self._t.patience_s), ""
        try:
            with part.open("wb") as file:
                while True:
                    try:
                        tag = self._fetch(url, file, tag, progress)
                        break
                    except _Broken as broken:
                        tag = broken.tag
                        if not pauses.take(broken.error.detail):
                            raise broken.error from broken
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def _fetch(self, url: str, file: BinaryIO, tag: str, progress: OnBytes | None) -> str:
        """Read what is missing in ``file``. Raises _Broken with what is needed to go on."""
        have = file.tell() if tag else 0
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": tag}
        try:
            with self._t.stream(url, headers=headers) as answer:
                tag = answer.headers.get("ETag", "")
                if not tag:  # every file has one
                    raise Refused("This is a folder. Download the files in it.")
                file.seek(have if answer.status_code == 206 else 0)
                file.truncate()
                for chunk in answer.iter_raw():
                    file.write(chunk)
                    if progress:
                        progress(file.tell())
        except Unreachable as error:
            raise _Broken(error, tag) from error
        return tag

    def delete(self, project: Ref, path: str, *, recursive: bool = False) -> None:
        """Delete a file or folder. ``recursive`` must be True for a folder that is not empty."""
        self._t.write("DELETE", _path(project, _inside(path)), recursive=recursive or None)

    def make_folder(self, project: Ref, path: str, *, key: str | None = None) -> File:
        made = self._t.post(at("/projects/{}/folders", uid_of(project)), {"path": _inside(path)}, key=key)
        return File.read(made)

    def rename(self, project: Ref, path: str, to: str, *, key: str | None = None) -> File:
        """Rename or move a file or folder within the workspace."""
        body = {"path": _inside(path), "to": _inside(to)}
        return File.read(self._t.post(at("/projects/{}/renames", uid_of(project)), body, key=key))

    def unpack(self, project: Ref, path: str, to: str = "", *, key: str | None = None) -> File:
        """Unpack an archive of the workspace into the new folder ``to``; left out, it is called as the archive is.

        All of it or nothing. Raises Refused for one that would lead out of the folder, or hold too much.
        """
        body = {"path": _inside(path), "to": _inside(to)}
        return File.read(self._t.post(at("/projects/{}/unpacks", uid_of(project)), body, key=key))

    def share(self, project: Ref, path: str, *, days: int = 7, email: str = "", key: str | None = None) -> FileLink:
        """Make a link by which anybody (or only who signs in with ``email``) can fetch the file as it is now."""
        body = {"path": _inside(path), "days": days, "email": email}
        return FileLink.read(self._t.post(at("/projects/{}/links", uid_of(project)), body, key=key))

    def links(self, project: Ref) -> Iterator[FileLink]:
        """Every link to a file of the project, newest first."""
        return self._pages(FileLink, at("/projects/{}/links", uid_of(project)))

    def revoke_link(self, link: Ref) -> None:
        """Take a link back: it opens nothing any more."""
        self._t.write("DELETE", at("/links/{}", uid_of(link)))


class _Broken(Exception):  # noqa: N818 - reads as the fact it is
    """A download that broke off; ``tag`` says of which version of the file the bytes so far are."""

    def __init__(self, error: Unreachable, tag: str):
        super().__init__(error.detail)
        self.error, self.tag = error, tag


def _inside(path: str) -> str:
    """``path`` without slashes at its ends and without ``.``; whatever else is wrong with it, the centre says."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _path(project: Ref, path: str) -> str:
    segments = "".join(at("/{}", part) for part in path.split("/") if part)
    return at("/projects/{}/files", uid_of(project)) + segments
