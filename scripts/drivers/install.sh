# Puts OpenCL drivers into .build/drivers; for scripts/check-drivers.sh, with its $root.

# What a driver is made of; another version is another line.
driver_version() {
  case $1 in
    intel) echo 'intel-opencl-rt==2026.2.0 intel-cmplr-lib-rt==2026.2.0 tbb==2023.2.0 tcmlib==1.6.0' ;;
    rusticl | pocl) debian_versions ;;
  esac
}

install_driver() {
  case $1 in
    intel) install_intel ;;
    rusticl | pocl) install_debian ;;
  esac
}

# Wheels in a virtual environment, and a folder with the one .icd file that names the library.
install_intel() {
  local venv=$root/.build/drivers/intel packages
  packages=$(driver_version intel)
  [[ $(cat "$venv/lathe-packages" 2>/dev/null) == "$packages" ]] && return
  scripts/install-dependencies.sh drivers
  rm -rf "$venv"
  python3 -m venv "$venv"
  # shellcheck disable=SC2086
  "$venv/bin/pip" install --quiet --no-deps --only-binary :all: $packages
  mkdir -p "$venv/vendors"
  echo "$venv/lib/libintelocl.so" >"$venv/vendors/intel.icd"
  echo "$packages" >"$venv/lathe-packages"
}

# A Debian 13: its drivers need its C library and its LLVM.
install_debian() {
  local debian=$root/.build/drivers/debian13 as_root=()
  if [[ -e $debian/lathe-complete ]]; then return; fi
  scripts/install-dependencies.sh drivers
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "rusticl and PoCL run in a Debian 13 of their own, which takes root or sudo; --driver intel does not"
    as_root=(sudo)
  fi
  echo "Making a Debian 13 with pocl-opencl-icd and mesa-opencl-icd in $debian"
  "${as_root[@]}" rm -rf "$debian"
  "${as_root[@]}" debootstrap --variant=minbase \
    --include=pocl-opencl-icd,mesa-opencl-icd,ocl-icd-libopencl1,libopenblas0-pthread,zlib1g trixie "$debian" \
    >"$root/.build/drivers/logs/debootstrap.log" 2>&1 ||
    fail "no Debian 13 could be made: see .build/drivers/logs/debootstrap.log"
  "${as_root[@]}" touch "$debian/lathe-complete"
}

debian_versions() {
  awk '/^Package: / { name = $2 }
    /^Version: / && (name == "pocl-opencl-icd" || name == "mesa-opencl-icd") { printf "%s %s  ", name, $2 }' \
    "$root/.build/drivers/debian13/var/lib/dpkg/status"
}
