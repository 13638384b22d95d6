"""``aisc backup`` and ``aisc restore``: everything of a centre in one file, made while it runs.

The file is a gzipped tar: ``manifest.json`` (version, time, SHA-256 of each part) and the parts. SQLite
databases are copied with SQLite's own online backup, so a backup is consistent under load.
"""

from __future__ import annotations

import hashlib
import io
import json as jsonlib
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.output import Exit, Json, fail, show
from aisc.cli.tongue import gettext as _
from aisc.core.state import StateFolder, state_folder

FOLDERS = ("workspaces", "documents", "mail")
POSTGRES_DUMP = "postgresql.dump"


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it, such as centre.tar.gz.")],
    json: Json = False,
) -> None:
    """Write everything of this centre into one file, while it runs: database, engine records, workspaces, secret."""
    folder = machine.start()
    if file.exists():
        fail(_("{file} exists already. Name a new file.").format(file=file), Exit.REFUSED)
    part = file.with_name(file.name + ".part")
    try:
        with tempfile.TemporaryDirectory(dir=folder.run) as scratch, tarfile.open(part, "w:gz", compresslevel=3) as tar:
            parts = _databases(folder, Path(scratch))
            parts += [(folder.secret, "secret")]
            for name in FOLDERS:
                root = folder.root / name
                parts += [
                    (path, str(path.relative_to(folder.root)))
                    for path in sorted(root.rglob("*"))
                    if path.is_file() and not path.is_symlink()
                ]
            digests = {name: _add(tar, path, name) for path, name in parts}
            manifest = {
                "aisc": version("aisc"),
                "made_at": datetime.now(UTC).isoformat(),
                "sha256": {name: digest for name, digest in digests.items() if digest},
            }
            _add_bytes(tar, "manifest.json", jsonlib.dumps(manifest, indent=1).encode())
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        fail(
            _("The backup could not be written: {strerror}. Nothing was changed.").format(strerror=error.strerror),
            Exit.SET_UP,
        )
    size = file.stat().st_size
    show(
        {"file": str(file), "bytes": size, "parts": len(parts)},
        _("{file}: {parts} files, {size:,} bytes.").format(file=file, parts=len(parts), size=size),
    )


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file made by “aisc backup”.")],
    json: Json = False,
) -> None:
    """Bring a backup back into an empty state folder, check every file's hash, and prove the ledger."""
    folder = state_folder()
    if folder.root.exists() and any(folder.root.iterdir()):
        fail(
            _("{root} is not empty. Restore into a new folder: AISC_STATE=/path aisc restore {file}").format(
                root=folder.root, file=file
            ),
            Exit.REFUSED,
        )
    staging = folder.root.with_name(folder.root.name + ".restoring")
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(parents=True, mode=0o700)
        with tarfile.open(file, "r:gz") as tar:
            tar.extractall(staging, filter="data")
        manifest = jsonlib.loads((staging / "manifest.json").read_text())
        for name, digest in manifest["sha256"].items():
            if _digest(staging / name) != digest:
                raise ValueError(_("{name} is damaged in the backup").format(name=name))
        (staging / "manifest.json").unlink()
        if folder.root.exists():
            folder.root.rmdir()
        staging.replace(folder.root)
    except (OSError, ValueError, KeyError, tarfile.TarError) as error:
        shutil.rmtree(staging, ignore_errors=True)
        fail(_("This backup cannot be restored: {error}. Nothing was changed.").format(error=error), Exit.REFUSED)
    machine.start()
    _load_postgres(folder)
    from aisc.cli.operator import migrate
    from aisc.ledger.prove import prove

    migrate.run(folder)
    report = prove(limit=50)
    show({"state": str(folder.root), "proof": report.as_dict()}, "\n".join([_("Restored."), *report.lines()]))
    if not report.holds:
        raise typer.Exit(int(Exit.FAILED))


def _databases(folder: StateFolder, scratch: Path) -> list[tuple[Path, str]]:
    from django.db import connection

    sources = sorted(folder.engine.glob("*.sqlite3"))
    parts: list[tuple[Path, str]] = []
    if connection.vendor == "postgresql":
        dump = scratch / POSTGRES_DUMP
        done = subprocess.run(
            ["pg_dump", "--format=custom", f"--file={dump}", f"--dbname={os.environ['AISC_DATABASE_URL']}"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            fail(_("pg_dump failed: {stderr}").format(stderr=done.stderr.strip()), Exit.SET_UP)
        parts.append((dump, POSTGRES_DUMP))
    else:
        sources.insert(0, folder.database)
    for source in sources:
        copy = scratch / f"{len(parts)}.sqlite3"
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as target:
            live.backup(target)
        parts.append((copy, str(source.relative_to(folder.root))))
    return parts


def _load_postgres(folder: StateFolder) -> None:
    dump = folder.root / POSTGRES_DUMP
    if not dump.exists():
        return
    done = subprocess.run(
        [
            "pg_restore",
            "--no-owner",
            "--exit-on-error",
            f"--dbname={os.environ.get('AISC_DATABASE_URL', '')}",
            str(dump),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        fail(
            _("pg_restore failed: {stderr} Restore into an empty database.").format(stderr=done.stderr.strip()),
            Exit.SET_UP,
        )
    dump.unlink()


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _add(tar: tarfile.TarFile, path: Path, name: str) -> str:
    """Add one file as it is at this moment; a file that a job removes meanwhile is left out."""
    try:
        with path.open("rb") as handle:
            info = tar.gettarinfo(arcname=name, fileobj=handle)
            digest = hashlib.sha256()
            tar.addfile(info, _Exactly(handle, info.size, digest))
            return digest.hexdigest()
    except FileNotFoundError:
        return ""


class _Exactly(io.RawIOBase):
    """Reads exactly ``size`` bytes of a file that may be growing, or has been cut, and hashes them."""

    def __init__(self, handle, size: int, digest):
        self._handle, self._left, self._digest = handle, size, digest

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._handle.read(wanted)
        data += bytes(wanted - len(data))
        self._left -= len(data)
        self._digest.update(data)
        return data


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, io.BytesIO(data))
