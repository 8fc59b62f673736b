"""The networks and texts of benchmarks/harness/Suites/FineTune.swift with transformers and PEFT."""

import torch

# As FilmLengths of benchmarks/harness/Suites/FineTune.swift.
QUANTILES = [
    7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 17, 18, 19, 19, 20, 20, 21, 22, 22, 23, 23, 24, 25, 25, 26, 26, 27, 28, 28,
    29, 29, 30, 31, 31, 32, 33, 33, 34, 35, 36, 37, 38, 39, 40, 41, 43, 44, 46, 50, 55]
STEP = 10


def configuration(p, **more):
    """The sizes of an encoder."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=p["vocabulary"], hidden_size=p["width"], num_hidden_layers=p["layers"],
        num_attention_heads=p["heads"], intermediate_size=p["inner"], max_position_embeddings=p["positions"],
        layer_norm_eps=1e-5, **more)


def classifier(p):
    """A classifier of texts, all of whose parameters learn."""
    from transformers import BertForSequenceClassification

    return BertForSequenceClassification(configuration(p, num_labels=p["classes"])).train()


def adapted(p):
    """The same with low-rank updates of queries and values."""
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(
        task_type="SEQ_CLS", r=p["rank"], lora_alpha=2 * p["rank"], lora_dropout=0.1, target_modules=["query", "value"])
    return get_peft_model(classifier(p), settings).train()


def texts(lengths, p):
    """Texts of such lengths, filled up to the longest."""
    longest = max(lengths)
    mask = torch.tensor([[1] * length + [0] * (longest - length) for length in lengths])
    tokens = torch.randint(1, p["vocabulary"], mask.shape) * mask
    return {"input_ids": tokens, "attention_mask": mask, "labels": torch.arange(len(lengths)) % p["classes"]}


def masked_words(p):
    """A network that tells hidden words, and texts for it; transformers computes the scores of all places."""
    from transformers import BertForMaskedLM

    shape = (p["batch"], p["length"])
    answers = torch.randint(1, p["vocabulary"], shape)
    places = torch.zeros(shape, dtype=torch.bool)
    places[:, 1:-1:p["hidden"]] = True
    batch = {
        "input_ids": answers.masked_fill(places, 103), "attention_mask": torch.ones(shape, dtype=torch.long),
        "labels": answers.masked_fill(~places, -100)}
    return BertForMaskedLM(configuration(p)).train(), batch


def films(p):
    """Some of the batches that transformers makes of 800 texts where `group_by_length` is asked for, by their lengths."""
    from transformers.trainer_pt_utils import get_length_grouped_indices

    lengths = [QUANTILES[i * 37 % len(QUANTILES)] for i in range(p["texts"])]
    size = p["batch"]
    order = get_length_grouped_indices(lengths, size, generator=torch.Generator().manual_seed(0))
    batches = sorted(
        ([lengths[i] for i in order[start:start + size]] for start in range(0, len(order), size)), key=max)
    return [texts(batch, p) for batch in batches[STEP // 2::STEP]]


def steps(model, batches, fused, compiled):
    """A run: a step of training on each batch."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=5e-5, weight_decay=0.01, fused=fused or None)
    network = torch.compile(model) if compiled else model

    def run():
        for batch in batches:
            loss = network(**batch).loss
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return loss

    return run
