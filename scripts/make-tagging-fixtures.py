#!/usr/bin/env python3
"""Writes Tests/Fixtures/tagging: a linear chain by PyTorch (loss, gradients, best tags), seqeval's entities and reports,
and the first pieces of words by the library tokenizers.

Made with torch 2.15.0, seqeval 1.2.2, numpy 2.4.6, scikit-learn 1.9.1, tokenizers 0.23.3:

    pip install torch==2.15.0 seqeval==1.2.2 tokenizers==0.23.3
    scripts/make-tagging-fixtures.py
"""

import json
import pathlib
import random
import warnings

import torch
from seqeval.metrics import classification_report
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB1, IOB2, IOBES, Entities
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

warnings.filterwarnings("ignore")
folder = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "tagging"
folder.mkdir(parents=True, exist_ok=True)


def write(name, values):
    (folder / f"{name}.json").write_text(json.dumps(values, separators=(",", ":")) + "\n")


def chain_loss(scores, tags, lengths, starts, ends, transitions):
    """The negative log-likelihood of each sentence, by the forward algorithm."""
    losses = []
    for row in range(scores.shape[0]):
        state = starts + scores[row, 0]
        path = starts[tags[row, 0]] + scores[row, 0, tags[row, 0]]
        for word in range(1, lengths[row]):
            state = torch.logsumexp(state[:, None] + transitions, dim=0) + scores[row, word]
            path = path + transitions[tags[row, word - 1], tags[row, word]] + scores[row, word, tags[row, word]]
        path = path + ends[tags[row, lengths[row] - 1]]
        losses.append(torch.logsumexp(state + ends, dim=0) - path)
    return torch.stack(losses)


def best_path(scores, starts, ends, transitions):
    state, origins = starts + scores[0], []
    for word in range(1, scores.shape[0]):
        value, origin = (state[:, None] + transitions).max(dim=0)
        state = value + scores[word]
        origins.append(origin)
    path = [int((state + ends).argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]


def chain(count, words, lengths, scale, seed):
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape):
        return (torch.randn(*shape, generator=generator, dtype=torch.float64) * scale).round(decimals=2).requires_grad_()

    scores, starts, ends, transitions = drawn(len(lengths), words, count), drawn(count), drawn(count), drawn(count, count)
    tags = torch.randint(0, count, (len(lengths), words), generator=generator)
    losses = chain_loss(scores, tags, lengths, starts, ends, transitions)
    weights = torch.arange(1, len(lengths) + 1, dtype=torch.float64)
    (losses * weights).sum().backward()
    plain = [tensor.detach() for tensor in (starts, ends, transitions)]
    return {
        "count": count, "words": words, "lengths": lengths, "tags": tags.flatten().tolist(),
        **{name: tensor.detach().flatten().tolist() for name, tensor in [
            ("scores", scores), ("starts", starts), ("ends", ends), ("transitions", transitions)]},
        "losses": losses.tolist(),
        **{f"{name}_gradient": (torch.zeros_like(tensor) if tensor.grad is None else tensor.grad).flatten().tolist() for name, tensor in [
            ("scores", scores), ("starts", starts), ("ends", ends), ("transitions", transitions)]},
        "best": [best_path(scores.detach()[row, :length], *plain) for row, length in enumerate(lengths)],
    }


write("chain", [chain(3, 4, [4, 2, 1], 1, 1), chain(5, 7, [7, 3, 5, 1], 2, 2), chain(4, 1, [1, 1], 1, 3), chain(3, 9, [9, 8], 12, 4)])

random.seed(5)


def sentences(prefixes, types, count):
    tags = ["O"] + [f"{prefix}-{kind}" for prefix in prefixes for kind in types]
    return [[random.choice(tags) for _ in range(random.randint(1, 9))] for _ in range(count)]


cases = []
for prefixes, types, scheme in [
    ("BI", ["PER", "LOC"], IOB2), ("BI", ["PER", "LOC", "a-b"], IOB1), ("BIES", ["PER", "LOC"], IOBES), ("BI", ["X"], IOB2)
]:
    right = sentences(prefixes, types, 12)
    # Mostly right, so that every count is met.
    given = [[tag if random.random() < 0.8 else random.choice(sum(right, [])) for tag in row] for row in right]
    case = {
        "scheme": {IOB1: "iob1", IOB2: "bio", IOBES: "bioes"}[scheme], "right": right, "given": given,
        "lenient": [[list(entity) for entity in get_entities(row)] for row in right],
        "strict": [[[e.tag, e.start, e.end - 1] for e in row] for row in Entities(right, scheme).entities],
        "lenient_report": classification_report(right, given, digits=4),
        "strict_report": classification_report(right, given, digits=4, mode="strict", scheme=scheme),
        "two_digits": classification_report(right, given),
    }
    cases.append(case)
write("entities", cases)

lines = [
    ["Ann", "Smith-Jones", "flew", "from", "Oslo", "to", "New", "York", ".", "(", "@ann_s", ")"],
    ["It", "'s", "3.14", "%", "naïve", "café", "江", "泽民", "#tag", "😀"],
    ["unflattering"],
]


def word_pieces():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        [" ".join(row) for row in lines],
        trainers.WordPieceTrainer(vocab_size=70, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def byte_pairs():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.train_from_iterator(
        [" ".join(row) for row in lines],
        trainers.BpeTrainer(vocab_size=285, special_tokens=["<s>", "<pad>", "</s>"], show_progress=False,
                            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


pieces = []
for name, tokenizer in [("word pieces", word_pieces()), ("byte pairs", byte_pairs())]:
    rows = []
    for words in lines:
        encoding = tokenizer.encode(words, is_pretokenized=True)
        rows.append({"words": words, "ids": encoding.ids, "firsts": [encoding.word_ids.index(place) for place in range(len(words))]})
    pieces.append({"name": name, "tokenizer": tokenizer.to_str(), "rows": rows})
write("pieces", pieces)
