"""Every test run has its own state folder, made before Django reads its settings."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

_folder = tempfile.TemporaryDirectory(prefix="aisc-tests-", ignore_cleanup_errors=True)
os.environ["AISC_STATE"] = _folder.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")
sys.path.insert(0, str(Path(__file__).parent))

from aisc.core.state import state_folder

state_folder().prepare()

# Imported rather than named in pytest_plugins, where "fixtures" means pytest's own module.
from fixtures import *  # noqa: F403
from postgres import on_postgres, postgres_url  # noqa: F401
