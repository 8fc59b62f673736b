"""Scores of `lathe automl` and of scikit-learn's and LightGBM's models with their defaults on the same splits of six tables.

    scripts/fetch-tables.sh .build/tables
    python3 -m venv peers && peers/bin/pip install -r benchmarks/peers/requirements.txt
    peers/bin/python benchmarks/peers/automl_quality.py --lathe .build/release/lathe --tables .build/tables --time 5m

Each table is divided five times, a fifth for the test. Lathe gets the other rows, and tells the test's by `lathe predict`. A peer's
numbers are filled with medians (and scaled for weighted sums), its texts are one-hot columns. Scores: the area under the ROC curve
of two classes, the negative log loss of more, R2 of numbers. Names and tickets of Titanic's passengers are left out for all.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# Target, whether it is a number, columns that are left out.
TABLES = {
    "titanic": ("survived", False, ["name", "ticket", "cabin", "home.dest"]), "german_credit": ("creditability", False, []),
    "default": ("default", False, []), "breast_cancer": ("diagnosis", False, []), "wine": ("cultivar", False, []),
    "diabetes": ("progression", True, [])}


def peers(is_number, seed, threads):
    if is_number:
        return {
            "forest": RandomForestRegressor(random_state=seed, n_jobs=threads),
            "histogram boosting": HistGradientBoostingRegressor(random_state=seed), "linear": LinearRegression(),
            "LightGBM": LGBMRegressor(random_state=seed, n_jobs=threads, verbose=-1)}
    return {
        "forest": RandomForestClassifier(random_state=seed, n_jobs=threads),
        "histogram boosting": HistGradientBoostingClassifier(random_state=seed), "linear": LogisticRegression(max_iter=1000),
        "LightGBM": LGBMClassifier(random_state=seed, n_jobs=threads, verbose=-1)}


def features(x):
    numbers = [c for c in x if pd.api.types.is_numeric_dtype(x[c])]
    texts = [c for c in x if c not in numbers]
    return ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("texts", make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"),
                                OneHotEncoder(handle_unknown="ignore", sparse_output=False)), texts)])


def score(y, answers, classes):
    if classes is None:
        return r2_score(y, answers)
    if len(classes) == 2:
        return roc_auc_score(y == classes[1], answers[:, 1])
    return -log_loss(y, answers, labels=classes)


def lathe(binary, train, test, target, classes, limit, seed):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train.to_csv(folder / "train.csv", index=False)
        test.to_csv(folder / "test.csv", index=False)
        start = time.perf_counter()
        subprocess.run(
            [binary, "automl", "--data", "train.csv", "--target", target, "--test-data", "test.csv", "--time", limit,
             "--seed", str(seed), "--output", "run"], cwd=folder, check=True, capture_output=True)
        seconds = time.perf_counter() - start
        report = json.loads((folder / "run/report.json").read_text())
        lines = subprocess.run(
            [binary, "predict", "--model", "run", "--data", "test.csv"], cwd=folder, check=True, capture_output=True, text=True)
        rows = list(csv.DictReader(lines.stdout.splitlines()))
        if classes is None:
            return np.array([float(row[target]) for row in rows]), seconds, report
        return np.array([[float(row[f"probability_{c}"]) for c in classes] for row in rows]), seconds, report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lathe", default=".build/release/lathe")
    parser.add_argument("--tables", default=".build/tables")
    parser.add_argument("--time", default="5m")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=list(TABLES))
    parser.add_argument("--output", help="a JSON file for the scores")
    options = parser.parse_args()
    binary = str(pathlib.Path(options.lathe).resolve())
    threads = os.cpu_count()
    result = {}
    for name in options.only or TABLES:
        target, is_number, dropped = TABLES[name]
        table = pd.read_csv(pathlib.Path(options.tables) / f"{name}.csv").drop(columns=dropped)
        classes = None if is_number else sorted(table[target].astype(str).unique())
        if classes is not None:
            table[target] = table[target].astype(str)
        scores = {}
        for seed in range(options.splits):
            train, test = train_test_split(
                table, test_size=0.2, random_state=seed, stratify=None if is_number else table[target])
            x, y = train.drop(columns=target), train[target]
            for peer, model in peers(is_number, seed, threads).items():
                fitted = make_pipeline(features(x), model).fit(x, y)
                inputs = test.drop(columns=target)
                answers = fitted.predict(inputs) if is_number else fitted.predict_proba(inputs)
                scores.setdefault(peer, []).append(score(test[target].to_numpy(), answers, classes))
            answers, seconds, report = lathe(binary, train, test, target, classes, options.time, seed)
            scores.setdefault("lathe", []).append(score(test[target].to_numpy(), answers, classes))
            scores.setdefault("seconds", []).append(seconds)
            members = ", ".join(member["name"].split(" ")[0] for member in report["members"])
            print(f"  {name} {seed}: {scores['lathe'][-1]:.4f} in {seconds:.0f} s, {report['kind']} of {members}", flush=True)
        means = {peer: float(np.mean(values)) for peer, values in scores.items()}
        best = max((peer for peer in means if peer not in ("lathe", "seconds")), key=means.get)
        row = "  ".join(f"{peer} {mean:.4f}" for peer, mean in means.items() if peer != "seconds")
        verdict = "at least as good" if means["lathe"] >= means[best] else f"{means[best] - means['lathe']:.4f} below {best}"
        print(f"{name}: {row}  {verdict}", flush=True)
        result[name] = scores
    if options.output:
        pathlib.Path(options.output).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
