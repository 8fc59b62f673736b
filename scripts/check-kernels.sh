#!/usr/bin/env bash
# Runs the operation cases with small inputs on the `gpu` kernels under oclgrind, which reports accesses out of
# bounds, data races and wrong calls. Needs a release build of OperationCheck (make test).
#
#   scripts/check-kernels.sh [OPTIONS OF OperationCheck]
#   scripts/check-kernels.sh --uninitialised [--name TEXT]    reads of memory that nothing wrote, too
#
# The second form starts a process for each case and takes twice as long: oclgrind loses track of what is written once
# memory objects come and go, and then reports reads that are in order in every case by itself.
set -euo pipefail
cd "$(dirname "$0")/.."
icd=$(find /usr/lib /usr/local/lib -name 'liboclgrind-rt-icd.so' 2>/dev/null | head -n 1)
if [[ -z $icd ]]; then
  echo "check-kernels.sh: oclgrind is not installed (scripts/install-dependencies.sh test): kernels not checked" >&2
  exit 1
fi
check=.build/release/OperationCheck
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
: >"$folder/log"

# Unoptimised, since oclgrind does not know every instruction that its optimiser writes (freeze, llvm.abs).
# The loader shows oclgrind alone. No programs are kept: by a list of them the next process would build ahead, and
# oclgrind's compiler fails where two threads build. Without the pool a buffer ends where its content ends, and an access
# behind that is noticed.
run() {
  OCL_ICD_VENDORS=$icd OCLGRIND_LOG=$folder/part OCLGRIND_CHECK_API=1 OCLGRIND_DATA_RACES=1 \
    OCLGRIND_MAX_ERRORS=20 OCLGRIND_BUILD_OPTIONS=-cl-opt-disable LATHE_CACHE_DIR=off LATHE_BUILTIN_MATH=off \
    LATHE_MEMORY_POOL=off "$check" --device opencl --profile gpu "$@" || status=$?
  # Its compiler counts its warnings there, too.
  grep -vE '^([0-9]+ warnings? generated\.)?$' "$folder/part" >>"$folder/log" || true
}

status=0
if [[ ${1:-} == --uninitialised ]]; then
  shift
  export OCLGRIND_UNINITIALIZED=1
  mapfile -t cases < <("$check" --list --largest 600 "$@")
  for name in "${cases[@]}"; do
    run --mode value --case "$name" >"$folder/output" || cat "$folder/output"
  done
  echo "${#cases[@]} cases, each in a process of its own"
elif (($#)); then
  run "$@"
else
  # A process for each kind of case: oclgrind keeps something of all that was ever made, and grows slower with it.
  mapfile -t kinds < <("$check" --list --largest 600 | awk '{ print $1 == "a" ? $1 " " $2 : $1 }' | sort -u)
  failed=0
  for kind in "${kinds[@]}"; do
    status=0
    run --mode value --largest 600 --name "$kind" >"$folder/output"
    ((status == 0)) || { cat "$folder/output"; failed=1; }
  done
  status=$failed
  echo "${#kinds[@]} kinds of cases under oclgrind"
fi
if [[ -s $folder/log ]]; then
  cat "$folder/log" >&2
  echo "check-kernels.sh: oclgrind reported the above" >&2
  status=1
fi
exit "$status"
