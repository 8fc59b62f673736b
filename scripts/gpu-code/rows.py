"""Kernels as rows of a table: which form of which kernel, on which target, with what figures."""

import os
import re
from dataclasses import dataclass

from recording import ROOT
from targets import TARGETS

END = "// End of the common part\n"
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

    @property
    def family(self):
        """What forms of one kernel have in common."""
        return f"{self.file or 'generated'} {self.kernel}"

    @property
    def title(self):
        """The family with what makes this form."""
        return f"{self.family} {self.options or self.program[:6]}"


@dataclass
class Row:
    """A form on a target."""

    form: Form
    target: str
    figures: dict | None = None
    failure: str | None = None

    @property
    def occupancy(self):
        """The least of the form's groups; None where the target has no rule for it."""
        rule = TARGETS[self.target].occupancy
        found = [rule(self.figures["registers"], self.figures["local"], items) for items in self.form.groups]
        return None if None in found else min(found)


def forms(recording):
    """The forms of a recording in the order of their titles."""
    files = {}
    for name in os.listdir(os.path.join(ROOT, "kernels", "opencl")):
        if name.endswith(".cl"):
            with open(os.path.join(ROOT, "kernels", "opencl", name), encoding="utf-8") as file:
                files[name] = file.read()
    found = []
    for (program, kernel), groups in recording.groups.items():
        with open(recording.programs[program], encoding="utf-8") as file:
            body = file.read().split(END)[-1]
        # A program may have several files, the kernel's own last.
        source = next((name for name, text in files.items() if body.endswith(text)), None)
        options = " ".join(
            word.removeprefix("-D") for word in recording.options[program].split() if not COMMON.fullmatch(word)
        )
        # Where the driver chooses, any size may come.
        found.append(Form(program, kernel, source, options, sorted(size or 256 for size in groups)))
    return sorted(found, key=lambda form: (form.title, form.program))


def text(compiled):
    """Lines for a terminal."""
    lines = []
    for title, group in grouped(compiled).items():
        lines.append(title)
        for row in group:
            if row.figures:
                lines.append("  " + describe(row))
    return lines


def grouped(compiled):
    """Rows by their forms' titles."""
    groups = {}
    for row in compiled:
        groups.setdefault(row.form.title, []).append(row)
    return groups


def widths(counts):
    """Accesses by their width in bits: 2x128 4x32."""
    return " ".join(f"{counts[width]}x{int(width) * 8}" for width in sorted(counts, key=int, reverse=True)) or "none"


def describe(row):
    """One line with every figure."""
    f = row.figures
    loop = f["loop"]
    occupancy = row.occupancy
    parts = [
        f"{row.target:8}",
        f"{f['registers']} registers",
        f"scratch {f['scratch']} bytes",
        f"spills {f['spills']} bytes",
        f"local {f['local']}",
        f"occupancy {occupancy:.0%}" if occupancy is not None else "occupancy ?",
        f"loads {widths(f['loads'])}",
        f"stores {widths(f['stores'])}",
        f"narrow {f['narrow']}",
    ]
    if loop:
        parts.append(f"loop {loop['multiply_adds']} of {loop['instructions']} multiply-adds")
        parts.append(f"{loop['wide_local_loads']} of {loop['local_loads']} local loads wide")
    if f["divisions"]:
        parts.append(f"{f['divisions']} 64-bit divisions, {f['loop_divisions']} in loops")
    return ", ".join(parts)
