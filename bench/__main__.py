"""Measurements by name, one after the other; figures with their meaning are in docs/benchmarks.md.

    python -m bench                     # what there is
    python -m bench pages load          # these, on SQLite and on PostgreSQL where both say something
    python -m bench all                 # every one, as ``make bench`` does: hours

Each can be run by itself, and says more with --help: ``python -m bench.pages --help``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measurement:
    """One module of this folder. ``large``: of the large centre, which is filled once for all that ask for it."""

    about: str
    module: str
    options: tuple[str, ...] = ()
    postgres: bool = True
    large: bool = False


MEASUREMENTS = {
    "ledger": Measurement("a million uses recorded, charged and proved", "ledger"),
    "held": Measurement("the same, each settling a hold", "ledger", ("--held", "--records", "300000")),
    "holds": Measurement("64 clients drawing on one budget", "ledger", ("--holds",)),
    "start": Measurement("starting, resting, submitting", "start", ("--cold",), postgres=False),
    "isolation": Measurement("what keeping jobs apart costs", "isolation", postgres=False),
    "search": Measurement("search over a million jobs", "search"),
    "pages": Measurement("the main pages of the large centre", "pages", large=True),
    "load": Measurement("200 people at once in the large centre", "load", large=True),
    "backup": Measurement("backup, restore and proof of the large centre", "backup", large=True),
    "coldfront": Measurement("pages beside ColdFront's", "coldfront", postgres=False, large=True),
}


def run(names: list[str]) -> int:
    """Measure ``names`` on SQLite, then on a private PostgreSQL; the worst exit status."""
    worst = 0
    with tempfile.TemporaryDirectory(prefix="aisc-bench-") as folder:
        for database in ("SQLite", "PostgreSQL"):
            chosen = [MEASUREMENTS[name] for name in names if database == "SQLite" or MEASUREMENTS[name].postgres]
            if database == "SQLite":
                worst = max(worst, *(_one(each, Path(folder) / database, {}) for each in chosen))
            elif chosen:
                sys.path.insert(0, str(ROOT))
                from tests.postgres import server

                with server(durable=True) as url:
                    with_url = {"AISC_DATABASE_URL": url}
                    worst = max(worst, *(_one(each, Path(folder) / database, with_url) for each in chosen))
            shutil.rmtree(Path(folder) / database, ignore_errors=True)
    return worst


def _one(measurement: Measurement, state: Path, environment: dict[str, str]) -> int:
    words = ["-m", f"bench.{measurement.module}", *measurement.options]
    if measurement.large:
        words += ["--state", str(state)]
    print(f"\n$ python {' '.join(words)}  # {'PostgreSQL' if environment else 'SQLite'}", flush=True)
    plain = {name: value for name, value in os.environ.items() if name != "AISC_DATABASE_URL"}
    return subprocess.run([sys.executable, *words], env=plain | environment, cwd=ROOT).returncode


def main() -> int:
    listed = "\n".join(f"  {name:10} {each.about}" for name, each in MEASUREMENTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=f"measurements:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="see below, or “all”")
    names = parser.parse_args().names
    if not names:
        parser.print_help()
        return 0
    if unknown := set(names) - {*MEASUREMENTS, "all"}:
        parser.error(f"there is no measurement called {', '.join(sorted(unknown))}")
    return run(list(MEASUREMENTS) if "all" in names else names)


if __name__ == "__main__":
    sys.exit(main())
