"""``make bench``: every measurement, one after the other; figures with their meaning are in docs/benchmarks.md."""

from __future__ import annotations

import subprocess
import sys

COMMANDS = [
    ["tests/postgres.py", sys.executable, "-m", "bench.ledger"],
    ["-m", "bench.ledger"],
    ["-m", "bench.ledger", "--holds"],
    ["tests/postgres.py", sys.executable, "-m", "bench.ledger", "--holds"],
    ["-m", "bench.start", "--cold"],
]


def main() -> None:
    for command in COMMANDS:
        print(f"\n$ python {' '.join(command)}", flush=True)
        done = subprocess.run([sys.executable, *command])
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
