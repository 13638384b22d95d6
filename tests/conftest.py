"""Fixtures for every test; the state folder is made in ``tests/early.py``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# Imported rather than named in pytest_plugins, where "fixtures" means pytest's own module.
from fixtures import *  # noqa: F403
from postgres import on_postgres, postgres_url  # noqa: F401
