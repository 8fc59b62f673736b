#!/usr/bin/env bash
# Compares what Lathe computes with `transformers` and sentence-transformers.
#
#   scripts/check-language.sh [--model NAME]...   NAME: a model of the store, such as minilm or smollm2; without one both of
#                                                 these, where scripts/fetch-models.sh has put them there
#
# The tiny networks of Tests/Fixtures/language are read and written by Lathe, and have to give transformers the same logits. Of
# a sentence encoder the states of all layers and vectors of sentences are compared, of a language model scores, likeliest tokens
# and beams, on each device. With float32 weights texts have to be the same; beside weights as a file has them activations are
# rounded, so that the distance of scores and the share of equal choices are held to limits, which check-language.py names.
# LATHE_LANGUAGE_VENV names the folder of a virtual environment (default .venv-language in the repository, which git ignores;
# about 3 GB of packages at the first call).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${LATHE_LANGUAGE_VENV:-$root/.venv-language}
if [[ ! -x $venv/bin/python ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 transformers==5.24.0 \
    sentence-transformers==6.2.0 gguf==0.19.0 accelerate==1.15.0
fi
cd "$root"
swift build -c release --product LanguageCheck
swift build -c release --product lathe
HF_HUB_OFFLINE=1 exec "$venv/bin/python" scripts/check-language.py "$@"
