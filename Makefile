# For GNU make 3.81 and POSIX sh: macOS has nothing newer.

VENV := .venv
BENCH_VENV := .venv-bench
PY := $(VENV)/bin/python

# Compiled kernels outlive one run, and do not lie between the sources. Numba notices a change in a kernel's own file, but
# not in one that it calls into or takes constants from: so every state of all that name Numba has a cache of its own.
KERNELS := $(shell grep -rli numba processor --include='*.py' | sort | xargs cat | cksum | cut -d ' ' -f 1)
export NUMBA_CACHE_DIR ?= $(CURDIR)/$(VENV)/numba-cache/$(KERNELS)

.DEFAULT_GOAL := help
.PHONY: help install run test fuzz torture soak check fix bench outdated clean

help: ## List what there is to do
	@echo 'make TARGET [VARIABLE=value ...]'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile
	@echo 'PYTHON=python3.12 chooses the Python that $(VENV) is made with (3.11 or newer).'

install: $(VENV)/.installed node_modules/.installed ## Make .venv and node_modules with all that running, testing and checking need

run: $(VENV)/.installed ## Replay into a browser without Docker; DATASET=folder SPEED=60 INTERVAL=1s (Ctrl-C ends it)
	@$(PY) scripts/run.py

test: $(VENV)/.installed ## Run the tests; ARGS="-k zoom" chooses; REQUIRE_DOCKER=1 insists on the container tests
	@sh scripts/test.sh $(ARGS)

fuzz: $(VENV)/.installed ## Feed the readers spoilt and changed files, EXAMPLES=2000 to each test, at another place each time
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),2000) $(PY) -m pytest tests/formats/test_fuzz.py tests/formats/test_mutations.py \
	  tests/shared/test_fuzz_contract.py $(ARGS)

torture: $(VENV)/.installed ## Let every system call of small replays fail in turn, and kill writers KILLS=1000 times
	@TORTURE=1 TORTURE_KILLS=$(or $(KILLS),1000) $(PY) -m pytest tests/shared/test_interrupted_writing.py \
	  tests/replay/test_torture.py tests/store/test_torture.py $(ARGS)

soak: $(BENCH_VENV)/.installed ## A replay and its page for MINUTES=60 under 64 tabs, random commands and kills: nothing lost, nothing grows
	@$(BENCH_VENV)/bin/python -m bench.soak --minutes $(or $(MINUTES),60) $(ARGS)

check: $(VENV)/.installed node_modules/.installed ## Lint, format and types of Python and of the page's modules, changing nothing
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy
	@sh scripts/page.sh check

fix: $(VENV)/.installed ## Format, and mend what the linter can mend by itself
	@$(PY) -m ruff check --fix --exit-zero
	@$(PY) -m ruff format
	@[ ! -f node_modules/.installed ] || node_modules/.bin/eslint --fix

bench: $(BENCH_VENV)/.installed ## Measure the speed beside hftbacktest's and a dict book's; ARGS go to python -m bench
	@$(BENCH_VENV)/bin/python -m bench $(ARGS)

outdated: $(VENV)/.installed node_modules/.installed ## List the pinned dependencies that have a newer release
	@$(PY) -m pip --disable-pip-version-check list --outdated --format=json | $(PY) scripts/outdated.py
	@[ ! -f node_modules/.installed ] || npm outdated || true

clean: ## Remove the environments and the caches; data/ stays
	rm -rf $(VENV) $(BENCH_VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results node_modules

$(VENV)/.installed: requirements/dev.txt pyproject.toml scripts/venv.sh
	@sh scripts/venv.sh $(VENV) dev

# Without Node.js there is none of it, and only the check of the page's modules fails.
node_modules/.installed: package.json package-lock.json scripts/page.sh
	@sh scripts/page.sh install

$(BENCH_VENV)/.installed: requirements/bench.txt scripts/venv.sh
	@sh scripts/venv.sh $(BENCH_VENV) bench
