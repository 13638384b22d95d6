"""Jobs have a history; how its actions are called there."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.audit.kinds import Kind, register, say
from aisc.jobs.models import Job

register(Kind("job", Job, "jobs.view", "uid", _("Job")))
say(
    {
        "jobs.submit": _("Submitted the job"),
        "jobs.retry": _("Ran the job again"),
        "jobs.annotate": _("Changed the job’s note"),
        "jobs.cancel": _("Cancelled the job"),
        "jobs.upload_file": _("Put a file into the workspace"),
        "jobs.make_folder": _("Made a folder in the workspace"),
        "jobs.rename_file": _("Renamed a file in the workspace"),
        "jobs.delete_file": _("Deleted a file in the workspace"),
        "jobs.share_file": _("Made a link to a file"),
        "jobs.use_link": _("Fetched a file by a link"),
        "jobs.revoke_link": _("Took a link to a file back"),
        "jobs.unpack_file": _("Unpacked an archive in the workspace"),
        "jobs.record_accepted": _("The engine took runs over"),
        "jobs.record_abandoned": _("Runs whose turn can never come ended"),
        "jobs.record_rejected": _("The engine refused runs"),
        "jobs.record_states": _("Runs started or moved on"),
        "jobs.record_lost": _("Runs were lost"),
        "jobs.settle_usage": _("Runs ended and were settled"),
    }
)
