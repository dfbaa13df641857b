# Words for people; `make help` lists them.  PYTHON and VENV may be set from outside.

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
SOURCES := $(shell find synthetics probes slo -type f -not -name '*.pyc' 2>/dev/null) pyproject.toml README.md
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test dev lint types unit crashes bench clean

help: ## Say what each word does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.wheel ## Show the main job end to end, in about a minute
	@$(BIN)/synthetics demo

test: lint types unit crashes ## Run every check that CI runs

dev: $(VENV)/.tools ## Install editable, for work on the code (again after new entry points)
	$(PIP) install --no-deps --editable .
	@rm -f $(VENV)/.wheel

lint: $(VENV)/.tools ## Style, unused code, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.wheel $(VENV)/.tools ## Strict types over code and tests
	$(BIN)/mypy

unit: $(VENV)/.wheel $(VENV)/.tools ## Tests, against the built wheel
	SYNTHETICS_TEST_WHEEL=1 $(BIN)/pytest

crashes: $(VENV)/.wheel $(VENV)/.tools ## Kill the service fifty times while it pages
	$(BIN)/python benchmarks/crashes.py --rounds 50

bench: $(VENV)/.wheel $(VENV)/.tools ## Measure, side by side with blackbox_exporter
	$(BIN)/python benchmarks/run.py

clean: ## Remove what was built
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found. Set PYTHON=/path/to/python3.11." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is needed (Debian: apt-get install python3-venv)." >&2; rm -rf $(VENV); exit 2; }
	@touch $@

$(VENV)/.wheel: $(VENV)/.python $(SOURCES) constraints.txt
	@echo "Building the wheel and installing it into $(VENV) ..."
	@rm -rf dist && mkdir -p dist
	@$(PIP) wheel --no-deps --wheel-dir dist .
	@$(PIP) install --constraint constraints.txt dist/*.whl
	@$(PIP) install --no-deps --force-reinstall dist/*.whl
	@touch $@

$(VENV)/.tools: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing the development tools into $(VENV) ..."
	@$(PIP) install --constraint constraints.txt '.[dev]'
	@touch $@
