"""Makes the tables of benchmarks/README.md from a file that compare.py wrote.

    python benchmarks/peers/tables.py RESULTS.json benchmarks/README.md

What stands between the two markers of the README for the SIMD level of the file is replaced; nothing there is written by
hand.
"""

import json
import os
import sys

BEGIN, END = "<!-- tables, {}: begin -->", "<!-- tables, {}: end -->"
PYTORCH = ("pytorch", "pytorch-compiled", "pytorch-tuned")
EVERY = "every peer"

# Workload, then for the CPU and for OpenCL: (peers, of which the fastest counts; how many times as fast to be).
# A goal without peers is a share of the copy's bandwidth; beside another one, either is enough.
# Language models, against the programs that people use for them.
LANGUAGE = [
    ("inference/minilm/1x32", [(("onnxruntime",), 1.0)], [(("onnxruntime",), 0.6)]),
    ("inference/minilm/32x64", [(("onnxruntime",), 1.1)], [(("onnxruntime",), 0.8)]),
    ("inference/smollm2-prefill/128", [(("llama.cpp",), 1.0)], [(("llama.cpp",), 0.7)]),
    ("inference/smollm2-prefill/512", [(("llama.cpp",), 1.0)], [(("llama.cpp",), 0.7)]),
    ("inference/smollm2-decode/32", [(("llama.cpp",), 1.0)], [(("llama.cpp",), 0.6)]),
    ("inference/smollm2-decode/32", [((), 0.8)], [((), 0.8)]),
    ("inference/smollm2-decode/512", [(("llama.cpp",), 1.0)], [(("llama.cpp",), 0.6)]),
    ("inference/smollm2-decode-bf16/32", [(("transformers",), 1.5)], [(("transformers",), 1.0)]),
    ("inference/smollm2-decode-bf16/32", [((), 0.8)], [((), 0.8)]),
]
# Where all are held to AVX2, against every peer that can be; GOALS is for processors that have more.
GOALS_AVX2 = (
    [(f"gemm/matmul/{n}x{n}x{n}", [(EVERY, 1.0)], [(EVERY, 0.85)]) for n in (128, 256, 512, 1024, 2048)]
    + [(f"gemm/matmul/{shape}", [(EVERY, 1.0)], [(EVERY, 0.8)]) for shape in ("1x768x768", "32x768x3072", "2048x768x768")]
    + [(f"conv/conv2d-{kind}/{shape}", [(EVERY, 1.3)], [(EVERY, 0.9)])
       for kind in ("forward", "forward-backward")
       for shape in ("32x64x32x32-64x3x3", "32x128x16x16-128x3x3", "32x256x8x8-256x3x3")]
    + [(f"attention/attention-forward/8x12x{n}x64", [(EVERY, 1.1)], [(EVERY, 0.8)]) for n in (128, 512)]
    + [(f"attention/attention-forward-backward/8x12x{n}x64", [(EVERY, 1.4)], [(EVERY, 0.9)]) for n in (128, 512)]
    + [("recurrent/lstm-forward-backward/32x64x256", [(EVERY, 1.0)], [(EVERY, 0.8)]),
       ("recurrent/gru-forward-backward/32x64x256", [(EVERY, 1.5)], [(EVERY, 1.0)]),
       ("train/resnet18/batch 64", [(EVERY, 1.2)], [(EVERY, 0.85)])]
    + [(f"train/{row} tokens", [(EVERY, 1.3)], [(EVERY, 0.9)])
       for row in ("transformer/4x256, 16x128", "gpt/4x256, 8x256")]
    + [(row, [(EVERY, 1.2), ((), 0.8)], [(EVERY, 1.0)])
       for row in ("softmax/softmax-forward/4096x4096", "softmax/softmax-backward/4096x4096",
                   "norm/layer-norm-forward/8192x768", "norm/layer-norm-backward/8192x768",
                   "elementwise/gelu-chain/16777216", "optimizer/adam/10000000")]
    + LANGUAGE
)
GOALS = (
    [(f"gemm/matmul/{n}x{n}x{n}", [(("openblas",), 0.97), (("pytorch",), 1.9)],
      [(("openblas",), 0.92), (("clblast",), 10)]) for n in (512, 1024, 2048)]
    + [(f"gemm/matmul/{n}x{n}x{n}", [(("openblas",), 0.85)], [(("openblas",), 0.5)] if n == 256 else [])
       for n in (64, 128, 256)]
    + [(f"gemm/matmul/{shape}", [(EVERY, 0.9)], [(EVERY, 0.7)])
       for shape in ("1x768x768", "32x768x3072", "2048x768x768")]
    + [(f"conv/conv2d-{kind}/{shape}", [(PYTORCH, 1.0)], [(PYTORCH, 0.9)])
       for kind in ("forward", "forward-backward")
       for shape in ("32x64x32x32-64x3x3", "32x128x16x16-128x3x3", "32x256x8x8-256x3x3")]
    + [(f"conv/conv2d-forward-backward/{shape}", [(PYTORCH, 3.0)], [(PYTORCH, 2.0)])
       for shape in ("64x1x28x28-10x5x5", "64x10x12x12-20x5x5")]
    + [("elementwise/gelu-chain/16777216", [((), 0.8)], [((), 0.8)])]
    + [(f"softmax/softmax-{way}/4096x4096", [(PYTORCH, 1.2)], [(PYTORCH, 1.0)]) for way in ("forward", "backward")]
    + [(f"norm/layer-norm-{way}/8192x768", [(PYTORCH, 1.2)], [(PYTORCH, 1.0)]) for way in ("forward", "backward")]
    + [("optimizer/adam/10000000", [(PYTORCH, 1.0)], [(PYTORCH, 1.0)])]
    + [(f"attention/attention-forward-backward/8x12x{length}x64", [(PYTORCH, 1.5)], [(PYTORCH, 1.0)])
       for length in (128, 512)]
    + [(f"train/lenet/batch {size}", [(PYTORCH, 3.0)], [(PYTORCH, 2.0)]) for size in (64, 512)]
    + [("train/resnet18/batch 64", [(PYTORCH, 1.0)], [(PYTORCH, 0.85)])]
    + [(f"train/{row} tokens", [(PYTORCH, 2.2)], [(PYTORCH, 1.8)])
       for row in ("transformer/4x256, 16x128", "gpt/4x256, 8x256")]
    + [(f"recurrent/{cell}-forward-backward/32x64x256", [(PYTORCH, 1.5)], [(PYTORCH, 1.0)]) for cell in ("lstm", "gru")]
    + LANGUAGE
)


def duration(nanoseconds):
    """A time with three digits."""
    for unit, factor in (("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9)):
        if nanoseconds < 999.5 * factor or unit == "s":
            value = nanoseconds / factor
            return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f} {unit}"


def load(path):
    """The context, and by workload the rows of each library."""
    with open(path) as file:
        content = json.load(file)
    workloads = {}
    for row in content["benchmarks"]:
        name = "/".join([row["suite"], row["operation"], row["shape"]])
        workloads.setdefault(name, {})[row["device"]] = row
    return content, workloads


def time_of(row, field="real_time"):
    """The median of a measured row, or another of its times."""
    return None if row is None or row.get("error_occurred") else row[field]


def table(head, rows):
    """Markdown, numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" + "--:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def all_rows(context, workloads):
    """Every workload and library."""
    names = [device["index"] for device in context["lathe_devices"]]
    rows = []
    for name, found in workloads.items():
        times = {library: time_of(row) for library, row in found.items()}
        fastest = min((t for t in times.values() if t is not None), default=None)
        cells = []
        for library in names:
            if library not in found:
                cells.append("")
            elif times[library] is None:
                cells.append("failed")
            else:
                text = duration(times[library])
                cells.append(f"**{text}**" if times[library] == fastest else text)
        rows.append([name, *cells])
    return table(["workload", *names], rows)


def ratio(found, own, peers, roofs, row, field="real_time"):
    """How many times as fast as the fastest of some peers, and who that was."""
    mine = time_of(row, field)
    if mine is None:
        return None, "failed"
    if peers == ():
        if not roofs.get(own):
            return None, "no roof"
        # A token reads all weights once.
        moved = row["bytes"] or row.get("lathe_counters", {}).get("weight_bytes", 0)
        return moved / (mine * 1e-9) / roofs[own], "copy"
    names = [n for n in found if n not in roofs] if peers == EVERY else peers
    times = {n: time_of(found.get(n), field) for n in names}
    times = {n: t for n, t in times.items() if t is not None}
    if not times:
        return None, "no peer"
    best = min(times, key=times.get)
    return times[best] / mine, best


def goals(context, workloads):
    """The goals, what was measured, and whether that is enough."""
    roofs = {
        d["index"]: d["copy_bytes_per_second"] for d in context["lathe_devices"] if d.get("copy_bytes_per_second")}
    devices = [n for n in roofs if n == "cpu"] + [n for n in roofs if n != "cpu"][:1]
    rows = []
    for name, *wanted in GOALS_AVX2 if context["lathe_simd"] == "avx2" else GOALS:
        found = workloads.get(name)
        if found is None:
            continue
        for device, aims in zip(devices, wanted):
            either = len(aims) > 1 and any(peers == () for peers, _ in aims)
            reached = [
                (ratio(found, device, peers, roofs, found.get(device))[0] or 0) >= goal for peers, goal in aims]
            for peers, goal in aims:
                value, against = ratio(found, device, peers, roofs, found.get(device))
                fast, _ = ratio(found, device, peers, roofs, found.get(device), "p10")
                measured, undisturbed = (f"{x:.2f}" if x is not None else "-" for x in (value, fast))
                verdict = "" if value is None else "yes" if value >= goal else "no"
                if verdict == "no" and either and any(reached):
                    verdict = "by the other"
                mine = time_of(found.get(device))
                rows.append([
                    name, device, duration(mine) if mine else "failed", against, f"{goal:g}", measured, verdict,
                    undisturbed])
    return table(["workload", "device", "time", "against", "goal", "measured", "reached", "by p10"], rows)


def processes(content):
    """Start-up and memory."""
    rows = [
        [name, f"{row['first_step_seconds']:.2f} s", f"{row['peak_bytes'] / 1e6:.0f} MB"]
        for name, row in content.get("lathe_processes", {}).items()]
    parts = [table(["LeNet, batch 64", "start to first step", "peak memory"], rows)] if rows else []
    rows = content.get("language_processes", {})
    if rows:
        peer = rows["llama.cpp"]
        parts.append(table(
            ["SmolLM2 Q4_1", "start to first token", "times as fast", "peak memory", "times the peer's", "no file behind"], [
                [name, f"{row['first_token_seconds']:.2f} s",
                 f"{peer['first_token_seconds'] / row['first_token_seconds']:.2f}",
                 f"{row['peak_bytes'] / 1e6:.0f} MB", f"{row['peak_bytes'] / peer['peak_bytes']:.2f}",
                 f"{row['peak_anonymous_bytes'] / 1e6:.0f} MB"] for name, row in rows.items()]))
    return "\n\n".join(parts)


def text(path):
    """What goes between the markers."""
    content, workloads = load(path)
    context = content["context"]
    devices = "\n".join(
        f"- {d['index']}: {d['name']}, {d['driver']}" + (
            f"; copy {d['copy_bytes_per_second'] / 1e9:.1f} GB/s, multiply-add "
            f"{d['operations_per_second'] / 1e9:.0f} GFLOP/s" if d.get("copy_bytes_per_second") else "")
        for d in context["lathe_devices"])
    warnings = "".join(f"- warning: {w}\n" for w in context["lathe_warnings"])
    parts = [
        f"From `{os.path.basename(path)}`: {context['date']}, {context['lathe_processor']}, "
        f"{context['num_cpus']} cores, {context['lathe_simd']}, Lathe {context['lathe_version']} at "
        f"{context['lathe_commit']}, BLAS {context['lathe_blas']}.",
        devices + "\n" + warnings,
        "Medians of a run; the fastest of each row is bold.", all_rows(context, workloads),
        "Goals: how many times as fast as the fastest of the peers named, or the share of the copy's bandwidth; "
        "`by p10` is the same by the times that a tenth of the samples stays below, which other programs disturb "
        "least.",
        goals(context, workloads), processes(content)]
    return "\n\n".join(part.strip() for part in parts if part)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    results, readme = sys.argv[1:]
    with open(results) as file:
        simd = json.load(file)["context"]["lathe_simd"]
    begin, end = BEGIN.format(simd), END.format(simd)
    with open(readme) as file:
        old = file.read()
    if old.count(begin) != 1 or old.count(end) != 1:
        raise SystemExit(f"{readme}: the lines {begin} and {end} must each be there once")
    before, rest = old.split(begin)
    with open(readme, "w") as file:
        file.write(f"{before}{begin}\n{text(results)}\n{end}{rest.split(end)[1]}")


if __name__ == "__main__":
    main()
