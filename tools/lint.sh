#!/bin/sh
# Style, arrows between rooms, migrations that were not written, texts that were not translated.
set -eu
bin=.venv/bin
"$bin/ruff" format --check --quiet .
"$bin/ruff" check --quiet .
"$bin/lint-imports" >.venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
AISC_STATE=$(mktemp -d) DJANGO_SETTINGS_MODULE=aisc.core.settings "$bin/python" -m django makemigrations --check --dry-run
"$bin/python" tools/messages.py --check
"$bin/python" tools/generated_docs.py --check
echo "lint: all good"
