#!/usr/bin/env bash
# Runs a reader of weights, of texts or of tables under libFuzzer with AddressSanitizer, from the seeds in Tests/Fuzz/corpus.
#
#   scripts/fuzz.sh READER [LIBFUZZER-OPTION...]     safetensors, index, gguf, pickle, legacy, zip, npz, npy, tokenizer, words,
#                                                    merges, stored, pattern, template, gbnf, schema, csv, jsonlines, arff,
#                                                    sqlite, parquet, lightgbm, xgboost or tablemodel; default
#                                                    -runs=1000000
#   scripts/fuzz.sh all [LIBFUZZER-OPTION...]        one after the other
#
# What is found goes to .build/fuzz/READER, a crash to .build/fuzz/crashes. Builds for itself, in .build/fuzz.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
readers=(safetensors index gguf pickle legacy zip npz npy tokenizer words merges stored pattern template gbnf schema csv jsonlines arff
  sqlite parquet lightgbm xgboost tablemodel)
[[ $# -ge 1 ]] || { sed -n '2,10p' "$0"; exit 2; }
[[ $1 == all ]] || readers=("$1")
shift
package=$root/.build/fuzz/package
mkdir -p "$package" "$root/.build/fuzz/crashes"
ln -sfn "$root/Sources" "$package/Sources"
ln -sfn "$root/kernels" "$package/kernels"
ln -sfn "$root/Tests/Fuzz" "$package/Fuzz"
ln -sfn "$root/Tests/Fuzz/Package.swift" "$package/Package.swift"
swift build -c release --package-path "$package" --product FuzzReaders
for reader in "${readers[@]}"; do
  seeds=$root/Tests/Fuzz/corpus/$reader
  [[ -d $seeds ]] || { echo "fuzz.sh: no reader '$reader'" >&2; exit 2; }
  mkdir -p "$root/.build/fuzz/$reader"
  echo "$reader:"
  LATHE_FUZZ=$reader LATHE_THREADS=1 ASAN_OPTIONS=detect_leaks=0 nice -n 19 "$package/.build/release/FuzzReaders" \
    -runs=1000000 -max_len=4096 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$root/.build/fuzz/crashes/$reader-" \
    -print_final_stats=1 "$@" "$root/.build/fuzz/$reader" "$seeds"
done
