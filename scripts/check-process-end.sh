#!/usr/bin/env bash
# Ends processes while an OpenCL runtime compiles or runs, and counts how they ended; fails where one did not end with 0.
#
#   scripts/check-process-end.sh [RUNS]    so many processes, 1000 unless given, of each kind and kernel profile in turn
#
# Needs a release build of ProcessEndCheck (swift build -c release --product ProcessEndCheck).
set -uo pipefail
cd "$(dirname "$0")/.."
runs=${1:-1000}
check=${LATHE_PROCESS_END_CHECK:-.build/release/ProcessEndCheck}
if [[ ! -x $check ]]; then
  echo "check-process-end.sh: no $check; build it: swift build -c release --product ProcessEndCheck" >&2
  exit 2
fi
# What a cache holds is not compiled.
export LATHE_CACHE_DIR=off LATHE_UNOPTIMIZED_PROFILE=${LATHE_UNOPTIMIZED_PROFILE-gpu}
kinds=(chains programs)
profiles=(cpu gpu)
declare -A counts
failed=0
for ((run = 0; run < runs; run++)); do
  kind=${kinds[run % 2]}
  profile=${profiles[run / 2 % 2]}
  LATHE_KERNEL_PROFILE=$profile timeout 120 "$check" "$kind" >/dev/null 2>&1
  status=$?
  counts["$kind $profile: exit code $status"]=$((${counts["$kind $profile: exit code $status"]:-0} + 1))
  ((status == 0)) || failed=$((failed + 1))
done
for name in "${!counts[@]}"; do echo "$name: ${counts[$name]}"; done | sort
echo "$runs processes, $failed of them did not end with 0"
((failed == 0))
