"""Every test: on SQLite with a real browser and real jobs, the rooms again on PostgreSQL; then the coverage gate."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

# Rooms whose tests run on PostgreSQL too. The others never touch the database, or start a whole centre.
ON_POSTGRES = ["core", "people", "centre", "ledger", "ledger_faces", "jobs", "scheme", "portal"]
WHOLE = ("src/aisc/ledger/",)  # every line and branch
REST = 90


def pytest(*arguments: str, **environment: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal"]
    command += ["--cov", "--cov-append", "--cov-report="]
    done = subprocess.run([*command, *arguments], cwd=ROOT, env=os.environ | environment)
    if done.returncode:
        sys.exit(done.returncode)


def gate() -> None:
    """Every line and branch of the ledger and of each ``actions.py``; 90 % of the rest."""
    report = ROOT / ".coverage.json"
    subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], cwd=ROOT, check=True)
    files = json.loads(report.read_text())["files"]
    report.unlink()
    wrong, covered, total = [], 0, 0
    for name, file in sorted(files.items()):
        summary = file["summary"]
        if name.startswith(WHOLE) or name.endswith("/actions.py") or "/actions/" in name:
            if summary["missing_lines"] or summary["missing_branches"]:
                wrong.append(f"{name}: lines {file['missing_lines']}, branches {file['missing_branches']}")
        else:
            covered += summary["covered_lines"] + summary["covered_branches"]
            total += summary["num_statements"] + summary["num_branches"]
    percent = covered * 100 // total
    print(f"coverage: {percent} % of what is outside the ledger and the actions (at least {REST} % is asked)")
    if percent < REST:
        wrong.append(f"the rest: {percent} %")
    if wrong:
        sys.exit("Not tested:\n  " + "\n  ".join(wrong))
    print("coverage: every line and branch of the ledger and of the actions")


def main() -> None:
    from hatch_build import compile_catalogues

    compile_catalogues(ROOT)
    for old in ROOT.glob(".coverage*"):
        old.unlink()
    pytest("tests")
    from postgres import server

    with server() as url:
        pytest(*[f"tests/{room}" for room in ON_POSTGRES], "-m", "not browser", AISC_DATABASE_URL=url)
    gate()


if __name__ == "__main__":
    main()
