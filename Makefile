# Everything a newcomer needs is here: `make demo`, `make test`. Set-up happens by itself, once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench check fix lock contract

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup: $(STAMP) ## set up the virtual environment, once

$(STAMP): requirements-dev.lock .ci/setup
	@sh .ci/setup "$(PYTHON)" "$(VENV)" requirements-dev.lock
	@touch $@

demo: setup ## sample firms, simulated Microsoft, web site and worker on this machine
	@$(BIN)/python -m tests.demo $(ARGS)

test: setup ## the whole suite; on PostgreSQL where DATABASE_URL names one
	@$(BIN)/python -m pytest -n 2 $(ARGS)

bench: setup ## what a move costs beside other ways, and the daily sync after it; ARGS=--quick for a look
	@$(BIN)/python -m tests.bench $(ARGS)

soak: setup ## every variant of a disturbed run, twenty kills in a row, thousands of histories of the daily sync
	@$(BIN)/python -m pytest -n 2 --campaign=all tests/campaign tests/calendars/sync/test_histories.py \
	  tests/calendars/graph/test_histories.py $(ARGS)

check: setup ## lint, format, types, missing database migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run

fix: setup ## mend what lint and format can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: setup ## write the lock files anew from pyproject.toml
	@$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install -q uv
	@for part in "" "--extra dev"; do \
	  $(VENV)-lock/bin/uv pip compile pyproject.toml $$part --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header -q -o requirements$${part:+-dev}.lock || exit 1; done

-include tests/contract/contract.mk
