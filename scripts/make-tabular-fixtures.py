"""Writes Tests/Fixtures/learn/tabular.json: what the networks of tables by the paper's authors make of a few rows.

    python3 -m venv tabular && tabular/bin/pip install torch==2.15.0 rtdl_revisiting_models==0.0.2
    tabular/bin/python scripts/make-tabular-fixtures.py

Weights are drawn at random, running statistics included, and have the names of Lathe's networks. Rows are numbers, then the places
of categories. Answers are in float64.
"""

import json
import pathlib

import torch
from rtdl_revisiting_models import MLP, CategoricalEmbeddings, FTTransformer, ResNet

PATH = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn/tabular.json"
CARDINALITIES = [4, 3]
NUMBERS, ROWS, OUTPUTS, EMBEDDING = 3, 7, 2, 4
torch.manual_seed(20261201)
torch.set_default_dtype(torch.float64)


def drawn(module):
    with torch.no_grad():
        for tensor in [*module.parameters(), *(b for b in module.buffers() if b.is_floating_point())]:
            tensor.copy_((0.4 * torch.randn(tensor.shape)).float().double())
        for name, tensor in module.named_buffers():
            if name.endswith("running_var"):
                tensor.copy_(tensor.abs() + 0.5)
    return module.eval()


def pair(own, name):
    return {f"{own}.weight": name.weight, f"{own}.bias": name.bias}


def norm(own, layer):
    return pair(own, layer) | {f"{own}.running_mean": layer.running_mean, f"{own}.running_var": layer.running_var}


def table(name, embeddings):
    firsts = torch.tensor([sum(CARDINALITIES[:i]) for i in range(len(CARDINALITIES))])
    return {f"{name}.weight": torch.cat([e.weight for e in embeddings.embeddings]), f"{name}.firsts": firsts}


def flat(x, categories, embeddings):
    return torch.cat([x, embeddings(categories).flatten(1)], 1)


def case(configuration, weights, answers):
    stored = {
        name: {"shape": list(t.shape), "values": [round(v, 9) if t.is_floating_point() else v for v in t.flatten().tolist()]}
        for name, t in weights.items()
    }
    return {"configuration": configuration, "weights": stored, "answers": answers.detach().tolist()}


def cases(x, categories):
    width = NUMBERS + EMBEDDING * len(CARDINALITIES)
    embeddings = drawn(CategoricalEmbeddings(CARDINALITIES, EMBEDDING, bias=False))
    mlp = drawn(MLP(d_in=width, d_out=OUTPUTS, n_blocks=2, d_block=6, dropout=0.1))
    weights = table("features.embedding", embeddings) | pair("head", mlp.output)
    for i, block in enumerate(mlp.blocks):
        weights |= pair(f"layers.{i}", block.linear)
    yield "mlp", case(
        {"blocks": 2, "width": 6, "dropout": 0.1, "embeddingWidth": EMBEDDING}, weights, mlp(flat(x, categories, embeddings)))

    net = drawn(
        ResNet(d_in=width, d_out=OUTPUTS, n_blocks=2, d_block=6, d_hidden=8, d_hidden_multiplier=None, dropout1=0.1, dropout2=0.1))
    weights = table("features.embedding", embeddings) | pair("input", net.input_projection)
    weights |= norm("norm", net.output.normalization) | pair("head", net.output.linear)
    for i, block in enumerate(net.blocks):
        weights |= norm(f"blocks.{i}.norm", block.normalization)
        weights |= pair(f"blocks.{i}.first", block.linear1) | pair(f"blocks.{i}.second", block.linear2)
    yield "resNet", case(
        {"blocks": 2, "width": 6, "hidden": 8, "dropout": 0.1, "residualDropout": 0.1, "embeddingWidth": EMBEDDING},
        weights, net(flat(x, categories, embeddings)))

    ft = drawn(
        FTTransformer(
            n_cont_features=NUMBERS, cat_cardinalities=CARDINALITIES, d_out=OUTPUTS, n_blocks=2, d_block=8,
            attention_n_heads=2, attention_dropout=0.1, ffn_d_hidden=5, ffn_d_hidden_multiplier=None, ffn_dropout=0.1,
            residual_dropout=0.1))
    weights = table("tokenizer.embedding", ft.cat_embeddings)
    weights |= {
        "tokenizer.answer": ft.cls_embedding.weight, "tokenizer.weight": ft.cont_embeddings.weight,
        "tokenizer.bias": ft.cont_embeddings.bias, "tokenizer.categoryBias": ft.cat_embeddings.bias}
    weights |= pair("norm", ft.backbone.output.normalization) | pair("head", ft.backbone.output.linear)
    for i, block in enumerate(ft.backbone.blocks):
        own = f"blocks.{i}"
        if "attention_normalization" in block:
            weights |= pair(f"{own}.attentionNorm", block["attention_normalization"])
        attention, ffn = block["attention"], block["ffn"]
        for name, layer in zip(["query", "key", "value", "output"], [attention.W_q, attention.W_k, attention.W_v, attention.W_out]):
            weights |= pair(f"{own}.attention.{name}", layer)
        weights |= pair(f"{own}.norm", block["ffn_normalization"]) | pair(f"{own}.feedForward.down", ffn.linear2)
        # The first half of the layer is multiplied by the ReLU of the second.
        for name, rows in [("up", slice(0, 5)), ("gate", slice(5, 10))]:
            weights |= {
                f"{own}.feedForward.{name}.weight": ffn.linear1.weight[rows],
                f"{own}.feedForward.{name}.bias": ffn.linear1.bias[rows]}
    yield "ftTransformer", case(
        {"blocks": 2, "width": 8, "heads": 2, "hidden": 5, "attentionDropout": 0.1, "dropout": 0.1, "residualDropout": 0.1},
        weights, ft(x, categories))


def main():
    x = torch.randn(ROWS, NUMBERS).float().double()
    categories = torch.stack([torch.randint(0, n, (ROWS,)) for n in CARDINALITIES], 1)
    rows = torch.cat([x, categories], 1)
    content = {"numbers": NUMBERS, "cardinalities": CARDINALITIES, "rows": rows.tolist()} | dict(cases(x, categories))
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    PATH.write_text(text + "\n")
    print(f"{PATH.name}: {len(text) / 1024:.0f} KB")


main()
