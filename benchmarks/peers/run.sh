#!/usr/bin/env bash
# Runs a peer in a virtual environment of its own, made at the first call (about 3 GB of packages).
#
#   benchmarks/peers/run.sh lenet_pytorch.py [OPTIONS]
#
# LATHE_PEERS_VENV names the environment's folder (default .venv in the repository, which git ignores).
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
venv=${LATHE_PEERS_VENV:-$top/.venv}
[ $# -ge 1 ] || { sed -n '2,7p' "$0"; exit 2; }
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --only-binary :all: -r "$top/benchmarks/peers/requirements.txt"
fi
script=$1
shift
exec env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$venv/bin/python" "$top/benchmarks/peers/$script" "$@"
