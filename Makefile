# Every word here does its own set-up first; run any of them first, twice, or after an interruption.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: demo test test-slow check ui setup setup-tests crash-test
.DEFAULT_GOAL := demo

demo: setup
	dvc repro
	unirain summary

# A file's tests stay in one process, which shares their fixtures. `-n auto` would count the two threads of a core as one.
test: setup-tests
	python -m pytest -q -m "not slow" -n logical --maxprocesses 4 --dist loadfile

# Two files of tests at a time, each stage in one process: two cores are busy, and no stage starts processes for nothing.
test-slow: setup-tests
	UNIRAIN_WORKERS=1 python -m pytest -q -m slow -n 2 --dist loadfile

check: setup-tests
	ruff format --check .
	ruff check .
	mypy
	lint-imports

ui: setup
	unirain ui

crash-test: setup
	python -m benchmarks.crash --kills 300

setup: $(VENV)/.ready
	@unirain prepare

setup-tests: setup $(VENV)/.ready-tests

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "unirain needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[pipeline,sample,ui]'
	touch $@

$(VENV)/.ready-tests: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
