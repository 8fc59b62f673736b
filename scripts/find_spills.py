"""Finds inner loops of multiply-adds that move vectors to or from the stack, in what PoCL keeps in a cache folder.

    find_spills.py FOLDER KERNEL...

Every version of each kernel is disassembled. A loop is what lies between a jump backwards and its target; those without
another loop inside that mostly multiply and add vectors are looked at. Memory at a fixed distance from the stack pointer is a
spilled register there: arrays are indexed. Prints a line for each kernel; exits with 1 where there is a spill, or where a
kernel was not compiled at all.
"""

import pathlib
import re
import subprocess
import sys

INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
TARGET = re.compile(r"^([0-9a-f]+)\b")
FIXED_PLACE = re.compile(r"-?0x[0-9a-f]+\(%r[sb]p\)|(?<![0-9a-f,])\(%rsp\)")
VECTOR = re.compile(r"%[yz]mm")
# Loops of products are multiply-adds for a third at least; others compute functions of what was summed.
FEWEST = 4
SHARE = 1 / 3


def functions(library):
    """The instructions of each function: (address, name, operands)."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(library)], check=True, capture_output=True,
                          text=True).stdout
    current = []
    for line in text.splitlines():
        if line.endswith(">:"):
            if current:
                yield current
            current = []
        elif match := INSTRUCTION.match(line):
            current.append((int(match[1], 16), match[2], match[3]))
    if current:
        yield current


def inner_loops(instructions):
    """The loops that have none inside, each as its instructions."""
    loops = []
    for address, name, operands in instructions:
        target = TARGET.match(operands)
        if name.startswith("j") and target and int(target[1], 16) <= address:
            loops.append((int(target[1], 16), address))
    for first, last in loops:
        if not any(first <= f and l <= last and (f, l) != (first, last) for f, l in loops):
            yield [i for i in instructions if first <= i[0] <= last]


def examined(library):
    """The number of loops with multiply-adds, and what is spilled in them."""
    loops, spills = 0, []
    for instructions in functions(library):
        for loop in inner_loops(instructions):
            products = sum(name.startswith("vfm") and bool(VECTOR.search(operands)) for _, name, operands in loop)
            if products < max(FEWEST, SHARE * len(loop)):
                continue
            loops += 1
            spills += [f"{address:x}: {name} {operands}" for address, name, operands in loop
                       if VECTOR.search(operands) and FIXED_PLACE.search(operands)]
    return loops, spills


def main():
    folder, kernels = pathlib.Path(sys.argv[1]), sys.argv[2:]
    failed = False
    for kernel in kernels:
        libraries = sorted(folder.rglob(f"{kernel}.so"))
        results = [examined(library) for library in libraries]
        loops, spills = sum(r[0] for r in results), [line for r in results for line in r[1]]
        print(f"  {kernel}: {len(libraries)} versions, {loops} loops, {len(spills)} spills")
        for line in spills[:4]:
            print(f"    {line}")
        if not loops:
            print(f"    no loop of multiply-adds found: the workloads do not run {kernel}, or it is not vectorised")
        failed = failed or bool(spills) or not loops
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
