# paddock: `make up` runs it, `make test` tests it, `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
DATA   ?= ./paddock-data
PORT   ?= 8000
# What `make up` installs beside the hub, to run models: `model`, with torch; `serve`, without it;
# and to show rows of Parquet: `parquet`. Nothing with `EXTRAS=`.
EXTRAS ?= model,parquet
# Where `make screenshots` puts its pictures.
OUT    ?= ./screenshots

bin := $(VENV)/bin
empty :=
extras_key := $(if $(EXTRAS),$(EXTRAS),none)
# Installing compiles these (hatch_build.py), so a change of them installs anew.
compiled := hatch_build.py src/paddock/kernels/sources.py $(wildcard src/paddock/kernels/*/*)

.PHONY: help up check test screenshots bench fuzz starter clean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

up: $(VENV)/.installed-$(extras_key)  ## install, then run the hub on http://127.0.0.1:8000 (DATA=, PORT=, EXTRAS=)
	@exec $(bin)/paddock up --data "$(DATA)" --port "$(PORT)"

check: $(VENV)/.installed-test  ## lint, format, types, import rules
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports

# Hundreds of tests start a process: what one of them has compiled, the others need not.
test: $(VENV)/.installed-test  ## install what the tests need, run all of them
	scripts/debian-packages.sh
	PYTHONDONTWRITEBYTECODE= $(bin)/pytest

screenshots: $(VENV)/.installed-test  ## a picture of every page, light and dark, three widths (OUT=)
	scripts/debian-packages.sh
	$(bin)/python -m scripts.screenshots "$(OUT)"

bench: $(VENV)/.installed-test  ## every figure of docs/benchmarks.md, measured here
	scripts/debian-packages.sh
	$(bin)/python -m benchmarks

fuzz: $(VENV)/.installed-test  ## a million mutated files, over every reader of strangers' files
	$(bin)/python -m fuzz --all --inputs 1000000

starter: $(VENV)/.installed-test  ## train the bundled starter model anew (under ten minutes)
	$(bin)/python scripts/make_starter.py

clean:  ## remove the environment and caches; your data stays
	rm -rf $(VENV) .stamps .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(bin)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "paddock needs Python 3.11 or newer; name one with PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-none: pyproject.toml $(compiled) | $(bin)/python
	@echo "installing into $(VENV), once: this takes a minute or two" >&2
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-%: pyproject.toml $(compiled) | $(bin)/python
	@echo "installing into $(VENV), once: this takes a few minutes$(if $(findstring model,$(extras_key)), (most of it PyTorch; EXTRAS=serve does without))" >&2
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@
