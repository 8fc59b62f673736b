"""Reads the events of a run by the real TensorBoard: its EventAccumulator and its HTTP server.

    pip install tensorboard
    .build/release/lathe train mlp --epochs 2 --output runs/check
    python scripts/check-tensorboard.py runs/check

Fails where a tag that `metrics.jsonl` promises is missing, a value differs, or the server does not give it.
"""

import json
import math
import pathlib
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def expected(folder):
    """Scalars by tag and step, as metrics.jsonl has them."""
    tags = {
        "step": {"loss": "loss/train", "learningRate": "learning_rate", "gradientNorm": "gradient_norm"},
        "test": {"loss": "loss/test", "accuracy": "accuracy/test"},
        "epoch": {"trainLoss": "loss/epoch", "trainAccuracy": "accuracy/train", "testLoss": "loss/test",
                  "testAccuracy": "accuracy/test"},
    }
    result = {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        row = json.loads(line)
        for key, tag in tags[row["type"]].items():
            if key in row:
                result.setdefault(tag, {})[row["step"]] = row[key]
    return result


def check(found, wanted, where):
    for tag, steps in wanted.items():
        for step, value in steps.items():
            got = found(tag).get(step)
            assert got is not None and math.isclose(got, value, rel_tol=1e-6, abs_tol=1e-9), (where, tag, step, got, value)
    print(f"{where}: {sum(len(s) for s in wanted.values())} values of {len(wanted)} tags agree")


def serve(folder, wanted):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder), "--port", str(port), "--load_fast", "false",
         "--samples_per_plugin", "scalars=100000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}/data/plugin"

        def get(path):
            with urllib.request.urlopen(f"{base}/{path}", timeout=5) as reply:
                return json.load(reply)

        def scalars(tag):
            rows = get("scalars/scalars?" + urllib.parse.urlencode({"run": ".", "tag": tag}))
            return {step: value for _, step, value in rows}

        # The server reads the files while it answers.
        for attempt in range(120):
            try:
                check(scalars, wanted, "HTTP server")
                break
            except (OSError, AssertionError):
                if attempt == 119:
                    raise
                time.sleep(0.5)
        weights = get("histograms/tags")["."]
        assert any(t.startswith("weights/") for t in weights), weights
        tag = sorted(weights)[0]
        assert get("histograms/histograms?" + urllib.parse.urlencode({"run": ".", "tag": tag}))
        print(f"HTTP server: histograms of {len(weights)} tags")
    finally:
        server.terminate()
        server.wait()


def main():
    folder = pathlib.Path(sys.argv[1])
    wanted = expected(folder)
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    accumulator.Reload()
    check(lambda tag: {e.step: e.value for e in accumulator.Scalars(tag)}, wanted, "EventAccumulator")
    histograms = accumulator.Tags()["histograms"]
    assert any(t.startswith("weights/") for t in histograms), histograms
    for tag in histograms:
        for event in accumulator.Histograms(tag):
            value = event.histogram_value
            assert value.num == sum(value.bucket) and value.min <= value.max, tag
    print(f"EventAccumulator: histograms of {len(histograms)} tags")
    assert "_hparams_/session_start_info" in accumulator.summary_metadata, "hyper-parameters"
    serve(folder, wanted)


if __name__ == "__main__":
    main()
