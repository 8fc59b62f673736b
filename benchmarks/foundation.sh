#!/usr/bin/env bash
# Measures the figures that the foundation must reach, on the CPU and on every OpenCL device: samples per second over
# whole epochs, accuracy, agreement of the losses, launches, time to the first step, peak memory.
#
#   benchmarks/foundation.sh [--epochs 5] [--steps 100] [--devices cpu,opencl:0]
#
# Prints a table and writes benchmarks/results/foundation-DATE-HOST.json; LATHE_BENCHMARK_HOST names the host.
set -euo pipefail
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
swift build -c release --product lathe
swift build -c release --product FoundationBenchmark
mkdir -p benchmarks/results
exec .build/release/FoundationBenchmark \
  --output "benchmarks/results/foundation-$(date +%F)-${LATHE_BENCHMARK_HOST:-$(hostname)}.json" "$@"
