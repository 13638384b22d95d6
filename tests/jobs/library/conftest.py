"""Running the programs as an engine would: in an empty workspace, by the command the template builds."""

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aisc.jobs.library import load_templates

VOID = {"meta", "img", "br", "link", "input", "hr"}


@dataclass
class Ended:
    code: int
    output: str
    errors: str
    progress: dict | None


@dataclass
class Workspace:
    path: Path
    env: dict[str, str] = field(default_factory=dict)

    def start(self, template: str, **parameters: object) -> subprocess.Popen:
        argv = load_templates()[template].build({name: str(value) for name, value in parameters.items()})
        env = {**os.environ, "AISC_PROGRESS": str(self.path / "progress.json"), **self.env}
        return subprocess.Popen(
            argv, cwd=self.path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )

    def run(self, template: str, **parameters: object) -> Ended:
        return self.wait(self.start(template, **parameters))

    def wait(self, process: subprocess.Popen) -> Ended:
        output, errors = process.communicate(timeout=120)
        progress = self.path / "progress.json"
        fact = json.loads(progress.read_text()) if progress.exists() else None
        return Ended(process.returncode, output, errors, fact)

    def stop_when(self, process: subprocess.Popen, line: str) -> Ended:
        """End ``process`` with SIGTERM as soon as it has printed a line that holds ``line``."""
        began, seen = time.monotonic(), ""
        while line not in seen and time.monotonic() - began < 60:
            seen += process.stdout.readline()
        process.terminate()
        return self.wait(process)


@pytest.fixture
def workspace(tmp_path):
    path = tmp_path / "workspace"
    path.mkdir()
    return Workspace(path)


@pytest.fixture(scope="module")
def shared_workspace(tmp_path_factory):
    return Workspace(tmp_path_factory.mktemp("workspace"))


class Page(HTMLParser):
    """A page that is well formed, runs nothing and asks no other machine for anything."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.lang = None
        assert text.startswith("<!DOCTYPE html>\n")
        assert "://" not in text
        assert not re.search(r"url\((?!#)", text)
        assert "@import" not in text
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert tag not in {"script", "iframe", "object", "embed", "link", "base", "form"}
        assert not [name for name in attributes if name.startswith("on")]
        assert len(attributes) == len(attrs), f"an attribute of <{tag}> is given twice"
        if tag == "html":
            self.lang = attributes["lang"]
        if tag == "img":
            assert attributes["alt"]
        self.ids += [attributes["id"]] if "id" in attributes else []
        for name in ("src", "href"):
            address = attributes.get(name)
            if address is not None:
                assert re.fullmatch(
                    r"data:image/png;base64,[A-Za-z0-9+/=]+|#[\w-]+|[\w-]+(/[\w-]+)*\.(jpg|png)", address
                )
                self.addresses.append(address)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


@pytest.fixture(scope="session")
def read_page():
    return lambda path: Page(path.read_text(encoding="utf-8"))
