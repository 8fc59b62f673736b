"""The tables of benchmarks/gpu-estimates.md, and the same figures for `lathe bench`."""

import json
import os

import estimate
from recording import ROOT

PATH = os.path.join(ROOT, "benchmarks", "gpu-estimates.md")
FIGURES = os.path.join(ROOT, "benchmarks", "estimates", "gpu-estimates.json")
DEVICES = ["h200", "mi300x", "rx7900xtx", "arc-b580"]
# Kernels of a step that are shown.
MOST_KERNELS = 12

HEAD = """# Estimates for GPUs that nobody here has

Made by `make check-gpu-code` from datasheets and compiled code: **a model, no measurement.** A launch takes the
longest of: its bytes at the peak of the memory, as far as reads under way hide {latency:.0f} ns; its multiply-adds at
the share that they are of the instructions of their loop, on as many cores as have a work-group, less below an
occupancy of {occupancy:.0%}; all instructions of kernels without a loop; the time between two launches. Work is what
an operation has to do at least: results that tiles compute beyond an edge, reads that are repeated, loops beside the
one with most arithmetic, and caches are left out, so that real cards will be slower, mostly. What it is good for: to
see which kernels hold a step up, and what a change is worth.

"""


def write(recordings, rows, limits):
    """Writes the tables; `recordings` by device. Returns the cells of each workload by device."""
    machines = {name: estimate.Machine(name) for name in DEVICES if name in recordings}
    figures = {name: {} for name in machines}
    for name, machine in machines.items():
        for row in rows:
            if row.target == machine.target.name:
                figures[name][row.form.program, row.form.kernel] = row.figures
    # Without the compiler of a maker nothing is known of its code.
    machines = {name: machine for name, machine in machines.items() if figures[name]}
    workloads = list(next(iter(recordings.values())).launches)
    products = {(row.form.program, row.form.kernel) for row in rows if limits.is_arithmetic(row.form.family)}
    found = {
        (workload, name): estimate.launches(machine, recordings[name], figures[name], products, workload)
        for workload in workloads
        for name, machine in machines.items()
    }
    cells = {
        workload.removesuffix("/float32"): {
            name: total(machine, found[workload, name], recordings[name].work[workload])
            for name, machine in machines.items()
        }
        for workload in workloads
    }
    head = HEAD.format(latency=estimate.LATENCY_SECONDS * 1e9, occupancy=estimate.ENOUGH_OCCUPANCY)
    lines = [head.replace("%", " %"), *peaks(machines), *totals(machines, workloads, found, cells)]
    for workload in workloads:
        if workload.startswith("train/"):
            lines += step(machines, workload, found)
    with open(PATH, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    write_figures(machines, workloads, found)
    return cells


def write_figures(machines, workloads, found):
    """Writes what `lathe bench` shows beside what it measures."""
    cards = [
        {
            "title": machine.title,
            "names": machine.values["shown_as"].split(", "),
            "microseconds": {
                workload: round(sum(launch.seconds for launch in found[workload, name]) * 1e6, 1)
                for workload in workloads
            },
        }
        for name, machine in machines.items()
    ]
    with open(FIGURES, "w", encoding="utf-8") as file:
        json.dump({"cards": cards}, file, indent=1)
        file.write("\n")


def peaks(machines):
    """The datasheets' figures."""
    lines = ["| | float32 TFLOP/s | GB/s | between launches | code |", "|---|--:|--:|--:|---|"]
    for machine in machines.values():
        lines.append(
            f"| {machine.title} | {machine.flops / 1e12:.1f} | {machine.bandwidth / 1e9:.0f} | "
            f"{machine.launch * 1e6:.0f} us | {machine.target.name} |")
    return [*lines, "", "Sources stand in `Tests/PaperDriver/devices`.", ""]


def totals(machines, workloads, found, cells):
    """Time of each workload and what share of the peak that is."""
    lines = [
        "## Workloads", "",
        "Time of a run, and the share of the float32 peak that its arithmetic then is, or else of the bandwidth.", "",
        f"| workload | launches | {' | '.join(machine.title for machine in machines.values())} |",
        "|---|--:|" + "--:|" * len(machines),
    ]
    for workload in workloads:
        title = workload.removesuffix("/float32")
        count = len(found[workload, next(iter(machines))])
        lines.append(f"| {title} | {count} | {' | '.join(cells[title].values())} |")
    return [*lines, ""]


def total(machine, launches, work):
    """Time of a workload and its share of the peak, as text."""
    seconds = sum(launch.seconds for launch in launches)
    least = max(work["operations"] / machine.flops, work["bytes"] / machine.bandwidth)
    share = least / seconds if seconds else 0
    return f"{time(seconds)}{f', {share:.0%}'.replace('%', ' %') if share else ''}"


def step(machines, workload, found):
    """The kernels of a training step, the longest on the first device first."""
    kernels = {}
    for name in machines:
        for launch in found[workload, name]:
            entry = kernels.setdefault(launch.kernel, {}).setdefault(name, {"count": 0, "seconds": 0, "bounds": {}})
            entry["count"] += 1
            entry["seconds"] += launch.seconds
            entry["bounds"][launch.bound] = entry["bounds"].get(launch.bound, 0) + launch.seconds
    first = next(iter(machines))
    order = sorted(kernels, key=lambda kernel: -kernels[kernel].get(first, {"seconds": 0})["seconds"])
    lines = [
        f"## A step of {workload}", "",
        f"| kernel | launches | {' | '.join(machine.title for machine in machines.values())} |",
        "|---|--:|" + "---|" * len(machines),
    ]
    for kernel in order[:MOST_KERNELS]:
        cells = []
        for name in machines:
            entry = kernels[kernel].get(name)
            cells.append(f"{time(entry['seconds'])}, {max(entry['bounds'], key=entry['bounds'].get)}" if entry else "")
        lines.append(f"| {kernel} | {kernels[kernel].get(first, {'count': 0})['count']} | {' | '.join(cells)} |")
    return [*lines, ""]


def time(seconds):
    """Milliseconds, or microseconds where these are few."""
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} us"
