"""Every page and every operation of the API that the portal answers, for tests that walk them all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Page:
    """An address of the portal: the name in the table of routes, and what stands in its path by name."""

    route: str
    pattern: str
    parts: tuple[str, ...]


def _walk(resolver: Any, path: str, namespace: str, parts: tuple[str, ...] = ()):
    for each in resolver.url_patterns:
        here = path + str(each.pattern)
        named = (*parts, *(each.pattern.converters or each.pattern.regex.groupindex))
        if isinstance(each, URLResolver):
            yield from _walk(each, here, f"{namespace}{each.namespace}:" if each.namespace else namespace, named)
        elif isinstance(each, URLPattern):
            yield Page(f"{namespace}{each.name}" if each.name else f"/{here}", here, named)


@cache
def operations() -> tuple[tuple[str, str, dict[str, Any]], ...]:
    """``(method, path, description)`` of every operation in the OpenAPI document."""
    from aisc.portal.api import api

    described = api.get_openapi_schema(path_prefix="")["paths"]
    return tuple(
        (method.upper(), path, at[method]) for path, at in described.items() for method in METHODS if method in at
    )


def pages() -> list[Page]:
    """Every address but those of the API's operations, which :func:`operations` has."""
    described = {f"api/v1{path}" for _method, path, _description in operations()}
    return [page for page in _walk(get_resolver(), "", "") if _braces(page.pattern) not in described]


def _braces(pattern: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", pattern)
