"""The side of a peer: answers requests for single samples, so that compare.py can take them in turns.

A peer is an object with `name`, `version` and `prepare(operation, parameters)`, which returns a function that does one
run and waits for it, or None where the peer has no such operation. Requests and answers are lines of JSON:
{"do": "describe"}, {"do": "prepare", "operation": ..., "parameters": ...}, {"do": "sample"}, {"do": "release"}.
"""

import gc
import json
import math
import os
import sys
import time

# As `MeasuringBudget.inTurns` of benchmarks/harness/Measuring/Sampler.swift.
SAMPLE_SECONDS = 0.01
WARM_UP_SECONDS = 0.1


def cores():
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


class Sampler:
    """Samples of one function: as many runs in each as make it long enough."""

    def __init__(self, run):
        self.run = run
        start = time.perf_counter()
        fastest, turns = math.inf, 0
        # Three turns at least: a function that is compiled when it is first called, or twice, is compiled then.
        while turns < 3 or (time.perf_counter() - start < WARM_UP_SECONDS and turns < 1000):
            fastest = min(fastest, self.time(1))
            turns += 1
        self.fastest = fastest
        self.runs = min(max(math.ceil(SAMPLE_SECONDS / max(fastest, 1e-9)), 1), 20_000)

    def time(self, runs):
        run = self.run
        start = time.perf_counter()
        for _ in range(runs):
            run()
        return time.perf_counter() - start

    def wake_up(self):
        """Runs without measuring, so that caches and threads are in use again after another process ran."""
        if self.fastest > 10 * SAMPLE_SECONDS:
            return
        start = time.perf_counter()
        while True:
            self.time(1)
            if time.perf_counter() - start > SAMPLE_SECONDS:
                return

    def sample(self):
        self.wake_up()
        return {"seconds": self.time(self.runs) / self.runs, "runs": self.runs}


def serve(peer):
    """Answers requests until the input ends; whatever else is printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sampler = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "describe":
                answer = {"name": peer.name, "version": peer.version}
            elif request["do"] == "prepare":
                sampler = None
                gc.collect()
                run = peer.prepare(request["operation"], request["parameters"])
                if run is None:
                    answer = {"unsupported": True}
                else:
                    sampler = Sampler(run)
                    answer = {}
            elif request["do"] == "sample":
                answer = sampler.sample()
            else:
                sampler = None
                gc.collect()
                answer = {}
        except Exception as error:  # A peer that fails at one workload goes on with the next.
            sampler = None
            answer = {"error": f"{type(error).__name__}: {error}"[:400]}
        answers.write(json.dumps(answer) + "\n")
