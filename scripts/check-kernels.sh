#!/usr/bin/env bash
# Runs the operation cases with small inputs on the `gpu` kernels under oclgrind, which reports accesses out of
# bounds, data races and wrong calls. Its check of uninitialised reads is off: it reports reads
# in sort.cl, and whether rightly is not settled. Needs a release build of OperationCheck (make test).
#
#   scripts/check-kernels.sh [OPTIONS OF OperationCheck]
set -euo pipefail
cd "$(dirname "$0")/.."
icd=$(find /usr/lib /usr/local/lib -name 'liboclgrind-rt-icd.so' 2>/dev/null | head -n 1)
if [[ -z $icd ]]; then
  echo "check-kernels.sh: oclgrind is not installed (scripts/install-dependencies.sh test): kernels not checked" >&2
  exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options=("$@")
((${#options[@]})) || options=(--mode value --largest 600)

status=0
# Unoptimised, since oclgrind does not know every instruction that its optimiser writes (freeze, llvm.abs).
# The loader shows oclgrind alone; a cache of its own keeps its programs away from those of real devices.
OCL_ICD_VENDORS=$icd OCLGRIND_LOG=$folder/log OCLGRIND_CHECK_API=1 OCLGRIND_DATA_RACES=1 \
  OCLGRIND_MAX_ERRORS=20 OCLGRIND_BUILD_OPTIONS=-cl-opt-disable LATHE_CACHE_DIR=$folder/cache \
  .build/release/OperationCheck --device opencl --profile gpu "${options[@]}" || status=$?
# Its compiler counts its warnings there, too.
findings=$(grep -vE '^([0-9]+ warnings? generated\.)?$' "$folder/log" 2>/dev/null || true)
if [[ -n $findings ]]; then
  printf '%s\n' "$findings" >&2
  echo "check-kernels.sh: oclgrind reported the above" >&2
  status=1
fi
exit "$status"
