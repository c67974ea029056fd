# Everything sets itself up: `make demo`, `make test`. Where make is missing, README.md has the same steps in plain commands.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: demo check test bench lint browser lock translations clean

demo: .venv/.runs
	$(BIN)/techauction --instance instance/demo demo $(ARGS)

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "techauction needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/.runs: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $@

.venv/.tests: requirements-dev.txt .venv/.runs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# The quick half: under a minute.
check: .venv/.tests lint
	$(BIN)/python -m pytest -q -n 3 --dist worksteal -m "not slow and not browser"

lint: .venv/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --check --lint --quiet templates

# Everything: what `make check` does, and PostgreSQL, races, properties at length, and a real browser.
test: .venv/.tests lint browser
	TECHAUCTION_HYPOTHESIS=full $(BIN)/python -m pytest -q -n 3 --dist worksteal

browser: .venv/.tests
	$(BIN)/python tests/browser/find.py --install

bench: .venv/.tests
	$(BIN)/techauction bench $(ARGS)

# Requirements: names, versions and hashes, for every platform and Python that we support.
lock: .venv/.tests
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra build pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra build --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

# Chinese: collect what is said in English, merge it into the catalogue, compile.
translations: .venv/.runs
	$(BIN)/pybabel -q extract -F babel.cfg --ignore-dirs='.*' -k _l --no-location --sort-output -o techauction/translations/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-pot-creation-date -l zh_Hans_CN \
	  -i techauction/translations/messages.pot -d techauction/translations
	$(BIN)/pybabel -q compile -d techauction/translations

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
