"""What keeping jobs apart costs: the time from a submission to the engine until the command starts, with and without.

python -m bench.isolation        30 runs each way, one after the other, taken in turns
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from aisc.jobs.engines.base import FINAL, RunSpec
from aisc.jobs.engines.local import LocalEngine
from aisc.jobs.engines.local.isolation import Policy, Wanted


def start_ms(engine: LocalEngine, ref: str, workspace: Path) -> int:
    """Milliseconds until the command was executed."""
    spec = RunSpec(
        ref=ref,
        name=ref,
        project=workspace.name,
        argv=("true",),
        workspace=str(workspace),
        workdir=str(workspace),
        accelerator="cpu",
        accelerator_count=1,
        cpus=1,
        memory_mb=64,
        time_limit_ms=60_000,
    )
    engine.submit([spec])
    while True:
        engine.tick()
        status = engine.states([ref])[ref]
        if status.state in FINAL:
            return status.started_at - status.submitted_at
        engine.wait(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engines = {}
        for wanted in (Wanted.PREFER, Wanted.OFF):
            (Path(folder) / wanted).mkdir()
            root = Path(folder) / f"engine-{wanted}"
            policy = Policy(wanted=wanted)
            engines[wanted] = LocalEngine(root, cpus=1, memory_mb=1024, gpus={}, disk_reserve_mb=1, isolation=policy)
            print(f"{wanted}: {engines[wanted].isolation.found.sentence()}")
        waits = {wanted: [] for wanted in engines}
        for number in range(arguments.runs):
            for wanted, engine in engines.items():
                waits[wanted].append(start_ms(engine, f"run-{number}", Path(folder) / wanted))
        for wanted, found in waits.items():
            print(f"{wanted}: median {statistics.median(found):.0f} ms, {min(found)} to {max(found)} ms")


if __name__ == "__main__":
    main()
