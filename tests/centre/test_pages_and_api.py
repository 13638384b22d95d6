"""The centre's page and API: public, but for the machines' names and the figures' form."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aisc.centre import actions, discovery
from aisc.centre.actions import NodeReport
from aisc.centre.models import AcceleratorType
from aisc.core.actions import system

SYSTEM = system("test")


@pytest.fixture
def centre(db, monkeypatch):
    monkeypatch.setattr(discovery, "cpu", lambda: discovery.Cpu("EPYC", 40, "derived on this machine"))
    actions.set_up_catalogue(SYSTEM)
    cluster = actions.register_cluster(SYSTEM, code="local", engine="local")
    report = NodeReport("gpu-1", True, 128, 16, 1_000_000, 5_000, {"h800": 8}, {"h800": 2})
    actions.sync_nodes(SYSTEM, cluster=cluster, nodes=[report, NodeReport("cpu-1", False, 8, 0, 16_000, 0)])
    return cluster


def test_everybody_sees_what_the_centre_has(centre, client, make_person):
    for person in (None, make_person(), make_person("operator")):
        if person:
            client.force_login(person)
        page = client.get("/centre/").content.decode()
        assert "NVIDIA H800" in page
        assert "7.92" in page  # 8 × 0.9895 PFLOPS
        assert "1.98" in page
        assert "1,979 TFLOPS FP16 Tensor Core with sparsity" in page
        assert "early 2025" in page
        assert "gpu-1" not in page
    assert "/centre/accelerators/h800/" in page


def test_the_page_in_chinese(centre, client):
    page = client.get("/centre/?lang=zh-hant").content.decode()
    assert "第二階段" in page
    assert "2025年初" in page


def test_before_any_machine_has_reported(db, client):
    page = client.get("/centre/").content.decode()
    assert "No machine has reported yet" in page


def test_the_page_takes_as_many_queries_for_many_machines(centre, client):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            client.get("/centre/")
        return len(captured)

    client.get("/centre/")
    before = cost()
    reports = [NodeReport(f"n{i}", True, 8, 0, 1, 0, {"h200": 8}) for i in range(20)]
    actions.sync_nodes(SYSTEM, cluster=centre, nodes=reports)
    assert cost() == before


def test_operators_change_figures(centre, client, make_person):
    path = "/centre/accelerators/h800/"
    body = {"fp16_gflops": "756500", "memory_mb": "81920", "power_w": "350", "source": "PCIe datasheet"}
    assert client.get(path).status_code == 302
    client.force_login(make_person())
    assert client.post(path, body).status_code == 403
    client.force_login(make_person("operator"))
    assert client.get("/centre/accelerators/none/").status_code == 404
    assert "1,979" in client.get(path).content.decode()
    wrong = client.post(path, body | {"power_w": "2000000"})
    assert list(wrong.context["form"].errors) == ["power_w"]
    assert list(client.post(path, {}).context["form"].errors) == ["fp16_gflops", "memory_mb", "power_w", "source"]
    assert AcceleratorType.objects.get(code="h800").fp16_gflops == 989_500
    assert client.post(path, body).url == "/centre/"
    page = client.get("/centre/").content.decode()
    assert "PCIe datasheet" in page
    assert "756.5" in page


def test_the_api_is_public_and_in_whole_numbers(centre, client):
    answer = client.get("/api/v1/centre").json()
    phases = answer.pop("phases")
    assert answer == {
        "name_en": "AISC demonstration centre",
        "name_zh": "AISC 示範中心",
        "gflops_total": 8 * 989_500,
        "gflops_used": 2 * 989_500,
        "nodes_up": 1,
        "nodes_down": 1,
        "cpus": 128,
        "cpus_used": 16,
        "memory_mb": 1_000_000,
        "memory_used_mb": 5_000,
        "accelerators": [{"code": "h800", "name": "NVIDIA H800", "count": 8, "used": 2}],
    }
    assert [(phase["pflops"], phase["starts_on"], phase["stated_zh"]) for phase in phases] == [
        (300, "2024-12-09", "2024年12月"),
        (1300, "2025-01-01", "2025年初"),
        (3000, "2025-12-31", "2025年內"),
    ]
    items = client.get("/api/v1/accelerators?limit=200").json()["items"]
    h800 = next(item for item in items if item["code"] == "h800")
    assert (h800["fp16_gflops"], h800["memory_mb"], h800["power_w"]) == (989_500, 81_920, 700)
    assert set(h800["sources"]) == {"fp16_gflops", "memory_mb", "power_w"}
    page = client.get("/api/v1/accelerators?limit=2").json()
    following = client.get(f"/api/v1/accelerators?limit=2&cursor={page['next']}").json()
    assert [item["code"] for item in page["items"] + following["items"]] == [item["code"] for item in items[:4]]
    bad = client.get("/api/v1/accelerators?cursor=nonsense")
    assert (bad.status_code, bad.json()["errors"][0]["field"]) == (422, "cursor")


def test_machines_are_for_those_signed_in(centre, client, make_person):
    assert client.get("/api/v1/nodes").status_code == 401
    client.force_login(make_person())
    items = client.get("/api/v1/nodes").json()["items"]
    for item in items:
        item.pop("seen_at")
    assert items == [
        {
            "cluster": "local",
            "name": "gpu-1",
            "up": True,
            "cpus": 128,
            "cpus_used": 16,
            "memory_mb": 1_000_000,
            "memory_used_mb": 5_000,
            "accelerators": [{"code": "h800", "count": 8, "used": 2}],
            "detail": "",
        },
        {
            "cluster": "local",
            "name": "cpu-1",
            "up": False,
            "cpus": 8,
            "cpus_used": 0,
            "memory_mb": 16_000,
            "memory_used_mb": 0,
            "accelerators": [],
            "detail": "",
        },
    ]


def test_figures_by_the_api(centre, client, make_person, acting):
    from aisc.people.actions import issue_token

    body = {"fp16_gflops": 1, "memory_mb": 2, "power_w": 3, "source": "measured"}

    def put(person, code, *scopes):
        secret = issue_token(acting(person), name="x", scopes=scopes)[1]
        return client.put(
            f"/api/v1/accelerators/{code}",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    operator = make_person("operator")
    assert put(make_person(), "h800", "centre").status_code == 403
    assert put(operator, "h800", "read").json()["code"] == "token.scope"
    assert put(operator, "none", "centre").status_code == 404
    answer = put(operator, "h800", "centre")
    assert (answer.status_code, answer.json()["fp16_gflops"]) == (200, 1)
    assert answer.json()["sources"] == dict.fromkeys(("fp16_gflops", "memory_mb", "power_w"), "measured")
