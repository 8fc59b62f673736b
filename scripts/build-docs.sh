#!/usr/bin/env bash
# Builds the reference documentation of the libraries with the toolchain's own docc, without a package:
# .build/documentation, a folder of static pages. The guides of docs/ are its articles, docs/Lathe.docc has the lists of
# topics. A link to a symbol that is gone and a parameter without a word are errors.
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in docc swift-symbolgraph-extract; do
  command -v "$tool" >/dev/null || {
    echo "build-docs.sh: the Swift toolchain has no $tool; the reference documentation needs it" >&2
    exit 1
  }
done
swift build -c release --product lathe
products=$(swift build -c release --show-bin-path)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT

# The C targets' module maps, which SwiftPM passes to the compiler by itself.
clang_options=()
while read -r map; do clang_options+=(-Xcc "-fmodule-map-file=$map"); done < <(find "$products" -maxdepth 2 -path "*.build/module.modulemap")

modules="LatheCore Lathe LatheNN LatheModels LatheFiles LatheFormats LatheData LatheTraining LatheTracking"
for module in $modules; do
  swift-symbolgraph-extract -module-name "$module" -I "$products/Modules" -output-dir "$graphs" \
    -target "$(swift -print-target-info | sed -n 's/.*"unversionedTriple" *: *"\([^"]*\)".*/\1/p' | head -n 1)" \
    -minimum-access-level public -skip-inherited-docs "${clang_options[@]}"
done
catalog="$graphs/Lathe.docc"
mkdir "$catalog"
cp docs/*.md docs/Lathe.docc/*.md "$catalog"
rm -rf .build/documentation
docc convert "$catalog" --additional-symbol-graph-dir "$graphs" --fallback-display-name Lathe \
  --fallback-bundle-identifier org.lathe.documentation --transform-for-static-hosting --warnings-as-errors \
  --output-path .build/documentation
echo "documentation in .build/documentation: serve the folder, then open documentation/lathe"
