#!/bin/bash
# Looks at what PoCL makes of the main kernels of the `cpu` profile: fails where an inner loop of multiply-adds moves vectors
# to or from the stack, which means that its sums do not fit the registers.
#
#   scripts/check-code-opencl.sh [.build/release/lathe]
#
# The program runs some workloads on PoCL, held to AVX2 and, where the processor has it, with AVX-512; what PoCL compiled
# is in its cache then. Needs objdump and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
lathe=${1:-.build/release/lathe}
[ -x "$lathe" ] || { echo "check-code-opencl: no program $lathe: build it with swift build -c release" >&2; exit 2; }

widths=""
grep -qw avx2 /proc/cpuinfo && widths="avx2"
grep -qw avx512f /proc/cpuinfo && widths="$widths avx512"
[ -n "$widths" ] || { echo "check-code-opencl: skipped, since the processor has no AVX2"; exit 0; }

workloads='matmul/(64x|128x|512x|1x768|32x768)|conv2d-forward-backward/(32x64|64x1x28|64x10x12)|conv2d-forward/32x64'
workloads="$workloads|attention-forward-backward/8x12x128|lstm-forward-backward|gru-forward-backward"
kernels="multiply_adds gemm gemm_dot gemv convolution convolution_scatter filter_gradient filter_lanes attention
attention_backward forward_sequence backward_sequence"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
for width in $widths; do
  mkdir "$folder/$width"
  # The names of PoCL's builds for distributions, and of LLVM for others.
  [ "$width" = avx2 ] && processor=haswell || processor=skylake-avx512
  POCL_CACHE_DIR="$folder/$width" POCL_KERNELLIB_NAME=$width POCL_LLVM_CPU_NAME=$processor LATHE_CACHE_DIR=off \
    LATHE_SIMD=$width "$lathe" bench gemm conv attention recurrent --device opencl --filter "$workloads" \
    > "$folder/$width.log" 2>&1 || { tail -20 "$folder/$width.log"; exit 1; }
  echo "$width ($processor)"
  # shellcheck disable=SC2086
  python3 scripts/find_spills.py "$folder/$width" $kernels || failed=1
done
exit $failed
