#!/usr/bin/env python3
"""Writes Tests/Fixtures/conversations.json: conversations in tokens, and losses of ten steps of learning answers and preferences.

    pip install torch==2.15.0 transformers==5.24.0 jinja2
    python3 scripts/make-conversation-fixtures.py [FILE]

The tiny Llama of Tests/Fixtures/language learns the answers of three conversations, then which of two answers is better (Rafailov
et al., 2023), with AdamW. Which tokens are answers is told by the chat template's text up to each answer and behind it.
"""

import json
import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "../Tests/Fixtures/language/llama")
FILE = os.path.join(HERE, "../Tests/Fixtures/conversations.json")
BETA, SMOOTHING = 0.5, 0.1

CONVERSATIONS = [
    [("user", "ab cd"), ("assistant", "ef gh"), ("user", "ij"), ("assistant", "é kl mn op")],
    [("system", "be kind"), ("user", "who"), ("assistant", "me")],
    [("user", "a longer question, with more words"), ("assistant", "b")],
]
PAIRS = [("ab cd", "ef gh", "ij kl mn"), ("what now", "nothing at all", "x")]


def messages(conversation):
    return [{"role": role, "content": content} for role, content in conversation]


def tokens(tokenizer, said, only_last=False):
    """Token numbers, and at each place the next one where it belongs to an answer, else -100."""
    def text(count, prompt):
        return tokenizer.apply_chat_template(said[:count], tokenize=False, add_generation_prompt=prompt)

    whole = text(len(said), False)
    found = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    answers = [
        (len(text(place, True)), len(text(place + 1, False)))
        for place, message in enumerate(said)
        if message["role"] == "assistant" and (not only_last or place + 1 == len(said))]
    inside = [any(start <= first < end for start, end in answers) for first, _ in found["offset_mapping"]]
    ids = found["input_ids"]
    following = [ids[i + 1] if i + 1 < len(ids) and inside[i + 1] else -100 for i in range(len(ids))]
    return ids, following


def padded(rows, filler):
    longest = max(len(row) for row in rows)
    return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])


def steps(loss):
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32).eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=0.01)
    losses = []
    with torch.no_grad():
        start = loss(model, None)
    for _ in range(10):
        value = loss(model, start)[0]
        losses.append(value.item())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return losses


def main():
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    rows = [tokens(tokenizer, messages(conversation)) for conversation in CONVERSATIONS]
    inputs, labels = padded([row[0] for row in rows], 0), padded([row[1] for row in rows], -100)

    def answers(model, start):
        logits = model(input_ids=inputs).logits
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()), None

    pairs = [
        [tokens(tokenizer, messages([("user", question), ("assistant", answer)]), True) for answer in answered]
        for question, *answered in PAIRS]
    sides = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
    pair_inputs, pair_labels = padded([row[0] for row in sides], 0), padded([row[1] for row in sides], -100)

    def preference(model, start):
        logits = model(input_ids=pair_inputs).logits.log_softmax(-1)
        chosen = logits.gather(-1, pair_labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        found = (chosen * (pair_labels != -100)).sum(-1)
        if start is None:
            return None, found
        gain = found - start[1]
        margin = BETA * (gain[:len(PAIRS)] - gain[len(PAIRS):])
        losses = -(1 - SMOOTHING) * torch.nn.functional.logsigmoid(margin)
        return (losses - SMOOTHING * torch.nn.functional.logsigmoid(-margin)).mean(), None

    def said(conversation):
        return [{"role": role, "content": content} for role, content in conversation]

    content = {
        "conversations": [
            {"messages": said(conversation), "tokens": row[0], "answers": row[1]}
            for conversation, row in zip(CONVERSATIONS, rows)],
        "answerLosses": steps(answers), "beta": BETA, "smoothing": SMOOTHING,
        "pairs": [{"prompt": q, "chosen": c, "rejected": r} for q, c, r in PAIRS],
        "preferenceLosses": steps(preference)}
    with open(sys.argv[1] if len(sys.argv) > 1 else FILE, "w") as file:
        json.dump(content, file, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
