"""Compares builds of Lathe, or one build under different variables, sample by sample in turns.

    python3 benchmarks/peers/versions.py [--filter REGEX] [--device D] PROGRAM[,NAME=VALUE...] PROGRAM[,NAME=VALUE...]

Each is a process of its own and takes its samples in turns with the other, as in compare.py, so that a machine that changes
its pace changes it for both. For each workload that both have: their medians, then the second's time over the first's, as
the median of all pairs of neighbouring samples with its confidence interval of 95 % (from the binomial distribution, so that
nothing is assumed of the samples' own), and by p10. The last lines name what is slower or faster by more than
`--threshold` with an interval that is all on that side. Needs nothing but Python.
"""

import argparse
import math
import os
import re
import statistics

from compare import Failure, Worker, measure


def start(text, number, device):
    """A worker of a program with variables."""
    program, *variables = text.split(",")
    environment = dict(variable.split("=", 1) for variable in variables)
    worker = Worker(f"{number}", [os.path.abspath(program), "bench", "--worker", "--device", device], environment)
    worker.listing = worker.ask(do="list", all=True)
    return worker


def interval(values):
    """The median, and what it lies between with 95 %."""
    values, n = sorted(values), len(values)
    below, k = 0.0, 0
    while k < n // 2 and below + math.comb(n, k) / 2**n <= 0.025:
        below += math.comb(n, k) / 2**n
        k += 1
    return statistics.median(values), values[max(k - 1, 0)], values[n - max(k, 1)]


def p10(values):
    """What a tenth of the samples lies below."""
    return statistics.quantiles(values, n=10, method="inclusive")[0]


def names(worker):
    """The names of a worker's workloads."""
    rows = [item["entry"] for item in worker.listing["workloads"]]
    return ["/".join([row["suite"], row["operation"], row["shape"], row["dtype"]]) for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--filter", default="", help="a regular expression for the workloads' names")
    parser.add_argument("--seconds", type=float, default=0.7, help="samples of each on each workload")
    parser.add_argument("--threshold", type=float, default=1.03, help="what counts as slower")
    parser.add_argument("programs", nargs=2, metavar="PROGRAM[,NAME=VALUE...]")
    options = parser.parse_args()
    workers = [start(text, number, options.device) for number, text in enumerate(options.programs)]
    common = set(names(workers[1]))
    changed = []
    for name in (name for name in names(workers[0]) if name in common and re.search(options.filter, name)):
        results = measure(workers, {"name": name}, options.seconds)
        failed = [result for result in results.values() if isinstance(result, str)]
        if failed:
            print(f"{name:70} {failed[0]}", flush=True)
            continue
        first, second = (results[worker.name]["samples"] for worker in workers)
        ratio, least, most = interval([after / before for before, after in zip(first, second)])
        print(
            f"{name:70} {statistics.median(first) * 1e6:12.1f} us {statistics.median(second) * 1e6:12.1f} us "
            f"{ratio:6.3f} [{least:.3f}, {most:.3f}]  p10 {p10(second) / p10(first):.3f}", flush=True)
        if least > options.threshold or most < 1 / options.threshold:
            changed.append((ratio, name))
    for ratio, name in sorted(changed, reverse=True):
        print(f"{'slower' if ratio > 1 else 'faster'}: {name} {ratio:.3f}")
    for worker in workers:
        worker.close()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        raise SystemExit(f"versions.py: {failure}") from None
