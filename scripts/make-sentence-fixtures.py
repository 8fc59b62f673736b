#!/usr/bin/env python3
"""Writes Tests/Fixtures/sentence-losses.json: ten steps of teaching a tiny sentence encoder by sentence-transformers.

    pip install torch==2.15.0 transformers==5.24.0 sentence-transformers==6.2.0
    python3 scripts/make-sentence-fixtures.py [FILE]

The encoder of Tests/Fixtures/language/sentences learns by the ranking loss, with and without third texts, and by cosines, with AdamW
and without dropout.
"""

import json
import os
import sys

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.losses import CosineSimilarityLoss, MultipleNegativesRankingLoss

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "../Tests/Fixtures/language/sentences")
FILE = os.path.join(HERE, "../Tests/Fixtures/sentence-losses.json")
FIRST = ["the cat sat", "a dog ran", "the mat is that", "cat and dog"]
SECOND = ["that cat", "the dog ran on a mat", "a mat", "dog cat sat on"]
THIRD = ["on the mat", "cat", "ran", "a"]
SCORES = [0.9, 0.2, -0.3, 1.0]


def steps(make, columns, labels):
    model = SentenceTransformer(MODEL, device="cpu").eval()
    loss = make(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=0.01)
    losses = []
    for _ in range(10):
        value = loss([model.tokenize(column) for column in columns], labels)
        losses.append(value.item())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return losses


def main():
    content = {
        "first": FIRST, "second": SECOND, "third": THIRD, "scores": SCORES,
        "pairs": steps(MultipleNegativesRankingLoss, [FIRST, SECOND], None),
        "triples": steps(MultipleNegativesRankingLoss, [FIRST, SECOND, THIRD], None),
        "cosines": steps(CosineSimilarityLoss, [FIRST, SECOND], torch.tensor(SCORES)),
    }
    with open(sys.argv[1] if len(sys.argv) > 1 else FILE, "w") as file:
        json.dump(content, file)
        file.write("\n")


if __name__ == "__main__":
    main()
