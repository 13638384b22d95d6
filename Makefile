# `make run` starts a demonstration centre; `make test` checks everything. Both install what they need.
SHELL := /bin/sh
PYTHON ?= python3
export PYTHON

.PHONY: help run test lint audit bench docs pictures messages format clean

help:
	@echo "make run       start a demonstration centre (AISC_PORT and AISC_STATE choose port and folder)"
	@echo "make test      run every test, with the coverage gate"
	@echo "make lint      style, imports between rooms, missing migrations and translations"
	@echo "make audit     ask the package index for known vulnerabilities of what is pinned"
	@echo "make bench     measure; figures go to docs/benchmarks.md"
	@echo "make docs      write the generated pages under docs/ again"
	@echo "make pictures  take every page as every role; contact sheets go to docs/images/pages"
	@echo "make messages  collect the texts to translate and compile them"

run:
	@sh tools/environment.sh run
	@exec .venv/bin/python -m aisc up --demo --year

test:
	@sh tools/environment.sh test
	@.venv/bin/python tools/test.py

lint:
	@sh tools/environment.sh test
	@sh tools/lint.sh

audit:
	@sh tools/environment.sh test
	@.venv/bin/python tools/audit_dependencies.py

bench:
	@sh tools/environment.sh test
	@.venv/bin/python -m bench all

docs:
	@sh tools/environment.sh test
	@.venv/bin/python tools/generated_docs.py

pictures:
	@sh tools/environment.sh test
	@.venv/bin/python tools/pictures.py

messages:
	@sh tools/environment.sh test
	@.venv/bin/python tools/messages.py

format:
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

clean:
	rm -rf .venv build dist .coverage* .pytest_cache .ruff_cache .hypothesis .import_linter_cache
