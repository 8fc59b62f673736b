"""Kernels as rows of a table: which form of which kernel, on which target, with what figures."""

import os
import re
from dataclasses import dataclass

from recording import ROOT
from targets import TARGETS

END = "// End of the common part\n"
# What programs with float64 begin with.
DOUBLES = "cl_khr_fp64 : enable"
# Forms of a kernel that only the operation suite has.
MOST_FORMS = 3
# Heads of attention that are wider than those of any workload.
WIDE = re.compile(r"MAX_(WIDTH|VALUE)=(192|256)")
# Options that say nothing of a form.
COMMON = re.compile(r"-w|-cl-\S+|-DLATHE_PROFILE_GPU=1")


@dataclass
class Form:
    """A kernel of a program, launched in groups of some sizes."""

    program: str
    kernel: str
    # The file it comes from; None for generated text.
    file: str | None
    options: str
    groups: list
    # Work-items of all its launches.
    items: int

    @property
    def family(self):
        """What forms of one kernel have in common."""
        return f"{self.file or 'generated'} {self.kernel}"

    @property
    def title(self):
        """The family with what makes this form."""
        return f"{self.family} {self.options or self.program[:6]}"

    @property
    def short(self):
        """The title in fewer letters: a convolution as channels and filter."""
        values = dict(word.split("=", 1) for word in self.options.split() if "=" in word)
        if {"KERNEL_HEIGHT", "CHANNELS", "ROWS"} <= values.keys():
            v = values
            image = f"{v['CHANNELS']}x{v['SOURCE_HEIGHT']}x{v['SOURCE_WIDTH']}"
            text = f"{image}-{v['ROWS']}x{v['KERNEL_HEIGHT']}x{v['KERNEL_WIDTH']}"
            for name, usual in [("STRIDE_Y", "1"), ("GROUPS", "1"), ("BACKWARD", "0")]:
                if v[name] != usual:
                    text += f" {name.lower()} {v[name]}"
            return f"{self.kernel} {text}"
        return f"{self.kernel} {self.options or self.program[:6]}"


@dataclass
class Row:
    """A form on a target."""

    form: Form
    target: str
    figures: dict | None = None
    failure: str | None = None

    @property
    def occupancy(self):
        """The least of the form's groups; 0 where one of them does not start."""
        return min(TARGETS[self.target].occupancy(self.figures, items) for items in self.form.groups)


def forms(recording, target, with_operations):
    """The forms of a recording that a target can run, in the order of their titles.

    Without `with_operations` of the operation suite only some of each kernel that no workload needs.
    """
    files = {}
    for name in os.listdir(os.path.join(ROOT, "kernels", "opencl")):
        if name.endswith(".cl"):
            with open(os.path.join(ROOT, "kernels", "opencl", name), encoding="utf-8") as file:
                files[name] = file.read()
    found = []
    for program, kernel in recording.groups:
        with open(recording.programs[program], encoding="utf-8") as file:
            head, _, body = file.read().rpartition(END)
        if DOUBLES in head and not target.has_doubles:
            continue
        # Turing has no tf32.
        if target.name == "sm_75" and is_tf32(recording.options[program]):
            continue
        # Warp groups are of the newest processor alone.
        if "-DMATRIX_WGMMA=1" in recording.options[program] and target.name != "sm_90":
            continue
        # A program may have several files, the kernel's own last.
        source = next((name for name, text in files.items() if body.endswith(text)), None)
        found.append(form(recording, program, kernel, source))
    if not with_operations:
        found = of_workloads(found, recording)
    return sorted(found, key=lambda form: (form.title, form.program))


def is_tf32(options):
    """Whether a program multiplies numbers of float32 on matrix units."""
    return "-DMATRIX_FORM=" in options and "-DOPERANDS=" not in options


def form(recording, program, kernel, source):
    """A kernel as a recording has it."""
    options = " ".join(
        word.removeprefix("-D") for word in recording.options[program].split() if not COMMON.fullmatch(word)
    )
    # Where the driver chooses, any size may come.
    groups = sorted(size or 256 for size in recording.groups[program, kernel])
    return Form(program, kernel, source, options, groups, recording.items[program, kernel])


def of_workloads(found, recording):
    """The forms of workloads and of wide heads, and of kernels that workloads lack those which most work-items of the
    operation suite run."""
    mine = [form for form in found if (form.program, form.kernel) in recording.of_workloads]
    known = {form.family for form in mine}
    others = {}
    for form in found:
        if form.family not in known:
            others.setdefault(form.family, []).append(form)
    for group in others.values():
        mine += sorted(group, key=lambda form: (-form.items, form.program))[:MOST_FORMS]
    return mine + [form for form in found if WIDE.search(form.options) and form not in mine]


def text(compiled):
    """Lines for a terminal."""
    lines = []
    for title, group in grouped(compiled).items():
        lines.append(title)
        for row in group:
            if row.figures:
                lines.append("  " + describe(row))
    return lines


def families(compiled):
    """Rows that have figures by their kernels, in order."""
    groups = {}
    for row in sorted(compiled, key=lambda row: row.form.family):
        if row.figures:
            groups.setdefault(row.form.family, []).append(row)
    return groups


def grouped(compiled):
    """Rows by their forms' titles."""
    groups = {}
    for row in compiled:
        groups.setdefault(row.form.title, []).append(row)
    return groups


def widths(counts):
    """Accesses by their width in bits: 2x128 4x32."""
    return " ".join(f"{counts[width]}x{width * 8}" for width in sorted(counts, reverse=True)) or "none"


def describe(row):
    """One line with every figure."""
    f = row.figures
    loop = f["loop"]
    parts = [
        f"{row.target:8}",
        f"{f['registers']} registers",
        f"scratch {f['scratch']} bytes",
        f"spills {f['spills']} bytes",
        f"local {f['local']}",
        f"occupancy {row.occupancy:.0%}",
        f"loads {widths(f['loads'])}",
        f"stores {widths(f['stores'])}",
        f"narrow {f['narrow']}",
    ]
    if loop:
        around = f" (+{loop['around']} around)" if loop["around"] else ""
        parts.append(f"loop {loop['multiply_adds']} of {loop['instructions']} multiply-adds{around}")
        parts.append(f"{loop['local_loads']} local loads of {loop['local_bytes']} bytes")
        if loop["matrix"]:
            parts.append(f"{loop['matrix']} matrix instructions")
    if f["divisions"]:
        parts.append(f"{f['divisions']} 64-bit divisions, {f['loop_divisions']} in loops")
    return ", ".join(parts)
