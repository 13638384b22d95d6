"""A whole centre, started as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aisc.client import Client

PASSWORD = "demonstration"
COMMAND = [sys.executable, "-m", "aisc", "up", "--demo"]


@dataclass
class Centre:
    """A running ``aisc up --demo``."""

    url: str
    state: Path
    process: subprocess.Popen
    environment: dict[str, str]
    sign_ins: dict[str, str]  # role → e-mail address

    def aisc(self, *arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess:
        """Run the command line against this centre."""
        options = {"capture_output": True, "text": True, "timeout": 120, "env": self.environment} | options
        done = subprocess.run([sys.executable, "-m", "aisc", *arguments], **options)
        if check:
            assert done.returncode == 0, f"aisc {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def client(self, role: str) -> Client:
        """The Python client of one of the demonstration's people."""
        with Client(self.url) as stranger:
            token = stranger.tokens.issue(email=self.sign_ins[role], password=PASSWORD, name="test")
        return Client(self.url, token.secret)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_centre(state: Path, prefix: Sequence[str] = (), more: Sequence[str] = (), **environment: str) -> Centre:
    """Start a demonstration centre on a free port; ``prefix`` is a command that runs it, such as ``nice``;
    ``more`` are further words of ``aisc up``."""
    port = free_port()
    variables = os.environ | {
        "AISC_STATE": str(state),
        "AISC_PORT": str(port),
        "AISC_URL": f"http://127.0.0.1:{port}",
        "AISC_CONFIG": str(state.with_name(state.name + "-config")),
        **environment,
    }
    said = state.with_name(state.name + "-said.txt")
    said.parent.mkdir(parents=True, exist_ok=True)
    with said.open("w") as errors:
        process = subprocess.Popen(
            [*prefix, *COMMAND, *more],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    line = process.stdout.readline()
    if not line.startswith("AISC is ready at "):
        process.kill()
        process.wait()
        process.stdout.close()
        raise AssertionError(f"the centre did not start: {line}{said.read_text()}")
    found = re.findall(r"^  (\S+@\S+)\s+(.+)$", said.read_text(), re.MULTILINE)
    return Centre(line.split()[-1], state, process, variables, {role.strip(): address for address, role in found})


def until(condition, *, within_s: float = 60):
    """Wait for ``condition()`` to be true, and answer what it said."""
    deadline = time.monotonic() + within_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return answer


def submit(client: Client, budget, name: str, *command: str):
    """Submit a job on one core, paid from ``budget``."""
    return client.jobs.submit(
        project=budget.project,
        budget=budget.uid,
        name=name,
        command=list(command),
        accelerator="cpu",
        accelerator_count=1,
        time_limit="5m",
    )
