"""Who may do what in this room.

Two circles. *What a job is* (its name, command, resources, state, cost) is seen by everybody in the project and by
those of the centre who answer for it: operators, finance officers, auditors, secretariat, administrators. *What a job
says and makes* (its log, its files, the values of its environment variables) is the project's own and seen by its
people alone: an operator who must look into a file asks for a role in the project, which leaves a trace in the audit
log.

Operators may cancel any job, since they must be able to protect the machines; they may not submit in somebody's name.
"""

from __future__ import annotations

from aisc.core.access import register
from aisc.jobs import routes  # noqa: F401 - registers which rule guards which page
from aisc.jobs.models import FileLink, Job
from aisc.people.access import (
    EVERY_ROLE,
    WRITERS,
    Centre,
    anyone,
    centre_role,
    nobody_but_the_system,
    oneself,
    role_in,
    signed_in,
)
from aisc.people.models import Person, Project

# Those of the centre who see every job's particulars.
OVERSIGHT = (Centre.OPERATOR, Centre.FINANCE, Centre.AUDITOR, Centre.SECRETARIAT, Centre.ADMINISTRATOR)


def _project(row: Job | FileLink) -> Project:
    return row.project


def _maker(link: FileLink) -> Person:
    return link.made_by


register(
    {
        # reading
        "jobs.view_jobs": signed_in(),
        "jobs.view_templates": signed_in(),
        "jobs.view": role_in(EVERY_ROLE, place=_project) | centre_role(*OVERSIGHT),
        "jobs.view_output": role_in(EVERY_ROLE, place=_project),
        "jobs.view_files": role_in(EVERY_ROLE),
        # jobs
        "jobs.submit": role_in(WRITERS, scope="jobs"),
        "jobs.retry": role_in(WRITERS, place=_project, scope="jobs"),
        "jobs.annotate": role_in(WRITERS, place=_project, scope="jobs"),
        "jobs.cancel": role_in(WRITERS, place=_project, scope="jobs") | centre_role(Centre.OPERATOR, scope="jobs"),
        # files
        "jobs.upload_file": role_in(WRITERS, scope="jobs"),
        "jobs.unpack_file": role_in(WRITERS, scope="jobs"),
        # links: whoever may read a file may show it; what was shown is taken back by them or by those who write
        "jobs.view_links": role_in(EVERY_ROLE),
        "jobs.share_file": role_in(EVERY_ROLE, scope="jobs"),
        "jobs.revoke_link": oneself(_maker, scope="jobs") | role_in(WRITERS, place=_project, scope="jobs"),
        "jobs.use_link": anyone(),
        "jobs.make_folder": role_in(WRITERS, scope="jobs"),
        "jobs.rename_file": role_in(WRITERS, scope="jobs"),
        "jobs.delete_file": role_in(WRITERS, scope="jobs"),
        # the worker's
        "jobs.record_accepted": nobody_but_the_system(),
        "jobs.record_abandoned": nobody_but_the_system(),
        "jobs.record_rejected": nobody_but_the_system(),
        "jobs.record_states": nobody_but_the_system(),
        "jobs.record_lost": nobody_but_the_system(),
        "jobs.settle_usage": nobody_but_the_system(),
    }
)
