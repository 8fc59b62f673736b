"""The tables of benchmarks/gpu-changes.md: kernels and workloads as they were at first, and as they are."""

import json
import os

from recording import ROOT
from rows import families
from table import cell

PATH = os.path.join(ROOT, "benchmarks", "gpu-changes.md")
FIRST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "first.json")
TARGETS = ["sm_90", "gfx942"]
DEVICES = {"h200": "H200", "mi300x": "MI300X"}

HEAD = """# What became of the kernels for GPUs

Made by `make check-gpu-code`, without a GPU: what [gpu-code.md](gpu-code.md) and [gpu-estimates.md](gpu-estimates.md) said when
they were first made (`scripts/gpu-code/first.json`), and what they say now. Figures mean what they mean there: those of
kernels are the worst of all forms, those of workloads **a model, no measurement**.

## Kernels

Registers and occupancy, then, where there are any, bytes of `scratch` memory and of `spills`, `narrow` accesses that could be
wide, and 64-bit `div`isions in loops. Of kernels whose time goes into multiply-adds also the widths of their loads and stores of global
memory (accesses x bits, those of all forms that differ, together). A kernel without a first cell is newer; one without a
second is not needed any more.

"""

WORKLOADS = """
## Workloads

Time of a run, and the share of the float32 peak that its arithmetic then is, or else of the bandwidth. Above 100 % matrix
units work; what was first measured on matrix units has no first cell.

"""


def write(rows, limits, estimates):
    """Writes the tables; `estimates` are the cells of each workload by device."""
    with open(FIRST, encoding="utf-8") as file:
        first = json.load(file)
    targets = [name for name in TARGETS if any(row.target == name for row in rows)]
    columns = [f"{name} {when}" for name in targets for when in ("first", "now")]
    lines = [HEAD + f"| kernel | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    now = families(rows)
    for family in sorted(now.keys() | first["kernels"].keys()):
        cells = []
        for name in targets:
            mine = [row for row in now.get(family, []) if row.target == name]
            widths = first["widths"].get(family, {}).get(name)
            cells.append(with_widths(first["kernels"].get(family, {}).get(name, ""), widths))
            cells.append(with_widths(cell(family, mine, set()), widths_of(mine) if limits.is_arithmetic(family) else None))
        lines.append(f"| {family} | {' | '.join(cells)} |")
    columns = [f"{title} {when}" for title in DEVICES.values() for when in ("first", "now")]
    lines += [WORKLOADS + f"| workload | {' | '.join(columns)} |", "|---|" + "--:|" * len(columns)]
    for workload, cells in estimates.items():
        pairs = [(first["workloads"].get(workload, {}).get(name, ""), cells.get(name, "")) for name in DEVICES]
        lines.append(f"| {workload} | {' | '.join(text for pair in pairs for text in pair)} |")
    with open(PATH, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def widths_of(rows):
    """The accesses of forms with other loops or accesses, by width in bits."""
    different = {json.dumps([row.figures[key] for key in ("loop", "loads", "stores")]): row for row in rows}
    found = {}
    for row in different.values():
        for kind in ("loads", "stores"):
            for width, count in row.figures[kind].items():
                counts = found.setdefault(kind, {})
                counts[str(int(width) * 8)] = counts.get(str(int(width) * 8), 0) + count
    return found


def with_widths(text, widths):
    """A cell with what is known of its accesses."""
    if not text or not widths:
        return text
    parts = []
    for kind in ("loads", "stores"):
        counts = sorted(widths.get(kind, {}).items(), key=lambda pair: -int(pair[0]))
        if counts:
            parts.append(f"{kind} {' '.join(f'{count}x{width}' for width, count in counts)}")
    return "; ".join([text, *parts])
