#!/usr/bin/env python3
"""Writes Tests/Fixtures/adapters: adapters of PEFT on the tiny models of Tests/Fixtures/language, and what they compute.

    pip install torch==2.15.0 transformers==5.24.0 peft==0.21.2
    python3 scripts/make-adapter-fixtures.py [FOLDER]

Each folder has PEFT's adapter_config.json and adapter_model.safetensors, and expected.json: the logits with the adapter, with the
weights merged, and for those that are trained the loss of each of ten steps and the adapter behind them (trained.safetensors).
"""

import json
import os
import sys

import torch
from peft import AdaLoraConfig, LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "../Tests/Fixtures/language")
FOLDER = os.path.join(HERE, "../Tests/Fixtures/adapters")
LABELS = [0, 2, 1]
STEPS = 10


def base(name):
    kind = AutoModelForSequenceClassification if "sequence" in name else AutoModelForCausalLM
    return kind.from_pretrained(os.path.join(MODELS, name), dtype=torch.float32).eval()


def inputs(name):
    with open(os.path.join(MODELS, name, "expected.json")) as file:
        expected = json.load(file)
    keys = [key for key in ("input_ids", "attention_mask", "token_type_ids") if key in expected]
    found = {key: torch.tensor(expected[key]) for key in keys}
    if "sequence" not in name:
        return {"input_ids": found["input_ids"]}
    return found


def draw(model, seed, deviation):
    """Numbers for what an adapter begins with, so that it changes the logits."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in model.named_parameters():
        if value.requires_grad:
            with torch.no_grad():
                value.add_(deviation * torch.randn(value.shape, generator=generator))


def numbers(value):
    return [float(f"{item:.7g}") for item in value.detach().double().flatten().tolist()]


def write(name, model_name, configuration, seed, deviation=0.2):
    folder = os.path.join(FOLDER, name)
    model = get_peft_model(base(model_name), configuration).eval()
    draw(model, seed, deviation)
    # The name of the base, not its path on the machine that wrote the fixture.
    model.peft_config["default"].base_model_name_or_path = model_name
    model.save_pretrained(folder)
    readme = os.path.join(folder, "README.md")
    if os.path.exists(readme):
        os.remove(readme)
    given = inputs(model_name)
    expected = {"model": model_name, "trainable": model.get_nb_trainable_parameters(),
                "logits": numbers(model(**given).logits)}
    if STEPS and name in ("bert-lora", "bert-dora", "bert-adalora"):
        expected["losses"] = train(model, configuration, given, os.path.join(folder, "trained.safetensors"))
    merged = model.merge_and_unload()
    expected["merged"] = numbers(merged(**given).logits)
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(expected, file)
        file.write("\n")


def train(model, configuration, given, path):
    """The losses of ten steps of AdamW without dropout; the adapter behind them is written."""
    parameters = [value for value in model.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.01)
    adapts = isinstance(configuration, AdaLoraConfig)
    losses = []
    for step in range(STEPS):
        loss = model(**given, labels=torch.tensor(LABELS)).loss
        losses.append(float(f"{loss.item():.7g}"))
        loss.backward()
        optimizer.step()
        if adapts:
            model.base_model.update_and_allocate(step)
        optimizer.zero_grad()
    if adapts:
        # The ranks as they stand, before rows of zeros are left out.
        configuration.rank_pattern = None
        model.peft_config["default"].rank_pattern = None
    save_file({key: value.contiguous() for key, value in get_peft_model_state_dict(model).items()}, path)
    return losses


def main():
    global FOLDER
    if len(sys.argv) > 1:
        FOLDER = sys.argv[1]
    os.makedirs(FOLDER, exist_ok=True)
    write("bert-lora", "bert-sequence", LoraConfig(
        task_type="SEQ_CLS", target_modules=["query", "value"], r=4, lora_alpha=8), 1)
    write("bert-dora", "bert-sequence", LoraConfig(
        task_type="SEQ_CLS", target_modules=r"bert\.encoder\.layer\.\d+\.(attention\.self\.(query|key)|output\.dense)", r=4, lora_alpha=6,
        use_dora=True, use_rslora=True, rank_pattern={"key": 2}, alpha_pattern={"output.dense": 3}), 2)
    write("bert-bias", "bert-sequence", LoraConfig(
        task_type="SEQ_CLS", target_modules=["query"], r=2, bias="lora_only", layers_to_transform=[1]), 3)
    write("bert-adalora", "bert-sequence", AdaLoraConfig(
        task_type="SEQ_CLS", target_modules=["query", "dense"], exclude_modules=["bert.pooler.dense"], init_r=4, target_r=2, tinit=1, tfinal=2, deltaT=2, total_step=STEPS,
        lora_alpha=8), 4)
    write("roberta-lora", "roberta-sequence", LoraConfig(
        task_type="SEQ_CLS", target_modules=["query", "value"], r=2), 5)
    write("gpt2-lora", "gpt2", LoraConfig(
        task_type="CAUSAL_LM", target_modules=["c_attn", "mlp.c_proj"], r=3, fan_in_fan_out=True), 6)
    write("llama-lora", "llama", LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear", r=2), 7)


if __name__ == "__main__":
    main()
