# Everything needs only Python >= 3.11 and make: the first target that needs it makes .venv and installs.
#   make run                                  the main job, on the embedded model
#   make run ARGS="scenario=travel seed=3"    with other choices
#   make test | make test-slow | make check   what a change must pass
#   make fuzz                                 twenty minutes of hostile answers for the benchmark's parsers
#   make mutation                             five to thirty minutes: how many planted faults the tests catch
#   make bench                                what it costs, as a table; ARGS=--against=REV beside another revision
#   make test-data | test-train | test-ray    what ptool[data], [train] and [ray] add, each installed alone
#   make test-llm                             the pipeline on a real model (PTOOL_TEST_GGUF=FILE), opt-in
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
NOTHING_SELECTED := 5

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-data test-train test-ray test-llm bench fuzz mutation check format clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed '/^$$/q'

run: $(VENV)/.installed
	@$(BIN)/python -m ptool.run $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow and not llm" -n 2 --dist loadfile $(ARGS)

test-slow: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "slow and not alone" -n 2 --dist loadfile $(ARGS) || [ $$? = $(NOTHING_SELECTED) ]
	$(BIN)/python -m pytest -m "slow and alone" $(ARGS) || [ $$? = $(NOTHING_SELECTED) ]

test-data: $(VENV)/extra-data/.installed
	$(VENV)/extra-data/bin/python -m pytest tests/exports/test_tables.py tests/exports/test_export_folder.py -rs $(ARGS)

test-train: $(VENV)/extra-train/.installed
	$(VENV)/extra-train/bin/python -m pytest tests/training -rs $(ARGS)

test-ray: $(VENV)/extra-ray/.installed
	$(VENV)/extra-ray/bin/python -m pytest -m slow tests/acceptance/test_ray_cluster.py -rs $(ARGS)

test-llm: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[local]"
	$(BIN)/python -m pytest -m llm -rs $(ARGS)

bench: $(VENV)/.installed-dev
	@$(BIN)/python tests/performance/bench.py $(ARGS)

fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "atheris>=3,<4"
	PYTHONPATH=tests/benchmark_core $(BIN)/python tests/benchmark_core/fuzz_parse.py -max_total_time=600
	PTOOL_FUZZ_EXAMPLES=30000 $(BIN)/python -m pytest tests/benchmark_core/test_hostile.py

mutation: $(VENV)/.installed-dev
	$(BIN)/python tests/mutation/mutation.py $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/python -m pytest tests/conventions/test_layers.py tests/conventions/test_exports.py

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: $(PYTHON) is too old, Python >= 3.11 is needed: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "make: $(PYTHON) cannot make a venv; on Debian: apt install python3-venv" >&2; exit 2; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@ $(VENV)/.installed

# An extra has a venv of its own, with nothing but what runs the tests.
$(VENV)/extra-data/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[data,test]"
	@touch $@

$(VENV)/extra-ray/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[ray,test]"
	@touch $@

$(VENV)/extra-train/.installed: pyproject.toml .ci/install_train.py | $(BIN)/python
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	$(@D)/bin/python .ci/install_train.py
	@touch $@
