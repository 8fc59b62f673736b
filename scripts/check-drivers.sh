#!/usr/bin/env bash
# Runs the operation suite (values, gradients, views) and some steps of LeNet on other OpenCL drivers than this host's
# own, in both kernel profiles, and ends with a table:
#
#   intel    Intel's CPU runtime (PyPI)
#   rusticl  Mesa's rusticl on llvmpipe (Debian 13)
#   pocl     the newest PoCL of a registry (Debian 13)
#
#   scripts/check-drivers.sh [--driver NAME]... [--profile cpu|gpu]... [--mode value|gradient|secondOrder|view]...
#                            [--name TEXT] [--limit MINUTES] [--again]
#
# Each driver and profile has a process of its own that ends after MINUTES (120); within it a case that the driver
# breaks or never answers costs itself alone. A driver and profile that passed is not run again as long as programs and
# lists are the same, unless --again says so. --name TEXT runs the cases that have it in their names and no LeNet.
# scripts/drivers/known/DRIVER.txt lists faults of a driver that are known; any other is an exit code of 1.
#
# The programs lathe and OperationCheck must be built (swift build -c release). Drivers are put into .build/drivers, 2.3 GB
# in all, and nowhere else: one that is installed would be there for every program. Debian 13's run in its own root
# directory, for which root or sudo is needed.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
# shellcheck source=scripts/drivers/install.sh
source scripts/drivers/install.sh

fail() {
  printf 'check-drivers: %s\n' "$1" >&2
  exit "${2:-1}"
}

drivers=() profiles=() modes=() name='' limit=120 again=
while (($#)); do
  case $1 in
    --driver | --profile | --mode | --name | --limit) (($# > 1)) || fail "$1 takes a value" 2 ;;&
    --driver) [[ $2 =~ ^(intel|rusticl|pocl)$ ]] || fail "no driver '$2'; there are intel, rusticl, pocl" 2
      drivers+=("$2") && shift 2 ;;
    --profile) [[ $2 =~ ^(cpu|gpu)$ ]] || fail "no kernel profile '$2'; there are cpu, gpu" 2
      profiles+=("$2") && shift 2 ;;
    --mode) [[ $2 =~ ^(value|gradient|secondOrder|view)$ ]] ||
      fail "no mode '$2'; there are value, gradient, secondOrder, view" 2
      modes+=("$2") && shift 2 ;;
    --name) name=$2 && shift 2 ;;
    --limit) [[ $2 =~ ^[1-9][0-9]*$ ]] || fail "--limit takes minutes, not '$2'" 2
      limit=$2 && shift 2 ;;
    --again) again=1 && shift ;;
    --help) sed -n '2,23s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) sed -n '2,23s/^# \{0,1\}//p' "$0" >&2 && fail "unknown option $1" 2 ;;
  esac
done
((${#drivers[@]})) || drivers=(intel rusticl pocl)
((${#profiles[@]})) || profiles=(gpu cpu)
((${#modes[@]})) || modes=(value gradient view)

for program in lathe OperationCheck; do
  [[ -x .build/release/$program ]] || fail "no .build/release/$program: run swift build -c release --product $program" 2
done
folder=$root/.build/drivers
mkdir -p "$folder"/{logs,passed,cache}
for driver in "${drivers[@]}"; do install_driver "$driver"; done

# --- Runs -------------------------------------------------------------------------------------------------------------
training=(train lenet --data fashion-mnist --steps 60 --batch-size 64 --seed 1 --json)

# The loss of LeNet's last steps, as a JSON line of `lathe train` says it.
loss() { sed -n 's/.*"train_loss":\([0-9.]*\).*/\1/p' "$1" | tail -n 1; }

# What LeNet comes to on a driver: `passed`, or what is wrong with it.
lenet() { # DRIVER PROFILE SECONDS
  local log=$folder/logs/$1-$2-lenet.log output expected found
  output=$(mktemp -d "$folder/lenet-XXXXXX")
  expected=$(loss "$folder/logs/cpu-lenet.log")
  timeout --kill-after=10 "$3" env LATHE_KERNEL_PROFILE="$2" "$root/scripts/drivers/run.sh" "$1" "$2" \
    "$root/.build/release/lathe" "${training[@]}" --device opencl:0 --output "$output" >"$log" 2>&1 </dev/null
  local status=$?
  rm -rf "$output"
  if ((status == 124 || status == 137)); then echo "longer than $3 s" && return; fi
  if ((status)); then echo "exit code $status" && return; fi
  found=$(loss "$log")
  # The same seed gives nearly the same losses on every device.
  awk -v a="$expected" -v b="$found" 'BEGIN {
    if (a == "" || b == "") print "no loss"
    else if ((a - b) ^ 2 > (0.01 * a) ^ 2) print "loss " b ", CPU " a
    else print "passed"
  }'
}

# Runs a driver and profile; leaves a row of the table in $row and fails where something is wrong.
run() { # DRIVER PROFILE
  local driver=$1 profile=$2 log=$folder/logs/$1-$2.log known=$root/scripts/drivers/known/$1.txt
  local key passed=$folder/passed/$1-$2 start=$SECONDS status=0 network='-' words=() counts
  for mode in "${modes[@]}"; do words+=(--mode "$mode"); done
  if [[ -n $name ]]; then words+=(--name "$name"); fi
  key=$(cat .build/release/{OperationCheck,lathe} "$known" <(driver_version "$driver"; echo "${words[@]}") |
    sha256sum | cut -d' ' -f1)
  if [[ -z $again && -e $passed && $(head -n 1 "$passed") == "$key" ]]; then
    row="$(tail -n 1 "$passed"), as before"
    return
  fi
  timeout --kill-after=10 $((limit * 60)) "$root/scripts/drivers/run.sh" "$driver" "$profile" \
    "$root/.build/release/OperationCheck" --apart --device opencl:0 --profile "$profile" --known "$known" "${words[@]}" \
    </dev/null 2>&1 | tee "$log" | sed -u "s/^/$driver: /"
  status=${PIPESTATUS[0]}
  counts=$(sed -n 's/^opencl:0 ([a-z]* profile)  *\([0-9]\)/\1/p' "$log" | tail -n 1 | awk '{ print $1, $2, $3, $4, $5 }')
  if ((status == 124 || status == 137)); then counts="longer than $limit min"; fi
  if [[ -z $name ]]; then network=$(lenet "$driver" "$profile" $((limit * 60))); fi
  if ((status)) || [[ $network != passed && -z $name ]]; then status=1; fi
  row=$(printf '%-8s %-7s %-28s %-24s %6s  %s' "$driver" "$profile" "${counts:-exit code $status}" "$network" \
    $((SECONDS - start)) "$( ((status)) && echo FAILED || echo passed)")
  if ((status == 0)); then printf '%s\n%s\n' "$key" "$row" >"$passed"; fi
  return "$status"
}

if [[ -z $name ]]; then
  output=$(mktemp -d "$folder/lenet-XXXXXX")
  .build/release/lathe "${training[@]}" --device cpu --output "$output" >"$folder/logs/cpu-lenet.log" 2>&1 </dev/null ||
    fail "LeNet fails on the CPU already: see $folder/logs/cpu-lenet.log"
  rm -rf "$output"
fi
rows=() status=0
for driver in "${drivers[@]}"; do
  for profile in "${profiles[@]}"; do
    run "$driver" "$profile" || status=1
    rows+=("$row")
  done
done
echo
for driver in "${drivers[@]}"; do echo "$driver: $(driver_version "$driver")"; done
printf '%-8s %-7s %-28s %-24s %6s\n' driver profile 'run failed known ended left' LeNet seconds
printf '%s\n' "${rows[@]}"
if ((status)); then echo "check-drivers: see FAILED above; the whole logs are in .build/drivers/logs" >&2; fi
exit "$status"
