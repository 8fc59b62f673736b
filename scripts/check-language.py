#!/usr/bin/env python3
"""Compares what Lathe computes with `transformers`; see check-language.sh, which builds Lathe and calls this."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import safetensors.torch
import sentence_transformers
import torch
import transformers

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
LATHE = os.path.join(ROOT, ".build/release/lathe")
CHECK = os.path.join(ROOT, ".build/release/LanguageCheck")
FIXTURES = os.path.join(ROOT, "Tests/Fixtures/language")
SENTENCES = ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day", "",
             "A much longer sentence, with commas, digits 1234 and an unusual word: floccinaucinihilipilification. " * 30,
             "机器学习", "naïve café — “quoted”"]
PROMPTS = ["The capital of France is", "def fibonacci(n):\n", "Once upon a time, in a village by the sea,", "机器学习是"]
NEW_TOKENS, BEAMS = 32, 3


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
    kept = inputs.get("attention_mask", torch.ones_like(inputs["input_ids"])).bool()
    worst = 0
    for key in ("logits", "start_logits", "end_logits"):
        value = output.get(key)
        if value is None:
            continue
        wanted = expected[key if key in expected else "prediction_logits"]
        if "attention_mask" in inputs and "decoder_input_ids" not in inputs and value.shape[:2] == kept.shape:
            value = value[kept]
        wanted = torch.tensor(wanted["values"]).reshape(value.shape)
        worst = max(worst, float((value - wanted).abs().max() / wanted.abs().max()))
    return worst


def check_networks():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([CHECK, "networks", FIXTURES, folder], check=True)
        for name in sorted(os.listdir(folder)):
            base = name.removesuffix("-bfloat16")
            with open(os.path.join(FIXTURES, base, "expected.json")) as file:
                expected = json.load(file)
            if "logits" not in expected and "prediction_logits" not in expected and "start_logits" not in expected:
                continue
            found, limit = compare(os.path.join(folder, name), expected), 1e-4 if name == base else 0.5
            print(f"{name}: {found:.1e}")
            assert found < limit, f"{name}: logits differ by {found:.1e}"


def devices():
    return [device["index"] for device in json.loads(subprocess.check_output([LATHE, "devices", "--json"]))
            if not device.get("error")]


def results(*arguments):
    """The tensors that LanguageCheck computes; the name of its output stands at the place of None."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "results.safetensors")
        subprocess.run([CHECK, *(output if argument is None else str(argument) for argument in arguments)], check=True)
        return safetensors.torch.load_file(output)


def difference(found, wanted):
    """The largest difference, relative to the largest number."""
    assert found.shape == wanted.shape, f"{found.shape} and {wanted.shape}"
    return float((found - wanted).abs().max() / wanted.abs().max())


def check_sentences(name, folder):
    """The states of all layers beside transformers, and vectors of sentences by `lathe embed` beside sentence-transformers."""
    reference = sentence_transformers.SentenceTransformer(folder, device="cpu")
    wanted = torch.from_numpy(reference.encode(SENTENCES))
    prompts = [reference.tokenizer(text, truncation=True, max_length=reference.max_seq_length)["input_ids"]
               for text in SENTENCES]
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "prompts.json")
        with open(path, "w") as file:
            json.dump(prompts, file)
        for device in devices():
            found, worst = results("encoder", folder, device, path, None), 0
            for row, ids in enumerate(prompts):
                with torch.no_grad():
                    states = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
                for layer, state in enumerate(states):
                    worst = max(worst, difference(found[f"states.{row}.{layer}"], state[0]))
            text = subprocess.run(
                [LATHE, "embed", "--model", name, "--device", device, "--batch-size", "3"], check=True,
                capture_output=True, input="".join(sentence + "\n" for sentence in SENTENCES).encode()).stdout
            vectors = torch.tensor([json.loads(line) for line in text.splitlines()])
            embedded = float((vectors - wanted).abs().max())
            cosines = " ".join(f"{value:.4f}" for value in (vectors[1:4] @ vectors[0]).tolist())
            print(f"{name} on {device}: states of {len(states)} layers differ by {worst:.1e}, vectors by {embedded:.1e}; "
                  f"cosines {cosines}")
            assert worst < 1e-4 and embedded < 1e-4


def check_decoder(name, folder):
    """Scores, likeliest tokens and beams, with float32 weights beside transformers, then with weights as the file has them."""
    files = [file for file in os.listdir(folder) if file.endswith(".gguf")]
    options = {"gguf_file": files[0]} if files else {}
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **options).eval()
    prompts = [tokenizer(text)["input_ids"] for text in PROMPTS]
    for text, ids in zip(PROMPTS, prompts):
        found = json.loads(subprocess.check_output([LATHE, "tokenize", "--model", name, "--json", "--text", text]))
        assert found["ids"] == ids, f"{name}: {text!r} is {found['ids']}, not {ids}"
    wanted = []
    settings = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    with torch.no_grad():
        for ids in prompts:
            batch = torch.tensor([ids])
            made = [model.generate(batch, attention_mask=torch.ones_like(batch), num_beams=beams, **settings)[0, len(ids):]
                    for beams in (1, BEAMS)]
            wanted.append((model(batch).logits[0], *made))
    path = os.path.join(folder, files[0]) if files else folder
    with tempfile.TemporaryDirectory() as work:
        prompt_file = os.path.join(work, "prompts.json")
        with open(prompt_file, "w") as file:
            json.dump(prompts, file)
        for device in devices():
            for precision, limit in (("float32", 1e-4), ("stored", 0.1)):
                found = results("decoder", path, device, prompt_file, None, precision, NEW_TOKENS, BEAMS)
                worst = max(difference(found[f"logits.{row}"], logits) for row, (logits, _, _) in enumerate(wanted))
                same = {
                    key: sum(torch.equal(found[f"{key}.{row}"].long(), rows[place]) for row, rows in enumerate(wanted))
                    for place, key in ((1, "greedy"), (2, "beams"))}
                print(f"{name} on {device}, {precision} weights: logits differ by {worst:.1e}; of {len(prompts)} texts of "
                      f"{NEW_TOKENS} tokens {same['greedy']} are the same by the likeliest token, {same['beams']} by {BEAMS} beams")
                assert worst < limit, f"{name}: logits differ by {worst:.1e}"
                # Blocks are multiplied with rounded activations, so that near choices may fall otherwise.
                assert precision == "stored" or set(same.values()) == {len(prompts)}, f"{name}: other texts"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="append", default=[])
    options = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    stored = {model["name"]: model["folder"]
              for model in json.loads(subprocess.check_output([LATHE, "models", "list", "--json"]))["pretrained"]}
    names = options.model or [name for name in ("minilm", "smollm2") if name in stored]
    check_networks()
    for name in names:
        if name not in stored:
            raise SystemExit(f"check-language.py: the store has no model '{name}'; run scripts/fetch-models.sh")
        is_decoder = any(file.endswith(".gguf") for file in os.listdir(stored[name]))
        (check_decoder if is_decoder else check_sentences)(name, stored[name])
    print("all equal")
    sys.exit(0)
