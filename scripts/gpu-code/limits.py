"""The limits of kernels/opencl/gpu-limits.json, and which kernels are beyond them."""

import json
import os
from dataclasses import dataclass

from recording import ROOT
from rows import families

PATH = os.path.join(ROOT, "kernels", "opencl", "gpu-limits.json")
# What is limited: figures of which less is better, and the share of occupancy, of which more is.
MOST = {
    "scratch": "bytes of scratch memory",
    "spills": "bytes of spilled registers",
    "narrow": "accesses of 32 bits beside each other that could be of 128",
    "loop_divisions": "64-bit divisions in loops",
}
OCCUPANCY = "occupancy"


@dataclass
class Finding:
    """A kernel beyond a limit on a target: the worst of its forms."""

    family: str
    metric: str
    target: str
    value: float
    limit: float
    form: str

    def is_worse_than(self, value):
        """Whether it is further beyond the limit than a value."""
        return self.value < value if self.metric == OCCUPANCY else self.value > value

    @property
    def text(self):
        """One line."""
        if self.metric == OCCUPANCY:
            return f"{self.family}, {self.target}: occupancy {self.value:.0%}, at least {self.limit:.0%} ({self.form})"
        return f"{self.family}, {self.target}: {self.value} {MOST[self.metric]}, at most {self.limit} ({self.form})"


class Limits:
    """What the file says."""

    def __init__(self):
        with open(PATH, encoding="utf-8") as file:
            self.content = json.load(file)

    def is_arithmetic(self, family):
        """Whether a kernel's time goes into multiply-adds, not memory."""
        return family in self.content["arithmetic"]

    def findings(self, rows):
        """Whatever is beyond its limit."""
        found = []
        for family, group in families(rows).items():
            for target in dict.fromkeys(row.target for row in group):
                mine = [row for row in group if row.target == target]
                for metric in MOST:
                    worst = max(mine, key=lambda row: row.figures[metric])
                    limit = self.content["most"][metric]
                    if worst.figures[metric] > limit:
                        found.append(
                            Finding(family, metric, target, worst.figures[metric], limit, worst.form.short))
                worst = min(mine, key=lambda row: row.occupancy)
                limit = self.content["least"]["arithmetic" if self.is_arithmetic(family) else "memory"]
                # Rounded as it is kept.
                value = round(worst.occupancy, 3)
                if value < limit:
                    found.append(Finding(family, OCCUPANCY, target, value, limit, worst.form.short))
        return found

    def complaints(self, rows, is_whole):
        """A line for each kernel that is worse than is known of it.

        Where all kernels were looked at, also for each that is known to be beyond a limit and is not any more.
        """
        known = self.content["known"]
        lines = self.without_units(rows)
        findings = self.findings(rows)
        for finding in findings:
            ceiling = known.get(finding.family, {}).get(finding.metric, {}).get(finding.target)
            if ceiling is None:
                lines.append(finding.text)
            elif finding.is_worse_than(ceiling):
                lines.append(f"{finding.text}; it was {ceiling} before")
        lines += [
            f"{family}: kernels/opencl/gpu-limits.json has reasons for it, which is not among what is known: take them out"
            for family in self.content["reasons"] if family not in known
        ]
        if is_whole:
            present = {(finding.family, finding.metric, finding.target) for finding in findings}
            looked_at = {row.target for row in rows}
            for family, metrics in known.items():
                for metric, targets in metrics.items():
                    for target in targets:
                        if target in looked_at and (family, metric, target) not in present:
                            lines.append(
                                f"{family}, {target}: {metric} is within its limit now: take it out of "
                                "kernels/opencl/gpu-limits.json (check-gpu-code.sh --write-known does)")
        return lines

    def without_units(self, rows):
        """A line for each form that is built for matrix units and whose machine code has no loop that uses them."""
        return [
            f"{row.form.title}, {row.target}: no matrix unit works in a loop"
            for row in rows
            if "MATRIX_FORM=" in row.form.options and self.is_arithmetic(row.form.family)
            and not (row.figures["loop"] or {}).get("matrix")
        ]

    def write_known(self, rows):
        """Puts the present findings into the file, in place of what is known."""
        known = {}
        for finding in self.findings(rows):
            known.setdefault(finding.family, {}).setdefault(finding.metric, {})[finding.target] = finding.value
        self.content["known"] = known
        with open(PATH, "w", encoding="utf-8") as file:
            file.write(layout(self.content))


def layout(content):
    """JSON with a line for each limit of a kernel, so that changes are easy to read and to merge."""
    lines = ["{"]
    for key in ("about", "most", "least"):
        lines.append(f"  {json.dumps(key)}: {json.dumps(content[key])},")
    names = ",\n".join(f"    {json.dumps(name)}" for name in content["arithmetic"])
    lines.append(f'  "arithmetic": [\n{names}\n  ],')
    blocks = []
    for family, metrics in sorted(content["known"].items()):
        entries = ",\n".join(f"      {json.dumps(name)}: {json.dumps(targets)}" for name, targets in metrics.items())
        blocks.append(f"    {json.dumps(family)}: {{\n{entries}\n    }}")
    lines.append('  "known": {\n' + ",\n".join(blocks) + "\n  },")
    reasons = ",\n".join(f"    {json.dumps(name)}: {json.dumps(why)}" for name, why in sorted(content["reasons"].items()))
    lines.append('  "reasons": {\n' + reasons + "\n  }")
    return "\n".join(lines) + "\n}\n"
