#!/usr/bin/env bash
# Measures Lathe and its peers in turns and makes the tables of benchmarks/README.md from the result.
#
#   benchmarks/bench-peers.sh [OPTIONS OF compare.py]      for example --filter gemm --peers openblas,pytorch
#
# SIMD=avx2 holds all of them to AVX2. Writes benchmarks/results/DATE-HOST.json; LATHE_BENCHMARK_HOST names the host. The peers' virtual environment is made
# at the first call (benchmarks/peers/run.sh). CLBlast comes from Debian's package libclblast1.
set -euo pipefail
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
swift build -c release --product lathe
mkdir -p benchmarks/results
results="benchmarks/results/$(date +%F)-${LATHE_BENCHMARK_HOST:-$(hostname)}${SIMD:+-$SIMD}.json"
benchmarks/peers/run.sh compare.py --output "$PWD/$results" ${SIMD:+--simd "$SIMD"} "$@"
.build/release/lathe bench --from "$results" --report benchmarks/results/roofline.svg
python3 benchmarks/peers/tables.py "$results" benchmarks/README.md
