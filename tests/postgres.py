"""A private PostgreSQL for tests and benchmarks: its own folder, a free port of the loopback, gone afterwards.

In tests, ``postgres_url`` (for the whole session) and ``on_postgres`` (runs a part of the suite against it).
From the command line, ``python tests/postgres.py COMMAND …`` runs a command with ``AISC_DATABASE_URL`` set.

A missing PostgreSQL is a failure, not a skip: what was not tested must not look as if it had been.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAME = "aisc"


class NoPostgres(Exception):  # noqa: N818 - reads as the fact it is
    """There is no server to start here; the message says what to install."""


def _programs() -> Path:
    """Where ``initdb`` and ``postgres`` are: on the path, or where Debian puts them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not versions:
        raise NoPostgres(
            "PostgreSQL's initdb was found neither on the path nor below /usr/lib/postgresql. "
            "Install it (on Debian: apt-get install postgresql) to run the tests marked “postgres”."
        )
    return versions[-1].parent


def _as_user() -> list[str]:
    """The server refuses to run as root; then it runs as the system user ``postgres``."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgres("PostgreSQL does not run as root, and there is no system user “postgres” here.") from None
    return ["runuser", "-u", "postgres", "--"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server in ``folder``, on one port for its whole life, however often it is stopped and started."""

    def __init__(self, folder: Path, *, durable: bool):
        self._folder, self._programs, self._user = folder, _programs(), _as_user()
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(folder, "postgres", "postgres")
        self.port = _free_port()
        self.url = f"postgresql://{NAME}@127.0.0.1:{self.port}/{NAME}"
        initdb = [*self._user, self._programs / "initdb", "-D", folder / "data", "-U", NAME]
        _run([*initdb, "--auth=trust", "-E", "UTF8", "--no-locale", "-N"], folder)
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
        settings |= {"max_connections": 120, "shared_buffers": "512MB", "max_wal_size": "4GB"}
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        self._options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [*self._user, str(self._programs / "postgres"), "-D", str(self._folder / "data"), *self._options]
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)
        _wait(self._programs, self.port, self._process, self._folder / "log")

    def stop(self) -> None:
        """Cut every connection and end it, as a machine that is restarted does."""
        if self._process is not None:
            stop = [self._programs / "pg_ctl", "stop", "-D", self._folder / "data", "-m", "fast", "-w"]
            subprocess.run([*self._user, *map(str, stop)], capture_output=True, cwd=self._folder)
            self._process.wait(timeout=60)
            self._process = None

    def make_database(self) -> None:
        """Make the empty database that ``url`` names."""
        _run([self._programs / "createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", NAME, NAME], self._folder)


@contextmanager
def private_server(*, durable: bool = False) -> Iterator[Server]:
    """A running server with an empty database. ``durable`` keeps fsync on, as for a benchmark."""
    folder = Path(tempfile.mkdtemp(prefix="aisc-postgres-"))
    made = None
    try:
        made = Server(folder, durable=durable)
        made.start()
        made.make_database()
        yield made
    finally:
        if made is not None:
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Start a server; the URL of an empty database in it."""
    with private_server(durable=durable) as running:
        yield running.url


def _run(command: Sequence[object], folder: Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise NoPostgres(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")


def _wait(programs: Path, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _attempt in range(300):
        ready = subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], capture_output=True)
        if ready.returncode == 0:
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise NoPostgres(f"PostgreSQL did not start: {log.read_text()[-2000:]}")


def child_environment(url: str) -> dict[str, str]:
    """The environment in which a child process uses the database at ``url``."""
    return {
        **os.environ,
        "AISC_DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "aisc.core.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


def python(*arguments: str, source: str = "") -> list[str]:
    """The command of a child Python, measured as well when this process is measured for coverage; of it only the folder
    ``source``, if one is given, which takes less time."""
    try:
        import coverage
    except ImportError:
        return [sys.executable, *arguments]
    if coverage.Coverage.current() is None:
        return [sys.executable, *arguments]
    only = [f"--source={ROOT / source}"] if source else []
    return [sys.executable, "-m", "coverage", "run", f"--rcfile={ROOT / 'pyproject.toml'}", *only, *arguments]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty database in a PostgreSQL that lives as long as the test session."""
    try:
        with server() as url:
            yield url
    except NoPostgres as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def on_postgres(postgres_url):
    """``on_postgres("tests/ledger", "-k", "not slow")``: run these tests on PostgreSQL; fails where they fail.

    ``measured``: count the lines of this folder, where some are for PostgreSQL alone and must be run.
    """

    def run(*arguments: str, timeout_s: float = 600, measured: str = "") -> None:
        command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not postgres", *arguments]
        done = subprocess.run(
            python(*command, source=measured) if measured else [sys.executable, *command],
            env=child_environment(postgres_url),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        if done.returncode:
            pytest.fail(f"On PostgreSQL:\n{done.stdout[-8000:]}{done.stderr[-2000:]}", pytrace=False)

    return run


if __name__ == "__main__":
    with server(durable=True) as address:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "AISC_DATABASE_URL": address}).returncode)
