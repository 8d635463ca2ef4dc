# Everything on a fresh machine: `make run` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export LOTSE_VAR ?= $(CURDIR)/var
export RASA_TELEMETRY_ENABLED := false
unexport PYTHONDONTWRITEBYTECODE
PYTEST := .venv/bin/pytest
TWO_AT_ONCE := -n 2 --dist worksteal

.PHONY: help setup environments knowledge model run test test-quick lint bench test-tools elsewhere widget screenshots

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: model ## all that is needed: both environments, the demo knowledge, a trained model

environments: ## both environments, from uv.lock
	@deploy/setup/environments.sh

knowledge: environments ## the demo knowledge in the database
	@test -f "$(LOTSE_VAR)/release.json" -a \( -n "$$LOTSE_DATABASE_URL" -o -f "$(LOTSE_VAR)/lotse.db" \) -a -z "$$(find knowledge/seed nlu_data/anliegen -newer "$(LOTSE_VAR)/release.json" -print -quit 2> /dev/null)" \
	  || .venv/bin/lotse import seed

model: knowledge ## a trained model, if there is none
	@compgen -G "models/*.tar.gz" > /dev/null || .venv/bin/lotse train

run: model ## serve on http://127.0.0.1:8080/ until Ctrl-C
	@exec .venv/bin/lotse serve

test-tools: environments
	@deploy/setup/test-tools.sh

test: lint model test-tools ## everything: quick tests, PostgreSQL, a trained worker, Chromium
	$(PYTEST) $(TWO_AT_ONCE)
	.venv-rasa/bin/python -m pytest -c tests/worker_env/pytest.ini tests/worker_env
	$(PYTEST) tests/worker tests/e2e

test-quick: environments ## without Rasa and browser, in under a minute
	$(PYTEST) $(TWO_AT_ONCE) -m "not slow" --ignore=tests/integration/test_postgresql.py

lint: environments ## ruff and mypy
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy bot knowledge actions

bench: model ## measure, and compare with stock Rasa; prints what docs/benchmarks.md holds
	.venv/bin/lotse bench
	.venv/bin/lotse bench --understanding --train

elsewhere: knowledge ## learn anew from nlu_data/anderswo.jsonl when a place outside is where a matter belongs
	.venv-rasa/bin/python -m bot.worker.elsewhere --release "$(LOTSE_VAR)/release.json"

widget: environments ## the web widget as one file in var/widget, and the lines to put into a site
	.venv/bin/lotse widget --out "$(LOTSE_VAR)/widget"

screenshots: test-tools ## pictures of the chat in its states, into docs/screenshots
	LOTSE_SCREENSHOTS="$(CURDIR)/docs/screenshots" $(PYTEST) tests/e2e/screenshots.py
