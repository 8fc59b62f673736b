#!/usr/bin/env bash
# Shows what compilers make of the kernels of the `gpu` profile on GPUs that nobody here has: has Lathe build and launch
# on paper what it would for each device (Tests/PaperDriver), and compiles that for NVIDIA's, AMD's and Intel's
# processors. Fails where a kernel is beyond the limits of kernels/opencl/gpu-limits.json; without a filter writes
# benchmarks/gpu-code.md, gpu-estimates.md and gpu-changes.md.
#
#   scripts/check-gpu-code.sh [--filter REGEX] [--target sm_90]... [OPTIONS]      --help lists them
#
# Kernels come from the working tree; the programs lathe and OperationCheck must be built (swift build -c release).
# Installs clang, libclc and Intel's compiler (scripts/install-dependencies.sh gpu-code) and, into LATHE_GPU_CODE_VENV
# (default .build/gpu-code/venv), NVIDIA's assembler and disassembler, about 60 MB. What was compiled stays in
# .build/gpu-code/cache.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in lathe OperationCheck; do
  [[ -x .build/release/$program ]] ||
    { echo "check-gpu-code: no .build/release/$program: run swift build -c release --product $program" >&2; exit 2; }
done
scripts/install-dependencies.sh gpu-code
export LATHE_GPU_CODE_VENV=${LATHE_GPU_CODE_VENV:-$PWD/.build/gpu-code/venv}
packages='nvidia-cuda-nvcc==13.5.37 nvidia-cuda-nvdisasm==13.5.37'
if [[ $(cat "$LATHE_GPU_CODE_VENV/lathe-packages" 2>/dev/null) != "$packages" ]]; then
  python3 -m venv "$LATHE_GPU_CODE_VENV"
  # shellcheck disable=SC2086
  "$LATHE_GPU_CODE_VENV/bin/pip" install --quiet --no-deps --only-binary :all: $packages
  echo "$packages" >"$LATHE_GPU_CODE_VENV/lathe-packages"
fi
# Out of Intel's driver only the offline compiler is taken: a driver that is installed without a GPU is one more
# platform without devices to every program.
export LATHE_GPU_CODE_INTEL=$PWD/.build/gpu-code/intel
if [[ ! -x $LATHE_GPU_CODE_INTEL/usr/bin/ocloc ]]; then
  mkdir -p "$LATHE_GPU_CODE_INTEL"
  # check.py says so where it cannot be had.
  (cd "$LATHE_GPU_CODE_INTEL" && apt-get download -qq intel-opencl-icd && dpkg -x intel-opencl-icd_*.deb .) ||
    true
fi
exec env -u LATHE_KERNEL_PROFILE -u LATHE_UNOPTIMIZED_PROFILE python3 scripts/gpu-code/check.py "$@"
