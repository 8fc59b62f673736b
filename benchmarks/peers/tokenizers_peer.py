"""Encodes English text by Lathe and by the library `tokenizers`, in turns, on one and on two threads.

    tokenizers_peer.py PROGRAM TOKENIZER TEXT [--samples N] [--output FILE]

PROGRAM is TokenizerCheck of the release build, TOKENIZER a tokenizer.json, TEXT a file whose lines are encoded as one
batch, places of tokens in characters included. scripts/check-tokenizers.sh --speed runs it on the three tokenisers.
Prints medians in MB/s and the ratio to the peer's; more is better.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

WORKER = """
import sys, time
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
texts = [line for line in open(sys.argv[2], encoding="utf-8").read().split("\\n") if line]
for _ in sys.stdin:
    start = time.perf_counter()
    encodings = tokenizer.encode_batch(texts)
    seconds = time.perf_counter() - start
    print(seconds, sum(len(encoding) for encoding in encodings), flush=True)
    del encodings
"""


class Worker:
    def __init__(self, command, threads):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def sample(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().split()
        if not line:
            raise SystemExit(f"tokenizers_peer.py: a worker ended with {self.process.wait()}")
        return float(line[0]), int(line[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("tokenizer")
    parser.add_argument("text")
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--output")
    options = parser.parse_args()
    size = os.path.getsize(options.text) / 1e6
    rows = []
    for threads in (1, 2):
        workers = {
            "lathe": Worker([options.program, "bench", options.tokenizer, options.text, str(threads)], threads),
            "tokenizers": Worker([sys.executable, "-c", WORKER, options.tokenizer, options.text], threads)}
        times = {name: [] for name in workers}
        counts = {}
        for turn in range(options.samples + 1):
            for name, worker in workers.items():
                time.sleep(0.05)
                seconds, counts[name] = worker.sample()
                # The first one fills caches.
                if turn:
                    times[name].append(seconds)
        for worker in workers.values():
            worker.process.stdin.close()
            worker.process.wait()
        if len(set(counts.values())) > 1:
            raise SystemExit(f"tokenizers_peer.py: {counts} tokens; they must be equal")
        medians = {name: statistics.median(samples) for name, samples in times.items()}
        ratio = medians["tokenizers"] / medians["lathe"]
        rows.append({"threads": threads, "megabytes": size, "tokens": counts["lathe"], "seconds": medians, "ratio": ratio})
        print(f"{threads} thread{'s' if threads > 1 else ''}: lathe {size / medians['lathe']:.1f} MB/s, "
              f"tokenizers {size / medians['tokenizers']:.1f} MB/s, {ratio:.2f}x", flush=True)
    if options.output:
        with open(options.output, "w") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
