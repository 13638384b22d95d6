"""Every test, with real jobs, a real browser and a real PostgreSQL; then the coverage gate."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

WHOLE = ("src/aisc/ledger/",)  # every line and branch
REST = 90


def run_tests() -> None:
    """The whole suite, on four processes, since many tests wait for other processes. Tests marked ``postgres`` run
    their room again on a server of their own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "4", "--dist", "worksteal"]
    done = subprocess.run([*command, "--cov", "--cov-report=", "tests"], cwd=ROOT)
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
    run_tests()
    gate()


if __name__ == "__main__":
    main()
