"""``aisc web`` and ``aisc worker``: the two processes of a centre, started one by one in production."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.output import Json, show
from aisc.cli.tongue import gettext as _

_PR_SET_PDEATHSIG = 1


def end_with_supervisor() -> None:
    """Under ``aisc up``, end when it does, however it ends: nothing it started is left behind."""
    supervisor = os.environ.get("AISC_SUPERVISOR_PID")
    if supervisor is None:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(supervisor):
        # It died before the line above took effect.
        os.kill(os.getpid(), signal.SIGTERM)


def web(
    host: Annotated[str, typer.Option(envvar="AISC_HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="AISC_PORT", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer requests.")] = 1,
) -> None:
    """Serve the portal and the API (ASGI)."""
    machine.prepared_folder()
    end_with_supervisor()
    import uvicorn

    uvicorn.run(
        "aisc.core.asgi:application",
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        proxy_headers=True,
        forwarded_allow_ips=os.environ.get("AISC_TRUSTED_PROXIES", "127.0.0.1"),
        # Longer than what a proxy in front keeps an idle connection for: one that is closed just as the proxy, or a
        # browser, sends the next request is an error for somebody.
        timeout_keep_alive=75,
        # A worker that does not answer its supervisor for so long is ended, with all it was doing. On a machine that is
        # very busy five seconds, which is what uvicorn waits by itself, are not long.
        timeout_worker_healthcheck=60,
        timeout_graceful_shutdown=3,
        server_header=False,
        lifespan="on",
    )


def worker(
    once: Annotated[bool, typer.Option(help="Run every task one time and end.")] = False,
    json: Json = False,
) -> None:
    """Run the background work: dispatch and meter jobs, seal the ledger, issue statements, send notices."""
    from aisc.core import metric_files

    metric_files.keep_in(machine.prepared_folder().run / "metrics")
    folder = machine.start()
    end_with_supervisor()
    from aisc.core import worker as background

    if once:
        background.run_all_once()
        show({"tasks": sorted(background.tasks())}, _("{tasks} tasks run.").format(tasks=len(background.tasks())))
        return
    loop = background.Worker(folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: loop.stop())
    threading.current_thread().name = "worker"
    loop.run()
