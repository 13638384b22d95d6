"""``aisc centre`` and ``aisc accelerators``: what there is to compute on. Public."""

from __future__ import annotations

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Json, add, facts, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
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
    rows = table(pgettext("terminal", "accelerator"), "", _("in use"), pgettext("terminal", "of"), right=(2, 3))
    for each in found.accelerators:
        add(rows, each.code, each.name, each.used, each.count)
    show(
        found,
        facts(
            (pgettext("terminal", "Centre"), " ".join(filter(None, (found.name_en, found.name_zh)))),
            (
                _("In use"),
                _("{gflops_used} of {gflops_total} (dense FP16 peak)").format(
                    gflops_used=words.gflops(found.gflops_used), gflops_total=words.gflops(found.gflops_total)
                ),
            ),
            (
                pgettext("terminal", "Machines"),
                _("{nodes_up} up, {nodes_down} down").format(nodes_up=found.nodes_up, nodes_down=found.nodes_down),
            ),
            (_("CPU cores"), _("{cpus_used} of {cpus} in use").format(cpus_used=found.cpus_used, cpus=found.cpus)),
            (
                pgettext("terminal", "Memory"),
                _("{memory_used_mb} of {memory_mb} in use").format(
                    memory_used_mb=words.memory(found.memory_used_mb), memory_mb=words.memory(found.memory_mb)
                ),
            ),
        ),
        rows,
    )


@app.command("nodes")
def nodes(json: Json = False) -> None:
    """The machines and their load."""
    with centre() as client:
        found = list(client.centre.nodes())
    rows = table(
        pgettext("terminal", "node"),
        pgettext("terminal", "cluster"),
        "",
        _("CPU cores"),
        pgettext("terminal", "memory"),
        pgettext("terminal", "accelerators"),
        pgettext("terminal", "seen"),
        right=(3, 4),
    )
    for each in found:
        add(
            rows,
            each.name,
            each.cluster,
            "up" if each.up else _("down {detail}").format(detail=each.detail).strip(),
            f"{each.cpus_used}/{each.cpus}",
            f"{words.memory(each.memory_used_mb)}/{words.memory(each.memory_mb)}",
            ", ".join(f"{one.code} {one.used}/{one.count}" for one in each.accelerators),
            words.ago(each.seen_at),
        )
    show(found, rows if found else _("No machine has reported yet."))


def accelerators(json: Json = False) -> None:
    """Accelerator types and their figures. “aisc centre” says which of them are here."""
    with centre(signed_in=False) as client:
        found = list(client.centre.accelerators())
    rows = table(
        "code",
        pgettext("terminal", "name"),
        _("dense FP16"),
        pgettext("terminal", "memory"),
        pgettext("terminal", "power"),
        right=(2, 3, 4),
    )
    for each in found:
        figures = words.gflops(each.fp16_gflops), words.memory(each.memory_mb), f"{each.power_w} W"
        add(rows, each.code, each.name, *figures)
    show(found, rows)
