"""The API: every room's router under ``/api/v1``."""

from __future__ import annotations

from ninja import NinjaAPI

from aisc.core import problem

api = NinjaAPI(title="AISC", version="1.0.0", urls_namespace="api-v1")
problem.install(api)
