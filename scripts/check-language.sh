#!/usr/bin/env bash
# Compares networks that Lathe wrote, and what it makes of sentences, with `transformers`.
#
#   scripts/check-language.sh [--model NAME]      NAME: a sentence encoder of the model store, such as minilm
#
# The tiny networks of Tests/Fixtures/language are read and written by Lathe, and have to give transformers the same logits. With
# --model sentences are embedded by both. LATHE_LANGUAGE_VENV names the folder of a virtual environment (default
# .venv-language in the repository, which git ignores; about 3 GB of packages at the first call).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${LATHE_LANGUAGE_VENV:-$root/.venv-language}
if [[ ! -x $venv/bin/python ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check torch==2.15.0 transformers==5.24.0
fi
cd "$root"
swift build -c release --product LanguageCheck
[[ $# -eq 0 ]] || swift build -c release --product lathe
HF_HUB_OFFLINE=1 exec "$venv/bin/python" scripts/check-language.py "$@"
