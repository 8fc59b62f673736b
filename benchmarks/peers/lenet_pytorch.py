"""The main job in PyTorch: the same network, data, batch size, optimizer and loading as `lathe train lenet`.

    python benchmarks/peers/lenet_pytorch.py [--epochs 5] [--batch-size 64] [--threads 2] [--json]

Prints samples per second (whole epochs, batches formed from the uint8 images as they are needed) and the accuracy
on the 10,000 test images after each epoch. benchmarks/peers/run.sh makes the virtual environment it runs in.
"""

import argparse
import gzip
import json
import os
import struct
import time

for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)

started = time.perf_counter()
import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

imported = time.perf_counter()


def read_idx(path, magic):
    """The array in a gzipped IDX file of unsigned bytes."""
    with gzip.open(path, "rb") as file:
        data = file.read()
    found = struct.unpack(">I", data[:4])[0]
    if found != magic:
        raise SystemExit(f"{path}: magic number {found:#x}, expected {magic:#x}")
    rank = magic & 0xFF
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape).copy())


def load(folder, split):
    """Images [n, 1, 28, 28] and labels [n], both uint8."""
    images = read_idx(os.path.join(folder, f"{split}-images-idx3-ubyte.gz"), 0x803)
    return images.unsqueeze(1), read_idx(os.path.join(folder, f"{split}-labels-idx1-ubyte.gz"), 0x801)


def network():
    """The network of `lathe train lenet`."""
    return nn.Sequential(
        nn.Conv2d(1, 10, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(10, 20, 5), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(320, 50), nn.ReLU(), nn.Linear(50, 10),
    )


def evaluate(model, images, labels):
    """Mean loss and accuracy."""
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for start in range(0, len(images), 1000):
            logits = model((images[start : start + 1000].float() / 255 - 0.2860) / 0.3530)
            wanted = labels[start : start + 1000].long()
            loss += nn.functional.cross_entropy(logits, wanted, reduction="sum").item()
            correct += (logits.argmax(1) == wanted).sum().item()
    model.train()
    return loss / len(images), correct / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    images, labels = load(options.data_dir, "train")
    test_images, test_labels = load(options.data_dir, "t10k")
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    first_step = None
    for epoch in range(1, options.epochs + 1):
        begin = time.perf_counter()
        order = torch.randperm(len(images))
        total = torch.zeros(())
        for start in range(0, len(images), options.batch_size):
            rows = order[start : start + options.batch_size]
            loss = nn.functional.cross_entropy(model((images[rows].float() / 255 - 0.2860) / 0.3530), labels[rows].long())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
            if first_step is None:
                first_step = time.perf_counter() - started
        seconds = time.perf_counter() - begin
        test_loss, accuracy = evaluate(model, test_images, test_labels)
        row = {
            "epoch": epoch, "train_loss": round(total.item() / len(images), 5), "test_loss": round(test_loss, 5),
            "test_accuracy": accuracy, "samples_per_second": round(len(images) / seconds, 1),
            "seconds": round(seconds, 3), "device": f"torch {torch.__version__} cpu, {options.threads} threads",
        }
        if options.json:
            print(json.dumps(row), flush=True)
        else:
            print(
                f"epoch {epoch}  loss {row['train_loss']:.4f}  test loss {test_loss:.4f}  accuracy {accuracy:.4f}  "
                f"{row['samples_per_second']:.0f} samples/s  {seconds:.1f} s", flush=True)
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    summary = {
        "import_seconds": round(imported - started, 2), "start_to_first_step_seconds": round(first_step, 2),
        "peak_memory_mb": round(peak / 1024, 1),
    }
    print(json.dumps(summary), flush=True)


if __name__ == "__main__":
    main()
