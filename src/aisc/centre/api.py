"""The API of this room. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from django.http import HttpRequest
from ninja import Query, Router

from aisc.centre import actions, queries
from aisc.centre.models import AcceleratorType
from aisc.centre.schemas import AcceleratorOut, CentreOut, FiguresIn, NodeOut, PhaseOut, TypeLoadOut
from aisc.core import access
from aisc.core.api import Page, idempotent, paginate
from aisc.core.errors import NotFound
from aisc.people.notices import centre_names

router = Router(tags=["centre"])

Cursor = Query(None, description="`next` of the page before")
Limit = Query(50, description="1 to 200")


@router.get("/centre", response=CentreOut, auth=None, summary="The centre: phases of capacity, and its load now")
def centre(request: HttpRequest):
    """Public. GFLOPS are dense FP16 peak; a million of them are one PFLOPS."""
    access.require(request.actor, "centre.view")
    now = queries.load()
    return CentreOut(
        **centre_names(),
        gflops_total=now.gflops_total,
        gflops_used=now.gflops_used,
        nodes_up=now.nodes_up,
        nodes_down=now.nodes_down,
        cpus=now.cpus,
        cpus_used=now.cpus_used,
        memory_mb=now.memory_mb,
        memory_used_mb=now.memory_used_mb,
        accelerators=[
            TypeLoadOut(code=each.type.code, name=each.type.name, count=each.count, used=each.used)
            for each in now.types
        ],
        phases=[PhaseOut.of(phase) for phase in queries.phases()],
    )


@router.get("/accelerators", response=Page[AcceleratorOut], auth=None, summary="Accelerator types, with sources")
def accelerators(request: HttpRequest, cursor: str | None = Cursor, limit: int = Limit):
    """Public. The catalogue has types that the centre does not own; `/centre` says what is usable now."""
    access.require(request.actor, "centre.view")
    found, following = paginate(AcceleratorType.objects.all(), cursor=cursor, limit=limit, key="id")
    return Page(items=[AcceleratorOut.of(each) for each in found], next=following)


@router.put("/accelerators/{code}", response=AcceleratorOut, summary="Enter an accelerator's published figures")
@idempotent
def set_figures(request: HttpRequest, code: str, body: FiguresIn):
    found = AcceleratorType.objects.filter(code=code).first()
    if found is None:
        raise NotFound
    return AcceleratorOut.of(actions.set_figures(request.actor, accelerator=found, **body.dict()))


@router.get("/nodes", response=Page[NodeOut], summary="The machines and their load")
def nodes(request: HttpRequest, cursor: str | None = Cursor, limit: int = Limit):
    access.require(request.actor, "centre.view_nodes")
    found, following = paginate(queries.nodes(), cursor=cursor, limit=limit, key="id")
    return Page(items=[NodeOut.of(each) for each in found], next=following)
