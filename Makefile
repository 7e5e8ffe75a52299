# The verbs of this project. `make run` and `make test` need nothing but Python 3.11+ and make.

PYTHON ?= python3
TORCH ?= pinned
# benchmarks on CIFAR-100 instead of the embedded digits: make bench DATA="--data-dir DIR"
DATA ?=
VENV := .venv
BIN := $(VENV)/bin
# ten thousand runs that several benchmarks look at, made by the first of them
MANY := $(VENV)/ten-thousand-runs
READY := $(VENV)/.ready-$(TORCH)

.PHONY: setup run test check format bench gpu-check docs clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt tools/setup.sh
	@PYTHON="$(PYTHON)" TORCH="$(TORCH)" VENV="$(VENV)" sh tools/setup.sh
	@touch $@

# The app where there is a terminal; else the pooling study on the embedded data set, with its table.
run: setup
	@if [ -t 1 ]; then $(BIN)/cnnlab-tui; else $(BIN)/cnnlab study pooling --dataset digits --epochs 60 --lr 0.05 --seeds 3; fi

test: setup
	@$(BIN)/pytest -n logical

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: setup
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: setup
	@$(BIN)/python -m benchmarks.loop $(DATA)
	@$(BIN)/python -m benchmarks.busy $(DATA)
	@$(BIN)/python -m benchmarks.floor --device cpu $(DATA)
	@$(BIN)/python -m benchmarks.parts $(DATA)
	@$(BIN)/python -m benchmarks.scale
	@$(BIN)/python -m benchmarks.images --device cpu
	@$(BIN)/python -m benchmarks.lanes $(DATA)
	@$(BIN)/python -m benchmarks.startup
	@$(BIN)/python -m benchmarks.watch
	@$(BIN)/python -m benchmarks.attached
	@$(BIN)/python -m benchmarks.first_paint --folder $(MANY)
	@$(BIN)/python -m benchmarks.latency --folder $(MANY)
	@$(BIN)/python -m benchmarks.idle --folder $(MANY)

gpu-check: setup
	@$(BIN)/pytest -m gpu
	@$(BIN)/python -m benchmarks.gpu $(DATA)
	@$(BIN)/python -m benchmarks.kernels $(DATA)
	@$(BIN)/python -m benchmarks.together $(DATA)
	@$(BIN)/python -m benchmarks.precisions $(DATA)
	@$(BIN)/python -m benchmarks.images
	@$(BIN)/python -m benchmarks.floor $(DATA)
	@$(BIN)/python -m benchmarks.parts $(DATA)

docs: setup
	@$(BIN)/python -m tools.document
	@$(BIN)/python -m tools.pictures

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
