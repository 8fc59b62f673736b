#!/usr/bin/env bash
# Runs a peer in a virtual environment of its own, made at the first call (about 3 GB of packages).
#
#   benchmarks/peers/run.sh compare.py --output FILE [OPTIONS]
#   benchmarks/peers/run.sh lenet_pytorch.py [OPTIONS]
#
# LATHE_PEERS_VENV names the environment's folder (default .venv in the repository, which git ignores). A package that
# cannot be installed is named; the peer that needs it will then be missing.
set -euo pipefail
peers=$(cd "$(dirname "$0")" && pwd)
venv=${LATHE_PEERS_VENV:-$peers/../../.venv}
[ $# -ge 1 ] || { sed -n '2,8p' "$0"; exit 2; }
if ! cmp -s "$peers/requirements.txt" "$venv/lathe-requirements.txt"; then
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  # Of llama.cpp what reads pictures is left out, which takes minutes to compile.
  arguments="-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF"
  # llama.cpp 0.3.36's products by AMX end in an illegal instruction where they were tried.
  if grep -qw amx_tile /proc/cpuinfo; then
    without="-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
    arguments="$arguments '-DCMAKE_C_FLAGS=$without' '-DCMAKE_CXX_FLAGS=$without'"
  fi
  export CMAKE_ARGS="${CMAKE_ARGS:-$arguments}"
  complete=yes
  while read -r package; do
    # Which there is no built package of; it is compiled, for some minutes.
    [[ $package == llama_cpp_python* ]] && source_only=(--no-binary llama_cpp_python) || source_only=()
    "$venv/bin/pip" install --quiet --only-binary :all: "${source_only[@]}" "$package" ||
      { complete=no; echo "run.sh: $package cannot be installed; its peer will be missing" >&2; }
  done <"$peers/requirements.txt"
  # Only a complete environment is remembered; another one is tried again at the next call.
  [ "$complete" = no ] || cp "$peers/requirements.txt" "$venv/lathe-requirements.txt"
fi
script=$1
shift
exec env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$venv/bin/python" "$peers/$script" "$@"
