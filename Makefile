# Everything is installed into .venv and node_modules; nothing else on the machine is touched, except in CI (setup).
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PORT TIME_SCALE SETTINGS INSTANCES RECORD
# Older makes, such as that of macOS, mix the lines of what runs side by side.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: demo up down test unit quick workflow observed people fault-report histories known-faults fuzz load classify aws-check smoke check docs lock vulnerabilities bench help setup

## demo: the local cloud, and one operation on it from request to audit record (RECORD=1: the whole records)
demo: setup
	@python -m local demo

## up: the local cloud with the service deployed, in the background (PORT=4566 TIME_SCALE=1 SETTINGS=settings/local.json)
up: setup
	@python -m local up

## down: stop it
down:
	@[ ! -x .venv/bin/python ] || python -m local down

## test: all there is to check, as CI does
# Four parts side by side: the first computes, the others mostly wait. What none of them has tested is said last.
test: setup
	@$(MAKE) -j 4 $(SYNC) quick workflow observed people
	@python -m tests.left_out .local/quick.xml .local/workflow.xml .local/observed.xml .local/people.xml

## unit: the tests of the rules and of the functions alone, on all cores
unit: setup
	python -m pytest -q -n auto tests/unit tests/functions

quick: check
	python -m pytest tests/unit tests/cli tests/functions tests/infrastructure tests/local tests/local_commands tests/simulation --junitxml=.local/quick.xml

OBSERVED = tests/workflow/records tests/workflow/observability tests/workflow/faults

workflow:
	python -m pytest tests/workflow $(OBSERVED:%=--ignore=%) --junitxml=.local/workflow.xml

observed:
	python -m pytest $(OBSERVED) --junitxml=.local/observed.xml

people:
	python -m pytest tests/people --junitxml=.local/people.xml

## fault-report: every injected fault, and the table of what came of it
fault-report: setup
	@python -m tests.workflow.faults

## histories: random histories of the real code on a simulated AWS, on all cores (HISTORIES=1000 SEED=1)
histories: setup
	@HISTORIES=$(or $(HISTORIES),1000) SEED=$(or $(SEED),1) python -W ignore -m tests.simulation

## known-faults: faults put back, one by one, and how soon the histories find each (HISTORIES=10000 SEED=1; KEEP=1 keeps the history that does, shrunk)
known-faults: setup
	@HISTORIES=$(or $(HISTORIES),10000) SEED=$(or $(SEED),1) KEEP=$(KEEP) python -m tests.simulation.faults

## fuzz: requests made from docs/openapi.json to a local cloud of its own (FUZZ_REQUESTS=2000 SEED=1)
fuzz: setup
	@FUZZ_REQUESTS=$(or $(FUZZ_REQUESTS),2000) SEED=$(or $(SEED),1) python -m tests.fuzz

## load: many operations at once on a local cloud of its own (OPERATIONS=200 INSTANCES=50 CLIENTS=20)
load: setup
	@OPERATIONS=$(or $(OPERATIONS),200) INSTANCES=$(or $(INSTANCES),50) CLIENTS=$(or $(CLIENTS),20) python -m tests.load

## classify: what the gate makes of an estate, without asking AWS (SETTINGS=settings/mine.json INSTANCES=instances.json or .csv)
classify: setup
	@python -m tools.classify "$$SETTINGS" "$$INSTANCES"

## aws-check: before a deployment, what would make it fail, and the command that mends it; changes nothing (SETTINGS=settings/mine.json)
aws-check: setup
	@python -m tools.aws_check "$(or $(SETTINGS),settings/default.json)"

## smoke: after a deployment, what must be refused is refused and on record; changes no database (PRODUCTION=<instance> TOKEN=<identity token>)
smoke: setup
	@PRODUCTION=$(PRODUCTION) TOKEN=$(TOKEN) python -m tools.smoke

## docs: the tables that follow from the code, in README.md and docs, and from the lock files, in docs/licences.md
docs: setup
	@python -m tools.document_tables && python -m tools.cost && python -m tools.licences && git diff --stat README.md docs

## lock: requirements.lock, local/*.lock and package-lock.json, with hashes, from the pins (UPGRADE=--upgrade: what is not pinned, anew)
lock: .venv/bin/uv
	@for pins in requirements local/installer local/node local/browser; do \
	  uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes \
	    --custom-compile-command "make lock" $$pins.txt --output-file $$pins.lock || exit; \
	done
	@npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error

## vulnerabilities: known vulnerabilities of what is locked. Asks PyPI and npm, and fails where it gets no answer: not part of `make test`
vulnerabilities: setup
	@uv tool run pip-audit==2.10.1 --strict --disable-pip --require-hashes -r local/installer.lock -r requirements.lock -r local/node.lock
	@npm audit

# Not `setup`: pins that have changed do not fit the locks yet.
.venv/bin/uv:
	@$(MAKE) setup

lock vulnerabilities: export UV_CACHE_DIR = $(CURDIR)/.local/uv

check: setup
	ruff check .
	ruff format --check .
	mypy app.py cli/rds_ops stacks functions local tools tests
	@mkdir -p .local
	node_modules/.bin/openapi-typescript docs/openapi.json --output .local/console-types.d.ts >.local/console-types.log 2>&1
	node_modules/.bin/tsc --project console

## setup: what all of these need, into .venv and node_modules; in CI, Apache Velocity, shells and a browser onto the machine, too
# The machine is looked at anew each time: a set-up without CI, or a copied .venv, says nothing of it.
setup: .venv/.ready
	@$(if $(CI),python -m local.velocity && python -m local.shells && python -m local.browser)

.venv/.ready: requirements.lock local/installer.lock local/node.lock local/browser.lock package.json package-lock.json local/setup.py
	@$(PYTHON) local/setup.py
	@touch $@

## bench: every budget and how it is held: cold and warm functions, memory, calls, cost (ROUNDS=15 MEMORY_ROUNDS=3; PRODUCT=<checkout> beside it)
bench: setup
	@ROUNDS=$(ROUNDS) MEMORY_ROUNDS=$(MEMORY_ROUNDS) PRODUCT=$(PRODUCT) python -W ignore -m tests.bench

## help: these commands
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)
