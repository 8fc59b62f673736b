#!/usr/bin/env bash
# Trains two small networks and reads their events by the real TensorBoard, in a virtual environment of its own that the
# first call makes (about 200 MB of packages).
#
#   scripts/check-tensorboard.sh [--device cpu]
#
# LATHE_TENSORBOARD_VENV names the environment's folder (default .venv-tensorboard in the repository, which git ignores).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${LATHE_TENSORBOARD_VENV:-$root/.venv-tensorboard}
device=cpu
case ${1:-} in
'') ;;
--device) device=${2:?--device needs a name} ;;
*) sed -n '2,7p' "$0"; exit 2 ;;
esac
if [[ ! -x $venv/bin/tensorboard ]]; then
  python3 -m venv "$venv"
  # setuptools: TensorBoard imports pkg_resources, which 82 no longer has.
  "$venv/bin/pip" install --quiet tensorboard==2.21.0 'setuptools<82'
fi
lathe=$root/.build/release/lathe
[[ -x $lathe ]] || { echo "check-tensorboard.sh: $lathe is missing; run swift build -c release --product lathe" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Squares at places that tell their class.
"$venv/bin/python" - "$folder/squares.npz" <<'PYTHON'
import sys
import numpy

random = numpy.random.default_rng(1)
labels = numpy.arange(240) % 4
images = random.integers(0, 60, (240, 16, 16), dtype=numpy.uint8)
for image, label in zip(images, labels):
    image[3 + 6 * (label // 2):8 + 6 * (label // 2), 3 + 6 * (label % 2):8 + 6 * (label % 2)] += 180
numpy.savez(sys.argv[1], images=images, labels=labels)
PYTHON
for model in vgg-small autoencoder; do
  "$lathe" train "$model" --data-file "$folder/squares.npz" --device "$device" --epochs 2 --batch-size 4 --clip-norm 1 \
    --output "$folder/$model" >/dev/null 2>"$folder/log" || { cat "$folder/log" >&2; exit 1; }
  echo "$model:"
  "$venv/bin/python" "$root/scripts/check-tensorboard.py" "$folder/$model"
done
