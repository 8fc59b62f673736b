#!/usr/bin/env bash
# Installs the Debian packages that Lathe uses; the one list that the Makefile, .ci/run and the Dockerfile share.
#
#   scripts/install-dependencies.sh [GROUP...]      default: all groups but arm, drivers, gpu-code and models
#
#   make     make itself, for images that start without it
#   build    what compiling needs besides Swift: git, and the headers of OpenCL and SQLite
#   runtime  what a binary uses where it finds it: zlib, libpng, libjpeg-turbo, libcurl, SQLite, snappy, zstd, the OpenCL
#            loader and a BLAS
#   pocl     OpenCL on the CPU, for machines without a GPU and for the tests
#   data     the Fashion-MNIST data set
#   arm      compiling and running the CPU path's kernels for aarch64; not among the default groups
#   drivers  what makes room for other OpenCL drivers; not among the default groups
#   gpu-code compilers that make GPUs' code of the kernels; not among the default groups
#   models   what scripts/fetch-models.sh downloads with; not among the default groups
#   test     oclgrind, which checks the GPU kernels for races and accesses out of bounds
#
# Returns at once where nothing is missing. LATHE_SKIP_SETUP=1 skips it altogether (other distributions).
set -euo pipefail

# The oldest Swift that builds the package.
readonly swift_major=6 swift_minor=3

# A package that has other names in other releases: a|b.
packages() {
  case $1 in
    make) echo make ;;
    build) echo git ca-certificates ocl-icd-opencl-dev libsqlite3-dev ;;
    runtime) echo zlib1g 'libpng16-16|libpng16-16t64' 'libturbojpeg0|libturbojpeg' 'libcurl4|libcurl4t64' libsqlite3-0 libsnappy1v5 libzstd1 ocl-icd-libopencl1 libopenblas0-pthread ;;
    pocl) echo pocl-opencl-icd ;;
    data) echo dataset-fashion-mnist ;;
    test) echo oclgrind ;;
    gpu-code) echo python3 python3-venv clang-19 libclc-19 opencl-c-headers 'libigc1|libigc2' 'libigdfcl1|libigdfcl2' libigdgmm12 libigc-tools ;;
    models) echo python3 python3-pip ;;
    drivers) echo python3 python3-venv debootstrap util-linux dataset-fashion-mnist ;;
    arm) echo python3 qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
    *) return 1 ;;
  esac
}

fail() {
  printf 'install-dependencies.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

check_swift() {
  local version
  command -v swift >/dev/null ||
    fail "Swift is missing: install Swift $swift_major.$swift_minor or newer from https://www.swift.org/install/linux"
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  [[ $version =~ ^([0-9]+)\.([0-9]+)$ ]] || fail "swift --version says nothing usable: is the installation complete?"
  if ((BASH_REMATCH[1] < swift_major || (BASH_REMATCH[1] == swift_major && BASH_REMATCH[2] < swift_minor))); then
    fail "Swift $version is too old: $swift_major.$swift_minor or newer is needed"
  fi
}

# Prints which of the named packages are not installed under any of their names.
missing() {
  local package names name
  for package in "$@"; do
    IFS='|' read -ra names <<<"$package"
    for name in "${names[@]}"; do
      [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] && continue 2
    done
    echo "$package"
  done
}

# Prints the names that this release has for packages.
known() {
  local package names name
  for package in "$@"; do
    IFS='|' read -ra names <<<"$package"
    for name in "${names[@]}"; do
      if apt-cache show "$name" >/dev/null 2>&1; then echo "$name" && continue 2; fi
    done
    echo "${names[0]}"
  done
}

groups=("$@")
((${#groups[@]})) || groups=(make build runtime pocl data test)
wanted=()
for group in "${groups[@]}"; do
  list=$(packages "$group") || {
    sed -n "2,16p" "$0" >&2
    fail "no group named '$group'" 2
  }
  read -ra names <<<"$list"
  wanted+=("${names[@]}")
done

if [[ ${LATHE_SKIP_SETUP:-} == 1 ]]; then exit 0; fi
for group in "${groups[@]}"; do
  if [[ $group == build ]]; then check_swift; fi
done

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
  fail "this is no Debian or Ubuntu: install what these packages hold by other means, then set LATHE_SKIP_SETUP=1: ${wanted[*]}"

mapfile -t absent < <(missing "${wanted[@]}")
if ((${#absent[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null ||
    fail "root rights are needed to install: ${absent[*]} (run this script as root once, or install sudo)"
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
mapfile -t absent < <(known "${absent[@]}")
echo "Installing ${absent[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${absent[@]}" >/dev/null
mapfile -t absent < <(missing "${wanted[@]}")
((${#absent[@]} == 0)) || fail "still missing after apt-get: ${absent[*]}"
