"""ColdFront's side of ``bench.coldfront``: runs in an environment of its own, with Django and ColdFront alone.

Fills its database with ``load_test_data`` and 2,000 projects with 5 allocations each, of which one investigator
manages a fifth, and measures its pages in process. One line of JSON comes last.
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import sys
import time
from typing import Any

import django

django.setup()

from coldfront.core.allocation.models import Allocation, AllocationStatusChoice, AllocationUser  # noqa: E402
from coldfront.core.allocation.models import AllocationUserStatusChoice as AllocationUserStatus  # noqa: E402
from coldfront.core.field_of_science.models import FieldOfScience  # noqa: E402
from coldfront.core.project.models import (  # noqa: E402
    Project,
    ProjectStatusChoice,
    ProjectUser,
    ProjectUserRoleChoice,
    ProjectUserStatusChoice,
)
from coldfront.core.resource.models import Resource  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

PROJECTS, EACH = 2_000, 5


def fill() -> User:
    """Somebody who manages a fifth of the projects."""
    with contextlib.redirect_stdout(io.StringIO()):
        call_command("initial_setup", force_overwrite=True)
        call_command("load_test_data")
    manager = User.objects.get(username="cgray")
    others = list(User.objects.exclude(pk=manager.pk).order_by("pk"))
    active = ProjectStatusChoice.objects.get(name="Active")
    role = ProjectUserRoleChoice.objects.get(name="Manager")
    member = ProjectUserStatusChoice.objects.get(name="Active")
    granted = AllocationStatusChoice.objects.get(name="Active")
    using = AllocationUserStatus.objects.get(name="Active")
    field, resource = FieldOfScience.objects.first(), Resource.objects.first()
    with transaction.atomic():
        for n in range(PROJECTS):
            owner = manager if n % 5 == 0 else others[n % len(others)]
            project = Project.objects.create(
                pi=owner,
                title=f"Project {n}",
                description="Made up, for measuring.",
                status=active,
                field_of_science=field,
            )
            ProjectUser.objects.create(user=owner, project=project, role=role, status=member)
            for _each in range(EACH):
                made = Allocation.objects.create(project=project, status=granted, justification="bench")
                made.resources.add(resource)
                AllocationUser.objects.create(allocation=made, user=owner, status=using)
    return manager


def measure(rounds: int) -> dict[str, Any]:
    manager = fill()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    project = Project.objects.get(title="Project 5")
    allocation = project.allocation_set.order_by("pk").first()
    own = {"home": "/", "projects": "/project/", "project": f"/project/{project.pk}/"}
    own |= {"allocations": "/allocation/", "allocation": f"/allocation/{allocation.pk}/"}
    client = Client()
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    asked = [(f"{page} · manager", client, address, [], []) for page, address in own.items()]
    found: dict[str, Any] = {}
    for name, client, address, _walls, _cpus in asked:
        for _warming in range(3):
            answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        found[name] = {"queries": len(captured)}
    for _round in range(rounds):
        for _name, client, address, walls, cpus in asked:
            began, cpu = time.perf_counter(), time.process_time()
            client.get(address)
            walls.append((time.perf_counter() - began) * 1000)
            cpus.append((time.process_time() - cpu) * 1000)
    for name, _client, _address, walls, cpus in asked:
        found[name] |= {
            "median_ms": round(statistics.median(walls), 1),
            "p95_ms": round(statistics.quantiles(walls, n=20)[-1], 1),
            "cpu_ms": round(statistics.median(cpus), 1),
            "cpu_p95_ms": round(statistics.quantiles(cpus, n=20)[-1], 1),
        }
    return found


print(json.dumps(measure(int(sys.argv[1]))))
