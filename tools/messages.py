"""Collect the texts to translate, and keep both Chinese catalogues; ``--check`` only says what is wrong.

    tools/messages.py                     collect, derive 简体, compile
    tools/messages.py --take FILE.json    first put translations into 繁體: {"English": "中文", …}
    tools/messages.py --check             change nothing; exit 1 when something is missing, stale or mixed

繁體中文 is written by hand, in ``locale/zh_Hant``. 简体中文 is made from it: the characters by OpenCC, Hong Kong's
words by the mainland's (``tools/mainland/wording.json``), and where that is not how somebody there would say it, by
the text in ``tools/mainland/edited.json``, which goes before. Everything derived is read by a person before release.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "aisc"
HANT = PACKAGE / "locale" / "zh_Hant" / "LC_MESSAGES" / "django.po"
HANS = PACKAGE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
MAINLAND = Path(__file__).resolve().parent / "mainland"
PLACE = re.compile(r"%\(\w+\)[#0\- +.\d]*[a-z]|\{\w*(?::[^{}]*)?\}|%%|</?\w+>")
NOTES = {
    HANT: ("zh_Hant", "繁體中文（香港）", "# 繁體中文, by hand; `make messages` adds what is new."),
    HANS: ("zh_Hans", "简体中文", "# 简体中文, made by tools/messages.py: edit tools/mainland/, not this file."),
}

sys.path[:0] = [str(ROOT), str(ROOT / "src")]


def key_of(message: Message) -> str:
    """Context and English text, as gettext joins them."""
    english = message.id if isinstance(message.id, str) else message.id[0]
    return f"{message.context}\x04{english}" if message.context else english


def text_of(message: Message) -> str:
    """The translation; “” where there is none. Chinese has one form for every number."""
    if message.fuzzy or not message.string:
        return ""
    return message.string if isinstance(message.string, str) else message.string[0]


def messages(catalogue: Catalog) -> Iterator[Message]:
    return (each for each in catalogue if each.id)


def collected() -> Catalog:
    """The catalogue of 繁體 with every text that the code has now, by Django's own extraction.

    It runs on a copy: the tree may be in use, and Django writes in place what it has not finished.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "aisc"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "static", "*.mo"))
        # Settings of its own: collecting needs no room to be importable.
        settings = f"USE_I18N = True\nLOCALE_PATHS = [{str(copy / 'locale')!r}]\n"
        (Path(folder) / "collecting.py").write_text(settings, encoding="utf-8")
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "collecting", "PYTHONPATH": folder}
        subprocess.run(
            [sys.executable, "-m", "django", "makemessages", "--locale", "zh_Hant", "--no-location", "--no-obsolete",
             "--no-wrap", "--ignore", "library/*", "--extension", "html,txt,py"],
            cwd=copy, env=environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return read(copy / HANT.relative_to(PACKAGE))


def read(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale=path.parent.parent.name)


def rewritten(path: Path, source: Catalog, texts: dict[str, str]) -> Catalog:
    """A catalogue with the messages of ``source`` and these texts, and a head that says nothing about today."""
    locale, team, note = NOTES[path]
    made = Catalog(
        locale=locale, project="AISC", version="", copyright_holder="the AISC authors", msgid_bugs_address="-",
        last_translator="the AISC authors", language_team=team, fuzzy=False, charset="utf-8", header_comment=note,
        creation_date=0, revision_date=0,
    )  # fmt: skip
    for each in messages(source):
        text = texts.get(key_of(each), "")
        flags = each.flags - {"fuzzy"}
        made.add(each.id, text if isinstance(each.id, str) else (text,), flags=flags, context=each.context)
    return made


def write(path: Path, catalogue: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(target, catalogue, width=0)
    # The dates of the head would make every run a change.
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By'))]
    path.write_text("".join(kept), encoding="utf-8")


def mainland(hant: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The texts in 简体, and the edited texts that belong to nothing any more."""
    from aisc.core.chinese import simplified

    words = json.loads((MAINLAND / "wording.json").read_text(encoding="utf-8"))
    edited = json.loads((MAINLAND / "edited.json").read_text(encoding="utf-8"))
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    texts = {
        key: edited.get(key) or pattern.sub(lambda found: words[found[0]], simplified(text)) if text else ""
        for key, text in hant.items()
    }
    return texts, [key for key in edited if key not in hant]


def faults(locale: str, texts: dict[str, str], foreign: frozenset[str]) -> list[str]:
    """What is wrong with the texts of a catalogue: missing, in the wrong script, or with other placeholders."""
    found = []
    for key, text in sorted(texts.items()):
        english = key.split("\x04")[-1]
        if not text:
            found.append(f"{locale}: not translated: {english!r}")
            continue
        if wrong := sorted(foreign.intersection(text)):
            found.append(f"{locale}: characters of the other script ({''.join(wrong)}): {text!r}")
        # A plural's English singular may leave its number out.
        if not set(PLACE.findall(text)) <= set(PLACE.findall(english)) | {"%(count)d", "%(count)s"}:
            found.append(f"{locale}: other placeholders than {english!r}: {text!r}")
    return found


def main() -> None:
    from aisc.core.chinese import simplified_only, traditional_only

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--take", nargs="+", type=Path, default=[], metavar="FILE.json")
    asked = parser.parse_args()

    source = collected()
    known = {key_of(each) for each in messages(read(HANT))}
    hant = {key_of(each): text_of(each) for each in messages(source)}
    for path in asked.take:
        for key, text in json.loads(path.read_text(encoding="utf-8")).items():
            if key in hant:
                hant[key] = text if isinstance(text, str) else text[0]
    hans, stale = mainland(hant)

    wrong = faults("zh_Hant", hant, simplified_only())
    # What 繁體 lacks, 简体 lacks as well: said once.
    wrong += faults("zh_Hans", {key: text for key, text in hans.items() if text}, traditional_only())
    if asked.check:
        wrong += [f"zh_Hant: new in the code: {key!r}" for key in sorted(set(hant) - known) if hant[key]]
        wrong += [f"tools/mainland/edited.json: no such text any more: {key!r}" for key in stale]
        written = {key_of(each): text_of(each) for each in messages(read(HANS))}
        wrong += [f"zh_Hans: not as derived: {key!r}" for key in sorted(hans) if hans[key] != written.get(key, "")]
    else:
        write(HANT, rewritten(HANT, source, hant))
        write(HANS, rewritten(HANS, source, hans))
    for line in wrong:
        print(line)
    if asked.check and wrong:
        sys.exit(f"{len(wrong)} texts are wrong: run “make messages”, and translate or correct them.")
    from hatch_build import compile_catalogues

    compile_catalogues(ROOT)


if __name__ == "__main__":
    main()
