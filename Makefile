# `make` lists the targets. Each sets up what it needs in .venv, with the versions pinned in constraints.txt.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# Runs the packages in scripts/; -P keeps other modules of this folder from the path.
TOOL := PYTHONPATH=scripts $(BIN)/python -P -B -X utf8 -m
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install -qq --constraint constraints.txt
# -rs lists skipped tests. NO_SKIPS=1 fails them instead, for CI, where everything is installed.
# With ONCE=1, `make check` after `make test` runs only the tests that are left, and reports the coverage of `make test`.
PYTEST := --numprocesses=auto --dist=worksteal --quiet -rs $(if $(NO_SKIPS),--no-skips)
EDITABLE := --build-constraint constraints.txt --editable '.[cli,sandbox]'
# The first Python that is new enough, unless PYTHON=... is given on the command line.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

# A given PYTHON must be new enough, and replaces a .venv that was created with another one.
ifeq ($(origin PYTHON),command line)
GIVEN_PREFIX := $(shell $(PYTHON) -c 'import sys; sys.version_info >= (3, 11) and print(sys.base_prefix)' 2>/dev/null)
ifeq ($(GIVEN_PREFIX),)
$(error PYTHON=$(PYTHON) is not Python 3.11 or newer)
endif
ifneq ($(GIVEN_PREFIX),$(shell $(BIN)/python -c 'import sys; print(sys.base_prefix)' 2>/dev/null))
$(shell rm -rf .venv .venv-lowest)
endif
endif

# An option for a variable on make's command line, with its value unchanged; environment variables are ignored.
given = $(if $(filter command%,$(origin $1)),--$2="$$$1")

.PHONY: help
help: ## List the targets
	@echo "Autoenhance orders: a client for orders of Autoenhance.ai"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

# --- Try it ---

.PHONY: demo
demo: .venv/.demo ## Edit an order in the sandbox and print it
	@$(BIN)/python scripts/demo.py

.PHONY: sandbox
sandbox: .venv/.demo ## Run the sandbox until Ctrl-C (ARGS="--port 8000")
	@$(BIN)/python -m autoenhance.sandbox $(ARGS)

# --- Develop it ---

.PHONY: setup
setup: .venv/.dev ## Install all development tools in .venv

.PHONY: regenerate
regenerate: .venv/.dev ## Generate generated/ from openapi/spec.yaml
	@scripts/regenerate.sh

.PHONY: upgrade-generator
upgrade-generator: .venv/.dev ## Merge templates of a new generator (TO=0.30.0)
	@scripts/upgrade_generator.sh $(TO)

.PHONY: review
review: .venv/.dev ## Review a change to the contract (BASE=revision)
	@scripts/review.sh $(call given,BASE,base) $(call given,UPSTREAM,upstream)

.PHONY: check-generated
check-generated: .venv/.dev ## Check that generated/ is up to date
	@scripts/regenerate.sh --check

.PHONY: docs
docs: .venv/.dev ## Build the contract's page and the API reference
	@$(TOOL) contract render
	@$(TOOL) reference

.PHONY: test
test: .venv/.dev ## Run all tests except the slow ones (ARGS="-k name")
	@$(if $(ONCE),$(BIN)/coverage erase && $(BIN)/coverage run) $(BIN)/pytest $(PYTEST) -m "not slow" $(ARGS)

.PHONY: fuzz
fuzz: .venv/.dev ## Run the property tests with 10,000 examples each
	@$(BIN)/pytest --numprocesses=auto --quiet --hypothesis-profile=fuzz tests/faults/test_properties.py
	@$(BIN)/pytest --quiet --hypothesis-profile=fuzz tests/contract_diff/test_containment.py

.PHONY: soak
soak: .venv/.demo ## Edit 100,000 orders in the sandbox (ARGS="--rows 5000")
	@$(BIN)/python scripts/soak.py $(ARGS)

.PHONY: bench
bench: .venv/.dev ## Compare speed with alternatives (ARGS="--quick")
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: conformance
conformance: .venv/.dev ## Check the sandbox, or URL=..., against the contract
	@$(TOOL) conformance $(call given,URL,url) $(ARGS)

.PHONY: record
record: .venv/.dev ## Record the cassettes from the sandbox or live service
	@$(BIN)/python tests/record.py

.PHONY: pictures
pictures: .venv/.dev ## Draw the pictures of docs/bulk.md
	@$(BIN)/python scripts/picture.py

.PHONY: format
format: .venv/.dev ## Format the code and apply automatic fixes
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

.PHONY: check
check: check-lint check-types check-contract check-generated check-tests check-plain-templates check-lowest conformance build ## Run all tests and all other checks

.PHONY: check-lint
check-lint: .venv/.dev
	@$(BIN)/ruff format --quiet --check . || { echo "check-lint: code is not formatted; run 'make format'"; exit 1; }
	@$(BIN)/ruff check --quiet .

.PHONY: check-contract
check-contract: .venv/.dev ## Lint openapi/spec.yaml
	@$(TOOL) contract lint

.PHONY: check-types
check-types: .venv/.dev
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/pyright --warnings

# Templates that begin with "Speed only" are left out; the tests must pass without them, except the cost limits. The ignored
# folders use models only through the client; ARGS=tests runs them, too.
.PHONY: check-plain-templates
check-plain-templates: .venv/.dev
	@rm -rf build/plain && mkdir -p build/plain && cp -r openapi/templates build/plain
	@grep --recursive --files-with-matches --null '^{#-* Speed only' build/plain/templates | xargs -0 rm
	@scripts/regenerate.sh --templates build/plain/templates --output build/plain/generated
	@PYTHONPATH="$(CURDIR)/build/plain/generated" $(BIN)/pytest $(PYTEST) -m "not tools and not slow" \
		--deselect=tests/generated/test_cost.py $(or $(ARGS),tests $(addprefix --ignore=tests/,bulk cli faults real review))

.PHONY: check-tests
check-tests: .venv/.dev
	@$(if $(ONCE),,$(BIN)/coverage erase && $(BIN)/coverage run $(BIN)/pytest $(PYTEST) -m "not slow")
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@$(BIN)/pytest $(PYTEST) -m slow

.PHONY: check-lowest
check-lowest: .venv-lowest/.done ## Run the tests with the lowest supported versions
	@.venv-lowest/bin/pytest $(PYTEST) -m "not tools and not slow"

.PHONY: build
build: .venv/.dev ## Build the wheel and the sdist in dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null 2>&1 || $(BIN)/python -m build --no-isolation .
	@ls dist

.PHONY: lock
lock: .venv/.dev ## Upgrade the pinned versions in constraints.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --group dev \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file constraints.txt pyproject.toml

.PHONY: clean
clean: ## Remove all files that the targets created
	@rm -rf .venv .venv-lowest .venv-bench .regenerate .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer not found; give one with PYTHON=..."; exit 1; }
	@echo "Setting up .venv with $(PYTHON)"
	@$(PYTHON) -m venv --clear .venv
	@touch $@

# pip first: the one of a new venv may be too old for dependency groups.
.venv/.demo: .venv/.python pyproject.toml constraints.txt
	@$(PIP) pip
	@echo "Installing the client, the command and the sandbox"
	@$(PIP) $(EDITABLE)
	@touch $@

.venv/.dev: .venv/.demo openapi/package.json openapi/package-lock.json
	@echo "Installing the development tools: generator, linters, type checkers, test tools (takes minutes)"
	@$(PIP) --group dev $(EDITABLE)
	@echo "Installing Redocly CLI"
	@$(TOOL) contract install-redocly
	@touch $@

# With the system's Python, if it is an older one that is supported: Debian 12 has 3.11.2, whose enums differ from those of
# 3.11.4. uv needs neither python3-venv nor ensurepip.
.venv-lowest/.done: .venv/.dev
	@python=$(BIN)/python; version=$$($(BIN)/python -c 'import sys; print(tuple(sys.version_info))'); \
	if /usr/bin/python3 -c "import sys; sys.exit(not (3, 11) <= sys.version_info < $$version)" 2>/dev/null; \
	then python=/usr/bin/python3; fi; \
	echo "Setting up .venv-lowest with $$($$python --version), $$python, and the lowest versions of the dependencies"; \
	$(BIN)/uv venv --quiet --clear --python $$python .venv-lowest
	@$(BIN)/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct \
		--build-constraint constraints.txt --editable '.[cli,sandbox]' --group lowest
	@touch $@
