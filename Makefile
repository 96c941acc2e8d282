# Everything a fresh machine with Python 3.11+ and make needs; only the Python package index is used.

PYTHON ?= python3
TOOLS  := .tools
UV     := $(shell command -v uv 2>/dev/null || echo $(TOOLS)/bin/uv)
BIN    := .venv/bin

export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1
export DAGSTER_DISABLE_TELEMETRY := yes
export GX_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := true

.DEFAULT_GOAL := help
.PHONY: help setup demo test kernels lint types floors check bench bench-full clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(TOOLS)/bin/uv:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check uv

.venv/.synced: uv.lock pyproject.toml $(filter $(TOOLS)/bin/uv,$(UV))
	$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $@

setup: .venv/.synced ## make the virtual environment from uv.lock

demo: setup ## run the main job on examples/demo and trace a shard
	$(BIN)/lineage --workspace examples/demo materialize demo
	$(BIN)/lineage --workspace examples/demo trace shard-00000 --corpus demo
	@echo
	@echo "Where to look next:"
	@echo "  .venv/bin/lineage --workspace examples/demo up                      the asset graph, runs and checks in Dagster"
	@echo "  .venv/bin/lineage --workspace examples/demo trace 0 --corpus demo --row 0   one document and its way"
	@echo "  .venv/bin/lineage --workspace examples/demo impact --source python-other    where a source went"
	@echo "  .venv/bin/lineage --workspace examples/demo release demo            what stops a release, and what clears it"
	@echo "  .venv/bin/lineage --workspace examples/demo verify                  every digest, recomputed"

WORKERS ?= 4

test: setup ## run all tests, several files at once (WORKERS=4), those of a cluster by themselves
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --ignore tests/cluster
	$(BIN)/python -m pytest tests/cluster

kernels: setup ## compile the kernels, once, before several processes want them at the same time
	$(BIN)/python -m pytest --quiet tests/files/test_chain.py

lint: setup ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## types
	$(BIN)/mypy

floors: setup ## who may import whom
	$(BIN)/lint-imports

check: lint types floors ## style, types and import floors

BENCH := $(BIN)/python -m benchmarks

bench: setup ## measure speed and size on this machine, in minutes; tables in benchmarks/results
	$(BENCH).chain --documents 20000
	$(BENCH).lineage --documents 20000 --rounds 2
	$(BENCH).incremental --documents 10000
	$(BENCH).index --documents 1000000 --name index-short
	$(BENCH).size --documents 100000 --name size-short
	$(BENCH).policy
	$(BENCH).release
	UV=$(UV) $(BENCH).peers --documents 1000 --rounds 1 || echo "the peers were not compared: see above"

bench-full: setup ## the same at full size: hours, and 60 GB of disk
	$(BENCH).chain --documents 100000 --cold
	$(BENCH).lineage --documents 100000 --rounds 6
	$(BENCH).incremental --documents 100000
	$(BENCH).index --documents 1000000 10000000 100000000 1000000000
	$(BENCH).size
	$(BENCH).size --mean 5000 --name size-5kB --documents 100000 1000000
	$(BENCH).plan
	$(BENCH).policy
	$(BENCH).release
	UV=$(UV) $(BENCH).peers --documents 100000 --rounds 2

clean: ## remove what the targets above made
	-$(BIN)/lineage --workspace examples/demo down
	rm -rf .venv $(TOOLS) examples/demo/.lineage
