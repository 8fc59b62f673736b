#!/usr/bin/env python3
"""Compiles the kernels of the `gpu` profile for GPUs and shows what compilers make of them.

Called by scripts/check-gpu-code.sh, which installs the compilers.
"""

import argparse
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import changes
import compiling
import estimate_table
import recording
import rows
import table
import tools
from limits import Limits
from targets import TARGETS


def main():
    parser = argparse.ArgumentParser(prog="check-gpu-code.sh", description=__doc__.split("\n")[0])
    parser.add_argument("--filter", metavar="REGEX", help="only kernels whose file, name or options match")
    parser.add_argument("--target", metavar="NAME", action="append", choices=TARGETS, help="only for that processor")
    parser.add_argument("--operations", action="store_true", help="all thousand forms of the operation suite, too")
    parser.add_argument("--write-known", action="store_true", help="put what is beyond limits now into gpu-limits.json")
    arguments = parser.parse_args()
    names = arguments.target or list(TARGETS)
    if tools.intel_is_missing():
        names = [name for name in names if TARGETS[name].maker != "intel"]
        print("check-gpu-code: Intel's compiler cannot be had here: its processors are not looked at", file=sys.stderr)
    is_whole = not arguments.filter and not arguments.target
    work = os.path.join(recording.ROOT, ".build", "gpu-code")
    os.makedirs(work, exist_ok=True)
    library = recording.build_driver(work)
    devices = sorted({TARGETS[name].device for name in names})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        recordings = dict(zip(devices, pool.map(
            lambda device: recording.record(device, library, os.path.join(work, "paper", device)), devices)))
    forms = {
        name: rows.forms(recordings[TARGETS[name].device], TARGETS[name], arguments.operations) for name in names
    }
    if arguments.filter:
        pattern = re.compile(arguments.filter)
        forms = {name: [form for form in found if pattern.search(form.title)] for name, found in forms.items()}
        if not any(forms.values()):
            sys.exit(f"check-gpu-code: no kernel's file, name and options match '{arguments.filter}'")
    compiled = compiling.compile_all(forms, recordings, os.path.join(work, "cache"))
    failures = [row.failure for row in compiled if row.failure]
    good = [row for row in compiled if row.figures]
    limits = Limits()
    if arguments.write_known and is_whole:
        limits.write_known(good)
    if not is_whole:
        for line in rows.text(good):
            print(line)
    failures += limits.complaints(good, is_whole)
    for failure in failures:
        print(failure)
    if is_whole and not arguments.operations:
        table.write(good, limits, tools.versions())
        changes.write(good, limits, estimate_table.write(recordings, good, limits))
    print(f"check-gpu-code: {len(good)} kernels' forms on {', '.join(names)}: {len(failures)} complaints")
    sys.exit(1 if failures else 0)


# Processes that compile import this file, too.
if __name__ == "__main__":
    main()
