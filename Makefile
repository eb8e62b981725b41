# `make demo` trains a digit classifier, `make test` runs all tests; both set up by themselves.
SHELL := /bin/bash
VENV ?= .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.ready
WORKERS ?= 2
DATA ?=

# the first interpreter of 3.11 or later that starts (a pyenv shim may exist and not start)
FIND_PYTHON = for p in $$PYTHON python3.11 python3.12 python3.13 python3.14 python3 python; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done

.PHONY: help setup demo test lint api bench coverage clean

help:
	@echo "make demo [DATA=folder]  train the digit classifier (DATA: the four MNIST files)"
	@echo "make test                run all tests"
	@echo "make lint                ruff, pyright, import layers, size budget, generated files"
	@echo "make api                 write the public modules from the definitions' names"
	@echo "make coverage            write docs/coverage.md"
	@echo "make bench               compare speeds with other frameworks"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@python=$$($(FIND_PYTHON)); \
	[ -n "$$python" ] || { echo "Rekindle needs Python 3.11 or later; none found (set PYTHON=...)" >&2; exit 1; }; \
	[ -x $(PY) ] || { echo "setup: $$($$python --version) in $(VENV)"; "$$python" -m venv $(VENV); }
	@echo "setup: installing (the first time takes some minutes)"
	@$(PY) -m pip install -q -c constraints.txt -e '.[test]'
	@$(PY) -m compileall -q rekindle
	@touch $@

demo: setup
	@$(PY) -m rekindle run examples/mnist_deep.py $(if $(DATA),--data_dir "$(DATA)")

test: setup
	$(PY) -m pytest -q -n $(WORKERS) $(ARGS)

lint: setup
	$(PY) -m ruff check .
	$(PY) -m pyright --pythonpath $(PY)
	$(PY) tools/layers.py
	$(PY) tools/budget.py
	$(PY) tools/make_api.py --check

api: setup
	$(PY) tools/make_api.py

coverage: setup
	$(PY) tools/op_coverage.py

bench: setup
	$(PY) bench/run.py $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache
