"""A whole centre, started as a user starts it, and a real browser in front of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

PASSWORD = "demonstration"


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

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


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
    process = subprocess.Popen(
        [sys.executable, "-m", "aisc", "up", "--demo"],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    if not line.startswith("AISC is ready at "):
        process.kill()
        raise AssertionError(f"the centre did not start: {line}{process.stderr.read()}")
    said = []
    while not (latest := process.stderr.readline()).startswith("Started in"):
        said.append(latest)
    sign_ins = {role.strip(): email for email, role in re.findall(r"^  (\S+@\S+)\s+(.+)$", "".join(said), re.MULTILINE)}
    return Centre(line.split()[-1], state, process, variables, sign_ins)


@pytest.fixture(scope="session")
def centre() -> Iterator[Centre]:
    """One centre for the whole session of tests."""
    with tempfile.TemporaryDirectory(prefix="aisc-e2e-", ignore_cleanup_errors=True) as folder:
        running = start_centre(Path(folder) / "state with spaces")
        assert httpx.get(f"{running.url}/readyz").status_code == 200
        yield running
        running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, centre) -> Iterator:
    """A page of a fresh browser session; fails the test on a script error or a request to another host."""
    context = browser.new_context(base_url=centre.url, locale="en-GB")
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    opened.on(
        "request",
        lambda request: (
            troubles.append(f"request to {request.url}")
            if not request.url.startswith((centre.url, "data:", "blob:"))
            else None
        ),
    )
    yield opened
    context.close()
    assert troubles == []


@pytest.fixture
def sign_in(centre):
    """``sign_in(page, "applicant")``: sign in on a page as one of the demonstration's people."""

    def act(page, who: str) -> None:
        page.goto("/accounts/login/")
        page.fill("input[name=login]", centre.sign_ins.get(who, who))
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit]")
        page.wait_for_url("**/home")

    return act
