"""Has Lathe build and launch on paper what it would on a device: programs and launches by Tests/PaperDriver."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from math import prod

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Suites of which nothing runs on a device but copies and what other suites have, that measure the host, or that need a
# model which a host may not have.
LEFT_OUT = (
    "transfer/", "latency/", "memory/pool", "memory/lenet", "loader/", "checkpoint/", "train/lenet-run", "inference/",
    "tables/", "trees/", "linear/"
)
# Runs of a workload: the last one meets everything built and in its place, the state of optimizers included.
RUNS = 3


@dataclass
class Recording:
    """What Lathe asks of a device."""

    # Text files by the hash of text and options, and options.
    programs: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    # By program and kernel: sizes of work-groups, None where the driver chooses, and work-items of all launches.
    groups: dict = field(default_factory=dict)
    items: dict = field(default_factory=dict)
    # Programs and kernels that workloads launch; the others are of the operation suite.
    of_workloads: set = field(default_factory=set)
    # What a workload's last run launched, each with the operation it was for, and the work of the whole.
    launches: dict = field(default_factory=dict)
    work: dict = field(default_factory=dict)


def device_values(name):
    """What a device of Tests/PaperDriver says of itself, and what estimates take of it."""
    path = os.path.join(ROOT, "Tests", "PaperDriver", "devices", f"{name}.txt")
    with open(path, encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(" = ", 1) for line in file if " = " in line)


def build_driver(folder):
    """Compiles the paper driver and returns its path."""
    sources = os.path.join(ROOT, "Tests", "PaperDriver")
    library = os.path.join(folder, "libpaper.so")
    files = sorted(os.path.join(sources, name) for name in os.listdir(sources) if name.endswith(".c"))
    command = ["clang-19", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared", "-o", library, *files]
    subprocess.run(command, check=True)
    return library


def record(device, library, folder):
    """Everything of the benchmark's workloads and of the operation suite."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    recording = Recording()
    run_workloads(device, library, os.path.join(folder, "workloads"), recording)
    if device_values(device).get("nv_major"):
        # What older processors multiply, and a driver that does not take what the newest one has.
        run_workloads(device, library, os.path.join(folder, "units"), recording, "gemm/matmul-bf16/", "on")
    recording.of_workloads = set(recording.groups)
    for mode in ("value", "gradient"):
        place = os.path.join(folder, mode)
        program = os.path.join(ROOT, ".build", "release", "OperationCheck")
        # Matrices of zeros are singular: some cases end with an error, which is no matter here.
        result = subprocess.run(
            [program, "--device", "opencl", "--run-only", "--mode", mode],
            env=environment(device, library, place), capture_output=True, text=True, check=False,
        )
        if result.returncode not in (0, 1):
            raise SystemExit(f"check-gpu-code: {program} --run-only on {device}: {result.stderr.strip()[-300:]}")
        read_programs(place, recording)
        read_log(place, recording)
    return recording


def environment(device, library, output, units="wgmma"):
    """Variables for a process that works on paper, with the kernels of the working tree.

    A device on paper computes nothing that could be compared: `units` are the matrix units that are used without a trial.
    """
    return os.environ | {
        "LATHE_OPENCL_LIBRARY": library,
        "LATHE_PAPER_DEVICE": os.path.join(ROOT, "Tests", "PaperDriver", "devices", f"{device}.txt"),
        "LATHE_PAPER_OUTPUT": output,
        "LATHE_KERNEL_DIR": os.path.join(ROOT, "kernels", "opencl"),
        "LATHE_CACHE_DIR": "off",
        "LATHE_MATRIX_UNITS": units,
    }


def run_workloads(device, library, place, recording, only="", units=None):
    """Has a worker of `lathe bench` run each workload.

    Of those with other matrix units only the kernels are taken.
    """
    program = os.path.join(ROOT, ".build", "release", "lathe")
    listing = subprocess.run([program, "bench", "--list"], capture_output=True, text=True, check=True).stdout
    names = [line[2:].removesuffix("  (quick)") for line in listing.split("\n") if line.startswith("  ")]
    if not only:
        names += ["tune/" + name for name in problems(program, device, library, place)]
    worker = subprocess.Popen(
        [program, "bench", "--worker", "--device", "opencl", "--trace", os.devnull],
        env=environment(device, library, place, *([units] if units else [])),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    log = os.path.join(place, "launches.jsonl")
    for name in names:
        if name.startswith(LEFT_OUT) or not name.startswith(only):
            continue
        before = os.path.getsize(log) if os.path.exists(log) else 0
        worker.stdin.write(json.dumps({"do": "run", "name": name, "runs": RUNS}) + "\n")
        worker.stdin.flush()
        answer = json.loads(worker.stdout.readline() or '{"error": "it ended"}')
        if "error" in answer:
            raise SystemExit(f"check-gpu-code: {name} on {device}: {answer['error']}")
        if units:
            continue
        recording.work[name] = answer
        recording.launches[name] = last_run(log, before, answer["launches"])
    worker.stdin.close()
    worker.wait()
    read_programs(place, recording)
    read_log(place, recording)


def problems(program, device, library, place):
    """What `lathe tune` compares candidates on."""
    answer = subprocess.run(
        [program, "bench", "--worker", "--device", "opencl"], input='{"do": "problems"}\n',
        env=environment(device, library, place + "-names"), capture_output=True, text=True, check=True,
    ).stdout
    return json.loads(answer)["problems"]


def last_run(log, start, done):
    """The lines of the launches that a worker named, the last ones, with what it said of each."""
    with open(log, encoding="utf-8") as file:
        file.seek(start)
        lines = [line for line in map(json.loads, file) if "launch" in line]
    lines = lines[len(lines) - len(done):]
    if [line["launch"] for line in lines] != [launch["name"].split(":")[0] for launch in done]:
        raise SystemExit("check-gpu-code: the trace and the driver disagree about what was launched")
    return [line | {"done": launch} for line, launch in zip(lines, done)]


def read_programs(place, recording):
    """Takes in the programs that a process left."""
    folder = os.path.join(place, "programs")
    for name in os.listdir(folder):
        key, kind = name.split(".")
        if kind == "cl":
            recording.programs[key] = os.path.join(folder, name)
        else:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                recording.options[key] = file.read()


def read_log(place, recording):
    """Takes in which kernels a process launched, with which groups."""
    with open(os.path.join(place, "launches.jsonl"), encoding="utf-8") as file:
        for line in map(json.loads, file):
            if "launch" in line:
                key = line["program"], line["launch"]
                recording.groups.setdefault(key, set()).add(prod(line["local"]) or None)
                recording.items[key] = recording.items.get(key, 0) + prod(line["global"])
