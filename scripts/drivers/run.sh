#!/usr/bin/env bash
# Runs a program with one OpenCL driver and no other: scripts/drivers/run.sh DRIVER PROFILE PROGRAM [OPTIONS...]
#
# For scripts/check-drivers.sh, which puts drivers into .build/drivers.
set -euo pipefail
driver=$1 profile=$2 program=$3
shift 3
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$root/.build/drivers
settings=(LATHE_CACHE_DIR="$folder/cache/$driver")
unset OCL_ICD_VENDORS OPENCL_VENDOR_PATH LATHE_OPENCL_LIBRARY LATHE_KERNEL_DIR

if [[ $driver == intel ]]; then
  exec env "${settings[@]}" OCL_ICD_VENDORS="$folder/intel/vendors/" LD_LIBRARY_PATH="$folder/intel/lib" "$program" "$@"
fi
settings+=(OCL_ICD_VENDORS="/etc/OpenCL/vendors/$driver.icd" LATHE_KERNEL_PROFILE="$profile" HOME=/tmp)
case $driver in
  rusticl) settings+=(RUSTICL_ENABLE=llvmpipe) ;;
  # As in `make test`: nobody uses the kernels for GPUs there, and compiling takes long.
  pocl) settings+=(POCL_CACHE_DIR="$folder/cache/pocl/kcache" LATHE_UNOPTIMIZED_PROFILE=gpu) ;;
esac
debian=$folder/debian13
swift=$(dirname "$(ldd "$program" | sed -n 's/.*libswiftCore\.so => \([^ ]*\).*/\1/p')")
as_root=()
if ((EUID != 0)); then as_root=(sudo); fi
# shellcheck disable=SC2016
exec "${as_root[@]}" unshare --mount --propagation private bash -euc '
  debian=$1 root=$2 swift=$3
  shift 3
  for place in /proc /sys /dev /tmp; do mount --rbind "$place" "$debian$place"; done
  for place in "$root" "$swift"; do
    mkdir -p "$debian$place"
    mount --bind "$place" "$debian$place"
  done
  if [[ -d /usr/share/datasets ]]; then
    mkdir -p "$debian/usr/share/datasets"
    mount --bind /usr/share/datasets "$debian/usr/share/datasets"
  fi
  exec chroot "$debian" /usr/bin/env "$@"
' bash "$debian" "$root" "$swift" "${settings[@]}" "$program" "$@"
