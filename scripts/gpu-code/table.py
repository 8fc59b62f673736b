"""The table of benchmarks/gpu-code.md."""

import os

from limits import MOST
from recording import ROOT
from rows import families, widths
from targets import TARGETS

PATH = os.path.join(ROOT, "benchmarks", "gpu-code.md")

HEAD = """# What compilers make of the kernels for GPUs

Made by `make check-gpu-code`, without a GPU: Lathe runs the workloads of `lathe bench` on a driver that only writes
down what it would build and launch on a device (`Tests/PaperDriver`), and compilers make machine code of that. `sm_*`
are NVIDIA's (clang's PTX through `ptxas`, for sm_90a where it is changed for `wgmma`), `gfx*` AMD's (clang), `acm-g10` is Intel's Arc A770 (Intel's offline
compiler; what uses matrix units is compiled for the Data Center GPU Max, the only processor it knows that has them for
sub-groups of 16). Vendors' own OpenCL compilers may do better or worse. Limits stand in `kernels/opencl/gpu-limits.json`,
with what is known to be beyond them.

## Kernels

Each figure is the worst of all forms of a kernel that the workloads need (of those that only the operation suite
needs, of some): registers of a work-item (Intel: of a thread of 8 or 16) and occupancy, the share of the sub-groups
a processor has room for, which work-groups fill; one of 0 % does not start. Then, where there are any: bytes of
`scratch` memory, bytes of `spills`, `narrow` accesses of 32 bits to global memory that stand beside each other and
could be of 128, and 64-bit `div`isions in loops. Beyond a limit is **bold**.

"""

LOOPS = """
## Inner loops of products

For the kernels whose time goes into multiply-adds: how many of the instructions of the loop that has most of them
they are (and how many instructions the loop around it has), and the widths of global loads and of stores (accesses x
bits). Forms that are alike on {first} are one row, with the figures of the one that runs most. `-`: no loop has any,
all are unrolled.

"""

# One processor of each kind, for what differs little between generations.
NEWEST = ["sm_90", "gfx942", "gfx1100", "acm-g10"]
UNITS = {"scratch": "scratch", "spills": "spills", "narrow": "narrow", "loop_divisions": "div"}


def write(rows, limits, versions):
    """Writes the table for rows of all kernels and targets."""
    targets = [name for name in TARGETS if any(row.target == name for row in rows)]
    beyond = {(finding.family, finding.metric, finding.target) for finding in limits.findings(rows)}
    lines = [HEAD, f"| kernel | forms | {' | '.join(targets)} |", "|---|--:|" + "---|" * len(targets)]
    for family, group in families(rows).items():
        forms = len({row.form.title for row in group})
        cells = [cell(family, [row for row in group if row.target == name], beyond) for name in targets]
        lines.append(f"| {family} | {forms} | {' | '.join(cells)} |")
    newest = [name for name in NEWEST if name in targets]
    lines += [LOOPS.replace("{first}", newest[0]), f"| form | {' | '.join(newest)} |", "|---|" + "---|" * len(newest)]
    for title, cells in alike(rows, limits, newest):
        lines.append(f"| {title} | {' | '.join(cells)} |")
    missing = [name for name in TARGETS if name not in targets]
    if missing:
        lines += ["", f"Not looked at, for want of a compiler: {', '.join(missing)}."]
    lines += ["", f"Compilers: {'; '.join(versions.values())}.", ""]
    with open(PATH, "w", encoding="utf-8") as file:
        file.write("\n".join(lines).replace("\n\n\n", "\n\n"))


def cell(family, group, beyond):
    """The worst figures of a kernel on a target."""
    if not group:
        return ""
    target = group[0].target

    def strong(metric, words):
        return f"**{words}**" if (family, metric, target) in beyond else words

    occupancy = min(row.occupancy for row in group)
    registers = max(row.figures["registers"] for row in group)
    parts = [str(registers), strong("occupancy", f"{occupancy * 100:.0f} %")]
    for metric in MOST:
        value = max(row.figures[metric] for row in group)
        if value:
            parts.append(strong(metric, f"{UNITS[metric]} {value}"))
    return ", ".join(parts)


def alike(rows, limits, targets):
    """A title and a target's cells for forms of arithmetic kernels.

    Those with the same loop and accesses on the first target are shown by the one that most work-items run.
    """
    forms = {}
    for row in rows:
        if limits.is_arithmetic(row.form.family):
            forms.setdefault((row.form.family, row.form.short), {})[row.target] = row
    merged = {}
    for (family, _), found in forms.items():
        first = found.get(targets[0])
        merged.setdefault((family, first and loop_cell(first, False)), []).append(found)
    for group in merged.values():
        found = max(group, key=lambda found: max(row.form.items for row in found.values()))
        others = f" and {len(group) - 1} more" if len(group) > 1 else ""
        short = next(iter(found.values())).form.short
        yield short + others, [loop_cell(found[name]) if name in found else "" for name in targets]


def loop_cell(row, with_around=True):
    """The inner loop and the accesses of a form on a target."""
    loop = row.figures["loop"]
    share = "-"
    if loop:
        share = f"{loop['multiply_adds'] + loop['matrix']}/{loop['instructions']}"
        share += f" (+{loop['around']})" if loop["around"] and with_around else ""
    return f"{share}; {widths(row.figures['loads'])}; {widths(row.figures['stores'])}"
