# What people and CI run. `make demo` and `make test` need nothing but Python 3.11+ with its venv module.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK := scripts/constraints.txt

# The first Python that is new enough; `make PYTHON=/path/to/python3 setup` overrides it.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)

# How many processes run the tests: one more than two cores keep busy, because tests wait. `make test WORKERS=0` runs them in one.
WORKERS ?= 3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo console console-check console-test test test-fast test-matrix coverage chaos bench check static vulnerabilities format lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-15s %s\n", $$1, $$2}'

setup: $(STAMP) ## create .venv with exactly the versions of scripts/constraints.txt

demo: ## start everything with example data and print a first query (ARGS="--members 200000")
	@scripts/demo $(ARGS)

test: ## run the tests on real servers (ARGS="-k criteria")
	@WORKERS=$(WORKERS) scripts/test $(ARGS)

test-fast: $(STAMP) ## run the tests that need no server and are not slow: less than a minute (ARGS="-k criteria")
	$(BIN)/python -m pytest -n $(WORKERS) --without-servers $(ARGS)

test-matrix: ## run the tests on PostgreSQL 15, Redis and the Pythons of this machine (ARGS="tests/engines")
	@WORKERS=$(WORKERS) scripts/test-matrix $(ARGS)

# The floor of pyproject.toml is for all tests, not for a part of them.
coverage: ## run the tests and print which lines and branches of src they do not reach
	@COVERAGE=1 WORKERS=$(WORKERS) scripts/test $(if $(ARGS),--cov-fail-under=0) $(ARGS)

chaos: $(STAMP) ## kill workers, connections and servers for minutes, and look for what is stuck or lost (ARGS="--seeds 7 8")
	$(BIN)/python -m tests.chaos $(ARGS)

bench: $(STAMP) ## measure everything beside its comparison, and write docs/benchmarks.md (ARGS="--quick"; needs npm and wrk)
	$(BIN)/python -m bench $(ARGS)

check: static test ## everything that CI runs

static: $(STAMP) ## format, lint, types, layers, schema file: all of check except the tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/seggraph schema --check

console: ## build the console into src/seggraph/console/static; needs node and npm
	cd console && npm ci --ignore-scripts --loglevel=error && npm run --silent build

# What is built must be what is committed: the same files with the same bytes.
console-check: ## build the console again, and fail if its build differs from the committed one
	@rm -rf .console-committed && cp -r src/seggraph/console/static .console-committed
	@$(MAKE) --no-print-directory console
	@diff -rq .console-committed src/seggraph/console/static \
		|| { echo "The build of the console is not what its sources give: run 'make console', and commit what it writes" >&2; exit 1; }
	@rm -rf .console-committed

console-test: $(STAMP) ## use the console in Chromium, on a demo of its own (ARGS="builder"); needs npm and chromium
	@[ -d console/node_modules ] || (cd console && npm ci --ignore-scripts --loglevel=error)
	cd console && npx playwright test $(ARGS)

vulnerabilities: ## ask an advisory database about every pinned package; a note if it cannot be reached
	@python3 scripts/vulnerabilities

format: $(STAMP) ## format the code and mend what lint can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: $(BIN)/uv ## resolve pyproject.toml again into scripts/constraints.txt (ARGS=--upgrade for newer versions)
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra embedded --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet $(ARGS) --output-file $(LOCK)

clean: ## remove .venv and caches; data of the demo stays
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/uv: | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --quiet uv

$(VENV)/pyvenv.cfg:
	@[ -n "$(PYTHON)" ] || { echo "seggraph needs Python 3.11 or newer: install it, or name it with PYTHON=" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module:" \
		"on Debian and Ubuntu run 'apt-get install python3-venv', then try again" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

# The stamp is written last: an installation that was cut off is taken up again.
$(STAMP): $(LOCK) pyproject.toml | $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src
	@touch $(STAMP)
