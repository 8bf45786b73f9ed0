# Every target installs what it needs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
PAGE := bot/channels/page
CONSOLE := bot/console
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
export RASA_TELEMETRY_ENABLED := false
export PYTHONWARNINGS := ignore::DeprecationWarning
export SQLALCHEMY_SILENCE_UBER_WARNING := 1

.PHONY: help setup run test quick lint clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.complete $(PAGE)/static/page.css $(CONSOLE)/static/console.css ## install, build, migrate, train what has changed
	@$(UV) run --no-sync waymark setup

run: setup ## set everything up and start it; Ctrl-C stops it
	@exec $(UV) run --no-sync waymark run

test: setup .venv/.browser ## set up and run all tests
	@$(UV) run --no-sync ruff check .
	@$(UV) run --no-sync ruff format --check .
	@$(UV) run --no-sync lint-imports
	@$(UV) run --no-sync mypy
	@$(UV) run --no-sync pytest

quick: .venv/.complete ## unit tests only: seconds, no model, no browser
	@$(UV) run --no-sync pytest -m "not slow"

clean: ## remove what set-up made, but not the data in var/
	rm -rf .venv .tools $(PAGE)/node_modules $(PAGE)/static $(CONSOLE)/assets/node_modules $(CONSOLE)/static

.tools/bin/uv:
	@echo "Installing uv $(UV_VERSION) into .tools …"
	@command -v python3 >/dev/null || { echo "python3 is missing. Install it: apt-get install python3 python3-pip"; exit 1; }
	@PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools uv==$(UV_VERSION)

.venv/.complete: pyproject.toml uv.lock .python-version | $(filter .tools/bin/uv,$(UV))
	@deploy/find-python.sh > /dev/null
	@echo "Installing the locked Python environment (2.6 GB when it is new) …"
	@$(UV) sync --locked --compile-bytecode --python "$$(deploy/find-python.sh)"
	@touch $@

$(PAGE)/static/page.css: $(wildcard $(PAGE)/*.js $(PAGE)/*.scss $(PAGE)/*.mjs) $(PAGE)/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing. Install Node.js with npm: apt-get install nodejs npm"; exit 1; }
	@echo "Building the patient's page …"
	@cd $(PAGE) && npm ci --silent --no-audit --no-fund && npm run --silent build
	@touch $@

$(CONSOLE)/static/console.css: $(wildcard $(CONSOLE)/assets/*.js $(CONSOLE)/assets/*.scss $(CONSOLE)/assets/*.mjs) $(CONSOLE)/assets/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing. Install Node.js with npm: apt-get install nodejs npm"; exit 1; }
	@echo "Building the console …"
	@cd $(CONSOLE)/assets && npm ci --silent --no-audit --no-fund && npm run --silent build
	@touch $@

.venv/.browser: .venv/.complete
	@deploy/find-browser.sh
	@touch $@
