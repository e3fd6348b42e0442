# Needs Python 3.11 to 3.13 with venv and pip; everything else is set up in .venv on first use.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	command -v $$p >/dev/null 2>&1 && \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && \
	echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CLIENTS := .venv-clients
MACHINES := .venv-machines
SITE := build/docs
DOCS_STAMP := $(VENV)/.docs-installed
DLT := .venv-dlt

# Compiled modules are kept, whatever the environment says: a worker that has to compile all modules
# and rewrite all asserts itself is at it for longer than for a thousand tests.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test slow clients machines dev lint docs reference screenshots drill bench bench-check charts clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^\#]*\#\# */\1\t/' | expand -t 13

demo: $(STAMP)  ## sandbox, two tenants, syncs and exports; leaves var/demo to look at
	$(BIN)/bc-pipeline demo

# A test commits to files of its own dozens of times, and nobody reads them after it: in memory,
# where there is room, that takes a twentieth of the time less.
ROOMY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "/dev/shm"}')

test: $(STAMP)  ## all but the deep tests
	$(if $(ROOMY),TMPDIR=$(ROOMY)) $(BIN)/python -m pytest -m "not slow" -n 3 --dist loadfile --no-loadscope-reorder

slow: $(STAMP) clients machines  ## the deep tests: daemons, browsers, kills, days of random changes, many examples
	BC_PIPELINE_EXAMPLES=many $(BIN)/python -m pytest -m "slow or hypothesis" -n 3 --dist loadfile --no-loadscope-reorder

clients: $(STAMP)  ## the clients that tests run against the sandbox, in an environment of their own
	$(BIN)/python -m bc_pipeline_tests.sandbox.clients.environment

machines: $(STAMP)  ## PostgreSQL, Redis and the extras for tests beyond one machine; says what is missing
	$(BIN)/python -m bc_pipeline_tests.machines.environment

dev: $(STAMP)  ## sandbox and Dagster's UI, until Ctrl-C
	$(BIN)/python -m bc_pipeline.cli.dev

lint: $(STAMP)  ## ruff, mypy, and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(DOCS_STAMP)  ## the documentation as a site, in build/docs/html; a link that leads nowhere fails
	$(BIN)/sphinx-build -q -W --keep-going -b html -c docs -d $(SITE)/doctrees . $(SITE)/html
	@echo "Open $(SITE)/html/index.html"

reference: $(STAMP)  ## writes the pages of docs/reference from the code
	$(BIN)/python -m bc_pipeline_tests.reference

screenshots: $(STAMP)  ## takes the pictures in docs/ from the running UI; needs Chromium, takes minutes
	$(BIN)/python docs/screenshots.py

drill: $(STAMP)  ## kills runs at every single request, loses every answer; more random changes; takes half an hour
	BC_PIPELINE_DRILL=all $(BIN)/python -m pytest -n 2 -v \
		bc_pipeline_tests/end_to_end/test_drill.py bc_pipeline_tests/end_to_end/test_convergence.py

bench: $(STAMP)  ## all benchmarks with their goals, half an hour; BENCH="--only read", BENCH=--small
	$(BIN)/python -m benchmarks.bench $(BENCH)

bench-check: $(STAMP)  ## benchmarks of a tenth of the size against benchmarks/baseline.json
	$(BIN)/python -m benchmarks.check

charts: $(STAMP)  ## docs/performance.md and its charts, made from benchmarks/measured.json
	$(BIN)/python -m benchmarks.charts

clean:  ## removes what these targets made; run-time files of a configured installation stay
	rm -rf $(VENV) $(CLIENTS) $(CLIENTS).lock $(DLT) $(MACHINES) $(MACHINES).lock .pytest_cache .mypy_cache .ruff_cache .hypothesis $(SITE) var/demo var/dev var/demo.lock var/dev.lock

$(STAMP): pyproject.toml setup.py
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed (set PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $(STAMP)

$(DOCS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	touch $(DOCS_STAMP)
