# Everything that is done with Ringpost from a clone: `make` lists it.

PYTHON ?= python3
CONFIG ?= config
UV ?= uv
BIN := .venv/bin
TEST_TOOLS := $(or $(RINGPOST_TEST_TOOLS),.ringpost/test-tools)
BROWSER_TOOLS := $(dir $(TEST_TOOLS))browser-tools
SOFTPHONE_TOOLS := $(dir $(TEST_TOOLS))softphone-tools
TOOLS := $(or $(RINGPOST_TOOLS),.ringpost/tools)
# So many files at a time, each with an Asterisk and a PostgreSQL of its own.
PYTEST := $(BIN)/python -m pytest -n $(or $(WORKERS),2) --dist loadfile
export WORKERS

.DEFAULT_GOAL := help
.PHONY: help run check test coverage unit integration acceptance adversity soak lint format fuzz attack bench bench-amd bench-speech docs quick quick-tests wheel lock clean venv venv-dev tools test-tools browser browser-tools browser-library softphone-tools screenshots messages

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: venv ## everything on this machine, on the configuration in CONFIG=config, until Ctrl-C; VOICES=no: without neural voices
	@$(if $(filter no,$(VOICES)),,$(BIN)/ringpost voices install --if-it-fits --config $(CONFIG))
	@$(BIN)/python -m controller.embedded.browser_library --optional
	@$(BIN)/ringpost run --config $(CONFIG)

check: venv ## look for mistakes in CONFIG=config
	@$(BIN)/ringpost check $(CONFIG)

test: venv-dev ## every test: unit, integration, acceptance, adversity; and what they took of the rooms that would lose calls
	@$(BIN)/python -m tests.support.every_test

coverage: venv-dev test-tools ## what the unit and integration tests take of each room
	@$(PYTEST) --cov --cov-report= tests/unit tests/integration; status=$$?; $(BIN)/python -m tests.support.coverage_by_room && exit $$status

quick: venv-dev ## the linters, and beside them the unit tests but for those that take seconds each
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint quick-tests

quick-tests: venv-dev
	@$(PYTEST) -q tests/unit -m "not thorough"

unit: venv-dev ## the tests without I/O
	@$(PYTEST) tests/unit

integration: venv-dev test-tools ## the tests on a real PostgreSQL and a scripted Asterisk
	@$(PYTEST) tests/integration

browser: venv-dev tools browser-tools browser-library ## the tests of the console in a real browser
	@$(PYTEST) tests/browser

screenshots: venv-dev browser-tools browser-library ## pictures of the console's pages, into docs/images
	@$(BIN)/python -m tests.support.screenshots

messages: venv-dev ## the catalogues of the console, brought up to its templates and code
	@$(BIN)/python -m tests.support.messages

acceptance: venv-dev tools ## the tests on a real Asterisk, with real calls
	@$(PYTEST) tests/acceptance

adversity: venv-dev tools ## the tests that kill, cut and stall
	@$(PYTEST) tests/adversity

soak: venv-dev tools ## the patient tests at their full time: many kills, a minute without a controller, 10,000 calls metered, 10,000 placed
	@RINGPOST_SOAK=1 $(BIN)/python -m pytest --timeout 900 tests/adversity/test_many_kills.py tests/adversity/test_transfer_adopted.py tests/adversity/test_usage_agrees.py tests/adversity/test_paced_calls.py

lint: venv-dev ## ruff, mypy, import-linter
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: venv-dev ## rewrite the code as ruff wants it
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

fuzz: venv-dev ## every property on all its examples, and a hundred thousand hostile requests at each of the customers' interfaces
	@RINGPOST_THOROUGH=1 $(PYTEST) tests/unit tests/integration -m hypothesis
	@$(BIN)/python -m tests.fuzz

attack: venv-dev ## hostile inputs at every door, counted (docs/security.md)
	@$(BIN)/python -m tests.fuzz.attack

bench-amd: venv-dev tools ## measure answering-machine detection: 248 answers over real RTP
	@$(BIN)/python -m tests.bench.bench_amd --picture docs/pictures/answers.svg

bench-speech: venv-dev tools ## measure the speech engines: word errors over a telephone, CPU, time, memory
	@$(BIN)/python -m tests.bench.bench_speech

bench: venv-dev tools ## measure the budgets, each beside bare Asterisk
	@$(BIN)/python -m tests.bench

docs: venv-dev ## write the tables of rooms in docs/architecture.md anew
	@$(BIN)/python -m tests.support.room_tables

wheel: venv browser-library ## dist/ringpost-….whl, for pip install
	@rm -rf build
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: ## write the hash-locked requirements anew (UV="python -m uv" if uv is not a program)
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --extra embedded \
		--output-file requirements.lock pyproject.toml requirements-build.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --extra embedded --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml requirements-build.in

clean: ## remove everything that was made here, stored calls included
	@if [ -L .ringpost/postgres ]; then rm -rf "$$(dirname "$$(readlink -f .ringpost/postgres)")"; fi
	@rm -rf controller/api/console/static/jssip.js .venv .venv.lock .ringpost build dist .coverage* *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +

venv:
	@$(PYTHON) controller/embedded/bootstrap.py

venv-dev:
	@$(PYTHON) controller/embedded/bootstrap.py --dev

tools: venv-dev
	@$(BIN)/python -m controller.embedded $(TOOLS)

# PHP, as a SOAP client of another stack.
test-tools: venv-dev
	@$(BIN)/python -m controller.embedded $(TEST_TOOLS) php-cli php-soap

# A browser, for the tests of the console.
browser-tools: venv-dev
	@$(BIN)/python -m controller.embedded $(BROWSER_TOOLS) chromium-headless-shell

# The SIP library of the console's telephone, of packages from npm; `make run` does without where npm is missing.
browser-library: venv
	@$(BIN)/python -m controller.embedded.browser_library

# baresip, as a telephone of another stack.
softphone-tools: venv-dev
	@$(BIN)/python -m controller.embedded $(SOFTPHONE_TOOLS) baresip-core
