"""A whole centre for the tests of the client and of the command line, started as a user starts it."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aisc.client import Client, Conflict

PASSWORD = "demonstration"


@dataclass(frozen=True)
class Centre:
    """A running ``aisc up --demo`` with its own state folder; its people all have the same password."""

    url: str
    state: Path
    process: subprocess.Popen

    def mailed_code(self, address: str) -> str:
        """The code in the newest mail to ``address``."""
        for mail in sorted(self.state.joinpath("mail").iterdir(), key=lambda each: each.stat().st_mtime, reverse=True):
            text = mail.read_text()
            if address in text and (found := re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", text)):
                return found[0]
        raise AssertionError(f"no code was mailed to {address}")

    def today(self) -> date:
        """Today, where the centre is."""
        return datetime.now(ZoneInfo("Asia/Hong_Kong")).date()

    def end_jobs(self) -> None:
        """Jobs outlive a centre on purpose; those of the tests end with it."""
        with Client(self.url) as client:
            token = client.tokens.issue(email="operator@example.org", password=PASSWORD, name="end").secret
        with Client(self.url, token) as operator:
            for job in list(operator.jobs.list(state="active")):
                with suppress(Conflict):  # it has just ended
                    operator.jobs.cancel(job)
                operator.jobs.wait(job, timeout_s=30)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@functools.cache
def start() -> Centre:
    """The one centre of this test process, ended with it. SQLite, whatever database the other tests use."""
    folder = Path(tempfile.mkdtemp(prefix="aisc-live-"))
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AISC_")} | {
        "AISC_STATE": str(folder / "state"),
        "AISC_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    with open(folder / "err", "wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "aisc", "up", "--demo"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
    line = process.stdout.readline()
    if not line.startswith("AISC is ready at "):
        process.kill()
        process.wait()
        raise AssertionError(f"the centre did not start: {line}{(folder / 'err').read_text()}")
    centre = Centre(f"http://127.0.0.1:{port}", folder / "state", process)

    def end() -> None:
        if process.poll() is not None:
            logs = [folder / "err", *sorted((folder / "state" / "logs").iterdir())]
            said = "\n".join(f"{path.name}: {path.read_text()[-2000:]}" for path in logs)
            print(f"The tests' centre ended by itself with {process.returncode}.\n{said}", file=sys.stderr)
        else:
            centre.end_jobs()
        centre.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return centre
