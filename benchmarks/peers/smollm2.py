"""The language model that peers are compared on, and its tokens."""

import glob
import os


def model():
    """The path of the GGUF file in the model store."""
    home = os.environ.get("LATHE_HOME")
    data = os.environ.get("XDG_DATA_HOME", os.path.expanduser("~/.local/share"))
    folder = os.path.join(home, "models") if home else os.path.join(data, "lathe", "models")
    found = glob.glob(os.path.join(folder, "smollm2", "*.gguf"))
    if not found:
        raise FileNotFoundError(f"{folder}: no model smollm2; run scripts/fetch-models.sh smollm2")
    return found[0]


def token(place):
    """The tokens of benchmarks/harness/Models/SmolLM2.swift."""
    return 1000 + place * 37 % 20_000
