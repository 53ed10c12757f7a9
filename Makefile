# make demo   the whole way on examples/, against a stand-in for a Manager
# make test   everything that has to hold: ruff, mypy, pytest with branch coverage
# make bench  what is measured
# make fuzz   the property tests on new cases, for SECONDS=300; SEED=… repeats a round
# make fix    what a tool can mend
# make dist   wheel, source archive, one-file reconciler.pyz, and dist/wheels to install from without an index

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DIST   := dist
# Tests wait for processes and timeouts too: two at a time for every core.
JOBS   := $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
SECONDS ?= 300
# The same commit gives the same bytes.
EPOCH  := $(shell git log -1 --format=%ct 2>/dev/null || echo 1700000000)

# The tests start the program some thousand times: it is compiled once, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test fuzz bench fix dist clean

$(READY): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -e '.[sandbox]'
	@touch $@

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 16 --dist worksteal -m "not proof" --cov --cov-report=term
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 16 --dist worksteal -m proof

fuzz: $(READY)
	$(BIN)/python tests/fuzz.py --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

bench: $(READY)
	$(BIN)/python -m benchmarks

fix: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The pyz unpacks itself below ~/.shiv: compiled modules can't be loaded from within an archive.
dist: export SOURCE_DATE_EPOCH := $(EPOCH)
dist: $(READY)
	rm -rf "$(DIST)"
	$(BIN)/hatchling build -d "$(DIST)"
	$(BIN)/python -m pip download --quiet --constraint requirements-dev.txt --dest "$(DIST)/wheels" "$(DIST)"/*.whl
	$(BIN)/shiv --reproducible --compressed --console-script reconciler --python '/usr/bin/env python3' \
	    --output-file "$(DIST)/reconciler.pyz" --quiet --no-index --find-links "$(DIST)/wheels" apinizer-jwk-reconciler

clean:
	rm -rf $(VENV) $(DIST) .reconciler .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
