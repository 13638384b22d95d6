"""Collect the texts to translate into the catalogues and compile them; ``--check`` only says what is missing."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "aisc"
sys.path.insert(0, str(ROOT))


def entries(path: Path) -> dict[str, bool]:
    """Each message id with whether it is translated and not fuzzy."""
    with path.open("rb") as source:
        catalogue = read_po(source)
    found = {}
    for message in catalogue:
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        found[f"{message.context or ''}\x04{key}"] = all(texts) and not message.fuzzy
    return found


def collect(locale: str, folder: Path) -> None:
    """Run Django's own extraction with ``folder`` as the place of the catalogues."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "aisc.core.settings", "AISC_STATE": tempfile.mkdtemp()}
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", locale, "--no-location", "--no-obsolete",
         "--no-wrap", "--ignore", "library/*", "--extension", "html,txt,py"],
        cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    wrong = 0
    for po in sorted(PACKAGE.glob("locale/*/LC_MESSAGES/django.po")):
        locale = po.parent.parent.name
        before, text = entries(po), po.read_bytes()
        collect(locale, PACKAGE)
        after = entries(po)
        if check:
            po.write_bytes(text)
        for key, done in sorted(after.items()):
            if not done or key not in before:
                wrong += 1
                print(f"{locale}: not translated: {key.split(chr(4))[-1]!r}")
    if check and wrong:
        sys.exit(f"{wrong} texts are not translated: run “make messages” and translate them.")
    from hatch_build import compile_catalogues

    compile_catalogues(ROOT)


if __name__ == "__main__":
    main()
