"""The pages that AISC and ColdFront both have, side by side: SQL queries and time, in process, warm, on SQLite.

    python -m bench.coldfront [--state FOLDER] [--coldfront FOLDER] [--rounds N]

ColdFront 1.1.10 comes from PyPI into an environment of its own (``--coldfront`` keeps it), with ``load_test_data`` and
2,000 projects with 5 allocations each. AISC has the large centre of ``bench.large``: as many projects, each with its
budget, and 100,000 applications and 1,000,000 jobs beside. On both sides it is somebody who manages a fifth of the
projects. The two are measured at the same time, each in a process, so that other work meets both.
One line of JSON comes last. Ends with 1 when a page of AISC takes more than half the time or half the queries.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from bench import large
from bench.pages import measure_these

VERSION = "1.1.10"
ROOT = Path(__file__).resolve().parent.parent
# Page in both, who reads it, and our name for that reader.
PAIRS = {
    "home": "/home",
    "projects": "/projects/",
    "project": "project",
    "allocations": "/budgets/",
    "allocation": "budget",
}
READERS = {"manager": "owner"}


def environment(folder: Path) -> Path:
    """The Python of an environment with ColdFront."""
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
    if not list((folder / "venv").glob("lib/*/site-packages/coldfront")):
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"coldfront=={VERSION}"], check=True)
    return python


def begin(folder: Path, rounds: int) -> subprocess.Popen[str]:
    """Start ColdFront's side, in a folder with a database of its own."""
    work = Path(tempfile.mkdtemp(prefix="coldfront-", dir=folder))
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AISC_", "DJANGO_", "PYTHON"))}
    return subprocess.Popen(
        # -P: our own coldfront.py, which lies beside that file, is not the package that it imports.
        [environment(folder), "-P", ROOT / "bench" / "coldfront_side.py", str(rounds)],
        cwd=work,
        env=plain | {"DJANGO_SETTINGS_MODULE": "coldfront.config.settings", "DB_URL": f"sqlite:///{work}/coldfront.db"},
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(page: dict[str, float]) -> str:
    return (
        f"{page['queries']:3} queries {page['median_ms']:7.1f} ms, p95 {page['p95_ms']:7.1f},"
        f" processor {page['cpu_ms']:6.1f}, p95 {page['cpu_p95_ms']:6.1f}"
    )


def main() -> int:
    parser = large.arguments(__doc__)
    parser.add_argument("--coldfront", type=Path, metavar="FOLDER", help="keep ColdFront's environment here")
    parser.add_argument("--rounds", type=int, default=40)
    given = parser.parse_args()
    folder = given.coldfront or Path(tempfile.mkdtemp(prefix="aisc-coldfront-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        theirs_in = begin(folder, given.rounds)
        with large.centre(given) as world:
            visits = [
                (f"{page} · {who}", world.urls.get(address, address), world.people[our])
                for who, our in READERS.items()
                for page, address in PAIRS.items()
            ]
            ours = measure_these(visits, given.rounds)
        answer, _nothing = theirs_in.communicate()
        if theirs_in.returncode:
            return theirs_in.returncode
        theirs = json.loads(answer.splitlines()[-1])
    finally:
        if not given.coldfront:
            shutil.rmtree(folder, ignore_errors=True)
    missed = []
    for name, page in ours.items():
        other = theirs[name]
        half = all(2 * page[key] <= other[key] for key in ("queries", "cpu_ms"))
        missed += [] if half else [name]
        print(f"{name:22} AISC      {_line(page)}{'' if half else '   more than half'}", file=sys.stderr)
        print(f"{'':22} ColdFront {_line(other)}", file=sys.stderr)
    print(json.dumps({"ours": ours, "coldfront": theirs, "more_than_half": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
