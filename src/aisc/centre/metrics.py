"""The centre's figures for ``/metrics``."""

from __future__ import annotations

from collections.abc import Iterator

from aisc.centre import queries
from aisc.core import metrics


def read() -> Iterator:
    """Machines, accelerators and their dense FP16 peak, usable and in use, in three queries."""
    load = queries.load()
    yield metrics.gauge("aisc_nodes", "Machines.", [(("up",), load.nodes_up), (("down",), load.nodes_down)], ("state",))
    accelerators = [
        sample
        for each in load.types
        for sample in (((each.type.code, "usable"), each.count), ((each.type.code, "used"), each.used))
    ]
    yield metrics.gauge("aisc_accelerators", "Accelerators on machines that are up.", accelerators, ("type", "what"))
    yield metrics.gauge(
        "aisc_peak_gflops",
        "Dense FP16 peak of what is up, in GFLOPS.",
        [(("usable",), load.gflops_total), (("used",), load.gflops_used)],
        ("what",),
    )


metrics.register("centre", read)
