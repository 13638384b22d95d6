"""Ask the package index which known vulnerabilities the pinned packages have; ``--strict`` fails when it is away.

The index's JSON answers (``/pypi/<name>/<version>/json``) carry the advisories of the Python Packaging Advisory
Database. Not every mirror has them: what could not be asked is said plainly, and does not count as free of faults.
Exit codes: 0 nothing known, or nobody to ask; 1 a vulnerability that is not accepted below; 2 ``--strict`` and away.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pip._internal.models.index import PyPI  # where pip looks when nothing is configured

ROOT = Path(__file__).resolve().parent.parent
# Advisories that do not concern AISC, each with why. An advisory that is no longer reported must be taken out.
ACCEPTED: dict[str, str] = {}
SECONDS = 10


def pinned() -> list[tuple[str, str]]:
    """``(name, version)`` of every package in ``constraints.txt``."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    found = (re.match(r"([A-Za-z0-9._-]+)==([^\s;#]+)", line) for line in lines)
    return [match.groups() for match in found if match]


def index() -> str:
    """The index that pip uses here, without its ``/simple``."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(asked, capture_output=True, text=True).stdout.strip()
    url = os.environ.get("PIP_INDEX_URL") or configured or PyPI.simple_url
    return url.rstrip("/").removesuffix("/simple")


def advisories(base: str, name: str, version: str) -> list[dict] | None:
    """What is known of one package; None when the index does not say."""
    try:
        with urllib.request.urlopen(f"{base}/pypi/{name}/{version}/json", timeout=SECONDS) as answer:  # noqa: S310
            return json.load(answer)["vulnerabilities"]
    except (OSError, ValueError, KeyError):
        return None


def main() -> int:
    base, packages = index(), pinned()
    if all(advisories(base, *each) is None for each in packages[:3]):
        print(
            f"Dependency audit: NOT MADE. The package index has no advisories to ask ({len(packages)} packages are "
            "pinned). Run `make audit` where the Python Package Index itself can be reached.",
            file=sys.stderr,
        )
        return 2 if "--strict" in sys.argv else 0
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda each: advisories(base, *each), packages))
    silent = [name for (name, _version), each in zip(packages, found, strict=True) if each is None]
    bad, accepted = [], set()
    for (name, version), each in zip(packages, found, strict=True):
        for advisory in each or []:
            if advisory.get("withdrawn"):
                continue
            names = {advisory["id"], *advisory.get("aliases", [])}
            if known := names & set(ACCEPTED):
                accepted |= known
                continue
            fixed = ", ".join(advisory.get("fixed_in", [])) or "no version yet"
            bad.append(f"{name} {version}: {advisory['id']} (fixed in {fixed}) {advisory.get('summary') or ''}")
    for line in bad:
        print(line)
    for name in sorted(set(ACCEPTED) - accepted):
        print(f"ACCEPTED names {name}, which nobody reports any more: take it out.")
    if silent:
        print(f"Not asked, because the index did not answer for them: {', '.join(silent)}", file=sys.stderr)
    print(f"Dependency audit: {len(packages) - len(silent)} packages asked, {len(bad)} known vulnerabilities.")
    return 1 if bad or set(ACCEPTED) - accepted else 2 if silent and "--strict" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
