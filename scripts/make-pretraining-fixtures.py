#!/usr/bin/env python3
"""Writes Tests/Fixtures/pretraining: losses of ten steps of pre-training the tiny models of Tests/Fixtures/language.

    pip install torch==2.15.0 transformers==5.24.0
    python3 scripts/make-pretraining-fixtures.py [FOLDER]

masked.json has texts with hidden tokens, the places and their tokens; packed.json documents whose losses are computed one by one
and joined by their tokens, as rows of several documents that do not see each other must have them. AdamW without dropout.
"""

import json
import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "../Tests/Fixtures/language")
FOLDER = os.path.join(HERE, "../Tests/Fixtures/pretraining")
STEPS = 10


def steps(model, loss):
    """The losses of ten steps."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.01)
    losses = []
    for _ in range(STEPS):
        value = loss()
        losses.append(float(value))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return losses


def masked(generator):
    model = AutoModelForMaskedLM.from_pretrained(os.path.join(MODELS, "bert-masked"), dtype=torch.float32).eval()
    lengths = [9, 6, 3]
    size = model.config.vocab_size
    tokens = torch.zeros(3, 9, dtype=torch.long)
    labels = torch.full((3, 9), -100)
    for row, length in enumerate(lengths):
        tokens[row, :length] = torch.randint(1, size, (length,), generator=generator)
    for row, place in ((0, 1), (0, 5), (1, 2), (2, 0)):
        labels[row, place] = tokens[row, place]
        tokens[row, place] = 4
    mask = torch.tensor([[1] * length + [0] * (9 - length) for length in lengths])
    chosen = (labels != -100).flatten().nonzero().flatten()
    losses = steps(model, lambda: model(input_ids=tokens, attention_mask=mask, labels=labels).loss)
    return {
        "lengths": lengths, "tokens": tokens.flatten().tolist(), "places": chosen.tolist(),
        "answers": labels.flatten()[chosen].tolist(), "losses": losses}


def packed(name, generator):
    model = AutoModelForCausalLM.from_pretrained(os.path.join(MODELS, name), dtype=torch.float32).eval()
    rows = [[5, 3, 4], [7, 5]]
    size = model.config.vocab_size
    documents = [torch.randint(1, size, (1, length), generator=generator) for row in rows for length in row]

    def loss():
        total, count = 0, 0
        for document in documents:
            logits = model(input_ids=document).logits[0, :-1]
            total = total + torch.nn.functional.cross_entropy(logits, document[0, 1:], reduction="sum")
            count += document.shape[1] - 1
        return total / count

    return {"rows": rows, "tokens": torch.cat(documents, 1).flatten().tolist(), "losses": steps(model, loss)}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else FOLDER
    os.makedirs(folder, exist_ok=True)
    generator = torch.Generator().manual_seed(0)
    found = {"masked": masked(generator), "gpt2": packed("gpt2", generator), "llama": packed("llama", generator)}
    for name, value in found.items():
        with open(os.path.join(folder, f"{name}.json"), "w") as file:
            json.dump(value, file)
            file.write("\n")


if __name__ == "__main__":
    main()
