# Each target sets up what it needs: `make train` on a fresh clone is enough.
# Empty variables leave the choice to conf/base.yaml (demo, vslnet, 0.1), or to an experiment given in ARGS.

DATASET ?=
MODEL   ?=
BUDGET  ?=
ARGS    ?=
QUICK   ?=
PYTHON  ?= python3
# Of setup: TORCH=cpu installs torch without CUDA.
TORCH   ?=
# Test processes; each computes on one thread.
JOBS    ?= 2

# Of sweep: a file such as conf/sweep/grid.yaml, and LOCAL=1 to run it on this machine, without a W&B server.
SWEEP   ?=
LOCAL   ?=

# What search asks, and the run it asks with; make train makes that of the demo.
VIDEO   ?=
QUERY   ?=
RUN     ?= runs/$(or $(basename $(notdir $(DATASET))),demo)

BIN      := .venv/bin
STAMP    := .venv/.installed
# Tests, lint and the documentation need more packages.
DEV      := .venv/.installed-dev
# The extras that the targets above `lint` need.
EXTRAS   := train,report,features,timm,sweep
PIP      = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(TORCH_$(TORCH))
TORCH_cpu = --extra-index-url https://download.pytorch.org/whl/cpu
SETTINGS = $(if $(DATASET),'dataset=$(DATASET)') $(if $(MODEL),'model=$(MODEL)') $(if $(BUDGET),'budget=$(BUDGET)') $(ARGS)

# A target passes on the variables that its command reads; the command refuses another setting.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup train index bench report dashboard lint test search sweep docs

help: ## this list
	@echo "usage: make <target> [DATASET=demo] [MODEL=vslnet] [BUDGET=0.1] [ARGS='key=value …']"
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "e.g. make train BUDGET=0.05 ARGS='trainer=fast seed=1'; 'spotvmr --help' ($(BIN)/spotvmr) has every command"

setup: $(STAMP) ## make the environment .venv; TORCH=cpu: without CUDA, for machines that have no NVIDIA GPU

$(STAMP): pyproject.toml constraints.txt
	@[ -z '$(TORCH)' ] || [ '$(TORCH)' = cpu ] || \
	  { echo "TORCH=$(TORCH) is not understood: give TORCH=cpu, or leave it out" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "spotvmr needs Python 3.10 or newer as '$(PYTHON)': install one, or name it with PYTHON=" >&2; exit 1; }
	@echo "installing into .venv: the first time takes 2 to 7 minutes and $(if $(TORCH),2,6) GB" >&2
	@$(PYTHON) -m venv .venv
	@$(PIP) -e '.[$(EXTRAS)]'
	@touch $@

$(DEV): $(STAMP)
	@echo "installing the packages of tests and documentation into .venv: about 3 minutes and 1 GB" >&2
	@$(PIP) -e '.[dev]'
	@touch $@

train: $(STAMP) ## data set, features, teacher, then spotter and student, evaluation, record, table
	@$(BIN)/spotvmr train $(SETTINGS)

index: $(STAMP) ## index and expert features of every clip
	@$(BIN)/spotvmr index $(if $(DATASET),'dataset=$(DATASET)') $(ARGS)

bench: $(STAMP) ## speed of parts and of indexing, then recall against budget of every arm (hours); QUICK=1: the small table
	$(if $(findstring part=,$(ARGS)),,@$(BIN)/spotvmr bench part=speed $(SETTINGS))
	$(if $(findstring part=,$(ARGS)),,@$(BIN)/spotvmr bench part=index $(SETTINGS))
	@$(BIN)/spotvmr bench $(if $(QUICK),quick=true) $(SETTINGS)

dashboard: $(STAMP) ## runs/dashboard.html: one page of all runs; others with ARGS='runs=FOLDER html=FILE'
	@$(BIN)/spotvmr report html=runs/dashboard.html $(ARGS)

sweep: $(STAMP) ## trials of SWEEP=conf/sweep/grid.yaml: sweep and agent on W&B, or with LOCAL=1 on this machine
	@$(BIN)/spotvmr sweep $(if $(SWEEP),'$(SWEEP)') $(if $(LOCAL),local=true) $(SETTINGS)

report: $(STAMP) ## tables from run records
	@$(BIN)/spotvmr report $(ARGS)

# Through the environment: a query may hold any quotes.
search: export VIDEO := $(or $(VIDEO),data/demo/videos/test_0000.mp4)
search: export QUERY := $(or $(QUERY),when did I spin the red flask in the bathroom?)
search: $(STAMP) $(RUN)/weights.safetensors ## find QUERY= in VIDEO=; without them in a video of the demo
	@$(BIN)/spotvmr search "$$VIDEO" "$$QUERY" run=$(RUN) $(if $(BUDGET),'budget=$(BUDGET)') $(ARGS)

$(RUN)/weights.safetensors:
	@echo "no trained run at $(RUN): training it first" >&2
	@$(MAKE) --no-print-directory train

docs: $(DEV) ## the documentation site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

lint: $(DEV) ## ruff, mypy, layering
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

test: lint ## lint and every test; one of them with ARGS='-k name'
	OMP_NUM_THREADS=1 WANDB_MODE=offline $(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)
