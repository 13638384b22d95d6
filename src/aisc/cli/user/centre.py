"""``aisc centre`` and ``aisc accelerators``: what there is to compute on. Public."""

from __future__ import annotations

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Json, add, facts, show, table
from aisc.cli.user import words
from aisc.cli.user.session import centre

app = typer.Typer(help="What the centre has, and how busy it is.", cls=ListGroup)


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("show")
def overview(json: Json = False) -> None:
    """Machines, accelerators and load now."""
    with centre(signed_in=False) as client:
        found = client.centre.get()
    rows = table("accelerator", "", "in use", "of", right=(2, 3))
    for each in found.accelerators:
        add(rows, each.code, each.name, each.used, each.count)
    show(
        found,
        facts(
            ("Centre", " ".join(filter(None, (found.name_en, found.name_zh)))),
            ("In use", f"{words.gflops(found.gflops_used)} of {words.gflops(found.gflops_total)} (dense FP16 peak)"),
            ("Machines", f"{found.nodes_up} up, {found.nodes_down} down"),
            ("CPU cores", f"{found.cpus_used} of {found.cpus} in use"),
            ("Memory", f"{words.memory(found.memory_used_mb)} of {words.memory(found.memory_mb)} in use"),
        ),
        rows,
    )


@app.command("nodes")
def nodes(json: Json = False) -> None:
    """The machines and their load."""
    with centre() as client:
        found = list(client.centre.nodes())
    rows = table("node", "cluster", "", "CPU cores", "memory", "accelerators", "seen", right=(3, 4))
    for each in found:
        add(
            rows,
            each.name,
            each.cluster,
            "up" if each.up else f"down {each.detail}".strip(),
            f"{each.cpus_used}/{each.cpus}",
            f"{words.memory(each.memory_used_mb)}/{words.memory(each.memory_mb)}",
            ", ".join(f"{one.code} {one.used}/{one.count}" for one in each.accelerators),
            words.ago(each.seen_at),
        )
    show(found, rows if found else "No machine has reported yet.")


def accelerators(json: Json = False) -> None:
    """Accelerator types and their figures. “aisc centre” says which of them are here."""
    with centre(signed_in=False) as client:
        found = list(client.centre.accelerators())
    rows = table("code", "name", "dense FP16", "memory", "power", right=(2, 3, 4))
    for each in found:
        figures = words.gflops(each.fp16_gflops), words.memory(each.memory_mb), f"{each.power_w} W"
        add(rows, each.code, each.name, *figures)
    show(found, rows)
