"""What is public: the centre, its accelerators and its prices."""

from __future__ import annotations

from aisc.client.models import uid_of


def test_the_centre(client_of):
    found = client_of().centre.get()
    assert found.nodes_up == 1
    assert [each.code for each in found.accelerators] == ["cpu"]
    assert found.gflops_used <= found.gflops_total


def test_accelerators_and_nodes(client_of):
    codes = {each.code: each for each in client_of().centre.accelerators()}
    assert codes["h800"].fp16_gflops == 989_500
    assert codes["h800"].sources
    (node,) = client_of("operator").centre.nodes()
    assert (node.up, node.cpus) == (True, client_of().centre.get().cpus)


def test_prices(client_of):
    client = client_of()
    found = client.prices.get()
    assert found.current.in_force
    assert found.current.illustrative
    assert client.prices.version(found.current.version) == found.current
    (h800,) = (each for each in found.current.prices if each.accelerator == "h800")
    assert (h800.cents, h800.per, h800.unit) == (2000, 3_600_000, "ms")


def test_a_thing_may_stand_for_its_uid(client_of):
    project = next(client_of("researcher").projects.list())
    assert uid_of(project) == uid_of(project.uid) == project.uid
