"""``aisc up``: the whole centre on one machine, from one command, ended by Ctrl-C.

It supervises two processes (web, worker), starts either again when it dies, and stays small itself by
leaving Django to them. Jobs are detached on purpose: they outlive the portal.
"""

from __future__ import annotations

import fcntl
import json as jsonlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.output import Exit, err, fail, say
from aisc.cli.tongue import gettext as _
from aisc.core.state import StateFolder

START_WITHIN_S = 120  # on a machine that has other things to do
STOP_WITHIN_S = 8


@dataclass
class Process:
    """One supervised process: how to start it, and its restarts so far."""

    name: str
    arguments: list[str]
    handle: subprocess.Popen | None = None
    started: float = 0.0
    failures: int = field(default=0)

    def start(self, folder: StateFolder, environment: dict[str, str]) -> None:
        with (folder.logs / f"{self.name}.log").open("ab") as log:
            self.handle = subprocess.Popen(
                [sys.executable, "-m", "aisc", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                # Ctrl-C in the terminal reaches the supervisor alone, which then ends them in order.
                start_new_session=True,
            )
        self.started = time.monotonic()

    @property
    def alive(self) -> bool:
        return self.handle is not None and self.handle.poll() is None


def up(
    demo: Annotated[bool, typer.Option(help="Make and show the demonstration centre.")] = False,
    year: Annotated[bool, typer.Option(help="With --demo: with a year behind it, in an empty state folder.")] = False,
    host: Annotated[str, typer.Option(envvar="AISC_HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="AISC_PORT", min=1, max=65535)] = 8000,
) -> None:
    """Start everything on this machine: web, worker, and the local engine. Ctrl-C stops it.

    Running jobs go on when the portal stops; the next start finds them again.
    """
    began = time.monotonic()
    folder = machine.prepared_folder()
    if (demo or folder.demonstration.exists()) and host not in {"127.0.0.1", "localhost", "::1"}:
        fail(_("The demonstration has known passwords, so it only listens on 127.0.0.1."), Exit.USAGE)
    lock = _lock(folder)
    _port_is_free(host, port)
    environment = os.environ | {
        "AISC_STATE": str(folder.root),
        "AISC_PORT": str(port),
        "AISC_HOST": host,
        "AISC_SUPERVISOR_PID": str(os.getpid()),
        "PYTHONUNBUFFERED": "1",
    }
    first = not (folder.root / "ready").exists()
    if first:
        say(_("Setting up the centre…"))
    sign_ins = _initialise(environment, demo, year)
    processes = [Process("web", ["web"]), Process("worker", ["worker"])]
    stopping = _Stopping()
    for process in processes:
        process.start(folder, environment)
    try:
        parts = _wait_until_ready(folder, port, processes, stopping)
        (folder.root / "ready").touch()
        if isolation := parts.get("isolation", {}).get("detail"):
            say(isolation)
        _tell(port, sign_ins, time.monotonic() - began)
        _watch(folder, environment, processes, stopping)
    finally:
        _stop(processes)
        lock.close()
    running = _running_jobs(folder)
    say(
        _("Stopped.")
        if not running
        else _("Stopped. {running} running jobs go on; “aisc up” finds them again.").format(running=running)
    )


class _Stopping:
    """Set by Ctrl-C or SIGTERM."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        self.asked = True


def _lock(folder: StateFolder):
    handle = (folder.run / "up.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        fail(
            _("Another “aisc up” uses the state folder {root}. Stop it first, or choose another AISC_STATE.").format(
                root=folder.root
            ),
            Exit.SET_UP,
        )
    return handle


def _port_is_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            fail(
                _(
                    "Port {port} on {host} cannot be used: {strerror}. Choose another, for example: "
                    "AISC_PORT={other} aisc up"
                ).format(port=port, host=host, strerror=error.strerror, other=port + 1),
                Exit.SET_UP,
            )


def _initialise(environment: dict[str, str], demo: bool, year: bool) -> list[dict[str, str]]:
    command = [
        sys.executable,
        "-m",
        "aisc",
        "init",
        "--json",
        *(["--demo"] if demo else []),
        *(["--year"] if year else []),
    ]
    made = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    answer = jsonlib.loads(made.stdout) if made.stdout.strip().startswith("{") else {}
    if made.returncode:
        fail(answer.get("error", _("The centre could not be set up; see the lines above.")), Exit(made.returncode))
    return answer["sign_ins"]


def _wait_until_ready(folder: StateFolder, port: int, processes: list[Process], stopping: _Stopping) -> dict[str, dict]:
    """What ``/readyz`` says of each part; nothing where the wait was broken off."""
    deadline = time.monotonic() + START_WITHIN_S
    detail = _("no answer yet")
    while time.monotonic() < deadline and not stopping.asked:
        for process in processes:
            if not process.alive:
                fail(
                    _("{name} ended while starting; see {logs}.log").format(
                        name=process.name, logs=folder.logs / process.name
                    ),
                    Exit.SET_UP,
                )
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                return jsonlib.load(answer)["parts"]
        except urllib.error.HTTPError as error:
            detail = error.read().decode(errors="replace")
        except OSError as error:
            detail = str(error)
        time.sleep(0.05)
    if not stopping.asked:
        fail(
            _("The centre did not become ready within {seconds} s: {detail}").format(
                seconds=START_WITHIN_S, detail=detail
            ),
            Exit.SET_UP,
        )
    return {}


def _tell(port: int, sign_ins: list[dict[str, str]], seconds: float) -> None:
    if sign_ins:
        err.print(
            "\n"
            + _("Demonstration sign-ins (every password: [bold]{password}[/]):").format(
                password=sign_ins[0]["password"]
            )
        )
        for each in sign_ins:
            err.print(f"  {each['email']:<38} {each['role']}")
        err.print()
    say(_("Started in {seconds:.1f} s. Ctrl-C stops everything.").format(seconds=seconds))
    sys.stdout.write(_("AISC is ready at {url}").format(url=f"http://127.0.0.1:{port}") + "\n")
    sys.stdout.flush()


def _watch(folder: StateFolder, environment: dict[str, str], processes: list[Process], stopping: _Stopping) -> None:
    while not stopping.asked:
        for process in processes:
            if process.alive:
                continue
            lived = time.monotonic() - process.started
            process.failures = 0 if lived > 30 else process.failures + 1
            if process.failures and lived < min(30, 2**process.failures):
                continue
            code = process.handle.returncode if process.handle else "?"
            say(_("{name} ended (code {code}); starting it again.").format(name=process.name, code=code))
            process.start(folder, environment)
        time.sleep(0.2)


def _stop(processes: list[Process]) -> None:
    for process in processes:
        if process.alive:
            process.handle.terminate()
    deadline = time.monotonic() + STOP_WITHIN_S
    for process in processes:
        if process.handle is None:
            continue
        try:
            process.handle.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.handle.pid, signal.SIGKILL)
            process.handle.wait()


def _running_jobs(folder: StateFolder) -> int:
    """How many runs are under way, asked of the engine's own folder: the database may be elsewhere."""
    from aisc.jobs.engines.local import LocalEngine

    return LocalEngine(folder.engine).running_count()
