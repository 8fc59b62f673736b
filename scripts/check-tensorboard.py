"""Reads the events of a run by the real TensorBoard: its EventAccumulator and its HTTP server.

    make check-tensorboard
    python scripts/check-tensorboard.py runs/lenet-1    (needs the packages tensorboard and 'setuptools<82')

Fails where a tag that `metrics.jsonl` promises is missing, a value differs, the server does not give it, or a kind of
record is not there: scalars, histograms of weights and gradients, images, text, hyper-parameters.
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
        "step": {"loss": "loss/train", "learning_rate": "learning_rate", "gradient_norm": "gradient_norm"},
        "test": {"loss": "loss/test", "accuracy": "accuracy/test"},
        "epoch": {"train_loss": "loss/epoch", "train_accuracy": "accuracy/train", "test_loss": "loss/test",
                  "test_accuracy": "accuracy/test"},
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
        def tags(plugin):
            found = get(f"{plugin}/tags")["."]
            assert found, plugin
            return sorted(found)

        def rows(plugin, tag):
            found = get(f"{plugin}/{plugin}?" + urllib.parse.urlencode({"run": ".", "tag": tag, "sample": 0}))
            assert found, (plugin, tag)
            return found

        histograms = tags("histograms")
        assert all(rows("histograms", tag) for tag in histograms)
        for kind in ["weights/", "gradients/"]:
            assert any(tag.startswith(kind) for tag in histograms), (kind, histograms)
        pictures = tags("images")
        for tag in pictures:
            for row in rows("images", tag):
                with urllib.request.urlopen(f"{base}/images/individualImage?{row['query']}", timeout=5) as reply:
                    assert reply.read(8) == b"\x89PNG\r\n\x1a\n", tag
        texts = get("text/tags")["."]
        assert texts == ["config"] or texts == ["config/text_summary"], texts
        assert "learning" in rows("text", texts[0])[0]["text"], texts
        request = urllib.parse.quote(json.dumps({"experimentName": "", "hparamsLimit": 100}))
        names = {info["name"] for info in get(f"hparams/experiment?request={request}")["hparamInfos"]}
        assert {"optimizer", "learning_rate", "batch_size", "seed"} <= names, names
        print(f"HTTP server: {len(histograms)} histograms, {len(pictures)} images, {len(texts)} text, {len(names)} hyper-parameters")
    finally:
        server.terminate()
        server.wait()


def main():
    folder = pathlib.Path(sys.argv[1])
    wanted = expected(folder)
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "histograms": 0, "images": 0, "tensors": 0})
    accumulator.Reload()
    check(lambda tag: {e.step: e.value for e in accumulator.Scalars(tag)}, wanted, "EventAccumulator")
    histograms = accumulator.Tags()["histograms"]
    for kind in ["weights/", "gradients/"]:
        assert any(t.startswith(kind) for t in histograms), (kind, histograms)
    for tag in histograms:
        for event in accumulator.Histograms(tag):
            value = event.histogram_value
            assert value.num == sum(value.bucket) and value.min <= value.max, tag
    pictures = accumulator.Tags()["images"]
    assert any(t.startswith("examples/") for t in pictures), pictures
    for tag in pictures:
        for event in accumulator.Images(tag):
            assert event.encoded_image_string.startswith(b"\x89PNG") and event.width > 1 and event.height > 1, tag
    assert "config/text_summary" in accumulator.Tags()["tensors"], accumulator.Tags()["tensors"]
    (text,) = accumulator.Tensors("config/text_summary")
    assert json.loads(folder.joinpath("config.json").read_text()) == json.loads(
        text.tensor_proto.string_val[0].decode().removeprefix("```json\n").removesuffix("\n```"))
    assert "_hparams_/session_start_info" in accumulator.summary_metadata, "hyper-parameters"
    print(f"EventAccumulator: {len(histograms)} histograms, {len(pictures)} images, text and hyper-parameters")
    serve(folder, wanted)


if __name__ == "__main__":
    main()
