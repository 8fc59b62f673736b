"""Writes Tests/Fixtures/metrics.json: what scikit-learn says about predictions, scores and numbers.

    benchmarks/peers/run.sh ../../scripts/make-metric-fixtures.py

The peers' environment needs scikit-learn besides PyTorch.
"""

import json
import warnings

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.preprocessing import label_binarize

from fixture_format import FOLDER

random = np.random.default_rng(20240229)
warnings.simplefilter("ignore")


def classes(name, count, examples, names, missing=None):
    labels = random.integers(0, count, examples)
    predicted = np.where(random.random(examples) < 0.6, labels, random.integers(0, count, examples))
    if missing is not None:
        labels[labels == missing] = 0
        predicted[predicted == count - 1] = 0
    every = list(range(count))
    averages = {
        a: [*metrics.precision_recall_fscore_support(labels, predicted, labels=every, average=a, zero_division=0)[:3]]
        for a in ("micro", "macro", "weighted")}
    report = {
        str(d): metrics.classification_report(
            labels, predicted, labels=every, target_names=names, digits=d, zero_division=0) for d in (2, 4)}
    return {
        "name": name, "classes": count, "labels": labels.tolist(), "predicted": predicted.tolist(), "names": names,
        "accuracy": metrics.accuracy_score(labels, predicted),
        "balanced": metrics.balanced_accuracy_score(labels, predicted),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=every).tolist(), "averages": averages,
        "report": report,
    }


def binary(name, scores, labels):
    true, shares = calibration_curve(labels, scores, n_bins=5)
    return {
        "name": name, "scores": scores.tolist(), "labels": labels.tolist(),
        "roc_auc": metrics.roc_auc_score(labels, scores),
        "average_precision": metrics.average_precision_score(labels, scores),
        "brier": metrics.brier_score_loss(labels, scores), "predicted": shares.tolist(), "observed": true.tolist(),
    }


def multiclass(name, count, examples, decimals=None, missing=None):
    random = np.random.default_rng([20240301, count, examples])
    labels = random.integers(0, count, examples)
    if missing is not None:
        labels[labels == missing] = 0
    weights = random.random((examples, count)) + 0.8 * np.eye(count)[labels] * (random.random((examples, 1)) < 0.6)
    probabilities = weights / weights.sum(1, keepdims=True)
    if decimals is not None:
        # Equal scores; the last class takes what is left of 1.
        probabilities = np.round(probabilities, decimals)
        probabilities[:, -1] = np.abs(1 - probabilities[:, :-1].sum(1)).round(decimals)
        kept = np.isclose(probabilities.sum(1), 1)
        probabilities, labels = probabilities[kept], labels[kept]
    every = list(range(count))
    binarised = label_binarize(labels, classes=every)
    top, right = probabilities.max(1), probabilities.argmax(1) == labels
    observed, predicted = calibration_curve(right, top, n_bins=5)
    bins = np.clip(np.ceil(top * 10).astype(int) - 1, 0, 9)
    error = sum(abs(top[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / len(top)

    def plain(value):
        return None if np.isnan(value) else float(value)

    def areas(scheme, averages):
        return {a: plain(metrics.roc_auc_score(labels, probabilities, multi_class=scheme, average=a, labels=every))
                for a in averages}

    averages = ("micro", "macro", "weighted")
    return {
        "name": name, "probabilities": probabilities.tolist(), "labels": labels.tolist(),
        "roc_aucs": [plain(v) for v in metrics.roc_auc_score(
            labels, probabilities, multi_class="ovr", average=None, labels=every)],
        "ovr": areas("ovr", averages), "ovo": areas("ovo", averages[1:]),
        "average_precisions": metrics.average_precision_score(binarised, probabilities, average=None).tolist(),
        "average_precision": {
            a: metrics.average_precision_score(binarised, probabilities, average=a) for a in averages},
        "brier": metrics.brier_score_loss(labels, probabilities, labels=every),
        "brier_half": metrics.brier_score_loss(labels, probabilities, labels=every, scale_by_half=True),
        "predicted": predicted.tolist(), "observed": observed.tolist(), "calibration_error": error,
    }


def main():
    n = 60
    labels = (random.random(n) < 0.4).astype(int)
    scores = np.round(np.clip(labels * 0.3 + random.random(n) * 0.7, 0, 1), 3)
    probabilities = random.random((20, 4))
    probabilities[3] = [0, 0, 1, 0]
    probabilities[4] = [0, 0, 1, 0]
    probabilities /= probabilities.sum(1, keepdims=True)
    targets = random.integers(0, 4, 20)
    targets[3], targets[4] = 2, 0
    x, y = random.normal(size=40), random.normal(size=40) * 3 + 100
    logits = random.normal(size=(25, 6)).round(3)
    top = random.integers(0, 6, 25)
    result = {
        "classes": [
            classes("three", 3, 50, ["a", "a long class name", "c"]), classes("ten", 10, 400, [str(i) for i in range(10)]),
            classes("classes without examples", 5, 60, [f"class {i}" for i in range(5)], missing=2)],
        "binary": [binary("plain", scores, labels), binary("ties", np.round(scores, 1), labels)],
        "log_loss": {"probabilities": probabilities.tolist(), "labels": targets.tolist(),
                     "value": metrics.log_loss(targets, probabilities, labels=[0, 1, 2, 3])},
        "regression": {"predictions": (x * 2 + y).tolist(), "targets": y.tolist(),
                       "mae": metrics.mean_absolute_error(y, x * 2 + y),
                       "rmse": metrics.root_mean_squared_error(y, x * 2 + y), "r2": metrics.r2_score(y, x * 2 + y)},
        "top_k": {"logits": logits.reshape(-1).tolist(), "labels": top.tolist(),
                  "values": [metrics.top_k_accuracy_score(top, logits, k=k, labels=list(range(6))) for k in (1, 3, 5)]},
        "multiclass": [
            multiclass("three", 3, 60), multiclass("ties", 4, 80, decimals=1),
            multiclass("a class without examples", 5, 40, missing=2)],
    }
    path = FOLDER / "metrics.json"
    path.write_text("[" + json.dumps(result, separators=(",", ":")) + "]\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
