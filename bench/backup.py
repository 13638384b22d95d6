"""Backup and restore of the large centre with the commands that an operator uses, and the proof of what came back.

    python -m bench.backup [--state FOLDER] [--database URL]

On PostgreSQL the restored database is another one of the same server. All charges of the large centre were made by
the ledger's own recording, so the proof computes each of them again. One line of JSON comes last. Ends with 1 when
something fails or the proof finds a difference.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import large

RESTORED = "aisc_large_restored"


def command(*words: object, state: Path, database: str = "") -> dict[str, Any]:
    """Run ``aisc`` for the centre in ``state``: seconds, processor seconds of it and its children, and what it said."""
    environment = os.environ | {"AISC_STATE": str(state)} | ({"AISC_DATABASE_URL": database} if database else {})
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "aisc", *map(str, words), "--json"], env=environment, stdout=subprocess.PIPE, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.returncode)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"s": round(time.perf_counter() - began), "cpu_s": round(spent), "said": json.loads(done.stdout)}


def main() -> int:
    given = large.arguments(__doc__).parse_args()
    with large.centre(given), tempfile.TemporaryDirectory(prefix="aisc-backup-", dir=_roomy()) as scratch:
        from django.db import connection, connections

        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_database_size(current_database())")
                size = cursor.fetchone()[0]
        else:
            size = sum(path.stat().st_size for path in Path(os.environ["AISC_STATE"]).glob("aisc.sqlite3*"))
        connections.close_all()
        file, restored, url = Path(scratch) / "centre.tar.gz", Path(scratch) / "restored", ""
        made = command("backup", file, state=Path(os.environ["AISC_STATE"]))
        if given.database:
            large.on_server(given.database, f"CREATE DATABASE {RESTORED}")
            url = f"{given.database.rsplit('/', 1)[0]}/{RESTORED}"
        try:
            back = command("restore", file, state=restored, database=url)
        finally:
            if given.database:
                large.on_server(given.database, f"DROP DATABASE {RESTORED} WITH (FORCE)")
        proof = back["said"]["proof"]
        figures = {
            "database_mb": round(size / 1e6),
            "file_mb": round(file.stat().st_size / 1e6),
            "backup_s": made["s"],
            "backup_cpu_s": made["cpu_s"],
            "restore_and_proof_s": back["s"],
            "restore_and_proof_cpu_s": back["cpu_s"],
            "proof": proof,
            "load": [round(each, 1) for each in os.getloadavg()],
        }
    print(json.dumps(figures))
    return 0


def _roomy() -> str:
    """Where there is room for the file and for what comes out of it: beside the centre."""
    return str(Path(os.environ["AISC_STATE"]).parent)


if __name__ == "__main__":
    sys.exit(main())
