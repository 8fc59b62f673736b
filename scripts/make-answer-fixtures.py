#!/usr/bin/env python3
"""Writes Tests/Fixtures/answers.json: questions with texts in windows, ten steps of learning answers, and answers that are found.

    pip install torch==2.15.0 transformers==5.24.0
    python3 scripts/make-answer-fixtures.py [FILE]

The tiny network of Tests/Fixtures/language/bert-question learns with the tokeniser beside it in `sentences`; windows, labels and the
search for the best span are those of the field's scripts for SQuAD, written anew here.
"""

import json
import os
import sys

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "../Tests/Fixtures/language")
FILE = os.path.join(HERE, "../Tests/Fixtures/answers.json")
LENGTH, STRIDE, LONGEST = 16, 4, 3
LONG = "the cat sat on the mat. a very happy dog was in the green sea, and it rained! the person is sunny today."
QUESTIONS = [
    ("is the dog in it?", LONG, "very happy dog"),
    ("is it rain?", LONG, "rained"),
    ("that person?", "a person is happy", "happy"),
    ("sea?", "the dog sat", None),
]


def main():
    tokenizer = AutoTokenizer.from_pretrained(os.path.join(MODELS, "sentences"))
    windows = []
    for number, (question, context, answer) in enumerate(QUESTIONS):
        found = tokenizer(
            question, context, truncation="only_second", max_length=LENGTH, stride=STRIDE,
            return_overflowing_tokens=True, return_offsets_mapping=True)
        for part in range(len(found["input_ids"])):
            ids, types = found["input_ids"][part], found["token_type_ids"][part]
            sequence, offsets = found.sequence_ids(part), found["offset_mapping"][part]
            inside = [i for i, which in enumerate(sequence) if which == 1]
            start, end = 0, 0
            if answer is not None:
                first = context.index(answer)
                last = first + len(answer)
                if offsets[inside[0]][0] <= first and offsets[inside[-1]][1] >= last:
                    start = max(i for i in inside if offsets[i][0] <= first)
                    end = min(i for i in inside if offsets[i][1] >= last)
            windows.append({
                "question": number, "tokens": ids, "types": types, "start": start, "end": end,
                "places": [list(offsets[i]) if i in inside else None for i in range(len(ids))]})

    longest = max(len(window["tokens"]) for window in windows)

    def padded(rows):
        return torch.tensor([row + [0] * (longest - len(row)) for row in rows])

    tokens, types = padded([w["tokens"] for w in windows]), padded([w["types"] for w in windows])
    mask = padded([[1] * len(w["tokens"]) for w in windows])
    labels = torch.tensor([[w["start"], w["end"]] for w in windows])
    model = AutoModelForQuestionAnswering.from_pretrained(
        os.path.join(MODELS, "bert-question"), dtype=torch.float32).eval()

    def scores():
        out = model(input_ids=tokens, token_type_ids=types, attention_mask=mask)
        both = torch.stack([out.start_logits, out.end_logits], 1)
        return both.masked_fill(mask[:, None] == 0, float("-inf"))

    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.01)
    losses = []
    for _ in range(10):
        loss = torch.nn.functional.cross_entropy(scores().flatten(0, 1), labels.flatten())
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    with torch.no_grad():
        both = scores()
    answers = []
    for number, (_, context, _) in enumerate(QUESTIONS):
        spans, none = [], float("inf")
        for window, (starts, ends) in zip(windows, both.tolist()):
            if window["question"] != number:
                continue
            none = min(none, starts[0] + ends[0])
            places = window["places"]
            for i in range(len(places)):
                for j in range(i, min(i + LONGEST, len(places))):
                    if places[i] and places[j]:
                        spans.append((starts[i] + ends[j], context[places[i][0]:places[j][1]]))
        score, text = max(spans)
        answers.append({"best": text, "score": score, "none": none})
    content = {
        "length": LENGTH, "stride": STRIDE, "longest": LONGEST, "losses": losses, "answers": answers,
        "questions": [
            {"question": q, "context": c, "answer": a, "start": None if a is None else c.index(a)}
            for q, c, a in QUESTIONS],
        "windows": windows}
    with open(sys.argv[1] if len(sys.argv) > 1 else FILE, "w") as file:
        json.dump(content, file)
        file.write("\n")


if __name__ == "__main__":
    main()
