"""The engine's own queue and accounting, in one SQLite file.

A run is a row from its submission on, for ever. ``stage`` is ``queued``, ``active`` (it holds a part of the
machine; whether its command runs already, the files of the run know) or one of the final states of
:class:`~aisc.jobs.engines.base.State`. When a run ends it gets the next ``seq``, which is what the usage cursor
counts: numbers are given and become visible in one transaction, so that no reader ever misses one.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from aisc.jobs.engines.base import EngineError, Reason, RunSpec, State, UsageRow

from .choose import Resources, Waiting

QUEUED = "queued"
ACTIVE = "active"
BUSY_TIMEOUT_S = 30

SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    shares INTEGER NOT NULL,
    cpus INTEGER NOT NULL CHECK (cpus > 0),
    memory_mb INTEGER NOT NULL CHECK (memory_mb > 0),
    accelerator TEXT NOT NULL,
    accelerator_count INTEGER NOT NULL,
    time_limit_ms INTEGER NOT NULL,
    spec TEXT NOT NULL,
    submitted_at INTEGER NOT NULL,
    stage TEXT NOT NULL DEFAULT 'queued',
    reason TEXT NOT NULL DEFAULT '',
    cancel INTEGER NOT NULL DEFAULT 0,
    cpu_ids TEXT NOT NULL DEFAULT '[]',
    gpu_ids TEXT NOT NULL DEFAULT '[]',
    boot TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    attempted_ms INTEGER NOT NULL DEFAULT 0,
    seq INTEGER UNIQUE,
    started_at INTEGER,
    ended_at INTEGER,
    elapsed_ms INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER,
    signal INTEGER,
    cpu_ms INTEGER NOT NULL DEFAULT 0,
    max_rss_mb INTEGER NOT NULL DEFAULT 0,
    node TEXT NOT NULL DEFAULT '',
    pruned INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS run_open ON run (stage, id) WHERE seq IS NULL;
CREATE TABLE IF NOT EXISTS dependency (
    ref TEXT NOT NULL,
    needs TEXT NOT NULL,
    PRIMARY KEY (ref, needs)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS project (
    project TEXT PRIMARY KEY,
    used REAL NOT NULL,
    at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS user (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS fact (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Active:
    """A run that holds a part of the machine."""

    ref: str
    spec: RunSpec
    cancel: bool
    cpu_ids: tuple[int, ...]
    gpu_ids: tuple[str, ...]
    boot: str
    attempts: int
    attempted_ms: int
    submitted_at: int

    @property
    def needs(self) -> Resources:
        """The amounts it holds."""
        return resources(self.spec.cpus, self.spec.memory_mb, self.spec.accelerator, self.spec.accelerator_count)


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended. ``elapsed_ms`` is what is charged."""

    ref: str
    state: State
    reason: Reason
    started_at: int | None
    ended_at: int
    elapsed_ms: int
    exit_code: int | None = None
    signal: int | None = None
    cpu_ms: int = 0
    max_rss_mb: int = 0
    node: str = ""


def resources(cpus: int, memory_mb: int, accelerator: str, count: int) -> Resources:
    """The amounts a specification asks for; ``cpu`` is counted once, as CPUs."""
    return Resources(cpus, memory_mb, {} if accelerator == "cpu" else {accelerator: count})


class Store:
    """Every statement the engine makes to its database. Safe to use from threads and processes at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        with self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA)

    def close(self) -> None:
        """Closes this thread's connection."""
        db = getattr(self._local, "db", None)
        if db is not None:
            db.close()
            self._local.db = None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            db = getattr(self._local, "db", None)
            if db is None:
                db = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA synchronous = FULL")
                self._local.db = db
            yield db
        except sqlite3.Error as error:
            raise EngineError(f"The queue at {self._path} cannot be used: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    # Submission and cancelling

    def add(self, specs: Iterable[RunSpec], submitted_at: int) -> None:
        """Queues the runs whose ``ref`` is new, all of them or none."""
        rows, needs = [], []
        for spec in specs:
            text = json.dumps(
                asdict(spec) | {"env": dict(spec.env), "places": dict(spec.places)}, separators=(",", ":")
            )
            rows.append(
                (
                    spec.ref,
                    spec.project,
                    spec.shares,
                    spec.cpus,
                    spec.memory_mb,
                    spec.accelerator,
                    spec.accelerator_count,
                    spec.time_limit_ms,
                    text,
                    submitted_at,
                )
            )
            needs += [(spec.ref, ref) for ref in spec.after]
        with self._transaction() as db:
            known = {
                row[0]
                for row in db.execute(
                    "SELECT ref FROM run WHERE ref IN (SELECT value FROM json_each(?))",
                    [json.dumps([row[0] for row in rows])],
                )
            }
            db.executemany(
                "INSERT INTO run (ref, project, shares, cpus, memory_mb, accelerator, accelerator_count,"
                " time_limit_ms, spec, submitted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (ref) DO NOTHING",
                rows,
            )
            db.executemany(
                "INSERT OR IGNORE INTO dependency VALUES (?, ?)", [pair for pair in needs if pair[0] not in known]
            )

    def cancel(self, refs: Sequence[str], now: int) -> list[str]:
        """Ends those that are queued, marks those that are active, and returns the latter."""
        chosen = [json.dumps(list(refs))]
        where = "seq IS NULL AND ref IN (SELECT value FROM json_each(?))"
        with self._transaction() as db:
            queued = db.execute(f"SELECT ref FROM run WHERE stage = 'queued' AND {where} ORDER BY id", chosen)  # noqa: S608
            self._end(db, [_never_ran(row[0], Reason.CANCELLED, now) for row in queued.fetchall()])
            db.execute(f"UPDATE run SET cancel = 1 WHERE stage = 'active' AND {where}", chosen)  # noqa: S608
            active = db.execute(f"SELECT ref FROM run WHERE stage = 'active' AND {where}", chosen)  # noqa: S608
            return [row[0] for row in active.fetchall()]

    def cancel_orphans(self, now: int) -> int:
        """Ends queued runs that need a run which did not complete, and those that need them in turn."""
        ended = 0
        while True:
            with self._transaction() as db:
                rows = db.execute(
                    "SELECT DISTINCT run.id, run.ref FROM run"
                    " JOIN dependency ON dependency.ref = run.ref"
                    " JOIN run AS needed ON needed.ref = dependency.needs"
                    " WHERE run.seq IS NULL AND run.stage = 'queued'"
                    " AND needed.seq IS NOT NULL AND needed.stage != 'completed' ORDER BY run.id"
                ).fetchall()
                self._end(db, [_never_ran(row["ref"], Reason.DEPENDENCY_FAILED, now) for row in rows])
            if not rows:
                return ended
            ended += len(rows)

    # The scheduler

    def eligible(self) -> list[Waiting]:
        """Queued runs whose dependencies have completed, in the order of submission."""
        with self._connection() as db:
            rows = db.execute(
                "SELECT ref, project, shares, cpus, memory_mb, accelerator, accelerator_count, time_limit_ms FROM run"
                " WHERE seq IS NULL AND stage = 'queued' AND NOT EXISTS ("
                "  SELECT 1 FROM dependency LEFT JOIN run AS needed ON needed.ref = dependency.needs"
                "  WHERE dependency.ref = run.ref AND needed.stage IS NOT 'completed'"
                " ) ORDER BY id"
            ).fetchall()
        return [
            Waiting(ref, project, shares, resources(cpus, memory_mb, accelerator, count), limit)
            for ref, project, shares, cpus, memory_mb, accelerator, count, limit in rows
        ]

    def count_open(self) -> tuple[int, int]:
        """How many runs are queued and active."""
        with self._connection() as db:
            counts = dict(db.execute("SELECT stage, COUNT(*) FROM run WHERE seq IS NULL GROUP BY stage").fetchall())
        return counts.get(QUEUED, 0), counts.get(ACTIVE, 0)

    def active(self) -> list[Active]:
        """Runs that hold a part of the machine, oldest first."""
        with self._connection() as db:
            rows = db.execute("SELECT * FROM run WHERE seq IS NULL AND stage = 'active' ORDER BY id").fetchall()
        return [
            Active(
                ref=row["ref"],
                spec=read_spec(row["spec"]),
                cancel=bool(row["cancel"]),
                cpu_ids=tuple(json.loads(row["cpu_ids"])),
                gpu_ids=tuple(json.loads(row["gpu_ids"])),
                boot=row["boot"],
                attempts=row["attempts"],
                attempted_ms=row["attempted_ms"],
                submitted_at=row["submitted_at"],
            )
            for row in rows
        ]

    def allocate(self, given: Mapping[str, tuple[Sequence[int], Sequence[str]]], boot: str) -> None:
        """Gives CPUs and GPUs to queued runs; one that was cancelled meanwhile gets nothing."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE run SET stage = 'active', cpu_ids = ?, gpu_ids = ?, boot = ?, attempts = 0, attempted_ms = 0"
                " WHERE ref = ? AND stage = 'queued' AND seq IS NULL",
                [(json.dumps(cpus), json.dumps(gpus), boot, ref) for ref, (cpus, gpus) in given.items()],
            )

    def requeue(self, refs: Iterable[str]) -> None:
        """Puts active runs back at their old place: the machine restarted before they started."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE run SET stage = 'queued', cpu_ids = '[]', gpu_ids = '[]', boot = '' WHERE ref = ?"
                " AND stage = 'active' AND seq IS NULL",
                [(ref,) for ref in refs],
            )

    def attempted(self, refs: Iterable[str], now_ms: int) -> None:
        """Counts an attempt to start a keeper for each run."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE run SET attempts = attempts + 1, attempted_ms = ? WHERE ref = ?",
                [(now_ms, ref) for ref in refs],
            )

    def end(self, ends: Sequence[End], costs: Mapping[str, float], now: int, half_life_ms: int) -> None:
        """Records ended runs and adds ``costs`` (per project) to the decaying usage of the fair-share."""
        with self._transaction() as db:
            self._end(db, ends)
            used = self._used(db, now, half_life_ms)
            db.executemany(
                "INSERT INTO project VALUES (?, ?, ?)"
                " ON CONFLICT (project) DO UPDATE SET used = excluded.used, at = excluded.at",
                [(project, used.get(project, 0.0) + cost, now) for project, cost in costs.items()],
            )

    def used(self, now: int, half_life_ms: int) -> dict[str, float]:
        """Each project's usage, old usage counting less."""
        with self._connection() as db:
            return self._used(db, now, half_life_ms)

    @staticmethod
    def _used(db: sqlite3.Connection, now: int, half_life_ms: int) -> dict[str, float]:
        rows = db.execute("SELECT project, used, at FROM project").fetchall()
        return {project: used * 0.5 ** (max(0, now - at) / half_life_ms) for project, used, at in rows}

    @staticmethod
    def _end(db: sqlite3.Connection, ends: Sequence[End]) -> None:
        seq = db.execute("SELECT COALESCE(MAX(seq), 0) FROM run").fetchone()[0]
        rows = []
        for end in ends:
            seq += 1
            rows.append(
                (
                    seq,
                    end.state,
                    end.reason,
                    end.started_at,
                    end.ended_at,
                    end.elapsed_ms,
                    end.exit_code,
                    end.signal,
                    end.cpu_ms,
                    end.max_rss_mb,
                    end.node,
                    end.ref,
                )
            )
        db.executemany(
            "UPDATE run SET seq = ?, stage = ?, reason = ?, started_at = ?, ended_at = ?, elapsed_ms = ?,"
            " exit_code = ?, signal = ?, cpu_ms = ?, max_rss_mb = ?, node = ?, cpu_ids = '[]', gpu_ids = '[]'"
            " WHERE ref = ? AND seq IS NULL",
            rows,
        )

    def user_numbers(self, projects: Iterable[str]) -> dict[str, int]:
        """A number for each project, from 1, its own for ever."""
        wanted = sorted(set(projects))
        if not wanted:
            return {}
        asked = "SELECT project, number FROM user WHERE project IN (SELECT value FROM json_each(?))"
        with self._connection() as db:
            known = dict(db.execute(asked, [json.dumps(wanted)]).fetchall())
        if len(known) < len(wanted):
            with self._transaction() as db:
                db.executemany("INSERT OR IGNORE INTO user (project) VALUES (?)", [(each,) for each in wanted])
                known = dict(db.execute(asked, [json.dumps(wanted)]).fetchall())
        return known

    # What the world asks

    def rows(self, refs: Sequence[str]) -> list[sqlite3.Row]:
        """The rows of those of ``refs`` that exist, without their specifications."""
        with self._connection() as db:
            return db.execute(
                "SELECT ref, stage, reason, seq, time_limit_ms, submitted_at, started_at, ended_at, elapsed_ms,"
                " exit_code, signal, node, boot FROM run WHERE ref IN (SELECT value FROM json_each(?))",
                [json.dumps(list(refs))],
            ).fetchall()

    def has_ended(self, ref: str) -> bool:
        """Whether the run is known and over."""
        with self._connection() as db:
            return bool(db.execute("SELECT 1 FROM run WHERE ref = ? AND seq IS NOT NULL", [ref]).fetchone())

    def ended_after(self, seq: int, limit: int) -> tuple[list[UsageRow], int]:
        """Accounting rows after ``seq`` and the last ``seq`` among them; what came before counts as collected."""
        with self._connection() as db:
            collected = db.execute("SELECT value FROM fact WHERE name = 'collected'").fetchone()
            if seq > (collected[0] if collected else 0):
                db.execute("INSERT OR REPLACE INTO fact VALUES ('collected', ?)", [seq])
            rows = db.execute("SELECT * FROM run WHERE seq > ? ORDER BY seq LIMIT ?", [seq, limit]).fetchall()
        return [_usage_row(row) for row in rows], rows[-1]["seq"] if rows else seq

    def prunable(self, before: int) -> list[str]:
        """Runs that ended before ``before`` and whose usage was collected."""
        with self._connection() as db:
            rows = db.execute(
                "SELECT ref FROM run WHERE ended_at < ? AND NOT pruned"
                " AND seq <= (SELECT value FROM fact WHERE name = 'collected') ORDER BY seq",
                [before],
            ).fetchall()
        return [row[0] for row in rows]

    def pruned(self, refs: Iterable[str]) -> None:
        """Remembers that the folders of these runs are gone."""
        with self._transaction() as db:
            db.executemany("UPDATE run SET pruned = 1 WHERE ref = ?", [(ref,) for ref in refs])


def read_spec(text: str) -> RunSpec:
    """A specification as :meth:`Store.add` wrote it."""
    fields = json.loads(text)
    fields["argv"] = tuple(fields["argv"])
    fields["after"] = tuple(fields["after"])
    return RunSpec(**fields)


def _never_ran(ref: str, reason: Reason, now: int) -> End:
    return End(ref, State.CANCELLED, reason, started_at=None, ended_at=now, elapsed_ms=0)


def _usage_row(row: sqlite3.Row) -> UsageRow:
    return UsageRow(
        ref=row["ref"],
        project=row["project"],
        accelerator=row["accelerator"],
        accelerator_count=row["accelerator_count"],
        submitted_at=row["submitted_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        elapsed_ms=row["elapsed_ms"],
        state=State(row["stage"]),
        reason=Reason(row["reason"]),
        exit_code=row["exit_code"],
        signal=row["signal"],
        node=row["node"],
        cpu_ms=row["cpu_ms"],
        max_rss_mb=row["max_rss_mb"],
    )
