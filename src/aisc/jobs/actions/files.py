"""Writes to a project's workspace. What takes long (receiving, deleting for good) happens outside the transaction."""

from __future__ import annotations

from django.db import transaction

from aisc.core.actions import Actor, action
from aisc.core.actions import note as audit
from aisc.jobs import workspaces
from aisc.jobs.archives import Unpacked
from aisc.jobs.workspaces import Incoming, Item
from aisc.people.models import Project


@action("jobs.upload_file", on="project")
def upload_file(actor: Actor, *, project: Project, path: str, incoming: Incoming) -> Item:
    """Put a file that was received whole (:func:`~aisc.jobs.workspaces.receive`) in its place, over an older one."""
    audit(target=project, path=path, bytes=incoming.size, type=incoming.media_type)
    return workspaces.place(project, path, incoming)


@action("jobs.unpack_file", on="project")
def unpack_file(actor: Actor, *, project: Project, path: str, to: str, unpacked: Unpacked) -> Item:
    """Put what came out of the archive at ``path`` (:func:`~aisc.jobs.archives.unpack`) into a new folder ``to``.

    Raises Conflict where something of this name is there.
    """
    audit(target=project, path=path, after=to, files=unpacked.files, bytes=unpacked.size)
    return workspaces.place_folder(project, to, unpacked.path)


@action("jobs.make_folder", on="project")
def make_folder(actor: Actor, *, project: Project, path: str) -> Item:
    """Make a folder. Raises Conflict where something of this name is there."""
    audit(target=project, path=path)
    return workspaces.make_folder(project, path)


@action("jobs.rename_file", on="project")
def rename_file(actor: Actor, *, project: Project, path: str, to: str) -> Item:
    """Rename or move a file or folder inside the workspace. Raises Conflict where something is there already."""
    audit(target=project, before=path, after=to)
    return workspaces.rename(project, path, to)


@action("jobs.delete_file", on="project")
def delete_file(actor: Actor, *, project: Project, path: str) -> None:
    """Delete a file, or a folder with everything in it: gone from sight at once, from the disk soon after."""
    audit(target=project, path=path)
    gone = workspaces.take_away(project, path)
    transaction.on_commit(lambda: workspaces.destroy(gone))
