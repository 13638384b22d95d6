"""Nodes as engines report them: structure is written down, load is not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aisc.centre import actions, catalogue, discovery, queries
from aisc.centre.actions import NodeReport
from aisc.centre.models import AcceleratorType, Node, NodeAccelerator
from aisc.core import access, clock
from aisc.core.actions import ANYONE, Actor, system
from aisc.core.models import AuditEvent

SYSTEM = system("test")
GPU = NodeReport("gpu-1", True, 128, 16, 1_000_000, 5_000, {"cpu": 128, "h800": 8}, {"cpu": 16, "h800": 2})
PLAIN = NodeReport("cpu-1", True, 8, 3, 16_000, 700, {"cpu": 8}, {"cpu": 3})


@pytest.fixture
def cluster(db, monkeypatch):
    monkeypatch.setattr(discovery, "cpu", lambda: discovery.Cpu("EPYC", 40, "derived"))
    monkeypatch.setattr(discovery, "gpus", list)
    actions.set_up_catalogue(SYSTEM)
    made = actions.register_cluster(SYSTEM, code="local", engine="local")
    AuditEvent.objects.all()._raw_delete("default")
    return made


def sync(cluster, *reports):
    actions.sync_nodes(SYSTEM, cluster=cluster, nodes=reports)


def stored():
    return {
        node.name: (
            node.up,
            node.cpus,
            node.cpus_used,
            node.memory_mb,
            node.memory_used_mb,
            {each.type.code: (each.count, each.used) for each in node.accelerators.all()},
            node.detail,
        )
        for node in queries.nodes()
    }


def test_nodes_are_as_reported(cluster, noon):
    sync(cluster, GPU, PLAIN)
    assert stored() == {
        "cpu-1": (True, 8, 3, 16_000, 700, {}, ""),
        "gpu-1": (True, 128, 16, 1_000_000, 5_000, {"h800": (8, 2)}, ""),
    }
    assert {node.seen_at for node in Node.objects.all()} == {noon}
    event = AuditEvent.objects.get()
    assert (event.action, event.details) == (
        "centre.change_nodes",
        {
            "before": {"gpu-1": "", "cpu-1": ""},
            "after": {"gpu-1": "128 CPUs, 1000000 MiB, 8 × h800, up", "cpu-1": "8 CPUs, 16000 MiB, up"},
        },
    )
    assert {str(node) for node in Node.objects.all()} == {"local/cpu-1", "local/gpu-1"}
    assert str(NodeAccelerator.objects.get()) == "local/gpu-1: 8 × NVIDIA H800"


def test_load_alone_is_not_an_action(cluster, noon):
    sync(cluster, GPU)
    with clock.fixed(noon + timedelta(seconds=5)):
        sync(cluster, replace(GPU, cpus_used=120, accelerators_used={"h800": 8}, detail="busy"))
    assert stored() == {"gpu-1": (True, 128, 120, 1_000_000, 5_000, {"h800": (8, 8)}, "busy")}
    assert Node.objects.get().seen_at == noon + timedelta(seconds=5)
    assert AuditEvent.objects.count() == 1


def test_changes_and_departures_are_written_down(cluster):
    sync(cluster, GPU, PLAIN)
    sync(cluster, replace(GPU, accelerators={"cpu": 128, "h800": 7, "h200": 1}))
    assert stored()["gpu-1"][5] == {"h800": (7, 2), "h200": (1, 0)}
    assert stored()["cpu-1"] == (False, 8, 0, 16_000, 0, {}, "The engine does not report this machine any more.")
    event = AuditEvent.objects.order_by("-id").first()
    assert event.details["before"]["cpu-1"] == "8 CPUs, 16000 MiB, up"
    assert event.details["after"] == {
        "gpu-1": "128 CPUs, 1000000 MiB, 1 × h200, 7 × h800, up",
        "cpu-1": "",
    }
    sync(cluster, replace(GPU, accelerators={"cpu": 128, "h800": 7, "h200": 1}))
    assert AuditEvent.objects.count() == 2
    sync(cluster, replace(GPU, accelerators={"cpu": 128, "h800": 7, "h200": 1}), PLAIN)
    assert stored()["cpu-1"] == (True, 8, 3, 16_000, 700, {}, "")
    assert AuditEvent.objects.count() == 3
    sync(cluster, replace(GPU, up=False, accelerators={"h800": 0}), PLAIN)
    assert stored()["gpu-1"][:1] + stored()["gpu-1"][5:6] == (False, {})


def test_one_cluster_does_not_touch_another(cluster):
    other = actions.register_cluster(SYSTEM, code="other", engine="slurm")
    sync(cluster, PLAIN)
    sync(other, replace(PLAIN, cpus=16))
    sync(other)
    assert {(node.cluster.code, node.cpus, node.up) for node in queries.nodes()} == {
        ("local", 8, True),
        ("other", 16, False),
    }
    assert list(queries.clusters()) == [cluster, other]


def test_unknown_accelerators_join_the_catalogue(cluster, monkeypatch):
    monkeypatch.setattr(
        discovery,
        "gpus",
        lambda: [discovery.Gpu("NVIDIA B300", 275_000, 1_400), discovery.Gpu("NVIDIA H100 80GB HBM3", 81_559, 0)],
    )
    mystery = {"h100-80gb-hbm3": 4, "b300": 1, "mystery": 2, "a100-sxm4-80gb": 1}
    sync(cluster, replace(PLAIN, name="odd", accelerators=mystery))
    rows = {row.code: row for row in AcceleratorType.objects.filter(code__in=mystery)}
    h100 = rows["h100-80gb-hbm3"]
    assert (h100.name, h100.fp16_gflops, h100.memory_mb, h100.power_w) == (
        "NVIDIA H100 80GB HBM3",
        989_500,
        81_559,
        700,
    )
    assert h100.sources["memory_mb"] == "told by the driver"
    assert h100.sources["fp16_gflops"] == catalogue.known("h100").sources["fp16_gflops"]
    b300 = rows["b300"]
    assert (b300.name, b300.fp16_gflops, b300.memory_mb, b300.power_w) == ("NVIDIA B300", 0, 275_000, 1_400)
    assert "counted as 0" in b300.sources["fp16_gflops"]
    assert b300.sources["power_w"] == "power limit told by the driver"
    unknown = rows["mystery"]
    assert (unknown.name, unknown.fp16_gflops, unknown.memory_mb, unknown.power_w) == ("mystery", 0, 0, 0)
    assert rows["a100-sxm4-80gb"].name == "NVIDIA A100 80GB SXM (a100-sxm4-80gb)"
    assert stored()["odd"][5] == {code: (count, 0) for code, count in mystery.items()}
    assert [event.action for event in AuditEvent.objects.order_by("id")] == ["centre.add_types", "centre.change_nodes"]


def test_a_thousand_nodes_cost_as_few_queries_as_one(cluster):
    def cost(count):
        reports = [replace(GPU, name=f"n{number}") for number in range(count)]
        sync(cluster, *reports)
        with CaptureQueriesContext(connection) as captured:
            sync(cluster, *[replace(report, cpus_used=1, accelerators_used={"h800": 1}) for report in reports])
        return len(captured)

    assert cost(1) == cost(50)
    with CaptureQueriesContext(connection) as captured:
        queries.load()
    assert len(captured) == 3


@pytest.mark.parametrize("role", ["operator", "administrator", None])
def test_people_do_not_report_nodes(role, cluster, make_person):
    actor = Actor(person=make_person(*[role] if role else []))
    with pytest.raises(Exception, match="no such thing"):
        actions.sync_nodes(actor, cluster=cluster, nodes=[PLAIN])
    assert not Node.objects.exists()


def test_what_is_usable_now(cluster):
    assert queries.load_figures() == {"pflops_total": "0.00", "pflops_used": "0.00"}
    assert queries.load().used_bps == 0
    assert list(queries.accelerators_usable()) == []
    sync(
        cluster, GPU, PLAIN, replace(GPU, name="gpu-2", up=False), replace(GPU, name="gpu-3", accelerators={"h200": 4})
    )
    now = queries.load()
    assert [(each.type.code, each.count, each.used, each.free) for each in now.types] == [
        ("h800", 8, 2, 6),
        ("h200", 4, 0, 4),
        ("cpu", 8, 3, 5),
    ]
    assert (now.nodes_up, now.nodes_down) == (3, 1)
    assert (now.cpus, now.cpus_used) == (264, 35)
    assert (now.memory_mb, now.memory_used_mb) == (2_016_000, 10_700)
    assert now.gflops_total == 12 * 989_500 + 8 * 40
    assert now.gflops_used == 2 * 989_500 + 3 * 40
    assert now.used_bps == now.gflops_used * 10_000 // now.gflops_total == 1666
    assert queries.load_figures() == {"pflops_total": "11.87", "pflops_used": "1.98"}
    assert [each.code for each in queries.accelerators_usable()] == ["h200", "h800", "cpu"]


@pytest.mark.parametrize(
    ("gflops", "text"),
    [
        (0, "0.00"),
        (64, "0.000064"),
        (500_000, "0.50"),
        (999_999, "0.999999"),
        (1_000_000, "1.00"),
        (1_994_999, "1.99"),
        (1_995_000, "2.00"),
        (1_300_000_000, "1,300.00"),
        (2_999_999_999, "3,000.00"),
    ],
)
def test_pflops_in_words(gflops, text):
    assert queries.pflops(gflops) == text


@pytest.mark.parametrize(
    ("gflops", "text"), [(0, "0"), (32, "0.032"), (989_500, "989.5"), (1_307_400, "1,307.4"), (2_000, "2")]
)
def test_tflops_in_words(gflops, text):
    assert queries.tflops(gflops) == text


def test_the_table_of_who_may_is_whole(cluster, make_person):
    everybody = {
        "anonymous": ANYONE,
        "somebody": Actor(person=make_person()),
        "operator": Actor(person=make_person("operator")),
        "administrator": Actor(person=make_person("administrator")),
        "system": SYSTEM,
    }
    signed_in = {"somebody", "operator", "administrator", "system"}
    allowed = {
        "centre.view": {"anonymous"} | signed_in,
        "centre.view_nodes": signed_in,
        "centre.equipment_history": {"operator", "administrator", "system"},
        "centre.set_figures": {"operator", "system"},
        "centre.set_up_catalogue": {"system"},
        "centre.register_cluster": {"system"},
        "centre.add_types": {"system"},
        "centre.change_nodes": {"system"},
    }
    rules = {name for name in access.table() if name.startswith("centre.")}
    assert {
        name: {who for who, actor in everybody.items() if access.may(actor, name, cluster)} for name in rules
    } == allowed
