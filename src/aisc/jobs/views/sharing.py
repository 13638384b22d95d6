"""Links to files: made and taken back by the project's people, used by anybody who has one."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aisc.core import access, clock
from aisc.core.errors import AiscError, Forbidden, NotFound
from aisc.jobs import actions, content, downloads, queries, sharing, workspaces
from aisc.jobs.forms import ShareForm
from aisc.jobs.models import FileLink
from aisc.jobs.views.shared import files_url

SHOWN = 100


@require_http_methods(["GET", "POST"])
def share(request: HttpRequest, uid: str, path: str) -> HttpResponse:
    """Make a link to a file; those that there are, with how often each was used."""
    project = queries.project(request.actor, uid, "jobs.view_files")
    access.require(request.actor, "jobs.share_file", project)
    item = workspaces.look(project, path)
    if item.kind != "file":
        raise NotFound(_("There is no such file or folder in this workspace."), code="file.not_found")
    form = ShareForm(request.POST or None, initial={"days": sharing.DEFAULT_DAYS})
    if request.method == "POST" and form.is_valid():
        try:
            actions.share_file(request.actor, project=project, path=item.path, **form.cleaned_data)
        except AiscError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            messages.success(request, _("The link is made. Copy it from the table."))
            return redirect("jobs:share_file", uid, item.path)
    links = FileLink.objects.filter(project=project, path=item.path).select_related("made_by")
    now = clock.now()
    rows = [
        {
            "link": link,
            "url": settings.PUBLIC_URL.rstrip("/") + sharing.address(link),
            "works": link.revoked_at is None and link.expires_at > now,
            "may_revoke": link.revoked_at is None and access.may(request.actor, "jobs.revoke_link", link),
        }
        for link in links[:SHOWN]
    ]
    context: dict[str, Any] = {
        "project": project,
        "item": item,
        "media_type": content.sniff(workspaces.head_of(project, item.path)),
        "form": form,
        "rows": rows,
        "page_title": item.name,
        "back_url": files_url(project, item.path.rpartition("/")[0] + "/" if "/" in item.path else ""),
    }
    return render(request, "jobs/share_file.html", context, status=422 if form.errors else 200)


@require_POST
def revoke(request: HttpRequest, uid: str) -> HttpResponse:
    link = queries.link(request.actor, uid, "jobs.revoke_link")
    actions.revoke_link(request.actor, link=link)
    messages.success(request, _("The link was taken back. It no longer works for anybody."))
    return redirect("jobs:share_file", link.project.uid, link.path)


@require_safe
def shared(request: HttpRequest, uid: str, signature: str) -> HttpResponse:
    """What is behind a link, before it is fetched: programs that look at links in messages count as nobody."""
    try:
        link = sharing.find(uid, signature)
        sharing.check(link, request.actor)
        descriptor, _facts = sharing.open_version(link)
        with open(descriptor, "rb") as file:
            kind = content.sniff(file.read(content.HEAD_BYTES))
    except (NotFound, Forbidden, sharing.Gone) as error:
        return _refused(request, error)
    name = link.path.rpartition("/")[2]
    context = {
        "link": link,
        "name": name,
        "media_type": kind,
        "download_url": reverse("jobs:shared_file", args=[uid, signature, name]),
    }
    response = render(request, "jobs/shared.html", context)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def shared_file(request: HttpRequest, uid: str, signature: str, name: str) -> HttpResponseBase:
    """The file itself, always as a download: whole, or the part asked for."""
    try:
        link = sharing.find(uid, signature)
        sharing.check(link, request.actor)
        descriptor, facts = sharing.open_version(link)
    except (NotFound, Forbidden, sharing.Gone) as error:
        return _refused(request, error)
    try:
        actions.use_link(request.actor, link=link)
    except BaseException:
        os.close(descriptor)
        raise
    return downloads.serve_open(request, descriptor, facts, link.path.rpartition("/")[2], attachment=True)


def _refused(request: HttpRequest, error: AiscError) -> HttpResponse:
    return render(request, "jobs/shared_refused.html", {"error": error}, status=error.status)
