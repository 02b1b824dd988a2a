# Everything from nothing: `make run` opens the window, `make test` passes all tests.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
# So many processes share the tests: `make test JOBS=4` where there are more cores.
JOBS   ?= 2
# Files or folders of tests instead of all: `make test TESTS=tests/core`.
TESTS  ?=
# Whole files, in their order; a process that crashes is not replaced: pytest-xdist would wait for ever for its tests.
SHARED := --dist loadfile --no-loadscope-reorder --max-worker-restart 0

.DEFAULT_GOAL := help
.PHONY: help run test coverage test-slow test-integrations lint types imports docs pictures screenshots bench install-desktop uninstall-desktop bundle bundle-full test-bundle test-bundle-full clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# The stamps say what is installed; they are made anew only when pyproject.toml changes.
$(VENV)/venv.stamp:
	@bash packaging/check-python.sh $(PYTHON)
	@echo "Making the virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip
	@touch $@

$(VENV)/run.stamp: $(VENV)/venv.stamp pyproject.toml
	@echo "Installing LR Finder and what it needs (torch is large: this takes a few minutes once) …"
	@$(PIP) install --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp pyproject.toml
	@echo "Installing the test tools …"
	@$(PIP) install --editable '.[dev]'
	@touch $@

$(VENV)/system.stamp: packaging/setup-system.sh | $(VENV)/venv.stamp
	@bash packaging/setup-system.sh window
	@touch $@

$(VENV)/system-test.stamp: packaging/setup-system.sh | $(VENV)/venv.stamp
	@bash packaging/setup-system.sh window tests
	@touch $@

run: $(VENV)/run.stamp $(VENV)/system.stamp ## Set everything up and open the window
	@$(BIN)/python main.py

# The tests start hundreds of processes: none should compile the package anew, whatever PYTHONDONTWRITEBYTECODE says.
test: $(VENV)/dev.stamp $(VENV)/system-test.stamp ## Set everything up and run all tests
	@$(BIN)/python -m compileall -q lrgui
	@bash packaging/with-display.sh $(BIN)/python -m pytest -m "not slow" -n $(JOBS) $(SHARED) $(TESTS)

coverage: $(VENV)/dev.stamp $(VENV)/system-test.stamp ## Run all tests and print which lines and branches they miss
	@rm -f .coverage .coverage.*
	@bash packaging/with-display.sh $(BIN)/python -m pytest -m "not slow" -n $(JOBS) $(SHARED) --cov --cov-report= $(TESTS)
	@$(BIN)/python packaging/coverage_by_floor.py

test-slow: $(VENV)/dev.stamp $(VENV)/system-test.stamp ## Run the tests that take long
	@bash packaging/with-display.sh $(BIN)/python -m pytest -m slow

$(VENV)/integrations.stamp: $(VENV)/dev.stamp pyproject.toml
	@echo "Installing the packages that LR Finder works inside …"
	@$(PIP) install --editable '.[dev,integrations]'
	@touch $@

test-integrations: $(VENV)/integrations.stamp ## Run the tests against Lightning, Hugging Face, fastai, skorch, Ignite, timm and others
	@$(BIN)/python -m pytest tests/integrations tests/cluster tests/core/curve/test_known_rules.py tests/core/engine/test_modes.py tests/api tests/test_examples.py tests/tasks/user tests/tasks/models tests/tasks/optimizers tests/tasks/data/tables

lint: $(VENV)/dev.stamp ## Check the style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp ## Check the types
	@$(BIN)/mypy

imports: $(VENV)/dev.stamp ## Check that the floors import downwards only
	@$(BIN)/lint-imports

$(VENV)/docs.stamp: $(VENV)/run.stamp pyproject.toml
	@echo "Installing what builds the documentation …"
	@$(PIP) install --editable '.[docs]'
	@touch $@

docs: $(VENV)/docs.stamp ## Build the documentation as a site, in build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open build/site/index.html"

pictures: $(VENV)/dev.stamp $(VENV)/system-test.stamp ## Take the pictures of the documentation anew
	@$(BIN)/python docs/make_pictures.py

screenshots: $(VENV)/dev.stamp $(VENV)/system-test.stamp ## Photograph every state of the window at every size, to look at
	@$(BIN)/python docs/make_screenshots.py $(SIZES)

bench: $(VENV)/dev.stamp $(VENV)/system-test.stamp ## Run all benchmarks
	@for each in $(filter-out benchmarks/harness.py,$(wildcard benchmarks/*.py)) benchmarks/suggestions; do echo "== $$each"; bash packaging/with-display.sh $(BIN)/python $$each || exit 1; done

install-desktop: $(VENV)/run.stamp $(VENV)/system.stamp ## Put the program into your menu, without root
	@bash packaging/install-desktop.sh install $(CURDIR)/$(BIN)/lrgui-gui

uninstall-desktop: ## Take it out of your menu again
	@bash packaging/install-desktop.sh uninstall

bundle: ## Build a program that needs no Python, without torch (PyInstaller)
	@bash packaging/check-python.sh $(PYTHON)
	@bash packaging/setup-system.sh window bundle
	@$(PYTHON) packaging/build_bundle.py light

# TORCH="torch==2.9.0+cpu" takes another torch: see docs/how-to/bundle.md.
bundle-full: ## The same with torch inside
	@bash packaging/check-python.sh $(PYTHON)
	@bash packaging/setup-system.sh window bundle
	@$(PYTHON) packaging/build_bundle.py full $(foreach each,$(TORCH),--torch "$(each)")

test-bundle: $(VENV)/dev.stamp $(VENV)/system-test.stamp ## Drive the bundle that was built
	@LRGUI_TEST_BUNDLE=light $(BIN)/python -m pytest -m slow tests/bundle

test-bundle-full: $(VENV)/dev.stamp $(VENV)/system-test.stamp ## Drive the full bundle that was built
	@LRGUI_TEST_BUNDLE=full $(BIN)/python -m pytest -m slow tests/bundle

clean: ## Remove the virtual environment and all caches
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage .coverage.*
