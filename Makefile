# The few commands. Each works from a clean clone, twice in a row, and with an environment left
# half-made: an environment counts as made only once its stamp is there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
PLAIN := $(VENV)/.plain-$(VERSION)
FULL := $(VENV)/.full-$(VERSION)

# an environment that was moved, or lost a package, counts as not made
$(shell [ "$$(cat $(VENV)/.root 2>/dev/null)" = "$(CURDIR)" ] \
  && $(BIN)/python -c 'import uv, lsbatch.batch' 2>/dev/null || rm -f $(VENV)/.plain-* $(VENV)/.full-*)

.PHONY: demo test check bench notebooks clean python

## demo: invent a small event, map it, score it, say where to look
demo: $(PLAIN)
	rm -rf lsbatch-demo
	$(BIN)/lsbatch demo --out lsbatch-demo

## test: the whole suite
test: $(FULL)
	$(BIN)/python -m pytest

## check: style, types, import law, spelling
check: $(FULL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy lsbatch/domain lsbatch/kernels
	$(BIN)/lint-imports
	$(BIN)/codespell

## bench: one JSON object a line; make bench ONLY=kernels for some of them
bench: $(FULL)
	@$(BIN)/python tests/bench/run.py $(if $(ONLY),--only $(ONLY))

## notebooks: make .ipynb files of the notebooks' sources
notebooks: $(FULL)
	$(BIN)/jupytext --to ipynb notebooks/*.py

clean:
	rm -rf $(VENV) lsbatch-demo build dist *.egg-info

$(PLAIN): setup.cfg pyproject.toml | python
	$(call environment,.)
	touch $@

$(FULL): setup.cfg pyproject.toml | python
	$(call environment,".[test$(COMMA)notebooks]")
	touch $@ $(PLAIN)

# A sound environment of the same Python is kept and added to; anything else is made afresh.
COMMA := ,
define environment
	ls $(VENV)/.plain-$(VERSION) >/dev/null 2>&1 && $(BIN)/python -c 'import uv' 2>/dev/null \
	  || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python -e $(1) \
	  || $(BIN)/python -m pip install --quiet -e $(1)
	printf %s "$(CURDIR)" > $(VENV)/.root
endef

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "lsbatch needs Python 3.11 or newer as $(PYTHON); name another with make PYTHON=python3.12"; exit 1; }
