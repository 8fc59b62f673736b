#!/usr/bin/env bash
# Runs the C kernels of the CPU path and of tables against loops in float64, without Swift: natively at each SIMD level that this processor
# has, for aarch64 under qemu-user, and natively under the address and undefined-behaviour sanitizers.
#
#   scripts/check-arm.sh [GROUP...]      groups of Tests/KernelCheck/main.c, all of them otherwise
#
# CC names another clang. The program's allocations end at pages that are out of bounds, which works under qemu, too.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly folder=.build/check-arm
readonly cross_headers=/usr/aarch64-linux-gnu/include
readonly sources=(kernels/cpu/*.c kernels/tables/*.c Tests/KernelCheck/*.c)
readonly compiler=${CC:-clang}
groups=("$@")
failures=0

fail() {
  printf 'check-arm.sh: %s\n' "$1" >&2
  exit 1
}

# build NAME LINKER FLAGS...: compiles all sources into a program, unless it is newer than they are.
build() {
  local name=$1 linker=$2 objects=$folder/$1
  shift 2
  local program=$folder/kernel-check-$name
  local inputs=(kernels/cpu kernels/tables Tests/KernelCheck scripts/check-arm.sh)
  if [[ -x $program && -z $(find "${inputs[@]}" -newer "$program" -print -quit) ]]; then return; fi
  rm -rf "$objects"
  mkdir -p "$objects"
  echo "Compiling for $name"
  # Folders are a part of the objects' names: files of both may have one name.
  printf '%s\n' "${sources[@]}" | xargs -P "$(nproc)" -I '{}' sh -c \
    'source=$1 objects=$2; shift 2; exec "$@" -c "$source" -o "$objects/$(echo "$source" | tr / -).o"' \
    sh '{}' "$objects" "$compiler" -O2 -g -I kernels/cpu/include -I kernels/tables/include "$@" || fail "the sources do not compile for $name"
  # shellcheck disable=SC2086 # The linker's own flags are words.
  $linker "$objects"/*.o -lm -lpthread -o "$program" || fail "linking for $name failed"
}

# check TITLE COMMAND...: runs a program.
check() {
  local title=$1
  shift
  printf -- '--- %s\n' "$title"
  "$@" "${groups[@]}" || {
    printf '%s: failed\n' "$title" >&2
    failures=$((failures + 1))
  }
}

command -v "$compiler" >/dev/null || fail "$compiler is missing: Swift brings a clang; CC names another one"

build native "$compiler"
levels=$("$folder/kernel-check-native" --levels)
[[ -n $levels ]] || fail "the program names no SIMD level"
for level in $levels; do check "$level" env LATHE_SIMD="$level" "$folder/kernel-check-native"; done

# On aarch64 the native run was it.
if [[ $(uname -m) != aarch64 ]]; then
  scripts/install-dependencies.sh arm
  for tool in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v "$tool" >/dev/null || fail "$tool is missing: install what scripts/install-dependencies.sh lists for arm"
  done
  build aarch64 "aarch64-linux-gnu-gcc -static" --target=aarch64-linux-gnu -isystem "$cross_headers"
  check "aarch64 under qemu-user" qemu-aarch64 "$folder/kernel-check-aarch64"
fi

# Checks between the steps of a loop keep it from being vectorised; -O2 takes minutes longer to compile.
sanitizers=(-O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -Wno-pass-failed)
# The sanitizers' own list of symbols makes gold print a page of warnings.
build sanitized "$compiler -fuse-ld=bfd ${sanitizers[*]}" "${sanitizers[@]}"
# Programs that ask for more memory than there is are part of what is checked.
check "sanitizers" env ASAN_OPTIONS=allocator_may_return_null=1 "$folder/kernel-check-sanitized"

if ((failures)); then
  echo "check-arm: $failures run(s) failed" >&2
  exit 1
fi
echo "check-arm: every kernel agrees"
