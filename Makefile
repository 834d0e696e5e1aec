# `make demo` shows the whole thing on this machine; `make test` runs every check. Both set up what they need.
PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3))
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: demo test lint types unit docs setup lock golden words pictures benchmark clean

demo: .venv/run-$(VERSION)
	$(BIN)/digest demo $(if $(ONCE),--once)

test: lint types unit

lint: setup
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .

types: setup
	$(BIN)/mypy

# COVERAGE=1 measures branches, in subprocesses too, and fails below 95 %; below 100 % where mail could be lost or doubled.
unit: setup
ifdef COVERAGE
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist loadgroup
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 --include='*/digest/edition/*,*/digest/store/*,*/digest/deliver/*'
else
	$(BIN)/pytest -n auto --dist loadgroup
endif

docs: .venv/docs-$(VERSION)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

golden: setup
	DIGEST_GOLDEN=1 $(BIN)/pytest -q tests/test_golden.py tests/collect/sources/test_apis.py

# New words of the templates and the code go into every catalogue, without a translation; `make test` says which lack one.
WORDS := $(BIN)/pybabel --quiet
words: setup
	$(WORDS) extract -F pyproject.toml -k say -k _say --no-location --no-wrap -o .words.pot .
	$(WORDS) update -i .words.pot -d digest/locale -D digest --no-wrap --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date
	rm .words.pot

# The pictures in docs/, of every theme, several languages and the pages; look at each of them.
pictures: setup
	$(BIN)/python -m tests.pictures

benchmark: setup
	$(BIN)/python benchmarks/render.py
	$(BIN)/python benchmarks/send.py
	$(BIN)/python benchmarks/collect.py
	$(BIN)/python benchmarks/subscriber_file.py
	$(BIN)/python benchmarks/readers.py

setup: .venv/dev-$(VERSION)

# What the demo needs is what a newsletter needs; the tools of the tests come on top of it. Another PYTHON makes it anew.
.venv/run-$(VERSION): requirements/run.txt requirements/build.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "digest needs Python 3.11 or newer")'
	$(PYTHON) -m venv --clear .venv
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --require-hashes -r requirements/build.txt
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

.venv/dev-$(VERSION): .venv/run-$(VERSION) requirements/dev.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	touch $@

.venv/docs-$(VERSION): .venv/run-$(VERSION) requirements/docs.txt
	$(PIP) --require-hashes -r requirements/docs.txt
	touch $@

# The versions that everybody installs; run it after a change of pyproject.toml.
LOCK := .venv/lock/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header
lock: setup
	$(PYTHON) -m venv .venv/lock && .venv/lock/bin/pip install --quiet uv
	$(LOCK) --upgrade pyproject.toml -o requirements/run.txt
	$(LOCK) --upgrade --extra dev pyproject.toml -o requirements/dev.txt
	printf 'mkdocs-material>=9.5\n' | $(LOCK) --upgrade -c requirements/dev.txt - -o requirements/docs.txt
	printf 'hatchling\neditables\n' | $(LOCK) -c requirements/dev.txt - -o requirements/build.txt

clean:
	rm -rf .venv .docs .mypy_cache .ruff_cache .pytest_cache .hypothesis
