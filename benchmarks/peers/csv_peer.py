"""Reads a CSV file into typed columns by Lathe and by polars, pyarrow and pandas, in turns.

    csv_peer.py PROGRAM [--file FILE] [--megabytes N] [--samples N] [--threads N] [--output FILE]

PROGRAM is TableCheck of the release build. Without a file, make_table.py's of the given size is made in a temporary folder.
All find out the columns' types (polars from the first 100 rows, pandas' own engine without dates) and read the file from the
page cache. Prints medians in MB/s, the seconds of processors, which a busy machine changes less, and both relative to Lathe's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

LIBRARIES = {
    "polars": """
import polars
version = polars.__version__
def read(path): return polars.read_csv(path, try_parse_dates=True).height
""",
    "pyarrow": """
import pyarrow, pyarrow.csv
version = pyarrow.__version__
def read(path): return pyarrow.csv.read_csv(path).num_rows
""",
    "pandas-pyarrow": """
import pandas
version = pandas.__version__
def read(path): return len(pandas.read_csv(path, engine="pyarrow"))
""",
    "pandas": """
import pandas
version = pandas.__version__
def read(path): return len(pandas.read_csv(path))
""",
}
WORKER = """
import sys, time
{library}
print(version, flush=True)
for _ in sys.stdin:
    start, before = time.perf_counter(), time.process_time()
    rows = read(sys.argv[1])
    print(time.perf_counter() - start, time.process_time() - before, rows, flush=True)
"""


class Worker:
    def __init__(self, command, threads, has_version):
        environment = {**os.environ}
        if threads:
            environment.update(POLARS_MAX_THREADS=str(threads), OMP_NUM_THREADS=str(threads), ARROW_NUM_THREADS=str(threads))
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.version = self.process.stdout.readline().strip() if has_version else ""

    def sample(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().split()
        if not line:
            raise SystemExit(f"csv_peer.py: a worker ended with {self.process.wait()}")
        return float(line[0]), float(line[1]), int(line[2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--file")
    parser.add_argument("--megabytes", type=float, default=150)
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--peers", default=",".join(LIBRARIES))
    parser.add_argument("--output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file
        if not path:
            path = os.path.join(folder, "table.csv")
            maker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make_table.py")
            subprocess.run([sys.executable, maker, path, "--megabytes", str(options.megabytes)], check=True)
        compare(options, path)


def compare(options, path):
    size = os.path.getsize(path) / 1e6
    threads = [str(options.threads)] if options.threads else []
    workers = {"lathe": Worker([options.program, "bench", path, *threads], options.threads, False)}
    for name in options.peers.split(","):
        command = [sys.executable, "-c", WORKER.format(library=LIBRARIES[name]), path]
        workers[name] = Worker(command, options.threads, True)
    times = {name: [] for name in workers}
    processors = {name: [] for name in workers}
    counts = {}
    for turn in range(options.samples + 1):
        for name, worker in workers.items():
            time.sleep(0.1)
            seconds, used, counts[name] = worker.sample()
            # The first one fills caches.
            if turn:
                times[name].append(seconds)
                processors[name].append(used)
    for worker in workers.values():
        worker.process.stdin.close()
        worker.process.wait()
    if len(set(counts.values())) > 1:
        raise SystemExit(f"csv_peer.py: {counts} rows; they must be equal")
    medians = {name: statistics.median(samples) for name, samples in times.items()}
    used = {name: statistics.median(samples) for name, samples in processors.items()}
    for name, seconds in medians.items():
        print(f"{name:>14} {workers[name].version:8} {seconds * 1e3:8.1f} ms {size / seconds:8.1f} MB/s "
              f"{seconds / medians['lathe']:6.2f}x   processors {used[name] * 1e3:8.1f} ms {used[name] / used['lathe']:6.2f}x")
    if options.output:
        result = {"megabytes": size, "rows": counts["lathe"], "threads": options.threads, "seconds": medians, "processor_seconds": used,
                  "versions": {name: worker.version for name, worker in workers.items()}}
        with open(options.output, "w") as file:
            json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
