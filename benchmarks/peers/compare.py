"""Runs Lathe and its peers on the same workloads, in turns, and writes what they took.

    benchmarks/peers/run.sh compare.py [--filter REGEX] [--peers pytorch,openblas,...] [--simd avx2] [--output FILE]

Every library has a process of its own that takes single samples on request; for each workload the samples go round
among all of them, so that whatever else the machine does meets all of them alike. Shapes and element types come from
Lathe's own list. The file is in Google Benchmark's layout, as that of `lathe bench --json`; `tables.py` makes the
tables of benchmarks/README.md from it. A peer that does not start is named with its reason. `--simd avx2` holds all of them
to AVX2 on a processor that has more; a peer that cannot be held is left out.
"""

import argparse
import json
import os
import re
import select
import statistics
import subprocess
import sys
import time

import language_processes

FOLDER = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(FOLDER))
TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_ARENA_MAX": "1"}
PEERS = {
    "pytorch": (["pytorch_peer.py"], {}),
    "pytorch-compiled": (["pytorch_peer.py", "--mode", "compile"], {}),
    "pytorch-tuned": (["pytorch_peer.py", "--mode", "tuned"], TUNED),
    "openblas": (["openblas_peer.py"], {}),
    "clblast": (["clblast_peer.py"], {}),
    "tinygrad": (["tinygrad_peer.py"], {"DEV": "CL"}),
    "onnxruntime": (["onnxruntime_peer.py"], {}),
    "llama.cpp": (["llama_cpp_peer.py"], {}),
    "transformers": (["transformers_peer.py"], {}),
    "lightgbm": (["lightgbm_peer.py"], {}),
    "shap": (["lightgbm_peer.py", "--shap"], {}),
    "scikit-learn": (["sklearn_peer.py"], {}),
    "optuna": (["optuna_peer.py"], {}),
}
# What holds a library to the kernels of a SIMD level; builds of PoCL take one of its two variables. Matrix products are Lathe's own.
HELD = {
    "avx2": {
        "LATHE_SIMD": "avx2", "LATHE_BLAS": "none", "OPENBLAS_CORETYPE": "Haswell",
        "POCL_KERNELLIB_NAME": "avx2", "POCL_LLVM_CPU_NAME": "haswell",
        "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
}
# Peers that follow none of these variables.
NOT_HELD = {"avx2": ["onnxruntime", "llama.cpp"]}
# OpenBLAS's core type where it takes a processor that it does not know for one of long ago.
CORE_TYPES = {"avx512": "SkylakeX", "avx2": "Haswell"}
OLD_CORE_TYPES = ("Prescott", "Core2", "Nehalem", "Sandybridge")
# Between two samples of different processes, so that the threads of the first are asleep again: some wait busily for
# longer, which makes the next one's times those of half a machine.
PAUSE = 0.05
LONGER_PAUSES = {"onnxruntime": 0.15}


class Failure(Exception):
    """A worker that cannot do what it was asked to."""


class Worker:
    """A process that answers requests of one line each."""

    def __init__(self, name, command, environment):
        self.name = name
        self.errors = open(os.path.join(os.environ.get("TMPDIR", "/tmp"), f"lathe-peer-{name}-{os.getpid()}"), "w+")
        variables = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, cwd=FOLDER,
            env={**variables, **environment})

    def ask(self, seconds=600, **request):
        """The answer to a request."""
        try:
            self.process.stdin.write((json.dumps(request) + "\n").encode())
            self.process.stdin.flush()
        except OSError:
            raise Failure(self.last_words()) from None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            self.process.kill()
            raise Failure(f"no answer to {request['do']} within {seconds} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failure(self.last_words())
        answer = json.loads(line)
        if "error" in answer:
            raise Failure(answer["error"])
        return answer

    def last_words(self):
        self.process.wait()
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        return f"ended with {self.process.returncode}: {lines[-1] if lines else 'no message'}"

    @property
    def is_alive(self):
        return self.process.poll() is None

    def close(self):
        if self.is_alive:
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        name = self.errors.name
        self.errors.close()
        os.unlink(name)


def note(text):
    print(text, file=sys.stderr, flush=True)


def start_lathe(program, devices, variables):
    """A worker for each device, its list, and the devices that were asked for in order."""
    found = json.loads(subprocess.check_output([program, "devices", "--json"], env={**os.environ, **variables}))
    known = [device["index"] for device in found if not device.get("error")]
    workers = []
    for device in devices or known:
        worker = Worker(device, [program, "bench", "--worker", "--device", device], variables)
        try:
            worker.listing = worker.ask(do="list")
        except Failure as failure:
            raise SystemExit(f"compare.py: lathe on {device}: {failure}") from None
        workers.append(worker)
    return workers


def start_peer(name, variables):
    """A peer that has said what it is."""
    script, environment = PEERS[name]
    worker = Worker(name, [sys.executable, *script], {**environment, **variables})
    try:
        worker.about = worker.ask(do="describe", seconds=120)
    except Failure:
        worker.close()
        raise
    return worker


def start_peers(names, variables, simd):
    """The peers that start, and the reasons of those that do not."""
    workers, missing = [], {}
    for name in names:
        if variables and name in NOT_HELD[simd]:
            missing[name] = f"cannot be held to {simd}"
            continue
        try:
            worker = start_peer(name, variables)
            if name == "openblas" and worker.about["version"].endswith(OLD_CORE_TYPES) and simd in CORE_TYPES:
                worker.close()
                worker = start_peer(name, {**variables, "OPENBLAS_CORETYPE": CORE_TYPES[simd]})
            workers.append(worker)
        except Failure as failure:
            missing[name] = str(failure)
            note(f"{name} is missing: {failure}")
    return workers, missing


def prepare(worker, workload):
    """What is known of a worker that is ready for a workload; None where it has no such operation."""
    if hasattr(worker, "listing"):
        return worker.ask(do="prepare", name=workload["name"])
    answer = worker.ask(do="prepare", operation=workload["operation"], parameters=workload["parameters"])
    return None if answer.get("unsupported") else answer


def measure(workers, workload, seconds):
    """The samples of each worker in turns; a text where it failed."""
    ready, results = [], {}
    for worker in workers:
        if not worker.is_alive:
            results[worker.name] = "its process ended before"
            continue
        try:
            answer = prepare(worker, workload)
            if answer is not None:
                ready.append(worker)
                results[worker.name] = {
                    "samples": [], "runs": 1, "error": answer.get("relative_error"),
                    "counters": answer.get("counters")}
        except Failure as failure:
            results[worker.name] = str(failure)
    turns, start, pause = 0, time.monotonic(), PAUSE
    while ready and turns < 25 and (turns < 5 or time.monotonic() - start < seconds * len(ready)):
        # A workload of seconds is sampled three times; its samples differ little.
        if turns >= 3 and time.monotonic() - start > 10 * seconds * len(ready):
            break
        for worker in list(ready):
            try:
                time.sleep(pause)
                pause = LONGER_PAUSES.get(worker.name, PAUSE)
                answer = worker.ask(do="sample")
                results[worker.name]["samples"].append(answer["seconds"])
                results[worker.name]["runs"] = answer["runs"]
            except Failure as failure:
                results[worker.name] = str(failure)
                ready.remove(worker)
        turns += 1
    for worker in ready:
        try:
            worker.ask(do="release")
        except Failure as failure:
            results[worker.name] = str(failure)
    return results


def entry(template, worker, result, index):
    """A row of the file."""
    row = {k: v for k, v in template.items() if k not in ("error_occurred", "error_message")}
    profile = worker.listing["context"]["lathe_devices"][0]["profile"] if hasattr(worker, "listing") else ""
    row.update(device=worker.name, profile=profile, family_index=index)
    row["name"] = "/".join(
        [row["suite"], row["operation"], row["shape"], row["dtype"], worker.name] + ([profile] if profile else []))
    row["run_name"] = row["name"]
    if isinstance(result, str):
        row.update(error_occurred=True, error_message=result)
        return row
    samples = sorted(result["samples"])
    median = statistics.median(samples)
    deciles = statistics.quantiles(samples, n=10, method="inclusive")
    row.update(
        real_time=median * 1e9, cpu_time=0, p10=deciles[0] * 1e9, p90=deciles[-1] * 1e9, samples=len(samples),
        iterations=len(samples) * result["runs"])
    if result["error"] is not None:
        row["relative_error"] = result["error"]
    if result["counters"]:
        row["lathe_counters"] = result["counters"]
    items = row["items"] if row["lathe_rate"] == "items" else row["flops"]
    if items:
        row["items_per_second"] = items / median
    if row["bytes"]:
        row["bytes_per_second"] = row["bytes"] / median
    return row


def process_rows(program, devices, has_pytorch, variables):
    """Start-up and peak memory, each library in a process that trains LeNet and does nothing else."""
    rows = {}
    for device in devices:
        text = subprocess.check_output(
            [program, "bench", "--device", device, "--probe-start", repr(time.time())], env={**os.environ, **variables})
        probe = json.loads(text)
        rows[device] = {"first_step_seconds": probe["firstStepSeconds"], "peak_bytes": probe["peakBytes"]}
    if not has_pytorch:
        return rows
    text = subprocess.check_output(
        [sys.executable, os.path.join(FOLDER, "lenet_pytorch.py"), "--epochs", "1", "--threads", str(os.cpu_count())],
        env={**os.environ, **variables})
    summary = json.loads(text.splitlines()[-1])
    rows["pytorch"] = {
        "first_step_seconds": summary["start_to_first_step_seconds"],
        "peak_bytes": summary["peak_memory_mb"] * 2**20}
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lathe", default=os.path.join(TOP, ".build/release/lathe"))
    parser.add_argument("--devices", help="Lathe's devices, with commas; all without")
    parser.add_argument("--peers", default=",".join(PEERS), help="with commas; of " + ", ".join(PEERS))
    parser.add_argument("--filter", default="", help="a regular expression for the workloads' names")
    parser.add_argument("--seconds", type=float, default=0.7, help="samples of each library on each workload")
    parser.add_argument("--simd", choices=list(HELD), help="hold all libraries to these instructions")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    names = [name for name in options.peers.split(",") if name]
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        parser.error(f"unknown peers {', '.join(unknown)}; there are {', '.join(PEERS)}")

    variables = HELD.get(options.simd, {})
    lathe = start_lathe(options.lathe, options.devices.split(",") if options.devices else None, variables)
    listing = lathe[0].listing
    context = listing["context"]
    peers, missing = start_peers(names, variables, context["lathe_simd"])
    context["lathe_devices"] = [worker.listing["context"]["lathe_devices"][0] for worker in lathe] + [
        {"index": worker.name, "name": worker.name, "driver": worker.about["version"], "profile": ""}
        for worker in peers]
    context["lathe_warnings"] += [f"{name} is missing: {reason}" for name, reason in missing.items()]
    workloads = []
    for item in listing["workloads"]:
        template = item["entry"]
        name = "/".join([template["suite"], template["operation"], template["shape"], template["dtype"]])
        if re.search(options.filter, name):
            workloads.append({
                "name": name, "operation": template["operation"], "parameters": item["parameters"],
                "template": template})
    if not workloads:
        parser.error(f"--filter '{options.filter}' matches no workload that has peers")

    output = {"context": context, "benchmarks": []}
    for workload in workloads:
        results = measure(lathe + peers, workload, options.seconds)
        line = []
        for worker in lathe + peers:
            if worker.name not in results:
                continue
            row = entry(workload["template"], worker, results[worker.name], len(output["benchmarks"]))
            output["benchmarks"].append(row)
            line.append(f"{worker.name} " + (row.get("error_message") or f"{row['real_time'] / 1e3:.1f} us"))
        note(f"{workload['name']}: {', '.join(line)}")
        write(output, options.output)
    devices = [worker.name for worker in lathe]
    for worker in lathe + peers:
        worker.close()
    if re.search(options.filter, "memory/lenet-first-step"):
        has_pytorch = any(worker.name == "pytorch" for worker in peers)
        output["lathe_processes"] = process_rows(options.lathe, devices, has_pytorch, variables)
        write(output, options.output)
    if re.search(options.filter, "inference/smollm2-processes") and "llama.cpp" in [worker.name for worker in peers]:
        output["language_processes"] = language_processes.measure(os.path.abspath(options.lathe), devices, 9)
        write(output, options.output)


def write(output, path):
    with open(path + ".part", "w") as file:
        json.dump(output, file, indent=1, sort_keys=True)
        file.write("\n")
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main()
