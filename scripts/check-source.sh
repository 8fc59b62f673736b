#!/usr/bin/env bash
# The lint of `make lint`: formatting, the direction of imports, and the house rules a formatter does not know.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failures=0

complain() {
  printf '%s\n' "$@" >&2
  failures=$((failures + 1))
}

# Prints the tracked and the new files that match the patterns; git's own list leaves build products out.
files() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [[ -f $f ]] && echo "$f"; done; }

# --- Formatting ---------------------------------------------------------------------------------------------------
mapfile -t swift_files < <(files '*.swift')
swift format lint --strict --parallel "${swift_files[@]}" || complain "swift format: see above; 'make format' mends most of it"

# --- Imports run one way ------------------------------------------------------------------------------------------
# module: what of this package it may import
rules='
LatheCore:
LatheCPU: LatheCore CPUKernels
LatheOpenCL: LatheCore COpenCL OpenCLKernels
Lathe: LatheCore LatheCPU LatheOpenCL
LatheLearn: LatheCore LatheFiles LatheTables LatheCPU CPUKernels
LatheSearch: LatheCore LatheFiles LatheLearn
LatheAutoML: LatheCore LatheFiles LatheTables LatheLearn LatheSearch
LatheStudies: LatheCore LatheSearch GRDB
LatheFiles: LatheCore CZlib CChecksum
LatheTables: LatheCore LatheFiles TableKernels CSQLite
LatheText: LatheCore LatheFiles CUnicode
LatheTextMetrics: LatheCore LatheFiles LatheText
LatheFormats: LatheCore Lathe LatheFiles
LatheNN: LatheCore Lathe
LatheWordVectors: LatheCore LatheFiles Lathe LatheNN CPUKernels
LatheModels: LatheCore Lathe LatheNN
LatheData: LatheCore Lathe LatheFiles LatheNN CImages
LatheTraining: LatheCore Lathe LatheFiles LatheFormats LatheNN LatheModels LatheData
LatheTracking: LatheCore Lathe LatheFiles LatheNN LatheData LatheTraining
LatheHub: LatheCore LatheFiles CCurl
LatheLanguage: LatheCore Lathe LatheFiles LatheFormats LatheNN LatheText LatheTraining
LatheTabular: LatheCore Lathe LatheFiles LatheTables LatheLearn LatheFormats LatheNN LatheData LatheTraining LatheLanguage LatheHub
LatheAdapters: Lathe LatheFiles LatheFormats LatheLanguage LatheNN LatheText LatheTraining
LatheTuning: LatheCore Lathe LatheAdapters LatheData LatheFiles LatheFormats LatheLanguage LatheNN LatheTables LatheText LatheTraining LatheLearn LatheTextMetrics
LatheML: Lathe LatheFiles LatheTables LatheLearn LatheTabular LatheText LatheTextMetrics LatheWordVectors LatheFormats LatheHub LatheLanguage LatheAdapters LatheTuning LatheNN LatheModels LatheData LatheTraining LatheTracking
LatheBenchmarks: LatheCore Lathe LatheML LatheAdapters LatheTuning LatheLearn LatheSearch BenchmarkEstimates
LatheCommand: LatheCore Lathe LatheText LatheTextMetrics LatheWordVectors LatheML LatheBenchmarks LatheSearch LatheStudies LatheAutoML
'
folder() { if [[ $1 == LatheBenchmarks ]]; then echo benchmarks/harness; else echo "Sources/$1"; fi; }
own="$(sed -n 's/^\([A-Za-z]*\):.*/\1/p' <<<"$rules" | tr '\n' ' ')CPUKernels OpenCLKernels TableKernels COpenCL CZlib CImages CChecksum CCurl CSQLite CUnicode BenchmarkEstimates"
# A folder of sources that the table does not know could import anything.
for module in Sources/*/; do
  [[ " $own " == *" $(basename "$module") "* ]] || complain "$module: scripts/check-source.sh has no rule for its imports"
done
while IFS=: read -r module allowed; do
  [[ -n $module ]] || continue
  while IFS=: read -r file imported; do
    [[ -n $file ]] || continue
    if [[ " $own " == *" $imported "* && " $allowed " != *" $imported "* ]]; then
      complain "$file: $module must not import $imported"
    fi
  done < <(files "$(folder "$module")/*.swift" | xargs -r awk '
    { sub(/\/\/.*/, ""); gsub(/@[A-Za-z_]+(\([^)]*\))?/, ""); gsub(/^ +/, "") }
    /^(public |package |internal |private |fileprivate )?import / {
      for (i = 1; i <= NF; i++) if ($i == "import") { name = $(i + 1); if (name ~ /^(struct|class|enum|func|var|let|protocol|typealias)$/) name = $(i + 2); sub(/\..*/, "", name); print FILENAME ":" name }
    }')
done <<<"$rules"

# --- Every kernel is in the binary --------------------------------------------------------------------------------
while read -r kernel; do
  name=${kernel#kernels/opencl/}
  grep -qF "\"$name\"" kernels/opencl/embed.c || complain "$kernel: kernels/opencl/embed.c does not embed it"
done < <(files 'kernels/opencl/*.cl' 'kernels/opencl/*.clh')

# --- Size and unfinished work -------------------------------------------------------------------------------------
while read -r lines file; do
  complain "$file: $lines lines, more than 600"
done < <(files '*.swift' '*.c' '*.h' '*.cl' '*.sh' '*.py' | xargs -r wc -l | awk '$2 != "total" && $1 > 600')
marks='TO''DO|FIX''ME'
unfinished=$(files '*.swift' '*.c' '*.h' '*.cl' '*.sh' '*.py' '*.md' Makefile | xargs -r grep -nE "\\b($marks)\\b")
[[ -z $unfinished ]] || complain "$unfinished"

# --- Shell and Python scripts -------------------------------------------------------------------------------------
while read -r script; do
  bash -n "$script" || complain "$script: does not parse"
  if command -v shellcheck >/dev/null; then shellcheck -S warning "$script" || complain "$script: shellcheck"; fi
done < <(files '*.sh' .ci/run scripts/gpu-kit/gpu-kit)
if command -v python3 >/dev/null; then
  while read -r script; do
    python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$script" ||
      complain "$script: does not parse"
  done < <(files '*.py')
fi

if ((failures)); then
  echo "lint: $failures complaint(s)" >&2
  exit 1
fi
echo "lint: ${#swift_files[@]} Swift files and everything else clean"
