"""The state folder: everything AISC keeps on this machine's disk, and the checks made before using it."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

MINIMUM_FREE_BYTES = 200 * 1024 * 1024


class StateError(Exception):
    """The state folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class StateFolder:
    """Paths below ``AISC_STATE`` (default ``var/`` in the working directory)."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "aisc.sqlite3"

    @property
    def secret(self) -> Path:
        return self.root / "secret"

    @property
    def engine(self) -> Path:
        return self.root / "engine"

    @property
    def workspaces(self) -> Path:
        return self.root / "workspaces"

    @property
    def documents(self) -> Path:
        return self.root / "documents"

    @property
    def mail(self) -> Path:
        return self.root / "mail"

    @property
    def run(self) -> Path:
        """Locks, process ids and the wake file."""
        return self.root / "run"

    @property
    def demonstration(self) -> Path:
        """There when this is the demonstration centre, whose passwords everybody knows."""
        return self.root / "demonstration"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def prepare(self) -> None:
        """Make the folders and the secret. Safe to repeat after a half-finished start. Raises StateError."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.engine, self.workspaces, self.documents, self.mail, self.run, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
            probe = self.run / f"write-test-{os.getpid()}"
            probe.write_bytes(b"x" * 4096)
            probe.unlink()
            if not self.secret.exists() or not self.secret.read_text().strip():
                part = self.secret.with_suffix(".part")
                part.touch(mode=0o600)
                part.write_text(secrets.token_urlsafe(48))
                part.replace(self.secret)
        except OSError as error:
            raise StateError(
                f"The state folder {self.root} cannot be used: {error.strerror}. "
                "Choose a folder you can write to with AISC_STATE=/path, or free some space."
            ) from error
        free = shutil.disk_usage(self.root).free
        if free < MINIMUM_FREE_BYTES:
            raise StateError(
                f"Only {free // 1_048_576} MB are free where the state folder {self.root} lies; AISC needs "
                f"{MINIMUM_FREE_BYTES // 1_048_576} MB to start. Free some space, or choose another AISC_STATE."
            )

    def wake_worker(self) -> None:
        """Tell the worker that there is something to do now; it looks at this file's time each moment."""
        try:
            (self.run / "wake").touch()
        except OSError:
            # Only latency depends on it: the worker also looks by itself every second.
            return


def state_folder() -> StateFolder:
    """The folder named by ``AISC_STATE``, by default ``var`` in the working directory."""
    return StateFolder(Path(os.environ.get("AISC_STATE") or "var").resolve())
