"""Which rule guards which page and operation of this room; ``core.routes`` says how to add a row."""

from __future__ import annotations

from aisc.core.access import PUBLIC, by, guard, register_routes
from aisc.jobs.models import FileLink, Job
from aisc.people.models import Project

JOB, PROJECT, LINK = by(Job), by(Project), by(FileLink)
_NAMED = by(Project, "project", field="uid", sent=True)

_job = guard("jobs.view", on=JOB)
_output = guard("jobs.view_output", on=JOB)
_files = guard("jobs.view_files", on=PROJECT)


def _on_job(rule: str):
    return _job + guard(rule, on=JOB)


register_routes(
    {
        "jobs:jobs": guard("jobs.view_jobs"),
        "jobs:new": guard("jobs.view_templates"),
        "jobs:cost": guard("jobs.view_templates") + guard("jobs.submit", on=_NAMED),
        "jobs:form": guard("jobs.view_templates") + guard("jobs.submit", on=_NAMED),
        "jobs:job": _job,
        "jobs:status": _job,
        "jobs:runs": _job,
        "jobs:events": _output,
        "jobs:log": _output,
        "jobs:cancel": _on_job("jobs.cancel"),
        "jobs:retry": _on_job("jobs.retry"),
        "jobs:note": _on_job("jobs.annotate"),
        "jobs:files": _files,
        "jobs:upload": guard("jobs.upload_file", on=PROJECT),
        "jobs:make_folder": guard("jobs.make_folder", on=PROJECT),
        "jobs:change_file": guard("jobs.rename_file", on=PROJECT),
        "jobs:delete_file": guard("jobs.delete_file", on=PROJECT),
        "jobs:unpack_file": guard("jobs.unpack_file", on=PROJECT),
        "jobs:share_file": _files + guard("jobs.share_file", on=PROJECT),
        "jobs:revoke_link": guard("jobs.revoke_link", on=LINK),
        # the signature in the address is what lets in
        "jobs:shared": PUBLIC,
        "jobs:shared_file": PUBLIC,
        # the API
        "GET /templates": guard("jobs.view_templates"),
        "GET /jobs": guard("jobs.view_jobs"),
        "POST /jobs": guard("jobs.submit", on=_NAMED),
        "GET /jobs/{uid}": _job,
        "PATCH /jobs/{uid}": _on_job("jobs.annotate"),
        "POST /jobs/{uid}/cancel": _on_job("jobs.cancel"),
        "POST /jobs/{uid}/retry": _on_job("jobs.retry"),
        "GET /jobs/{uid}/runs": _job,
        "GET /jobs/{uid}/log": _output,
        "GET /jobs/{uid}/events": _output,
        "GET /jobs/{uid}/results": _output,
        "GET /projects/{uid}/files": _files,
        "GET /projects/{uid}/files/{path}": _files,
        "PUT /projects/{uid}/files/{path}": guard("jobs.upload_file", on=PROJECT),
        "DELETE /projects/{uid}/files/{path}": guard("jobs.delete_file", on=PROJECT),
        "POST /projects/{uid}/folders": guard("jobs.make_folder", on=PROJECT),
        "POST /projects/{uid}/unpacks": guard("jobs.unpack_file", on=PROJECT),
        "POST /projects/{uid}/links": _files + guard("jobs.share_file", on=PROJECT),
        "GET /projects/{uid}/links": guard("jobs.view_links", on=PROJECT),
        "DELETE /links/{uid}": guard("jobs.revoke_link", on=LINK),
        "POST /projects/{uid}/renames": guard("jobs.rename_file", on=PROJECT),
    }
)
