#!/usr/bin/env bash
# The tests of `make test`: builds in release, runs every test on the CPU and on OpenCL, and the GPU kernels under
# oclgrind.
#
#   scripts/run-tests.sh                             everything, two or three processes side by side
#   scripts/run-tests.sh OPTIONS OF swift test...    only that (--filter ...), in one process
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --build-tests
# setup installed PoCL, so that a machine without OpenCL is a failure here and not a reason to skip.
export LATHE_REQUIRE_OPENCL=${LATHE_REQUIRE_OPENCL:-1}
# Tests build each kernel once; making binaries for later runs would double what PoCL compiles.
export LATHE_CACHE_DIR=${LATHE_CACHE_DIR:-off}
# On PoCL the kernels for GPUs are only checked, never used: unoptimised, they compile faster.
export LATHE_UNOPTIMIZED_PROFILE=${LATHE_UNOPTIMIZED_PROFILE-gpu}
# One test at a time in a process: tests look at the counters of devices that others use.
if (($#)); then exec swift test -c release --skip-build --no-parallel "$@"; fi

# Most of the time goes into PoCL compiling kernels, which a process does one at a time: two processes use two cores.
tests=$(swift build -c release --show-bin-path)/lathePackageTests.xctest
logs=.build/test-logs
mkdir -p "$logs"
run_suites() { # NAME OPTIONS...: the log holds everything, the terminal gets no line for each case
  local name=$1
  shift
  { timeout -k 10 "$LATHE_TEST_SECONDS" "$tests" --testing-library swift-testing --no-parallel "$@" 2>&1 ||
    { status=$?; ((status == 124)) && echo "the tests have not ended after $LATHE_TEST_SECONDS s"; exit "$status"; }; } |
    tee "$logs/$name.log" | { grep --line-buffered -v ' started\.$' || true; }
}
# A driver that never answers ends the run of tests with a line in the log, not with the patience of who waits for it.
export LATHE_TEST_SECONDS=${LATHE_TEST_SECONDS:-2400}
# About half of the work each.
first_half='^LatheTests\.|^FixtureTests\.(Precision|Optimizer|Run)FixtureTests'
# The loops of the CPU path for the processors that have less than this one.
run_levels() ( # in a process of its own, for its variables
  local level status=0
  for level in sse2 avx2; do
    grep -qw "${level/avx2/avx512f}" /proc/cpuinfo || continue
    export LATHE_SIMD=$level LATHE_BLAS=none
    run_suites "kernels-$level" --filter '^CPUKernelTests\.' || status=1
    .build/release/OperationCheck --device cpu --mode value || status=1
  done
  exit "$status"
)
# 16-bit products, convolutions and attention on every form of matrix units, and tf32, in plain OpenCL C.
run_forms() {
  local form name status=0
  for form in nvidia wmma mfma xmx16 xmx8; do
    for name in 'bfloat16 [2, ' 'matmul bfloat16 [152'; do
      LATHE_MATRIX_UNITS=emulated-$form .build/release/OperationCheck \
        --device opencl:0 --profile gpu --mode value --name "$name" || status=1
    done
  done
  # Heads of more than 64 elements, whose dK and dV come from two launches.
  LATHE_MATRIX_UNITS=emulated-nvidia .build/release/OperationCheck \
    --device opencl:0 --profile gpu --mode value --name 'bfloat16 [1, 2, 20, 100]' || status=1
  # Tiles large enough for warp groups.
  LATHE_MATRIX_UNITS=emulated-wgmma .build/release/OperationCheck \
    --device opencl:0 --profile gpu --mode value --name 'matmul bfloat16 [152' || status=1
  LATHE_MATRIX_UNITS=emulated-turing .build/release/OperationCheck \
    --device opencl:0 --profile gpu --mode value --name 'matmul float16 [152' || status=1
  LATHE_MATRIX_UNITS=emulated-nvidia .build/release/OperationCheck \
    --device opencl:0 --profile gpu --mode value --name 'matmul tf32 [152' || status=1
  return "$status"
}
# Programs with a driver's own elementary functions in the place of Lathe's.
run_builtins() {
  local name status=0
  for name in exp log tanh erf sin cos gelu sigmoid softplus softmax; do
    LATHE_BUILTIN_MATH=on .build/release/OperationCheck --device opencl:0 --mode value --name "$name" || status=1
  done
  return "$status"
}
# Behind a library that behaves as drivers of GPUs do: no launch or buffer may go beyond what they take.
limits='groups=65535 items=2147483647 workgroup=256 local=32K parameters=1024 constant=64K'
LATHE_OPENCL_LIBRARY=${tests%/*}/libShimDriver.so SHIM_DRIVER="$limits late-allocation late-release" \
  run_suites operations --filter "$first_half" &
operations=$!
status=0
run_suites others --skip "$first_half" || status=1
# On one core for minutes; what it says comes at the end.
scripts/check-kernels.sh >"$logs/kernels.log" 2>&1 &
kernels=$!
run_levels || status=1
run_forms || status=1
run_builtins || status=1
wait "$operations" || status=1
wait "$kernels" || status=1
cat "$logs/kernels.log"
if ((status)); then echo "tests failed; the whole logs are in $logs" >&2; fi
exit "$status"
