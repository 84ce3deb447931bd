# The workshop. `make demo` and `make test` work on a fresh machine with Python 3.11 or newer and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# With CI set, a test that was left out for whatever reason is a failure.
PYTEST_FLAGS := -n 3 --dist worksteal $(if $(CI),--no-skips)

.PHONY: help demo demo-reset test check bench soak rehearse rehearse-small lock browser
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

demo: $(VENV)/installed-run ## the whole bot with one invented participant, on this machine only; Ctrl-C stops it
	$(BIN)/python -m bot demo

demo-reset: $(VENV)/installed-run ## forget the demonstration's data and start over
	$(BIN)/python -m bot demo --reset

test: $(VENV)/installed-dev browser ## every test: PostgreSQL, Bot API over loopback, Chromium
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

check: $(VENV)/installed-dev ## style, types, who may know whom, definitions and catalogues
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bot check

bench: $(VENV)/installed-dev ## what is measured against a peer or a floor, each printing a ratio; writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

soak: $(VENV)/installed-dev ## two processes under load for half an hour, the database restarted in the middle (MINUTES=3)
	$(BIN)/python -m benchmarks.soak --minutes $(MINUTES)
MINUTES := 30

rehearse: $(VENV)/installed-run ## a study year of 200 people played ahead of time with every fault; takes hours
	@mkdir -p build
	$(BIN)/python -m bot rehearse --participants 200 --days 364 --seed 7 --faults all --workers $(WORKERS) \
		--html build/rehearsal.html --json build/rehearsal.json

rehearse-small: $(VENV)/installed-dev ## three cycles of 60 people with every fault, a clock change, and real processes; takes minutes
	@mkdir -p build
	$(BIN)/python -m bot rehearse --participants 60 --days 84 --seed 7 --faults all --workers $(WORKERS) \
		--require-all --html build/rehearsal-small.html --json build/rehearsal-small.json
	$(BIN)/python -m bot rehearse --participants 12 --days 28 --seed 7 --faults all --tz Europe/Berlin \
		--html build/rehearsal-berlin.html --json build/rehearsal-berlin.json
	$(BIN)/python -m bot rehearse --real --participants 40 --minutes 3 --workers 2 --seed 7 --require-all \
		--log build/rehearsal-real --html build/rehearsal-real.html --json build/rehearsal-real.json
WORKERS := $(shell getconf _NPROCESSORS_ONLN)

lock: $(VENV)/installed-dev ## resolve the dependencies anew, for all platforms, with hashes
	$(BIN)/uv pip compile --upgrade --quiet $(LOCK) --extra build -o requirements.lock
	$(BIN)/uv pip compile --upgrade --quiet $(LOCK) --extra build --extra real --extra dev --extra bench -c requirements.lock -o requirements-dev.lock
LOCK := pyproject.toml --universal --generate-hashes --no-header --python-version 3.11

# The stamps: what is installed is what the lock said when the stamp was made.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Suiyao needs Python 3.11 or newer (make PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed-run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-index --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-index --no-deps --no-build-isolation -e .
	@touch $@

# Chromium and a Chinese font (without one Chinese is drawn as boxes): Debian's for root, its headless build where there is
# one (a third less work for a page), else Playwright's own, else one line; the tests then say themselves what did not run.
browser: $(VENV)/installed-dev
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] \
			&& ! { command -v chromium-headless-shell && dpkg -s fonts-wqy-zenhei; } >/dev/null 2>&1; then \
		export DEBIAN_FRONTEND=noninteractive; apt-get update -qq; \
		for which in chromium-headless-shell chromium; do \
			apt-get install -y -qq --no-install-recommends $$which fonts-wqy-zenhei >/dev/null && break; \
		done || true; \
	fi
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do command -v $$name && exit; done >/dev/null \
		|| $(BIN)/python -m playwright install chromium >/dev/null 2>&1 \
		|| echo "NO BROWSER: neither Debian's Chromium nor Playwright's own could be installed"
