"""What a job left behind: everything in its results folder, and what its output patterns name elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from aisc.jobs import templates, workspaces
from aisc.jobs.downloads import IMAGES, media_type
from aisc.jobs.library import TemplateError, load_templates
from aisc.jobs.models import Job
from aisc.jobs.workspaces import Item

MOST = 200


@dataclass(frozen=True)
class Result:
    """A file, and what the template calls it; ``main`` is the one to open first."""

    item: Item
    label: str = ""
    main: bool = False

    @property
    def name(self) -> str:
        return self.label or self.item.name

    @property
    def is_image(self) -> bool:
        return PurePosixPath(self.item.name).suffix.lower() in IMAGES

    @property
    def media_type(self) -> str:
        return media_type(self.item.name)


def of(job: Job) -> list[Result]:
    """The results of a job, those a template names first and in its order, at most ``MOST``."""
    folder = templates.results_folder(job.uid)
    patterns = list(dict.fromkeys([*job.outputs, f"{folder}/**"]))
    named = _named(job)
    found = []
    for item in workspaces.matching(job.project, patterns, MOST):
        label, main = next((about for pattern, *about in named if _is(item.path, pattern)), ("", False))
        found.append(Result(item, label, main))
    return found


def _named(job: Job) -> list[tuple[str, str, bool]]:
    template = load_templates().get(job.template)
    if template is None:
        return []
    try:
        outputs = template.outputs_for(templates.filled(template, job.uid, job.parameters))
    except TemplateError:  # a newer version of the template no longer takes what was given then
        return []
    return [(each.glob, each.label_in(templates.language()), each.main) for each in outputs]


def _is(path: str, pattern: str) -> bool:
    return PurePosixPath(path).match(pattern) and path.count("/") == pattern.count("/")
