"""Accelerator types and phases: each figure has a source; setting up is safe to repeat."""

import pytest

from aisc.centre import actions, catalogue, discovery
from aisc.centre.models import AcceleratorType, CapacityPhase, Cluster
from aisc.core.actions import Actor, system
from aisc.core.errors import BadInput, Conflict, Forbidden
from aisc.core.models import AuditEvent

SYSTEM = system("test")


@pytest.mark.parametrize("entry", [*catalogue.ACCELERATORS, catalogue.CPU_CORE], ids=lambda entry: entry.code)
def test_every_figure_has_a_source(entry):
    assert set(entry.sources) == {"fp16_gflops", "memory_mb", "power_w"}
    assert all(entry.sources.values())
    assert min(entry.fp16_gflops, entry.power_w) > 0
    for name, most in actions.MOST.items():
        assert getattr(entry, name) <= most


def test_figures_of_the_centre_that_is_the_model():
    h800 = catalogue.known("h800")
    assert (h800.fp16_gflops, h800.memory_mb, h800.power_w) == (989_500, 81_920, 700)
    assert [(phase.pflops, phase.stated_en) for phase in catalogue.PHASES] == [
        (300, "December 2024"),
        (1_300, "early 2025"),
        (3_000, "2025"),
    ]
    assert all("press release" in phase.source.lower() for phase in catalogue.PHASES)


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("h100-80gb-hbm3", "h100"),
        ("a100-sxm4-80gb", "a100"),
        ("l40s", "l40s"),
        ("l40", None),
        ("t4", "t4"),
        ("t400", None),
        ("geforce-rtx-4090", "geforce-rtx-4090"),
        ("", None),
    ],
)
def test_models_are_known_by_how_their_name_begins(code, entry):
    found = catalogue.known(code)
    assert (found.code if found else None) == entry


def test_codes_are_made_as_the_engine_makes_them():
    from aisc.jobs.engines.local.machine import accelerator_code

    for model in ("NVIDIA H200", "Tesla T4", "NVIDIA A100-SXM4-80GB", "NVIDIA GeForce RTX 4090", "NVIDIA"):
        assert catalogue.accelerator_code(model) == accelerator_code(model)


def test_setting_up_adds_only_what_is_missing(db, monkeypatch):
    monkeypatch.setattr(discovery, "cpu", lambda: discovery.Cpu("EPYC", 41, "derived: 16 × 2600 MHz"))
    AcceleratorType.objects.create(
        code="h800", name="Ours", vendor="x", fp16_gflops=1, memory_mb=2, power_w=3, sources={}
    )
    added = actions.set_up_catalogue(SYSTEM)
    assert added == len(catalogue.ACCELERATORS) + len(catalogue.PHASES)
    assert actions.set_up_catalogue(SYSTEM) == 0
    assert AcceleratorType.objects.get(code="h800").name == "Ours"
    core = AcceleratorType.objects.get(code="cpu")
    assert (core.fp16_gflops, core.vendor, core.sources["fp16_gflops"]) == (41, "EPYC", "derived: 16 × 2600 MHz")
    assert [str(phase) for phase in CapacityPhase.objects.all()] == ["First phase", "Second phase", "Third phase"]
    event = AuditEvent.objects.order_by("id").first()
    assert "phase-1" in event.details["added"]
    assert "h800" not in event.details["added"]


def test_clusters_are_registered_once(db):
    first = actions.register_cluster(SYSTEM, code="local", engine="local", name_en="This machine", name_zh="本機")
    assert actions.register_cluster(SYSTEM, code="local", engine="local") == first
    assert (first.name_en, first.name_zh, Cluster.objects.count()) == ("This machine", "本機", 1)
    assert actions.register_cluster(SYSTEM, code="big", engine="slurm").name_en == "big"
    with pytest.raises(Conflict, match="runs under the engine “local”"):
        actions.register_cluster(SYSTEM, code="local", engine="slurm")


@pytest.mark.parametrize("role", ["operator", "administrator", None])
def test_only_the_system_sets_up(role, make_person):
    actor = Actor(person=make_person(*[role] if role else []))
    with pytest.raises(Exception, match="no such thing"):
        actions.set_up_catalogue(actor)
    with pytest.raises(Exception, match="no such thing"):
        actions.register_cluster(actor, code="x", engine="local")
    assert not AcceleratorType.objects.exists()
    assert not Cluster.objects.exists()


def test_operators_enter_published_figures(make_person):
    actions.set_up_catalogue(SYSTEM)
    h800 = AcceleratorType.objects.get(code="h800")
    before = dict(h800.sources)
    operator = Actor(person=make_person("operator"))
    figures = {"fp16_gflops": 756_500, "memory_mb": 81_920, "power_w": 350}
    actions.set_figures(operator, accelerator=h800, **figures, source=" PCIe  datasheet ")
    h800.refresh_from_db()
    assert (h800.fp16_gflops, h800.memory_mb, h800.power_w) == (756_500, 81_920, 350)
    assert h800.sources == before | {"fp16_gflops": "PCIe datasheet", "power_w": "PCIe datasheet"}
    event = AuditEvent.objects.order_by("-id").first()
    assert (event.reason, event.details["after"]) == ("PCIe datasheet", figures)
    for values, field in (
        ({"fp16_gflops": -1}, "fp16_gflops"),
        ({"memory_mb": 300_000_001}, "memory_mb"),
        ({"power_w": 1_000_001}, "power_w"),
        ({"source": " "}, "source"),
    ):
        with pytest.raises(BadInput) as refused:
            actions.set_figures(operator, accelerator=h800, **figures | {"source": "x"} | values)
        assert refused.value.field == field
    for role in ("administrator", "finance", "auditor"):
        with pytest.raises(Forbidden, match="operator"):
            actions.set_figures(Actor(person=make_person(role)), accelerator=h800, **figures, source="x")


def test_a_phase_is_named_in_the_readers_language(db):
    from django.utils.translation import override

    actions.set_up_catalogue(SYSTEM)
    second = CapacityPhase.objects.get(code="phase-2")
    assert (second.name, second.stated) == ("Second phase", "early 2025")
    with override("zh-hant"):
        assert (second.name, second.stated) == ("第二階段", "2025年初")
    assert CapacityPhase().stated == ""
