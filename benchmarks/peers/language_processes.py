"""Whole processes that continue a text with SmolLM2, `lathe generate` and llama-cpp-python in turns.

    benchmarks/peers/run.sh language_processes.py [--samples N] [--devices cpu,opencl:0] [--output FILE]

Two figures: seconds from the start of the process to the first byte of the first token, with the file of the model in the page
cache and with kernels that an earlier run compiled; and peak memory of reading 512 tokens and making 64. Memory is the largest
resident set of the process (VmHWM), which counts the pages of the mapped model, and beside it the largest part of it that no
file is behind (RssAnon, looked at each 10 ms). What Python and the import of the package take of the peer's time and memory is
measured in the same processes and taken off: the ratios compare with what is left.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from smollm2 import model

FOLDER = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(FOLDER))
SHORT = "The capital of France is"
# About a token a word.
LONG = " ".join(["The quick brown fox jumps over the lazy dog and runs into the green wood ."] * 32)
MADE = 64
CONTEXT = 640


class Process:
    """A process that writes the text it makes: when its first byte came, and what memory it took."""

    def __init__(self, command, watches):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=FOLDER)
        self.anonymous = 0
        if watches:
            threading.Thread(target=self.watch, args=(process.pid,), daemon=True).start()
        first = os.read(process.stdout.fileno(), 1)
        self.seconds = time.perf_counter() - start
        process.stdout.read()
        self.errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or not first:
            raise SystemExit(f"language_processes.py: {' '.join(command)}: {self.errors.strip() or 'no text'}")
        self.peak = usage.ru_maxrss * 1024

    def watch(self, pid):
        while True:
            try:
                with open(f"/proc/{pid}/status") as file:
                    for line in file:
                        if line.startswith("RssAnon:"):
                            self.anonymous = max(self.anonymous, int(line.split()[1]) * 1024)
            except OSError:
                return
            time.sleep(0.01)


def measure(lathe, devices, samples):
    """Rows by library: medians of seconds to the first token, and bytes."""
    path = model()
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass
    with tempfile.TemporaryDirectory() as folder:
        prompts = {}
        for name, text in (("short", SHORT), ("long", LONG)):
            prompts[name] = os.path.join(folder, name)
            with open(prompts[name], "w") as file:
                file.write(text)

        def command(library, prompt, count):
            if library == "llama.cpp":
                script = os.path.join(FOLDER, "llama_cpp_generate.py")
                return [sys.executable, script, path, prompts[prompt], str(count), str(CONTEXT)]
            return [lathe, "generate", "--model", path, "--device", library, "--file", prompts[prompt], "--max-tokens",
                    str(count)]

        libraries = [*devices, "llama.cpp"]
        times = {library: [] for library in libraries}
        # The first turn fills caches of kernels and pages.
        for turn in range(samples + 1):
            for library in libraries:
                process = Process(command(library, "short", 1), watches=False)
                seconds = process.seconds
                if library == "llama.cpp":
                    seconds -= json.loads(process.errors.splitlines()[-1])["import_seconds"]
                if turn:
                    times[library].append(seconds)
        rows = {}
        for library in libraries:
            process = Process(command(library, "long", MADE), watches=True)
            rows[library] = {
                "first_token_seconds": statistics.median(times[library]), "peak_bytes": process.peak,
                "peak_anonymous_bytes": process.anonymous}
            if library == "llama.cpp":
                imported = json.loads(process.errors.splitlines()[-1])
                rows[library]["peak_bytes"] -= imported["import_peak_bytes"]
                rows[library]["import"] = imported
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lathe", default=os.path.join(TOP, ".build/release/lathe"))
    parser.add_argument("--devices", default="cpu,opencl:0", help="Lathe's devices, with commas")
    parser.add_argument("--samples", type=int, default=9)
    parser.add_argument("--output")
    options = parser.parse_args()
    rows = measure(os.path.abspath(options.lathe), options.devices.split(","), options.samples)
    peer = rows["llama.cpp"]
    for library, row in rows.items():
        print(f"{library}: first token after {row['first_token_seconds']:.3f} s "
              f"({peer['first_token_seconds'] / row['first_token_seconds']:.2f}x), peak {row['peak_bytes'] / 1e6:.0f} MB "
              f"({row['peak_bytes'] / peer['peak_bytes']:.2f}x), without a file behind it "
              f"{row['peak_anonymous_bytes'] / 1e6:.0f} MB")
    print(f"taken off of llama.cpp's: {json.dumps(peer['import'])}")
    if options.output:
        with open(options.output, "w") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
