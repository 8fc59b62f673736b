"""Writes Tests/Fixtures/learn/tabular-scores.json: the wine table, and what the networks of the paper's authors score on it.

    python3 -m venv tabular && tabular/bin/pip install torch==2.15.0 rtdl_revisiting_models==0.0.2 scikit-learn==1.9.1
    tabular/bin/python scripts/make-tabular-score-fixtures.py

Every fourth row is tested on. Networks have the sizes, AdamW's settings, batches and early stopping that Lathe's have without being
told otherwise; ten seeds each.
"""

import json
import pathlib

import numpy as np
import torch
from rtdl_revisiting_models import MLP, FTTransformer, ResNet
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

PATH = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn/tabular-scores.json"
torch.set_num_threads(1)


def networks(columns):
    return {
        "mlp": lambda: MLP(d_in=columns, d_out=3, n_blocks=3, d_block=256, dropout=0.1),
        "resNet": lambda: ResNet(
            d_in=columns, d_out=3, n_blocks=3, d_block=128, d_hidden=256, d_hidden_multiplier=None, dropout1=0.2, dropout2=0.0),
        "ftTransformer": lambda: FTTransformer(
            n_cont_features=columns, cat_cardinalities=[], d_out=3, n_blocks=2, d_block=64, attention_n_heads=8,
            attention_dropout=0.15, ffn_d_hidden=85, ffn_d_hidden_multiplier=None, ffn_dropout=0.05, residual_dropout=0.0)}


def answers(net, x):
    return net(x, None) if isinstance(net, FTTransformer) else net(x)


def score(make, x, y, test_x, test_y, seed):
    torch.manual_seed(seed)
    x, valid_x, y, valid_y = (
        torch.tensor(part) for part in train_test_split(x, y, test_size=0.15, stratify=y, random_state=seed))
    net = make()
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in net.parameters() if p.ndim > 1], "weight_decay": 1e-4},
         {"params": [p for p in net.parameters() if p.ndim <= 1], "weight_decay": 0}], lr=1e-3)
    best, kept, waited = np.inf, None, 0
    for _ in range(100):
        net.train()
        order = torch.randperm(len(x))
        for first in range(0, len(x) - 31, 32):
            rows = order[first:first + 32]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(answers(net, x[rows]), y[rows]).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
            optimizer.step()
        net.eval()
        with torch.no_grad():
            loss = torch.nn.functional.cross_entropy(answers(net, valid_x), valid_y).item()
        waited += 1
        if loss < best:
            best, waited = loss, 0
            kept = {name: value.clone() for name, value in net.state_dict().items()}
        if waited >= 12:
            break
    net.load_state_dict(kept)
    with torch.no_grad():
        return float((answers(net, torch.tensor(test_x)).argmax(1).numpy() == test_y).mean())


def main():
    x, y = load_wine(return_X_y=True)
    tested = np.arange(len(y)) % 4 == 0
    scaler = StandardScaler().fit(x[~tested])
    train, test = (scaler.transform(part).astype(np.float32) for part in (x[~tested], x[tested]))
    scores = {
        name: [round(score(make, train, y[~tested], test, y[tested], seed), 6) for seed in range(10)]
        for name, make in networks(x.shape[1]).items()}
    for name, own in scores.items():
        print(f"{name}: {np.mean(own):.4f} +- {np.std(own):.4f}")
    text = json.dumps({"rows": x.tolist(), "labels": y.tolist(), "scores": scores}, separators=(",", ":"))
    PATH.write_text(text + "\n")


main()
