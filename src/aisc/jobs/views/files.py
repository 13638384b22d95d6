"""A project's files: folders, uploads, previews, downloads."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aisc.core import access
from aisc.core.errors import AiscError, BadInput
from aisc.jobs import actions, archives, content, downloads, queries, workspaces
from aisc.jobs.forms import NewFolderForm, RenameForm, UnpackForm, UploadForm
from aisc.jobs.incoming import Arrived, ToWorkspace
from aisc.jobs.specification import read_path
from aisc.jobs.views.shared import crumbs, files_url
from aisc.people import panels
from aisc.people.models import Project

PICTURES = 24  # shown of a folder


@require_safe
def files(request: HttpRequest, uid: str, path: str = "") -> HttpResponseBase:
    """A folder as a page; a file as itself, safe to open (``?download`` to save it, ``?zip`` for a whole folder).

    A file keeps the address that it has in the workspace, so that a report finds the pictures beside it.
    """
    project = queries.project(request.actor, uid, "jobs.view_files")
    item = workspaces.look(project, path)
    if item.kind != "folder":
        return downloads.serve(request, project, read_path(path), attachment="download" in request.GET)
    if "zip" in request.GET:
        return downloads.serve_zip(request, project, path)
    if path and not path.endswith("/"):
        # With the slash, what is relative in the page is relative to the folder.
        return redirect(files_url(project, f"{read_path(path)}/"))
    return folder(request, project, read_path(path))


def folder(request: HttpRequest, project: Project, path: str, *, status: int = 200, **forms: Any) -> HttpResponse:
    listing = workspaces.list_folder(project, path)
    used = workspaces.used_bytes(project)
    rows = [
        {
            "item": item,
            "url": files_url(project, item.path + ("/" if item.kind == "folder" else "")) if item.opens else "",
            "inline": item.kind == "file" and downloads.is_inline(item.name),
            "picture": item.kind == "file" and downloads.media_type(item.name).startswith("image/"),
        }
        for item in listing.items
    ]
    context = {
        "project": project,
        "path": path,
        "here": files_url(project, f"{path}/" if path else ""),
        "listing": listing,
        "rows": rows,
        "pictures": [row for row in rows if row["picture"]][:PICTURES],
        "used": used,
        "quota": settings.WORKSPACE_QUOTA_BYTES,
        "most_bytes": settings.MAX_UPLOAD_BYTES,
        "may_write": access.may(request.actor, "jobs.upload_file", project),
        "may_share": access.may(request.actor, "jobs.share_file", project),
        "tabs": panels.tabs(request.actor, project, "files"),
        "crumbs": _crumbs(project, path),
        "upload_form": UploadForm(),
        "folder_form": NewFolderForm(),
    }
    return render(request, "jobs/files.html", context | forms, status=status)


def _crumbs(project: Project, path: str) -> list[dict[str, Any]]:
    parts = path.split("/") if path else []
    steps = [(_("Files"), files_url(project))]
    steps += [(part, files_url(project, "/".join(parts[: n + 1]) + "/")) for n, part in enumerate(parts)]
    return crumbs((project.name, reverse("people:project", args=[project.uid])), *steps)


@csrf_exempt  # the token is looked at in _upload, once the files know where to go
@require_POST
def upload(request: HttpRequest, uid: str) -> HttpResponse:
    """Several files at once into one folder. Each is stored whole or not at all, and it is said which were.

    Who may not upload is refused before a byte is read; what arrives goes to the workspaces' own disk.
    """
    project = queries.project(request.actor, uid, "jobs.upload_file")
    handler = ToWorkspace(request, project)
    request.upload_handlers = [handler]
    try:
        return _upload(request, project, handler)
    finally:
        handler.discard()


@csrf_protect
def _upload(request: HttpRequest, project: Project, handler: ToWorkspace) -> HttpResponse:
    path = read_path(request.POST.get("folder", ""))
    form = UploadForm()
    if not handler.arrived:
        form = UploadForm({}, {})
        form.errors["files"] = form.error_class([_("Choose one or more files.")])
        return folder(request, project, path, status=422, upload_form=form)
    stored, problems = [], []
    for each in handler.arrived:
        try:
            stored.append(_store(request, project, path, each).name)
        except AiscError as error:
            problems.append(f"{each.name}: {error.message}")
    if stored:
        count = len(stored)
        text = ngettext("“%(name)s” is uploaded.", "%(count)d files are uploaded.", count)
        messages.success(request, text % {"name": stored[0], "count": count})
    for problem in problems:
        messages.error(request, problem)
    return redirect(files_url(project, f"{path}/" if path else ""))


def _store(request: HttpRequest, project: Project, path: str, file: Arrived) -> workspaces.Item:
    if file.problem is not None:
        raise file.problem
    target = read_path(f"{path}/{file.name}" if path else str(file.name), new=True)
    return actions.upload_file(request.actor, project=project, path=target, incoming=file.incoming)


@require_POST
def unpack(request: HttpRequest, uid: str, path: str) -> HttpResponse:
    """Unpack an archive into a new folder beside it."""
    project = queries.project(request.actor, uid, "jobs.unpack_file")
    item = workspaces.look(project, path)
    form = UnpackForm(request.POST)
    if not form.is_valid():
        return _change(request, project, item, unpack_form=form)
    try:
        to = read_path(form.cleaned_data["to"], "to", new=True)
        unpacked = archives.unpack(project, item.path)
        try:
            made = actions.unpack_file(request.actor, project=project, path=item.path, to=to, unpacked=unpacked)
        finally:
            unpacked.discard()
    except AiscError as error:
        form.add_error("to", str(error.message))
        return _change(request, project, item, unpack_form=form)
    count = unpacked.files
    text = ngettext("%(count)d file was unpacked.", "%(count)d files were unpacked.", count)
    messages.success(request, text % {"count": count})
    return redirect(files_url(project, f"{made.path}/"))


@require_POST
def make_folder(request: HttpRequest, uid: str) -> HttpResponse:
    project = queries.project(request.actor, uid, "jobs.make_folder")
    path = read_path(request.POST.get("folder", ""))
    form = NewFolderForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            made = actions.make_folder(request.actor, project=project, path=f"{path}/{name}" if path else name)
        except AiscError as error:
            form.add_error("name", str(error.message))
        else:
            return redirect(files_url(project, f"{made.path}/"))
    return folder(request, project, path, status=422, folder_form=form)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, uid: str, path: str) -> HttpResponse:
    """One file or folder: rename, move, delete."""
    project = queries.project(request.actor, uid, "jobs.rename_file")
    item = workspaces.look(project, path)
    form = RenameForm(request.POST or None, initial={"to": item.path})
    if request.method == "POST" and form.is_valid():
        try:
            moved = actions.rename_file(request.actor, project=project, path=item.path, to=form.cleaned_data["to"])
        except AiscError as error:
            form.add_error("to", str(error.message))
        else:
            messages.success(request, _("It is called “%(name)s” now.") % {"name": moved.path})
            return redirect(_parent(project, moved.path))
    return _change(request, project, item, form=form)


def _change(
    request: HttpRequest,
    project: Project,
    item: workspaces.Item,
    *,
    form: RenameForm | None = None,
    unpack_form: UnpackForm | None = None,
) -> HttpResponse:
    is_file = item.kind == "file"
    archive = is_file and archives.is_archive(item.name)
    wrong = bool((form and form.errors) or (unpack_form and unpack_form.errors))
    context = {
        "project": project,
        "item": item,
        "form": form or RenameForm(initial={"to": item.path}),
        "unpack_form": (unpack_form or UnpackForm(initial={"to": archives.folder_for(item.path)})) if archive else None,
        "media_type": content.sniff(workspaces.head_of(project, item.path)) if is_file else "",
        "page_title": item.name,
        "back_url": _parent(project, item.path),
        "inside": _count(project, item),
    }
    return render(request, "jobs/change_file.html", context, status=422 if wrong else 200)


def _count(project: Project, item: workspaces.Item) -> int:
    """How many files a folder has, to say what deleting it means; counted up to a limit."""
    if item.kind != "folder":
        return 0
    return sum(1 for _each, _n in zip(workspaces.walk(project, item.path), range(workspaces.MAX_LISTED), strict=False))


def _parent(project: Project, path: str) -> str:
    head = path.rpartition("/")[0]
    return files_url(project, f"{head}/" if head else "")


@require_POST
def delete(request: HttpRequest, uid: str, path: str) -> HttpResponse:
    """Delete a file; a folder only when its name was typed."""
    project = queries.project(request.actor, uid, "jobs.delete_file")
    item = workspaces.look(project, path)
    back = _parent(project, item.path)
    try:
        if item.kind == "folder" and request.POST.get("confirm_name", "").strip() != item.name:
            raise BadInput(_("Type the folder's name exactly to delete it with everything in it."))
        actions.delete_file(request.actor, project=project, path=item.path)
    except AiscError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("“%(name)s” is deleted.") % {"name": item.name})
    return redirect(back)
