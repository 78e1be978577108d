# Everything a developer or an operator starts with. `make` or `make help` lists it.

HOST ?= 127.0.0.1
PORT ?= 8000
SIZES ?= 1000 10000 50000
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check check-only format e2e bench crash lock setup setup-dev

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## Set up, load the sample organisation and serve on http://127.0.0.1:8000 (HOST=, PORT=)
	@tools/run "$(HOST)" "$(PORT)"

test: setup-dev ## Set up and run everything CI runs: checks, tests on SQLite and PostgreSQL, the browser
	@$(BIN)/python tools/test.py

check: setup-dev check-only ## Lint, types, the order of the rooms, templates

check-only:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint portal/templates --lint --quiet

format: setup-dev ## Put the code into its one form
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

e2e: setup-dev ## The browser journeys alone; screenshots land in build/screenshots
	$(BIN)/python -m pytest tests/browser -q

bench: setup-dev ## Measure pages, saves, the search beside other engines (SIZES="1000 10000"), many people at once
	@$(BIN)/python tools/bench_pages.py
	@$(BIN)/python tools/bench_save.py
	@$(BIN)/python tools/bench_search.py --sizes $(SIZES)
	@$(BIN)/python tools/bench_server.py

crash: setup-dev ## Save articles while the portal's processes are killed 60 times; nothing may be lost
	@$(BIN)/python tools/crash_test.py

lock: setup-dev ## Choose the newest versions of all libraries and write both locks with hashes
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -o requirements.txt requirements.in
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-emit-find-links -c requirements.txt -o requirements-dev.txt requirements-dev.in

setup:
	@tools/setup runtime

setup-dev:
	@tools/setup dev
