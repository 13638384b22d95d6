"""A cache that all processes of a machine share, in one small SQLite file: counters that hold whoever answers.

The portal, its workers and commands are separate processes; a limit of five tries must not be five in each. Counting
is one statement, so two processes that count at once count two. The file is only a cache: it is written without
waiting for the disk, may be deleted at any time, and when it cannot be used, everything is simply absent (limits then
do not hold; that is logged). Portals on several machines have a file each: there a limit holds per machine.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

log = logging.getLogger("aisc.cache")
_SCHEMA = "CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, value BLOB NOT NULL, until INTEGER) WITHOUT ROWID"
_ALIVE = "(until IS NULL OR until > :now)"
SWEEP_EVERY = 500  # writes of one thread between two sweeps of what is over


class SqliteCache(BaseCache):
    """``LOCATION`` is the file. Times are in milliseconds since the Unix epoch; integers are kept as integers."""

    def __init__(self, location: str | Path, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._path = Path(location)
        self._local = threading.local()

    # what Django asks of a cache

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None) -> bool:
        """Keep ``value`` unless the key is taken; True when it was not."""
        statement = (
            "INSERT INTO kept VALUES (:key, :value, :until) ON CONFLICT (key) DO UPDATE "
            "SET value = excluded.value, until = excluded.until WHERE until IS NOT NULL AND until <= :now"
        )
        return self._write(statement, key, version, value=_packed(value), until=self._until(timeout)) > 0

    def get(self, key, default=None, version=None) -> Any:
        rows = self._run(f"SELECT value FROM kept WHERE key = :key AND {_ALIVE}", key, version)  # noqa: S608
        return _unpacked(rows[0][0]) if rows else default

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None) -> None:
        statement = "INSERT OR REPLACE INTO kept VALUES (:key, :value, :until)"
        self._write(statement, key, version, value=_packed(value), until=self._until(timeout))

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None) -> bool:
        statement = f"UPDATE kept SET until = :until WHERE key = :key AND {_ALIVE}"  # noqa: S608
        return self._write(statement, key, version, until=self._until(timeout)) > 0

    def delete(self, key, version=None) -> bool:
        return self._write("DELETE FROM kept WHERE key = :key", key, version) > 0

    def incr(self, key, delta=1, version=None) -> int:
        """Add to a counter, in one step for all processes. Raises ValueError when there is none."""
        statement = f"UPDATE kept SET value = value + :delta WHERE key = :key AND {_ALIVE} RETURNING value"  # noqa: S608
        rows = self._run(statement, key, version, delta=delta)
        if not rows:
            raise ValueError(f"there is no counter {key}")
        return rows[0][0]

    def clear(self) -> None:
        self._run("DELETE FROM kept", "", None)

    # the file

    def _until(self, timeout: Any) -> int | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else _now_ms() + int(seconds * 1000)

    def _named(self, key: str, version: Any) -> str:
        # Keys are made of session keys and addresses, which must not lie about in a file.
        return hashlib.sha256(self.make_key(key, version).encode()).hexdigest()

    def _write(self, statement: str, key: str, version: Any, **values: Any) -> int:
        self._local.writes = getattr(self._local, "writes", 0) + 1
        if self._local.writes % SWEEP_EVERY == 0:
            self._run("DELETE FROM kept WHERE until <= :now", "", None)
        self._run(statement, key, version, **values)
        return getattr(self._local, "changed", 0)

    def _run(self, statement: str, key: str, version: Any, **values: Any) -> list[tuple[Any, ...]]:
        self._local.changed = 0
        try:
            cursor = self._connection().execute(
                statement, {"key": self._named(key, version), "now": _now_ms(), **values}
            )
            rows = cursor.fetchall()
            self._local.changed = cursor.rowcount
        except sqlite3.Error as error:
            log.error("the shared cache %s cannot be used: %s", self._path.name, error)
            self._forget()
            return []
        return rows

    def _connection(self) -> sqlite3.Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            self._local.connection = connection
            self._path.chmod(0o600)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(_SCHEMA)
        return connection

    def _forget(self) -> None:
        connection, self._local.connection = getattr(self._local, "connection", None), None
        if connection is not None:
            connection.close()

    def close(self, **kwargs: Any) -> None:
        """At the end of a request: under ASGI its thread may never come back."""
        self._forget()


def _now_ms() -> int:
    # Not the centre's clock, which tests and demonstrations set: a limit is about the time of whoever tries.
    return time.time_ns() // 1_000_000


def _packed(value: Any) -> Any:
    # A truth is no number here: it must come back as it went in.
    return value if type(value) is int else pickle.dumps(value)


def _unpacked(value: Any) -> Any:
    return value if isinstance(value, int) else pickle.loads(value)  # noqa: S301
