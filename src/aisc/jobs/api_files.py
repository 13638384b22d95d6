"""Links to files, and archives. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router

from aisc.core import clock
from aisc.core.api import Page, idempotent, paginate
from aisc.jobs import actions, archives, queries, sharing
from aisc.jobs.models import FileLink
from aisc.jobs.schemas import FileOut, LinkIn, LinkOut, UnpackIn
from aisc.jobs.specification import read_path

router = Router(tags=["jobs"])


@router.post("/projects/{uid}/unpacks", response={201: FileOut}, summary="Unpack an archive into a new folder")
@idempotent
def unpack(request: HttpRequest, uid: str, body: UnpackIn):
    """ZIP, tar, tar.gz, tar.bz2 or tar.xz: all of it or nothing. Links, devices and names that lead out are refused."""
    project = queries.project(request.actor, uid, "jobs.unpack_file")
    path = read_path(body.path)
    to = read_path(body.to or archives.folder_for(path), "to", new=True)
    unpacked = archives.unpack(project, path)
    try:
        made = actions.unpack_file(request.actor, project=project, path=path, to=to, unpacked=unpacked)
    finally:
        unpacked.discard()
    return 201, FileOut.of(made)


@router.post("/projects/{uid}/links", response={201: LinkOut}, summary="Share a file by link")
@idempotent
def share(request: HttpRequest, uid: str, body: LinkIn):
    """Whoever has the address can fetch the file as it is now, until the link expires or is taken back."""
    project = queries.project(request.actor, uid, "jobs.view_files")
    link = actions.share_file(request.actor, project=project, path=body.path, days=body.days, email=body.email)
    return 201, _link(link)


@router.get("/projects/{uid}/links", response=Page[LinkOut], summary="Links to a project's files, newest first")
def links(
    request: HttpRequest,
    uid: str,
    cursor: str | None = Query(None, description="`next` of the page before"),
    limit: int = Query(50, description="1 to 200"),
):
    project = queries.project(request.actor, uid, "jobs.view_links")
    rows = FileLink.objects.filter(project=project).select_related("made_by")
    found, following = paginate(rows, cursor=cursor, limit=limit)
    return Page(items=[_link(each) for each in found], next=following)


@router.delete("/links/{uid}", response={204: None}, summary="Take a link back")
@idempotent
def revoke(request: HttpRequest, uid: str):
    actions.revoke_link(request.actor, link=queries.link(request.actor, uid, "jobs.revoke_link"))
    return 204, None


def _link(link: FileLink) -> LinkOut:
    works = link.revoked_at is None and link.expires_at > clock.now()
    return LinkOut.of(link, settings.PUBLIC_URL.rstrip("/") + sharing.address(link) if works else "")
