"""What several pages of this room need."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from aisc.people.models import Project

ROWS = 50


def page_of(request: HttpRequest, rows: QuerySet, *, size: int = ROWS) -> Page:
    """The page that the address asks for; the nearest one when it asks for nonsense."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def crumbs(*items: tuple[Any, str]) -> list[dict[str, Any]]:
    return [{"label": label, "url": url} for label, url in items]


def files_url(project: Project, path: str = "") -> str:
    return reverse("jobs:files", args=[project.uid, path] if path else [project.uid])
