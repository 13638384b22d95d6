"""A whole centre, started as a user starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
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


def start_centre(state: Path, **environment: str) -> Centre:
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
            [sys.executable, "-m", "aisc", "up", "--demo"],
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
