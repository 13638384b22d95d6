"""Writers with connections of their own against one PostgreSQL; ``test_audit_postgres`` runs this file there."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from aisc.core import clock
from aisc.core.actions import system, together
from aisc.core.audit.prove import prove
from aisc.core.models import AuditEvent
from aisc.people import actions

WRITER = system("test")


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain(make_organisation, make_project):
    """Each changes rows of its own and one that all share, several in one transaction: nobody waits for ever."""
    shared = make_project(make_organisation())
    own = [make_project(make_organisation()) for _each in range(4)]
    errors = []

    def write(project):
        try:
            for number in range(1, 6):
                with together():
                    actions.set_shares(WRITER, project=project, shares=number, reason="first")
                    actions.set_shares(WRITER, project=shared, shares=number, reason="second")
                actions.update_project(WRITER, project=shared, name_en=f"{clock.now_ms()}")
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(each,)) for each in own]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert AuditEvent.objects.count() == 60
    assert prove().holds
