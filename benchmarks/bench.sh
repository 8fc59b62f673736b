#!/usr/bin/env bash
# Measures every suite on every device and keeps the results.
#
#   benchmarks/bench.sh [OPTIONS AND SUITES OF lathe bench]
#
# Writes benchmarks/results/bench-DATE-HOST.json and .build/benchmarks.html; LATHE_BENCHMARK_HOST names the host.
set -euo pipefail
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
swift build -c release --product lathe
mkdir -p benchmarks/results
exec .build/release/lathe bench "$@" --report .build/benchmarks.html \
  --json "benchmarks/results/bench-$(date +%F)-${LATHE_BENCHMARK_HOST:-$(hostname)}.json"
