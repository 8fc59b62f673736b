#!/usr/bin/env python3
"""Writes Tests/Fixtures/language: tiny random models in the Hugging Face layout, and what `transformers` computes with them.

    pip install torch transformers sentence-transformers
    python3 scripts/make-language-fixtures.py [FOLDER]

Each folder has config.json, model.safetensors and expected.json: inputs, hidden states, logits, greedy and beam outputs. Weights are
drawn widely, so that logits differ clearly; generated tokens are those that float64 finds, too.
"""

import copy
import json
import os
import shutil
import sys

import torch
import transformers
import sentence_transformers
from sentence_transformers.models import Dense, Normalize, Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig, BertForMaskedLM, BertForPreTraining, BertForQuestionAnswering, BertForSequenceClassification,
    BertForTokenClassification, BertModel, DistilBertConfig, DistilBertForMaskedLM, DistilBertForQuestionAnswering,
    DistilBertForSequenceClassification, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MistralConfig,
    MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, RobertaConfig, RobertaForMaskedLM, RobertaForSequenceClassification,
    RobertaForTokenClassification, T5Config, T5ForConditionalGeneration)

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "../Tests/Fixtures/language")
LABELS = ["calm", "glad", "sad"]
NEW_TOKENS = 20


def draw(model, seed, deviation=0.3):
    """Weights far enough from each other for clear answers; norms near one."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        noise = torch.randn(value.shape, generator=generator)
        is_norm = value.dim() == 1 and name.endswith("weight")
        with torch.no_grad():
            value.copy_(1 + 0.2 * noise if is_norm else (deviation if value.dim() > 1 else 0.2) * noise)
            # A model whose output is tied to its table repeats the last token unless layers say more than the table.
            if name == "shared.weight":
                value.mul_(0.25)
            if name == "decoder.final_layer_norm.weight":
                value.mul_(10)


def numbers(value):
    """A tensor as nested lists with six digits, truth values as 0 and 1."""
    if isinstance(value, torch.Tensor):
        return numbers(value.tolist())
    if isinstance(value, (list, tuple)):
        return [numbers(item) for item in value]
    if isinstance(value, bool):
        return int(value)
    return float(f"{value:.6g}") if isinstance(value, float) else value


def flat(value):
    return {"shape": list(value.shape), "values": numbers(value.reshape(-1))}


def write(folder, expected):
    with open(os.path.join(folder, "expected.json"), "w") as file:
        rows = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in expected.items()]
        file.write("{\n" + ",\n".join(rows) + "\n}\n")


def make(name, kind, config, seed, deviation=0.3, precision=torch.float32):
    """A model that was saved and read again, so that what is computed with it is what the file says."""
    model = kind(config)
    draw(model, seed, deviation)
    folder = os.path.join(FOLDER, name)
    model.eval().to(precision).save_pretrained(folder)
    os.chmod(os.path.join(folder, "model.safetensors"), 0o644)
    leftover = os.path.join(folder, "generation_config.json")
    if os.path.exists(leftover):
        os.remove(leftover)
    return folder, kind.from_pretrained(folder, dtype=torch.float32).eval()


# Encoders: a batch of lengths 9, 4 and 1.

def encoder_inputs(vocabulary, padding, types):
    generator = torch.Generator().manual_seed(5)
    ids = torch.randint(5, vocabulary, (3, 9), generator=generator)
    lengths = torch.tensor([9, 4, 1])
    mask = (torch.arange(9)[None] < lengths[:, None]).long()
    ids = torch.where(mask == 1, ids, padding)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if types > 1:
        inputs["token_type_ids"] = (torch.arange(9)[None] >= torch.tensor([5, 2, 9])[:, None]).long() * mask
    return inputs


def encoder(name, kind, config, seed, precision=torch.float32, labels=None):
    if labels:
        config = copy.deepcopy(config)
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
    folder, model = make(name, kind, config, seed, precision=precision)
    inputs = encoder_inputs(config.vocab_size, config.pad_token_id, getattr(config, "type_vocab_size", 0))
    with torch.no_grad():
        output = model(**inputs, output_hidden_states=True)
        expected = {key: numbers(value) for key, value in inputs.items()}
        # Only the places that count are compared, since what stands at filled up ones is nobody's business.
        kept = inputs["attention_mask"].bool()
        expected["hidden_states"] = [flat(state[kept]) for state in output.hidden_states]
        for key in ["logits", "prediction_logits", "start_logits", "end_logits"]:
            if key in output:
                value = output[key]
                expected[key] = flat(value[kept] if value.shape[:2] == kept.shape else value)
        if "seq_relationship_logits" in output:
            expected["seq_relationship_logits"] = flat(output.seq_relationship_logits)
        base = model.base_model
        if getattr(base, "pooler", None) is not None:
            expected["pooler_output"] = flat(base(**inputs).pooler_output)
    write(folder, expected)


def encoders():
    sizes = dict(vocab_size=64, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48)
    bert = BertConfig(**sizes, max_position_embeddings=24, type_vocab_size=2, pad_token_id=0)
    half = torch.float16
    encoder("bert", BertForPreTraining, bert, 1)
    encoder("bert-masked", BertForMaskedLM, bert, 2, half)
    encoder("bert-sequence", BertForSequenceClassification, bert, 3, half, LABELS)
    encoder("bert-regression", BertForSequenceClassification, bert, 4, half, ["score"])
    encoder("bert-token", BertForTokenClassification, bert, 5, half, LABELS)
    encoder("bert-question", BertForQuestionAnswering, bert, 6, half)
    roberta = RobertaConfig(**{**sizes, "hidden_act": "gelu_new"}, max_position_embeddings=24, type_vocab_size=1,
                            pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5)
    encoder("roberta", RobertaForMaskedLM, roberta, 11)
    encoder("roberta-sequence", RobertaForSequenceClassification, roberta, 12, torch.bfloat16, LABELS)
    encoder("roberta-token", RobertaForTokenClassification, roberta, 13, half, LABELS)
    distilbert = DistilBertConfig(vocab_size=64, dim=32, n_layers=2, n_heads=4, hidden_dim=48, activation="relu",
                                  max_position_embeddings=24, pad_token_id=0)
    encoder("distilbert", DistilBertForMaskedLM, distilbert, 21)
    encoder("distilbert-sequence", DistilBertForSequenceClassification, distilbert, 22, half, LABELS)
    encoder("distilbert-question", DistilBertForQuestionAnswering, distilbert, 23, half)


# A folder as sentence-transformers has them.

WORDS = ("[PAD] [UNK] [CLS] [SEP] [MASK] that is a happy person dog very today sunny day the cat sat on mat and it was "
         "##s ##ed ##ing ##ly . , ! ? rain in sea of green").split()
SENTENCES = [
    "That is a happy person", "That is a very happy person", "Today is a sunny day.", "", "cats",
    "The cat sat on the mat, and it was happy in the rain of the green sea!", "xyzzy dog",
]


def word_pieces():
    tokenizer = Tokenizer(models.WordPiece({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.add_special_tokens(WORDS[:5])
    return tokenizer


def pooled(mode, states, mask):
    weights = mask[:, :, None].float()
    counts = weights.sum(1)
    if mode == "cls":
        return states[:, 0]
    if mode == "max":
        return states.masked_fill(weights == 0, -1e9).max(1).values
    if mode == "mean":
        return (states * weights).sum(1) / counts
    if mode == "mean_sqrt_len_tokens":
        return (states * weights).sum(1) / counts.sqrt()
    return states[torch.arange(len(states)), mask.sum(1) - 1]


def sentences():
    config = BertConfig(vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
                        intermediate_size=48, max_position_embeddings=24, type_vocab_size=2, pad_token_id=0)
    folder, model = make("sentences", BertModel, config, 31)
    tokenizer = word_pieces()
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    length = 16
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    encodings = tokenizer.encode_batch(SENTENCES)
    ids = torch.tensor([item.ids for item in encodings])
    mask = torch.tensor([item.attention_mask for item in encodings])
    with torch.no_grad():
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    modes = ["cls", "mean", "max", "mean_sqrt_len_tokens", "lasttoken"]
    expected = {"sentences": SENTENCES, "input_ids": [item.ids[:sum(item.attention_mask)] for item in encodings]}
    expected |= {mode: flat(pooled(mode, states, mask)) for mode in modes}
    write(folder, expected)

    def save(path, value):
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "w") as file:
            json.dump(value, file, indent=2)
            file.write("\n")

    save("modules.json", [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])
    save("1_Pooling/config.json", {
        "word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
        "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False})
    save("sentence_bert_config.json", {"max_seq_length": length, "do_lower_case": False})


def sentence_modules():
    """A folder that sentence-transformers wrote: several ways of pooling, layers behind them, prompts that are not pooled."""
    config = BertConfig(vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=24, max_position_embeddings=24, type_vocab_size=2, pad_token_id=0)
    name = "sentence-modules"
    folder, _ = make(name, BertModel, config, 32)
    word_pieces().save(os.path.join(folder, "tokenizer.json"))
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 14, **names}, file)
    network = Transformer(folder)
    wide, narrow = Dense(48, 16, activation_function=torch.nn.GELU()), Dense(16, 12, bias=False, use_residual=True)
    for seed, layer in enumerate([wide, narrow]):
        draw(layer, 33 + seed)
    expected = {"sentences": SENTENCES}
    modes = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]

    def encoded(*modules, **options):
        model = sentence_transformers.SentenceTransformer(
            modules=[network, *modules], device="cpu", prompts={"query": "the cat : ", "passage": "that : "},
            default_prompt_name="passage")
        return model, flat(torch.from_numpy(model.encode(SENTENCES, batch_size=3, **options)))

    for mode in modes:
        expected[mode] = encoded(Pooling(16, mode), prompt="")[1]
        expected[f"{mode} behind a prompt"] = encoded(Pooling(16, mode, include_prompt=False), prompt_name="query")[1]
    model, expected["standard"] = encoded(
        Pooling(16, ("weightedmean", "cls", "mean"), include_prompt=False), wide, narrow, Normalize())
    for prompt in ["query", "passage"]:
        expected[prompt] = flat(torch.from_numpy(model.encode(SENTENCES, prompt_name=prompt)))
    expected["no prompt"] = flat(torch.from_numpy(model.encode(SENTENCES, prompt="")))
    shutil.rmtree(folder)
    model.save(folder, create_model_card=False)
    for path, _, files in os.walk(folder):
        for file in files:
            os.chmod(os.path.join(path, file), 0o644)
    write(folder, expected)


# Decoders: two prompts of one length, and two of unequal length that are filled up at the left.

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}")


def letters(folder):
    """A tokeniser by bytes of printable ASCII, with a few merges, a template of conversations, and 128 tokens at most."""
    special = ["<|end|>", "<|user|>", "<|assistant|>", "<|system|>"]
    symbols = special + [chr(code) for code in range(33, 127)] + ["Ġ", "Ċ"]
    merges = [("Ġ", "t"), ("h", "e"), ("Ġt", "he"), ("i", "n"), ("Ġ", "a"), ("o", "n"), ("e", "r"), ("Ġ", "s"), ("a", "n"),
              ("Ġa", "n"), ("Ġan", "d"), ("o", "u"), ("in", "g")]
    symbols += ["".join(pair) for pair in merges]
    tokenizer = Tokenizer(models.BPE({symbol: index for index, symbol in enumerate(symbols)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({"chat_template": TEMPLATE, "eos_token": "<|end|>", "model_max_length": 96}, file, indent=2)
        file.write("\n")


def generated(model, options, inputs):
    """Tokens of a search and their scores; the same in float64."""
    results = []
    for precision in [torch.float64, torch.float32]:
        model.to(precision)
        with torch.no_grad():
            results.append(model.generate(
                **inputs, max_new_tokens=NEW_TOKENS, do_sample=False, return_dict_in_generate=True, output_scores=True,
                **options))
    assert torch.equal(results[0].sequences, results[1].sequences), "float32 decides otherwise than float64"
    return results[1]


def new_tokens(result, prompt_length, end=None):
    """What was generated, up to the end where that was met, the end included."""
    rows = result.sequences[:, prompt_length:].tolist()
    return [row[:row.index(end) + 1] if end in row else row for row in rows]


def searches(model, inputs, skip):
    """Greedy tokens, then, with an end that one of them meets, greedy tokens and beams."""
    pad = 0
    plain = generated(model, dict(eos_token_id=None, pad_token_id=pad), inputs)
    greedy = new_tokens(plain, skip)
    assert all(len(set(row)) > 5 for row in greedy), "nothing but the same tokens"
    end = next(token for token in greedy[0][6:] + greedy[0] if token != pad)
    ended = generated(model, dict(eos_token_id=end, pad_token_id=pad), inputs)
    expected = {
        "greedy": greedy, "end": end, "greedy_until_end": new_tokens(ended, skip, end),
        "beams_without_end": beams(model, inputs, skip, dict(eos_token_id=None, pad_token_id=pad)),
        "beams": [beams(model, inputs, skip, dict(eos_token_id=end, pad_token_id=pad, length_penalty=penalty))
                  for penalty in [1.0, 0.6]],
    }
    return expected


def beams(model, inputs, skip, options):
    result = generated(model, dict(num_beams=3, num_return_sequences=3, early_stopping=False, **options), inputs)
    return {
        "num_beams": 3, "length_penalty": options.get("length_penalty", 1.0), "tokens": new_tokens(result, skip, options["eos_token_id"]),
        "scores": numbers(result.sequences_scores)}


def decoder(name, kind, config, seed, deviation=0.3, precision=torch.float32):
    for attempt in range(20):
        folder, model = make(name, kind, config, seed + 100 * attempt, deviation, precision)
        try:
            expected = decoder_results(model, config)
            break
        except AssertionError as error:
            print(f"{name}: {error}; drawn again")
    write(folder, expected)
    return folder


def decoder_results(model, config):
    generator = torch.Generator().manual_seed(9)
    ids = torch.randint(4, config.vocab_size, (2, 14), generator=generator)
    with torch.no_grad():
        output = model(input_ids=ids, output_hidden_states=True)
    expected = {
        "input_ids": ids.tolist(), "hidden_states": [flat(state) for state in output.hidden_states],
        "logits": flat(output.logits)}
    expected |= searches(model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}, 14)
    padded = ids.clone()
    padded[1, :9] = 0
    mask = torch.ones_like(ids)
    mask[1, :9] = 0
    expected["padded"] = {
        "input_ids": padded.tolist(), "attention_mask": mask.tolist(),
        **searches(model, {"input_ids": padded, "attention_mask": mask}, 14)}
    return expected


def decoders_of_all_families():
    letters(decoder("gpt2", GPT2LMHeadModel, GPT2Config(
        vocab_size=128, n_positions=96, n_embd=32, n_layer=2, n_head=4, bos_token_id=None, eos_token_id=0), 41))
    sizes = dict(vocab_size=128, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                 intermediate_size=64, max_position_embeddings=96, bos_token_id=None, eos_token_id=0)
    letters(decoder("llama", LlamaForCausalLM, LlamaConfig(
        **sizes, rope_parameters={
            "rope_type": "llama3", "rope_theta": 10000.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64}), 42))
    decoder("mistral", MistralForCausalLM, MistralConfig(**sizes, sliding_window=6, head_dim=12), 43,
            precision=torch.bfloat16)
    decoder("qwen2", Qwen2ForCausalLM, Qwen2Config(**sizes, tie_word_embeddings=True), 44)


# T5: an encoder-decoder.

def encoder_decoder(name, config, seed, deviation, precision=torch.float32):
    for attempt in range(20):
        folder, model = make(
            name, T5ForConditionalGeneration, config, seed + 100 * attempt, deviation, precision)
        try:
            expected = encoder_decoder_results(model, config)
            break
        except AssertionError as error:
            print(f"{name}: {error}; drawn again")
    numbered_words(folder, config.vocab_size)
    write(folder, expected)


def encoder_decoder_results(model, config):
    generator = torch.Generator().manual_seed(9)
    ids = torch.randint(4, config.vocab_size, (2, 40), generator=generator)
    mask = torch.ones_like(ids)
    ids[1, 11:] = 0
    mask[1, 11:] = 0
    target = torch.randint(4, config.vocab_size, (2, 12), generator=generator)
    target[:, 0] = config.decoder_start_token_id
    with torch.no_grad():
        output = model(input_ids=ids, attention_mask=mask, decoder_input_ids=target, output_hidden_states=True)
    expected = {
        "input_ids": ids.tolist(), "attention_mask": mask.tolist(), "decoder_input_ids": target.tolist(),
        "encoder_hidden_states": [flat(state[mask.bool()]) for state in output.encoder_hidden_states],
        "hidden_states": [flat(state) for state in output.decoder_hidden_states], "logits": flat(output.logits)}
    expected |= searches(model, {"input_ids": ids, "attention_mask": mask}, 1)
    return expected


def numbered_words(folder, vocabulary):
    """A tokeniser of the words t0, t1, ..., so that a text can be any tokens."""
    tokenizer = Tokenizer(models.WordLevel({f"t{index}": index for index in range(vocabulary)}, unk_token="t2"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(os.path.join(folder, "tokenizer.json"))


def encoder_decoders():
    sizes = dict(vocab_size=96, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, relative_attention_num_buckets=8,
                 relative_attention_max_distance=24, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1)
    encoder_decoder("t5", T5Config(**sizes), 51, 0.4)
    encoder_decoder("t5-gated", T5Config(**sizes, feed_forward_proj="gated-gelu", tie_word_embeddings=False),
                    52, 0.2, torch.bfloat16)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        FOLDER = sys.argv[1]
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    encoders()
    sentences()
    sentence_modules()
    decoders_of_all_families()
    encoder_decoders()
