.PHONY: demo test bench check check-long static types security style sbom screenshots lock clean
MAKEFLAGS += --no-print-directory
# Wherever it is set: the tests start hundreds of processes, each of which would compile the product and its tests anew.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
# More than twice the cores, since a worker waits for its servers or its browser most of the time. Each has servers of
# its own.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 2 + 1)
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 6 --dist loadscope
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

# Everything on this machine, until Ctrl-C. Options: make demo OPTIONS="--patients 1000"
demo: .venv/runtime-is-ready
	@exec $(BIN)/strata demo $(OPTIONS)

# All that CI runs, after installing what the tests need.
test: .venv/development-is-ready
	@scripts/install-browser
	@$(MAKE) check

# One tuned server against the tiers, small and short: prints ratios, draws to test-results/headline.
bench: .venv/runtime-is-ready
	@$(BIN)/python -m bench headline --scale 0.03

# The same without installing, for daily use.
check: static
	@$(PYTEST) -m "not long"

# With the long runs, and other examples of each property than the day before.
check-long: static
	@$(PYTEST) --hypothesis-profile explore

static:
	@test -x $(BIN)/ruff || { echo "strata: there is no $(BIN)/ruff: run \`make test\` once." >&2; exit 1; }
	@$(MAKE) --jobs 2 --output-sync types security style

types:
	@$(BIN)/mypy

security:
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive core public_app staff_app workers commands evals wsgi.py cli.py
	@$(BIN)/pip-licenses > /dev/null

style:
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports

# What the product is made of, as CycloneDX: sbom.json.
sbom: .venv/development-is-ready
	@$(BIN)/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible --of JSON -o sbom.json

# The README's pictures, of a demo that runs in another terminal.
screenshots: .venv/development-is-ready
	@scripts/install-browser
	@$(BIN)/python scripts/screenshots.py

lock: .venv/development-is-ready
	@$(LOCK) --output-file requirements-dev.txt requirements-dev.in
	@$(LOCK) --constraints requirements-dev.txt --output-file requirements.txt requirements.in

# Keeps .strata: `strata demo --fresh` deletes data.
clean:
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results strata.egg-info build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/runtime-is-ready: requirements.txt pyproject.toml scripts/environment
	@scripts/environment requirements.txt
	@touch $@

.venv/development-is-ready: requirements-dev.txt pyproject.toml scripts/environment
	@scripts/environment requirements-dev.txt
	@touch $@ .venv/runtime-is-ready
