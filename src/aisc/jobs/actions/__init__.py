"""Every write of this room.

A job's life, and what each step writes:

===================  ================================================================================
``submit_job``       the job, its runs, and the money held for each run, in one transaction
``record_accepted``  the engine has the runs: held → queued
``record_rejected``  the engine will never run them: their holds are released
``record_states``    what the engine says about runs that are under way
``settle_usage``     the engine's accounting: charges, final states and the cursor, in one transaction
===================  ================================================================================

The engine is only ever called between these, never inside one, and every call to it can be repeated. So a
worker may be killed anywhere: what it did to the engine is done again, what it wrote is not. The cursor says how
far the accounting has been taken over; it moves with the charges or not at all.

Locks, in this order: cursor → jobs by ascending id → (in the ledger) budgets → holds.
"""

from aisc.jobs.actions.changing import annotate_job, cancel_job
from aisc.jobs.actions.files import delete_file, make_folder, rename_file, unpack_file, upload_file
from aisc.jobs.actions.recording import (
    record_abandoned,
    record_accepted,
    record_lost,
    record_rejected,
    record_states,
)
from aisc.jobs.actions.settling import settle_usage
from aisc.jobs.actions.sharing import revoke_link, share_file, use_link
from aisc.jobs.actions.submitting import retry_job, submit_job

__all__ = [
    "annotate_job",
    "cancel_job",
    "delete_file",
    "make_folder",
    "record_abandoned",
    "record_accepted",
    "record_lost",
    "record_rejected",
    "record_states",
    "rename_file",
    "retry_job",
    "revoke_link",
    "settle_usage",
    "share_file",
    "submit_job",
    "unpack_file",
    "upload_file",
    "use_link",
]
