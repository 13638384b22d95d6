"""What several pages of this room need."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from aisc.people.models import Project


def crumbs(*items: tuple[Any, str]) -> list[dict[str, Any]]:
    return [{"label": label, "url": url} for label, url in items]


def files_url(project: Project, path: str = "") -> str:
    return reverse("jobs:files", args=[project.uid, path] if path else [project.uid])
