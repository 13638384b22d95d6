"""What was submitted to the simulated cluster: one row a run, in an SQLite file beside the other engines' records."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

from aisc.jobs.engines.base import Reason, RunSpec, RunStatus, State, UsageRow
from aisc.jobs.engines.simulated.fates import Fate

_WIDTH = 500  # refs in one question


@dataclass(frozen=True)
class Row:
    """A run and its whole course: ``started_at`` None when it never starts. Milliseconds, MiB."""

    seq: int | None
    ref: str
    name: str
    project: str
    accelerator: str
    accelerator_count: int
    cpus: int
    submitted_at: int
    started_at: int | None
    ended_at: int
    state: State
    reason: Reason
    exit_code: int | None
    signal: int | None
    node: str
    max_rss_mb: int
    after: str

    @classmethod
    def planned(cls, spec: RunSpec, now: int, start: int, machine: str, will: Fate) -> Row:
        return cls(
            None,
            spec.ref,
            spec.name,
            spec.project,
            spec.accelerator,
            spec.accelerator_count,
            spec.cpus,
            now,
            start,
            start + will.elapsed_ms,
            will.state,
            will.reason,
            will.exit_code,
            will.signal,
            machine,
            will.max_rss_mb,
            json.dumps(spec.after),
        )

    @classmethod
    def never_started(cls, spec: RunSpec, now: int, end: int) -> Row:
        """What waited for a run that did not complete."""
        nothing = Fate(0, State.CANCELLED, Reason.DEPENDENCY_FAILED, None, None, 0)
        return replace(cls.planned(spec, now, end, "", nothing), started_at=None)

    def cancelled(self, end: int) -> Row:
        started = self.started_at if self.started_at is not None and self.started_at < end else None
        return replace(
            self,
            started_at=started,
            ended_at=end,
            state=State.CANCELLED,
            reason=Reason.CANCELLED,
            exit_code=None,
            signal=15 if started else None,
            node=self.node if started else "",
        )

    def lost(self, end: int) -> Row:
        """Its machine went down under it."""
        return replace(
            self, ended_at=end, state=State.NODE_FAILED, reason=Reason.NODE_RESTARTED, exit_code=None, signal=None
        )

    @property
    def elapsed_ms(self) -> int:
        return 0 if self.started_at is None else self.ended_at - self.started_at

    @property
    def cursor(self) -> str:
        return f"{self.ended_at}:{self.seq}"

    def status(self) -> RunStatus:
        return RunStatus(
            self.ref,
            self.state,
            self.reason,
            submitted_at=self.submitted_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            elapsed_ms=self.elapsed_ms,
            exit_code=self.exit_code,
            signal=self.signal,
            node=self.node,
        )

    def usage(self) -> UsageRow:
        return UsageRow(
            ref=self.ref,
            project=self.project,
            accelerator=self.accelerator,
            accelerator_count=self.accelerator_count,
            submitted_at=self.submitted_at,
            started_at=self.started_at,
            ended_at=self.ended_at,
            elapsed_ms=self.elapsed_ms,
            state=self.state,
            reason=self.reason,
            exit_code=self.exit_code,
            signal=self.signal,
            node=self.node,
            cpu_ms=self.elapsed_ms * self.cpus * 7 // 10,
            max_rss_mb=self.max_rss_mb,
        )


_NAMES = [each.name for each in fields(Row)]
_SELECT = f"SELECT {', '.join(_NAMES)} FROM run"  # noqa: S608
_TABLES = """
CREATE TABLE IF NOT EXISTS run (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT UNIQUE, name TEXT, project TEXT, accelerator TEXT,
    accelerator_count INTEGER, cpus INTEGER, submitted_at INTEGER, started_at INTEGER, ended_at INTEGER, state TEXT,
    reason TEXT, exit_code INTEGER, signal INTEGER, node TEXT, max_rss_mb INTEGER, after TEXT
);
CREATE INDEX IF NOT EXISTS run_ended ON run (ended_at, seq);
CREATE TABLE IF NOT EXISTS world (end_ms INTEGER, revision INTEGER);
"""


def _row(values: tuple[Any, ...]) -> Row:
    found = dict(zip(_NAMES, values, strict=True))
    return Row(**found | {"state": State(found["state"]), "reason": Reason(found["reason"])})


class Store:
    """The file. One connection, used by one thread at a time; opened when it is first needed."""

    def __init__(self, path: Path):
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()
        self._held = False

    def begin(self, end_ms: int) -> None:
        with self._lock:
            connection = self._open()
            connection.execute("DELETE FROM run")
            connection.execute("DELETE FROM sqlite_sequence")
            connection.execute("DELETE FROM world")
            connection.execute("INSERT INTO world VALUES (?, 0)", [end_ms])
            self._done(connection)

    def hold_back(self) -> None:
        self._held = True

    def commit(self) -> None:
        with self._lock:
            self._held = False
            self._done(self._open())

    def end_ms(self) -> int:
        return self._ask("SELECT end_ms FROM world")[0][0]

    def revision(self) -> int:
        return self._ask("SELECT revision FROM world")[0][0]

    def add(self, rows: Iterable[Row]) -> int:
        """Add rows; by how much the revision rose."""
        values = [astuple(row) for row in rows]
        if not values:
            return 0
        marks = ", ".join("?" * len(_NAMES))
        with self._lock:
            connection = self._open()
            connection.executemany(f"INSERT INTO run VALUES ({marks})", values)  # noqa: S608
            connection.execute("UPDATE world SET revision = revision + 1")
            self._done(connection)
        return 1

    def end(self, row: Row) -> None:
        """Write a changed end; whoever remembers when machines are free must read again."""
        columns = ["started_at", "ended_at", "state", "reason", "exit_code", "signal", "node"]
        changes = ", ".join(f"{column} = ?" for column in columns)
        with self._lock:
            connection = self._open()
            connection.execute(
                f"UPDATE run SET {changes} WHERE seq = ?",  # noqa: S608
                [*(getattr(row, column) for column in columns), row.seq],
            )
            connection.execute("UPDATE world SET revision = revision + 1")
            self._done(connection)

    def known(self, refs: Sequence[str]) -> set[str]:
        return {row.ref for row in self.get(refs)}

    def get(self, refs: Sequence[str]) -> list[Row]:
        found = []
        for first in range(0, len(refs), _WIDTH):
            some = list(refs[first : first + _WIDTH])
            found += self._rows(f"WHERE ref IN ({', '.join('?' * len(some))})", some)
        return found

    def active(self, now: int) -> list[Row]:
        """Runs that have not ended, in the order in which they came."""
        return self._rows("WHERE ended_at > ? ORDER BY seq", [now])

    def ended(self, cursor: str, now: int, limit: int) -> list[Row]:
        """Runs that ended after the row that ``cursor`` names and before ``now``, oldest end first."""
        at, _colon, seq = cursor.partition(":")
        return self._rows(
            "WHERE (ended_at, seq) > (?, ?) AND ended_at < ? ORDER BY ended_at, seq LIMIT ?",
            [int(at or 0), int(seq or 0), now, limit],
        )

    def _rows(self, rest: str, parameters: Sequence[Any]) -> list[Row]:
        return [_row(values) for values in self._ask(f"{_SELECT} {rest}", parameters)]

    def _ask(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._open().execute(sql, parameters).fetchall()

    def _done(self, connection: sqlite3.Connection) -> None:
        if not self._held:
            connection.commit()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(_TABLES)
        return self._connection
