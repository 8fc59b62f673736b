#!/usr/bin/env python3
"""Compares what Lathe wrote with `transformers`; see check-language.sh, which builds Lathe and calls this."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import torch
import transformers

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
FIXTURES = os.path.join(ROOT, "Tests/Fixtures/language")
SENTENCES = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day", "",
             "A much longer sentence, with commas, digits 1234 and an unusual word: floccinaucinihilipilification. " * 30,
             "机器学习", "naïve café — “quoted”"]


def compare(folder, expected):
    """The largest difference of logits, relative to the largest of them."""
    with open(os.path.join(folder, "config.json")) as file:
        name = json.load(file)["architectures"][0]
    model, report = getattr(transformers, name).from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not report[key], f"{folder}: {key}: {report[key]}"
    names = ("input_ids", "attention_mask", "token_type_ids", "decoder_input_ids")
    inputs = {name: torch.tensor(expected[name]) for name in names if name in expected}
    with torch.no_grad():
        output = model.eval()(**inputs)
    kept = inputs["attention_mask"].bool()
    worst = 0
    for key in ("logits", "start_logits", "end_logits"):
        value = output.get(key)
        if value is None:
            continue
        wanted = expected[key if key in expected else "prediction_logits"]
        if "decoder_input_ids" not in inputs and value.shape[:2] == kept.shape:
            value = value[kept]
        wanted = torch.tensor(wanted["values"]).reshape(value.shape)
        worst = max(worst, float((value - wanted).abs().max() / wanted.abs().max()))
    return worst


def check_networks():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.join(ROOT, ".build/release/LanguageCheck"), FIXTURES, folder], check=True)
        for name in sorted(os.listdir(folder)):
            base = name.removesuffix("-bfloat16")
            with open(os.path.join(FIXTURES, base, "expected.json")) as file:
                expected = json.load(file)
            if "logits" not in expected and "prediction_logits" not in expected and "start_logits" not in expected:
                continue
            found, limit = compare(os.path.join(folder, name), expected), 1e-4 if name == base else 0.5
            print(f"{name}: {found:.1e}")
            assert found < limit, f"{name}: logits differ by {found:.1e}"


def check_sentences(name):
    """Vectors of sentences by `lathe embed`, and by transformers with the mean of the tokens and length 1."""
    lathe = os.path.join(ROOT, ".build/release/lathe")
    listing = json.loads(subprocess.check_output([lathe, "models", "list", "--json"]))
    folder = next(model["folder"] for model in listing["pretrained"] if model["name"] == name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    length = 256
    path = os.path.join(folder, "sentence_bert_config.json")
    if os.path.exists(path):
        with open(path) as file:
            length = json.load(file).get("max_seq_length", length)
    else:
        length = model.config.max_position_embeddings
    batch = tokenizer(SENTENCES, padding=True, truncation=True, max_length=length, return_tensors="pt")
    with torch.no_grad():
        states = model(**batch).last_hidden_state
    mask = batch["attention_mask"][:, :, None]
    wanted = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1)
    devices = json.loads(subprocess.check_output([lathe, "devices", "--json"]))
    for device in [device["index"] for device in devices if not device.get("error")]:
        text = subprocess.run(
            [lathe, "embed", "--model", name, "--device", device, "--batch-size", "3"], check=True, capture_output=True,
            input="".join(sentence + "\n" for sentence in SENTENCES).encode()).stdout
        found = torch.tensor([json.loads(line) for line in text.splitlines()])
        found = torch.nn.functional.normalize(found, dim=1)
        worst = float((found - wanted).abs().max())
        cosines = (found[1:4] @ found[0]).tolist()
        print(f"{name} on {device}: largest difference {worst:.1e}, cosines " + " ".join(f"{c:.4f}" for c in cosines))
        assert worst < 1e-4


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="append", default=[])
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    check_networks()
    for name in options.model:
        check_sentences(name)
    print("all equal")
    sys.exit(0)
