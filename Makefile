# Two commands matter: `make run` and `make test`. Both set up what they need: Python 3.11 and a package registry suffice.
PYTHON ?= python3.11
BIN := .venv/bin
export GLIFE_HOME ?= $(CURDIR)/.glife
PERSONS ?= 2000
JOBS ?= 2

.PHONY: help setup run sample test test-slow lint format airflow docs lock clean

help: ## what there is to do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.ready ## the environment, exactly as locked

.venv/.ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -E '^uv==' requirements.lock | cut -d' ' -f1)"
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

sample: setup ## sample deliveries into the landing folder, unless something is there
	@test -d "$(GLIFE_HOME)/landing" || $(BIN)/glife sample --persons $(PERSONS) --out "$(GLIFE_HOME)/landing" --keys "$(GLIFE_HOME)/keys"

run: sample ## the daily job on the deliveries in the landing folder
	GLIFE_QUIET_SECONDS=0 $(BIN)/glife run
	@echo "Look around: $(BIN)/glife status; $(BIN)/glife query 'select tier_name, count(*) from customer_tier group by all'"

test: setup ## the tests, two side by side (JOBS=1: one after the other)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder

test-slow: setup ## proofs that take longer
	$(BIN)/python -m pytest -m slow

lint: setup ## style and types, Python and SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd dbt_project && ../$(BIN)/sqlfluff lint --processes 2 models tests

format: setup ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

airflow: setup ## the Airflow page and scheduler on http://127.0.0.1:8080 (stop with Ctrl-C)
	$(BIN)/python -m warehouse.airflow_home

lock: setup ## resolve the versions anew
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --all-extras --python-version 3.11 pyproject.toml -o requirements.lock

clean: ## remove everything that was made, the lake too
	rm -rf .venv .glife
