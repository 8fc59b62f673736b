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
# With float32 weights everything has to be the same. With weights as a file has them activations are rounded, to 8 bits beside
# blocks and to 16 beside bfloat16: scores then differ, at most by this share of the largest one, and the likeliest token is
# another where two are nearly as likely, which may happen at one place in ten. Texts part where that happens first.
FLOAT32_DISTANCE, STORED_DISTANCE, STORED_CHOICES = 1e-4, 0.1, 0.9


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
    """Scores, likeliest tokens and beams beside those of transformers, which has the same weights as float32.

    First with float32 weights, then with weights as the file has them, whose choices are compared along the texts of
    transformers, so that one that differs does not change those behind it.
    """
    files = [file for file in os.listdir(folder) if file.endswith(".gguf")]
    options = {"gguf_file": files[0]} if files else {}
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **options).eval()
    prompts = [tokenizer(text)["input_ids"] for text in PROMPTS]
    for text, ids in zip(PROMPTS, prompts):
        found = json.loads(subprocess.check_output([LATHE, "tokenize", "--model", name, "--json", "--text", text]))
        assert found["ids"] == ids, f"{name}: {text!r} is {found['ids']}, not {ids}"
    wanted, texts, scores = [], [], []
    settings = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    with torch.no_grad():
        for ids in prompts:
            batch = torch.tensor([ids])
            made = [model.generate(batch, attention_mask=torch.ones_like(batch), num_beams=beams, **settings)[0, len(ids):]
                    for beams in (1, BEAMS)]
            wanted.append((model(batch).logits[0], *made))
            texts.append(ids + made[0].tolist())
            scores.append(model(torch.tensor([texts[-1]])).logits[0])
    path = os.path.join(folder, files[0]) if files else folder
    with tempfile.TemporaryDirectory() as work:
        prompt_file = os.path.join(work, "prompts.json")
        with open(prompt_file, "w") as file:
            json.dump(prompts, file)
        text_file = os.path.join(work, "texts.json")
        with open(text_file, "w") as file:
            json.dump(texts, file)
        for device in devices():
            found = results("decoder", path, device, prompt_file, None, "float32", NEW_TOKENS, BEAMS)
            worst = max(difference(found[f"logits.{row}"], logits) for row, (logits, _, _) in enumerate(wanted))
            same = {
                key: sum(torch.equal(found[f"{key}.{row}"].long(), rows[place]) for row, rows in enumerate(wanted))
                for place, key in ((1, "greedy"), (2, "beams"))}
            print(f"{name} on {device}, float32 weights: scores differ by {worst:.1e} of the largest; of {len(prompts)} texts "
                  f"of {NEW_TOKENS} tokens {same['greedy']} are the same by the likeliest token, {same['beams']} by {BEAMS} beams")
            assert worst < FLOAT32_DISTANCE, f"{name}: scores differ by {worst:.1e}, at most {FLOAT32_DISTANCE} is allowed"
            assert set(same.values()) == {len(prompts)}, f"{name}: other texts"
            check_choices(name, device, results("decoder", path, device, text_file, None, "stored", 1, 1), scores)


def check_choices(name, device, found, wanted):
    """The distance of scores, and the share of places where the likeliest token is that of transformers."""
    # A text as a whole and a token at a time: other kernels compute them.
    for key, manner in (("logits", "whole texts"), ("steps", "single tokens")):
        pairs = [(found[f"{key}.{row}"], logits) for row, logits in enumerate(wanted)]
        worst = max(difference(*pair) for pair in pairs)
        places = sum(len(logits) for logits in wanted)
        same = sum(int((own.argmax(-1) == logits.argmax(-1)).sum()) for own, logits in pairs)
        print(f"{name} on {device}, weights as stored, {manner}: scores differ by {worst:.1e} of the largest; the likeliest "
              f"token is the same at {same} of {places} places")
        assert worst < STORED_DISTANCE, f"{name}: scores differ by {worst:.1e}, at most {STORED_DISTANCE} is allowed"
        assert same >= STORED_CHOICES * places, (
            f"{name}: the likeliest token is the same at {same} of {places} places, expected {STORED_CHOICES:.0%}")


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
    print("all within their limits")
    sys.exit(0)
