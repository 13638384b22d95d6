"""Loaded before Django reads its settings: every test process has a state folder of its own."""

from __future__ import annotations

import os
import tempfile

_folder = tempfile.TemporaryDirectory(prefix="aisc-tests-", ignore_cleanup_errors=True)
os.environ["AISC_STATE"] = _folder.name

from aisc.core.state import state_folder

state_folder().prepare()
