"""What the shipped programs say, in each language: the same texts with the same values, each in its own script."""

import ast
import re
from pathlib import Path

import pytest

import aisc.jobs.library as library
from aisc.core.chinese import simplified_only, traditional_only

PROGRAMS = sorted(Path(library.__file__).parent.glob("*/main.py"))


def texts_of(program: Path) -> dict[str, dict[str, str]]:
    """The texts by language, read without running the program, which imports what only jobs have."""
    found = {}
    for node in ast.parse(program.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in {"EN", "ZH", "ZH_HANS"}:
            found[node.targets[0].id] = flat(ast.literal_eval(node.value))
    return found


def flat(texts: dict, before: str = "") -> dict[str, str]:
    found = {}
    for name, text in texts.items():
        found |= flat(text, f"{name}.") if isinstance(text, dict) else {before + name: text}
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.parent.name)
def test_every_text_is_in_every_language_and_script(program):
    texts = texts_of(program)
    assert texts["EN"].keys() == texts["ZH"].keys() == texts["ZH_HANS"].keys()
    for name, english in texts["EN"].items():
        places = [set(re.findall(r"{\w*}", texts[each][name])) for each in ("ZH", "ZH_HANS")]
        assert places[0] == places[1] <= set(re.findall(r"{\w*}", english)) | {"{shown}"}, name
    assert simplified_only().isdisjoint("".join(texts["ZH"].values()))
    assert traditional_only().isdisjoint("".join(texts["ZH_HANS"].values()))
