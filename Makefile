# make run    the main job on the embedded model          make test   lint, types, import order, tests
# make docs   build docs/_build/html                      make claims [ID=…]  measure one claim again, or render all
# Choose another interpreter with PYTHON=python3.12. The tests run one process a core, each of one thread.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
ARGS ?=

.PHONY: setup run test test-slow test-petri docs claims clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else f"caseback needs Python 3.11 to 3.13, and $(PYTHON) is {v[0]}.{v[1]}: try make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV): torch and what stands on it, a minute or two …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,docs,examples,inspect]'
	@touch $(STAMP)

run: setup
	@$(BIN)/caseback run $(ARGS)
	@test -n "$(ARGS)" || $(BIN)/python examples/watched_elsewhere.py

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -m 'not slow' --numprocesses auto --dist loadfile $(ARGS)

test-slow: setup
	$(BIN)/pytest -m slow $(ARGS)

# Petri needs Python 3.12 and an environment of its own: make test-petri, or make PYTHON=… test-petri
test-petri:
	@benchmarks/make_petri_env.sh .cache/envs/petri
	OMP_NUM_THREADS=1 .cache/envs/petri/bin/python -m pytest tests/audit/inspect/test_petri.py tests/audit/inspect/test_petri_turns.py $(ARGS)

docs: setup
	$(BIN)/sphinx-build -q -W --keep-going docs docs/_build/html

claims: setup
ifdef ID
	$(BIN)/caseback claims measure $(ID)
endif
	$(BIN)/caseback claims render

clean:
	rm -rf $(VENV) docs/_build build dist
