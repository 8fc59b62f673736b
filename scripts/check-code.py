#!/usr/bin/env python3
"""Fails where the compiler keeps vectors of an inner loop of kernels/cpu or kernels/tables on the stack.

    scripts/check-code.py [FILE.c...]      all files otherwise

Compiles each file for x86-64, where a function's name says its SIMD level (AVX2 and AVX-512 are looked at), and for aarch64
where its C library's headers are installed. An inner loop is one that holds no other and calls nothing; a vector that it
writes to the stack, or reads from
there, costs a place in the pipelines that the arithmetic wants.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = [os.path.join(ROOT, "kernels", name) for name in ("cpu", "tables")]
CROSS_HEADERS = "/usr/aarch64-linux-gnu/include"
# Loops with fewer multiply-adds or multiplications wait for memory, not for arithmetic.
LEAST_ARITHMETIC = 4
# Vectors on the stack for each multiply-add that a file's loops may have: none where they are products. Long functions work
# on two registers at a time, which is faster than one in spite of what lies on the stack then (exp to atan2, AVX2); what
# is bound by memory has room for a few constants, and the products of float64 keep 32 sums. A Winograd tile is 36 vectors,
# more than any processor has registers: its transformations go through a small array. So do parts of blocks whose bits lie
# apart, and normalisation waits for memory.
MOST_MOVES = {"elementwise.c": 1.1, "random.c": 0.6, "recurrence.c": 0.6, "optimizer.c": 0.5, "reduction.c": 1.8,
              "softmax.c": 0.1, "moments.c": 1.4, "sums.c": 1, "convolution_winograd.c": 0.2,
              "convolution_winograd_filter.c": 0.3, "quantized.c": 1.2, "block_panels.c": 0.3, "normalization.c": 0.3}

TARGETS = {
    "x86-64": {
        "flags": ["--target=x86_64-linux-gnu"],
        "arithmetic": re.compile(r"\t(vf?n?m(add|sub)\w*p[sd]|v?mulp[sd])\s"),
        "stack": re.compile(r"\t\w+\s(.*\(%rsp\).*%[xyz]mm|.*%[xyz]mm.*\(%rsp\))"),
        "jump": re.compile(r"\tj\w+\s+(\.\w+)"),
    },
    "aarch64": {
        "flags": ["--target=aarch64-linux-gnu", "-isystem", CROSS_HEADERS],
        "arithmetic": re.compile(r"\tf(mla|mls|mul)\s+v"),
        "stack": re.compile(r"\t(ldr|str|ldp|stp|ldur|stur)\s+[qdv]\d.*\[(sp|x29)(, #-?\d+)?\]"),
        "jump": re.compile(r"\t(?:b\.\w+|cbn?z|tbn?z|b)\s+(?:[wx]\d+, )?(?:#\d+, )?(\.\w+)"),
    },
}


def inner_loops(text, jump):
    """Function and lines of each loop that holds no other."""
    function, label, header, body = None, None, None, []
    for line in text.split("\n"):
        if re.match(r"[A-Za-z_][\w.]*:", line):
            function, header = line.split(":")[0], None
        if re.match(r"\.L\w+:", line):
            label = line.split(":")[0]
        # The comment stands behind the label, or below it where the loop lies in another.
        if "Inner Loop Header" in line:
            header, body = label, []
        if header is None:
            continue
        body.append(line)
        found = jump.match(line)
        if found and found.group(1) == header:
            yield function, body
            header = None


def check(path, name):
    """What is wrong with a file for a target, and how many loops were looked at."""
    target = TARGETS[name]
    command = ["clang", "-O2", "-S", "-o", "-", "-I", os.path.join(os.path.dirname(path), "include"), *target["flags"],
               path]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        return [f"{os.path.basename(path)}, {name}: {result.stderr.strip()}"], 0
    problems, loops = [], 0
    for function, body in inner_loops(result.stdout, target["jump"]):
        if name == "x86-64" and "base" in function:
            continue
        arithmetic = sum(bool(target["arithmetic"].match(line)) for line in body)
        if arithmetic < LEAST_ARITHMETIC or any(re.match(r"\t(call|bl)", line) for line in body):
            continue
        loops += 1
        moves = sum(bool(target["stack"].match(line)) for line in body)
        if moves > arithmetic * MOST_MOVES.get(os.path.basename(path), 0):
            problems.append(
                f"{os.path.basename(path)}, {name}: {function}: {moves} vectors on the stack in a loop of "
                f"{arithmetic} multiply-adds"
            )
    return problems, loops


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    files = arguments.files or sorted(
        os.path.join(folder, name) for folder in FOLDERS for name in os.listdir(folder) if name.endswith(".c")
    )
    targets = ["x86-64"]
    if os.path.isdir(CROSS_HEADERS):
        targets.append("aarch64")
    else:
        print("aarch64 is not looked at: install libc6-dev-arm64-cross", file=sys.stderr)
    problems, loops = [], 0
    with ThreadPoolExecutor() as pool:
        for found, count in pool.map(lambda job: check(*job), [(f, t) for f in files for t in targets]):
            problems += found
            loops += count
    for problem in problems:
        print(problem)
    print(f"check-code: {loops} inner loops in {len(files)} files for {' and '.join(targets)}, {len(problems)} problems")
    sys.exit(1 if problems else 0)


main()
