#!/usr/bin/env bash
# The tests of `make test`: builds in release, runs every test on the CPU and on OpenCL, then the GPU kernels under
# oclgrind.
#
#   scripts/run-tests.sh [OPTIONS OF swift test]      with options (--filter ...) oclgrind is left out
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --build-tests
# setup installed PoCL, so that a machine without OpenCL is a failure here and not a reason to skip.
export LATHE_REQUIRE_OPENCL=${LATHE_REQUIRE_OPENCL:-1}
# One at a time: tests look at the counters of devices that others use.
swift test -c release --skip-build --no-parallel "$@"
if (($# == 0)); then scripts/check-kernels.sh; fi
