# `make help` lists the targets. `make demo` and `make test` each work on a fresh machine, with no step before them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Release: the C loops of the CPU path take tens of times as long without optimisation.
SWIFT_FLAGS ?= -c release
LATHE := .build/release/lathe

# Development machines may pin OpenBLAS to an old core type; nothing here is run that way.
unexport OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

EPOCHS ?= 5
DEVICE ?= auto

.PHONY: help setup demo test check-tensorboard check-tokenizers check-code check-arm check-code-opencl check-gpu-code check-drivers bench bench-peers gpu-kit lint format docs clean

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' Makefile

setup: ## Installs the system packages that are missing (Debian, Ubuntu; root or sudo)
	@scripts/install-dependencies.sh

demo: setup ## Trains the CNN on all of Fashion-MNIST: EPOCHS=5 DEVICE=auto
	swift build $(SWIFT_FLAGS) --product lathe
	$(LATHE) train lenet --data fashion-mnist --epochs $(EPOCHS) --device $(DEVICE) $(if $(OUTPUT),--output $(OUTPUT))

test: setup ## Runs every test on the CPU and on OpenCL (PoCL)
	scripts/run-tests.sh

check-tensorboard: setup ## Reads a run's events by the real TensorBoard, in an environment of its own
	swift build $(SWIFT_FLAGS) --product lathe
	scripts/check-tensorboard.sh --device $(if $(filter auto,$(DEVICE)),cpu,$(DEVICE))

check-tokenizers: setup ## Compares tokenisers with the library tokenizers, in an environment of its own
	swift build $(SWIFT_FLAGS) --product TokenizerCheck
	scripts/check-tokenizers.sh

check-code-opencl: setup ## Looks for spilled sums in what PoCL compiles for AVX2 and AVX-512
	swift build $(SWIFT_FLAGS) --product lathe
	scripts/check-code-opencl.sh $(LATHE)

check-gpu-code: setup ## Looks at what compilers for GPUs make of the kernels, without a GPU
	swift build $(SWIFT_FLAGS) --product lathe
	swift build $(SWIFT_FLAGS) --product OperationCheck
	scripts/check-gpu-code.sh

check-drivers: setup ## Runs the operation suite and LeNet on Intel's CPU runtime, rusticl and the newest PoCL
	swift build $(SWIFT_FLAGS) --product lathe
	swift build $(SWIFT_FLAGS) --product OperationCheck
	scripts/check-drivers.sh

bench: setup ## Measures every suite on every device and writes benchmarks/results/
	benchmarks/bench.sh

bench-peers: setup ## Measures Lathe and its peers in turns and writes the tables of benchmarks/README.md
	benchmarks/bench-peers.sh

check-code: ## Looks for vectors on the stack in the compiled inner loops of kernels/cpu and kernels/tables
	scripts/install-dependencies.sh arm
	scripts/check-code.py

check-arm: ## Runs the C kernels for aarch64 (qemu-user), at each SIMD level and under sanitizers
	scripts/check-arm.sh

gpu-kit: setup ## Builds .build/gpu-kit, a folder that checks, measures and tunes any Linux host's GPU
	scripts/make-gpu-kit.sh

lint: ## Checks formatting, the order of imports and the house rules
	scripts/check-source.sh

format: ## Formats all Swift sources in place
	swift format --in-place --parallel -r Package.swift Sources Tests benchmarks examples

docs: setup ## Builds the reference documentation into .build/documentation
	scripts/build-docs.sh

clean: ## Removes build products; data, models and results stay
	rm -rf .build
