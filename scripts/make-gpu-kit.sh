#!/usr/bin/env bash
# Builds .build/gpu-kit: one folder that checks, measures and tunes Lathe on any x86-64 Linux host with an OpenCL driver.
#
#   scripts/make-gpu-kit.sh
#
# It holds `lathe` and the operation suite with Swift's libraries linked in, an OpenCL loader and a BLAS (used where the
# host has none), and the script that runs them. The programs travel compressed, since the folder must stay below 60 MB.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly limit=60000000
kit=.build/gpu-kit
scratch=.build/gpu-kit-build

fail() {
  echo "make-gpu-kit.sh: $1" >&2
  exit 1
}
[[ $(uname -s)-$(uname -m) == Linux-x86_64 ]] || fail "the kit is for x86-64 Linux and is built there"
for tool in objdump strip ldconfig; do
  PATH=$PATH:/sbin command -v "$tool" >/dev/null || fail "$tool is missing (Debian: binutils, libc-bin)"
done

# A folder of its own: linked statically, everything is compiled with other flags.
# Without the search for hyper-parameters, which would take SQLite along.
build=(swift build -c release --static-swift-stdlib --traits OpenCL,CommandLine --scratch-path "$scratch")
for product in lathe OperationCheck; do "${build[@]}" --product "$product"; done
built=$("${build[@]}" --show-bin-path)

rm -rf "$kit"
content=$(mktemp -d)
trap 'rm -rf "$content"' EXIT
mkdir -p "$kit/licences" "$content"/bin "$content"/lib/{opencl,blas,runtime}
install -s "$built/lathe" "$content/bin/lathe"
install -s "$built/OperationCheck" "$content/bin/operation-check"

# Prints the file of a library that the loader knows.
library() {
  local file
  file=$(PATH=$PATH:/sbin ldconfig -p | sed -n "s|^\s*$1 (libc6,x86-64.*=> ||p" | head -n 1)
  [[ -n $file ]] || fail "$1 is not installed (scripts/install-dependencies.sh runtime)"
  readlink -f "$file"
}
# Copies a library under its name, with the licence of the package it is from.
take() {
  local file package
  file=$(library "$2")
  cp "$file" "$content/lib/$1/$2"
  package=$(dpkg-query -S "$file" 2>/dev/null | cut -d: -f1 | head -n 1) || package=
  if [[ -n $package ]]; then cp "/usr/share/doc/$package/copyright" "$kit/licences/$package"; fi
}
take opencl libOpenCL.so.1
for name in libopenblas.so.0 libgfortran.so.5 libquadmath.so.0; do take blas "$name"; done
for name in libstdc++.so.6 libgcc_s.so.1; do take runtime "$name"; done

# The newest version of the C library whose symbols any of the files needs.
needed=$(find "$content" -type f -exec objdump -T {} + | grep -o 'GLIBC_[0-9][0-9.]*' | sort -uV | tail -n 1)
glibc=${needed#GLIBC_}
unexpected=$(find "$content" -type f -exec objdump -p {} + | awk '$1 == "NEEDED" { print $2 }' | sort -u |
  grep -vxE 'lib(c|m|dl|pthread|rt)\.so\.[0-9]+|ld-linux-x86-64\.so\.2' |
  while read -r name; do [[ -n $(find "$content/lib" -name "$name") ]] || echo "$name"; done)
[[ -z $unexpected ]] || fail "the programs need libraries that the kit does not hold: $unexpected"

echo "$glibc" >"$content/glibc"
id=$(cat "$content"/bin/* | sha256sum | cut -c1-12)
echo "$id" | tee "$kit/id" >"$content/id"
tar -C "$content" --owner=0 --group=0 --sort=name -czf "$kit/kit.tar.gz" .
install -m 755 scripts/gpu-kit/gpu-kit "$kit/gpu-kit"
cp LICENSE "$kit/licences/lathe"
cp docs/devices.md "$kit/devices.md"
commit=$(git describe --always --dirty 2>/dev/null || echo 'an unknown commit')
sed -e "s|@GLIBC@|$glibc|g" -e "s|@COMMIT@|$commit|g" scripts/gpu-kit/README.in >"$kit/README"

size=$(du -sb "$kit" | cut -f1)
((size <= limit)) || fail "$kit takes $size bytes, more than $limit"
echo "$kit: $((size / 1000000)) MB, for x86-64 Linux with GNU libc $glibc or newer"
