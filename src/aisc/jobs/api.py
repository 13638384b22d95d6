"""The API of this room. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from aisc.core import access
from aisc.core.api import Page, idempotent, paginate, with_etag
from aisc.core.errors import BadInput, Conflict, Unavailable
from aisc.jobs import actions, downloads, queries, results, streaming, workspaces
from aisc.jobs.api_files import router as files_router
from aisc.jobs.engines.base import EngineError
from aisc.jobs.library import load_templates
from aisc.jobs.models import Job, Run
from aisc.jobs.registry import engine_for, with_places
from aisc.jobs.schemas import (
    FileOut,
    FolderOut,
    JobDetailOut,
    JobIn,
    JobOut,
    JobPatch,
    LogOut,
    NewFolderIn,
    RenameIn,
    ResultOut,
    RunOut,
    TemplateOut,
)
from aisc.jobs.states import ENDED
from aisc.ledger.queries import budgets_visible_to
from aisc.people.access import look_again
from aisc.people.models import Person
from aisc.people.tokens import actor_from_token

router = Router(tags=["jobs"])
router.add_router("", files_router)

Cursor = Query(None, description="`next` of the page before")
Limit = Query(50, description="1 to 200")
RunIndex = Query(0, ge=0, description="index of the run in an array")
Offset = Query(0, ge=0, le=2**62, description="bytes from the beginning")

_BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("/templates", response=Page[TemplateOut], summary="Job templates")
def templates(request: HttpRequest):
    access.require(request.actor, "jobs.view_templates")
    return Page(items=[TemplateOut.of(each) for each in load_templates().values()], next=None)


# Jobs


@router.get("/jobs", response=Page[JobOut], summary="Jobs one may see, newest first")
def jobs(
    request: HttpRequest,
    state: str = Query("", description="a state, or `active`, `ended`"),
    project: str = Query("", description="uid"),
    budget: str = Query("", description="uid"),
    mine: bool = Query(False, description="only those one has submitted"),
    q: str = Query("", description="part of the name, or the uid"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    access.require(request.actor, "jobs.view_jobs")
    rows = queries.listed(
        queries.jobs_visible_to(request.actor),
        state=state,
        project=project,
        budget=budget,
        mine=request.actor if mine else None,
        q=q,
    )
    found, following = paginate(rows, cursor=cursor, limit=limit)
    costs = queries.costs(found)
    return Page(items=[JobOut.of(job, costs[job.pk]) for job in found], next=following)


@router.post("/jobs", response={201: JobDetailOut}, summary="Submit a job; holds its worst-case cost")
@idempotent
def submit(request: HttpRequest, body: JobIn):
    """402 when the budget cannot hold it; nothing is changed then."""
    asked = body.dict()
    project = queries.project(request.actor, asked.pop("project"), "jobs.submit")
    budget = budgets_visible_to(request.actor).filter(uid=asked.pop("budget"), project=project).first()
    if budget is None:
        raise BadInput(_("This project has no such budget."), field="budget")
    text = asked.pop("time_limit")
    if text is not None:
        asked["time_limit_ms"] = text
    job = actions.submit_job(request.actor, project=project, budget=budget, **asked)
    return 201, _detail(request, job)


@router.get("/jobs/{uid}", response=JobDetailOut, summary="One job; has an ETag")
def job(request: HttpRequest, uid: str):
    return with_etag(request, _detail(request, queries.job(request.actor, uid)))


@router.patch("/jobs/{uid}", response=JobDetailOut, summary="Change a job's note")
@idempotent
def annotate(request: HttpRequest, uid: str, body: JobPatch):
    found = queries.job(request.actor, uid)
    actions.annotate_job(request.actor, job=found, note=body.note)
    return _detail(request, queries.job(request.actor, uid))


@router.post("/jobs/{uid}/cancel", response=JobDetailOut, summary="Ask for a job to end")
@idempotent
def cancel(request: HttpRequest, uid: str):
    """It ends within moments; what it has used until then is charged."""
    found = queries.job(request.actor, uid)
    actions.cancel_job(request.actor, job=found)
    return _detail(request, queries.job(request.actor, uid))


@router.post("/jobs/{uid}/retry", response={201: JobDetailOut}, summary="Submit the same job again")
@idempotent
def retry(request: HttpRequest, uid: str):
    found = queries.job(request.actor, uid)
    return 201, _detail(request, actions.retry_job(request.actor, job=found))


def _detail(request: HttpRequest, found: Job) -> JobDetailOut:
    return JobDetailOut.whole(
        found,
        cost=queries.costs([found])[found.pk],
        counts=queries.state_counts(found),
        first=with_places([queries.run(found, 0)])[0],
        inside=access.may(request.actor, "jobs.view_output", found),
        after=list(found.after.order_by("pk").values_list("uid", flat=True)),
    )


@router.get("/jobs/{uid}/runs", response=Page[RunOut], summary="The runs of a job, by index")
def runs(
    request: HttpRequest,
    uid: str,
    state: str = Query("", description="a state, or `active`, `ended`"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    found = queries.job(request.actor, uid)
    rows, following = paginate(queries.runs_of(found, state=state), cursor=cursor, limit=limit, key="index")
    charges = queries.run_charges(rows)
    return Page(items=[RunOut.of(run, found, charges[run.pk]) for run in with_places(rows)], next=following)


# Logs


@router.get("/jobs/{uid}/log", response=LogOut, summary="A piece of a run's log")
def log(
    request: HttpRequest,
    uid: str,
    offset: int = Offset,
    run: int = RunIndex,
    limit: int = Query(65_536, ge=1, le=1_048_576, description="bytes"),
):
    one = _run(request, uid, run)
    try:
        chunk = engine_for(one.job.cluster).read_log(one.ref, offset, limit)
    except EngineError as error:
        raise Unavailable from error
    ended = chunk.ended or (one.state in ENDED and not chunk.data)
    # A character that is not whole yet comes with the next piece.
    data = chunk.data if ended else streaming.without_half_character(chunk.data)
    return LogOut(text=data.decode(errors="replace"), next_offset=offset + len(data), ended=ended)


@router.get(
    "/jobs/{uid}/events",
    summary="A run's log as it grows, as server-sent events",
    openapi_extra={"responses": {200: {"description": "text/event-stream", "content": {"text/event-stream": {}}}}},
)
def events(request: HttpRequest, uid: str, offset: int = Offset, run: int = RunIndex):
    """`data` are lines of text, `id` is the byte offset: reconnect with `Last-Event-ID`. The last event is `end`."""
    return event_stream(request, _run(request, uid, run), offset)


def event_stream(request: HttpRequest, one: Run, offset: int) -> StreamingHttpResponse:
    """The log of a run that the caller may read, for page and API alike."""
    last = request.headers.get("Last-Event-ID", "")
    if last.isascii() and last.isdigit() and len(last) < 19:
        offset = int(last)
    source = streaming.events(
        engine_for(one.job.cluster), one.ref, offset, over=one.state in ENDED, end_word=_("Ended")
    )
    source = streaming.while_allowed(source, lambda: _still_reads(request, one))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(source, content_type="text/event-stream", headers=headers)


def _still_reads(request: HttpRequest, one: Run) -> bool:
    """Whether whoever reads the log may still do so now: account, token, session and role are looked at afresh."""
    person = request.actor.person
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and actor_from_token(secret.strip(), request) is None:
        return False
    session = getattr(request, "session", None)
    if session is not None and session.session_key and not session.exists(session.session_key):
        return False  # signed out, here or from the list of sessions
    active = Person.objects.filter(pk=person.pk, is_active=True).exists()
    look_again(person)
    return active and access.may(request.actor, "jobs.view_output", one.job)


def _run(request: HttpRequest, uid: str, index: int) -> Run:
    return queries.run(queries.job(request.actor, uid, "jobs.view_output"), index)


@router.get("/jobs/{uid}/results", response=Page[ResultOut], summary="Files that a job left behind")
def job_results(request: HttpRequest, uid: str):
    found = queries.job(request.actor, uid, "jobs.view_output")
    items = [ResultOut.of(each, _file_url(found.project.uid, each.item.path)) for each in results.of(found)]
    return Page(items=items, next=None)


def _file_url(project: str, path: str) -> str:
    return f"/api/v1/projects/{project}/files/{quote(path)}"


# Files


@router.get("/projects/{uid}/files", response=FolderOut, summary="The workspace's first folder")
def first_folder(request: HttpRequest, uid: str):
    return _folder(queries.project(request.actor, uid, "jobs.view_files"), "")


@router.get(
    "/projects/{uid}/files/{path:path}",
    response=FolderOut,
    summary="List a folder, or download a file",
    openapi_extra={"responses": {200: {"description": "A folder as JSON; a file as its bytes", **_BYTES}}},
)
def read_path(
    request: HttpRequest,
    uid: str,
    path: str,
    archive: bool = Query(False, description="a folder as one ZIP"),
):
    """A file honours `Range` and `If-None-Match`."""
    project = queries.project(request.actor, uid, "jobs.view_files")
    item = workspaces.look(project, path)
    if item.kind != "folder":
        return downloads.serve(request, project, path, attachment=True)
    if archive:
        return downloads.serve_zip(request, project, path)
    return _folder(project, path)


@router.put(
    "/projects/{uid}/files/{path:path}",
    response={201: FileOut},
    summary="Upload a file: the body is its bytes",
    openapi_extra={"requestBody": {"required": True, **_BYTES}},
)
def put_file(request: HttpRequest, uid: str, path: str):
    """Replaces an older file of this name, at once and whole; folders on the way are made."""
    project = queries.project(request.actor, uid, "jobs.upload_file")
    length = request.headers.get("Content-Length", "")
    expected = int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None
    incoming = workspaces.receive(project, iter(lambda: request.read(workspaces.CHUNK), b""), expected=expected)
    try:
        made = actions.upload_file(request.actor, project=project, path=path, incoming=incoming)
    finally:
        incoming.discard()
    return Status(201, FileOut.of(made))


@router.delete("/projects/{uid}/files/{path:path}", response={204: None}, summary="Delete a file or folder")
@idempotent
def delete_path(
    request: HttpRequest,
    uid: str,
    path: str,
    recursive: bool = Query(False, description="must be true for a folder that is not empty"),
):
    project = queries.project(request.actor, uid, "jobs.delete_file")
    if (
        not recursive
        and workspaces.look(project, path).kind == "folder"
        and workspaces.list_folder(project, path).items
    ):
        raise Conflict(_("This folder is not empty. Say “recursive=true” to delete everything in it."))
    actions.delete_file(request.actor, project=project, path=path)
    return 204, None


@router.post("/projects/{uid}/folders", response={201: FileOut}, summary="Make a folder")
@idempotent
def make_folder(request: HttpRequest, uid: str, body: NewFolderIn):
    project = queries.project(request.actor, uid, "jobs.make_folder")
    return 201, FileOut.of(actions.make_folder(request.actor, project=project, path=body.path))


@router.post("/projects/{uid}/renames", response=FileOut, summary="Rename or move a file or folder")
@idempotent
def rename(request: HttpRequest, uid: str, body: RenameIn):
    project = queries.project(request.actor, uid, "jobs.rename_file")
    return FileOut.of(actions.rename_file(request.actor, project=project, path=body.path, to=body.to))


def _folder(project, path: str) -> FolderOut:
    listing = workspaces.list_folder(project, path)
    return FolderOut(
        path=listing.path,
        items=[FileOut.of(item) for item in listing.items],
        more=listing.more,
        used_bytes=workspaces.used_bytes(project),
        quota_bytes=settings.WORKSPACE_QUOTA_BYTES,
    )
