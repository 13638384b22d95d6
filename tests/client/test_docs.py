"""The examples of the client's documentation run as they are printed."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import aisc.client.client as module

DOCS = Path(__file__).parents[2] / "docs" / "user" / "python-client.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example(code, centre, token_of, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = code.replace("http://127.0.0.1:8000", centre.url).replace("aisc_…", token_of("researcher"))
    (tmp_path / "example.py").write_text(code)
    runpy.run_path(str(tmp_path / "example.py"))
    assert capsys.readouterr().out


def test_the_clients_own_example(centre, token_of, tmp_path, capsys):
    lines = module.Client.__doc__.split("\n\n")[1:3]
    code = re.sub(r"(?m)^ {8}", "", "\n\n".join(lines))
    code = code.replace("http://127.0.0.1:8000", centre.url).replace("aisc_…", token_of("researcher"))
    (tmp_path / "example.py").write_text(code)
    runpy.run_path(str(tmp_path / "example.py"))
    assert re.fullmatch(r"hello\n\d+ cents are ours\n", capsys.readouterr().out)


def test_everything_that_is_listed_is_there(centre):
    listed = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.*) \|$", DOCS.read_text(), re.MULTILINE)
    with module.Client(centre.url) as client:
        for names, methods in listed:
            resources = [getattr(client, name, None) for name in re.findall(r"`(\w+)`", names)]
            if None in resources:
                continue
            for method in re.findall(r"`(\w+)`", methods):
                assert any(hasattr(resource, method) for resource in resources), f"{names}.{method}"
