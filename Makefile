# The one entrance. `make` alone lists the targets; each sets up what it needs in .venv, from the pins in constraints.txt.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
# Our own tools: the packages in scripts/, and no other modules of this folder.
TOOL := PYTHONPATH=scripts $(BIN)/python -P -B -X utf8 -m
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install -qq --constraint constraints.txt
# What is skipped is said at the end. Where everything is installed, as in CI, NO_SKIPS=1 lets a test that skips itself fail.
PYTEST := --numprocesses=auto --dist=worksteal --quiet -rs $(if $(NO_SKIPS),--no-skips)
# With ONCE=1, `make check` after `make test` runs only what that has left out, and reports what `make test` has covered.
EDITABLE := --build-constraint constraints.txt --editable '.[cli,sandbox]'
# The first Python that is new enough; PYTHON=... on the command line decides otherwise.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

# A Python that is asked for must be one, and replaces a .venv that was made with another.
ifeq ($(origin PYTHON),command line)
ASKED := $(shell $(PYTHON) -c 'import sys; sys.version_info >= (3, 11) and print(sys.base_prefix)' 2>/dev/null)
ifeq ($(ASKED),)
$(error PYTHON=$(PYTHON) is not Python 3.11 or newer)
endif
ifneq ($(ASKED),$(shell $(BIN)/python -c 'import sys; print(sys.base_prefix)' 2>/dev/null))
$(shell rm -rf .venv .venv-lowest)
endif
endif

# An option for what is given on make's command line, as it is: a variable of that name in the environment is not meant.
given = $(if $(filter command%,$(origin $1)),--$2="$$$1")

.PHONY: help
help: ## List the targets
	@echo "Autoenhance orders: edit orders of Autoenhance.ai"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' Makefile

# --- To try it ---

.PHONY: demo
demo: .venv/.demo ## Edit an order in the sandbox and show it
	@$(BIN)/python scripts/demo.py

.PHONY: sandbox
sandbox: .venv/.demo ## Run the sandbox until Ctrl-C (ARGS="--port 8000")
	@$(BIN)/python -m autoenhance.sandbox $(ARGS)

# --- To change it ---

.PHONY: setup
setup: .venv/.dev ## Install the tools, so that the other targets find them

.PHONY: regenerate
regenerate: .venv/.dev ## Generate generated/ from openapi/spec.yaml
	@scripts/regenerate.sh

.PHONY: upgrade-generator
upgrade-generator: .venv/.dev ## Merge a new generator's templates (TO=0.30.0)
	@scripts/upgrade_generator.sh $(TO)

.PHONY: review
review: .venv/.dev ## Say what a change to the contract means (BASE=...)
	@scripts/review.sh $(call given,BASE,base) $(call given,UPSTREAM,upstream)

.PHONY: check-generated
check-generated: .venv/.dev ## Tell whether generated/ is what the contract gives
	@scripts/regenerate.sh --check

.PHONY: docs
docs: .venv/.dev ## Render the contract and the Python API in build/docs/
	@$(TOOL) contract render
	@$(TOOL) reference

.PHONY: test
test: .venv/.dev ## Run all tests except the slow ones (ARGS="-k name")
	@$(if $(ONCE),$(BIN)/coverage erase && $(BIN)/coverage run) $(BIN)/pytest $(PYTEST) -m "not slow" $(ARGS)

.PHONY: fuzz
fuzz: .venv/.dev ## Run the property tests with 10,000 examples each
	@$(BIN)/pytest --numprocesses=auto --quiet --hypothesis-profile=fuzz tests/faults/test_properties.py
	@$(BIN)/pytest --quiet --hypothesis-profile=fuzz tests/review/test_containment.py

.PHONY: soak
soak: .venv/.demo ## Edit 100,000 orders, and compare (ARGS="--rows 5000")
	@$(BIN)/python scripts/soak.py $(ARGS)

.PHONY: bench
bench: .venv/.dev ## Compare speed with alternatives (ARGS="--quick")
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: conformance
conformance: .venv/.dev ## Check the sandbox, or URL=..., against the contract
	@$(TOOL) conformance $(call given,URL,url) $(ARGS)

.PHONY: record
record: .venv/.dev ## Record the cassettes again, from the sandbox or live
	@$(BIN)/python tests/record.py

.PHONY: pictures
pictures: .venv/.dev ## Draw the pictures in docs/bulk.md anew
	@$(BIN)/python scripts/picture.py

.PHONY: format
format: .venv/.dev ## Format the code and fix what can be fixed
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

.PHONY: check
check: check-lint check-types check-contract check-generated check-tests check-plain-templates check-lowest conformance build ## All tests and every other check

.PHONY: check-lint
check-lint: .venv/.dev
	@$(BIN)/ruff format --quiet --check . || { echo "Not formatted; 'make format' does it."; exit 1; }
	@$(BIN)/ruff check --quiet .

.PHONY: check-contract
check-contract: .venv/.dev ## Say everything that is wrong with openapi/spec.yaml
	@$(TOOL) contract lint

.PHONY: check-types
check-types: .venv/.dev
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/pyright --warnings

# The first line of a template says whether it is for speed only. Without those the tests must pass, but for the cost limits.
# The folders that are left out see models only through the client; ARGS=tests runs them, too.
.PHONY: check-plain-templates
check-plain-templates: .venv/.dev
	@rm -rf build/plain && mkdir -p build/plain && cp -r openapi/templates build/plain
	@grep --recursive --files-with-matches --null '^{#-* Speed only' build/plain/templates | xargs -0 rm
	@scripts/regenerate.sh --templates build/plain/templates --output build/plain/generated
	@PYTHONPATH="$(CURDIR)/build/plain/generated" $(BIN)/pytest $(PYTEST) -m "not tools and not slow" \
		--deselect=tests/test_cost.py $(or $(ARGS),tests $(addprefix --ignore=tests/,bulk cli faults real review))

.PHONY: check-tests
check-tests: .venv/.dev
	@$(if $(ONCE),,$(BIN)/coverage erase && $(BIN)/coverage run $(BIN)/pytest $(PYTEST) -m "not slow")
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report
	@$(BIN)/pytest $(PYTEST) -m slow

.PHONY: check-lowest
check-lowest: .venv-lowest/.done ## Run the tests with the lowest versions it allows
	@.venv-lowest/bin/pytest $(PYTEST) -m "not tools and not slow"

.PHONY: build
build: .venv/.dev ## Build the wheel and the sdist into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist . >/dev/null 2>&1 || $(BIN)/python -m build --no-isolation .
	@ls dist

.PHONY: lock
lock: .venv/.dev ## Choose the pins in constraints.txt anew
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --group dev \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file constraints.txt pyproject.toml

.PHONY: clean
clean: ## Remove everything that the targets made
	@rm -rf .venv .venv-lowest .regenerate .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name yours with PYTHON=..."; exit 1; }
	@echo "Setting up .venv with $(PYTHON)"
	@$(PYTHON) -m venv --clear .venv
	@touch $@

# pip comes first: what a venv brings with it may be too old to read pyproject.toml's groups.
.venv/.demo: .venv/.python pyproject.toml constraints.txt
	@$(PIP) pip
	@$(PIP) $(EDITABLE)
	@touch $@

.venv/.dev: .venv/.demo openapi/package.json openapi/package-lock.json
	@echo "Installing the tools"
	@$(PIP) --group dev $(EDITABLE)
	@$(TOOL) contract install-redocly
	@touch $@

# With the system's Python, where that is an older one that is supported: in Debian 12 it is 3.11.2, whose enums are not yet
# those of 3.11.4. uv needs neither python3-venv nor ensurepip.
.venv-lowest/.done: .venv/.dev
	@python=$(BIN)/python; version=$$($(BIN)/python -c 'import sys; print(tuple(sys.version_info))'); \
	if /usr/bin/python3 -c "import sys; sys.exit(not (3, 11) <= sys.version_info < $$version)" 2>/dev/null; \
	then python=/usr/bin/python3; fi; \
	echo "Setting up .venv-lowest with $$($$python --version), $$python"; \
	$(BIN)/uv venv --quiet --clear --python $$python .venv-lowest
	@$(BIN)/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct \
		--build-constraint constraints.txt --editable '.[cli,sandbox]' --group lowest
	@touch $@
