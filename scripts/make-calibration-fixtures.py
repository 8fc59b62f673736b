"""Writes Tests/Fixtures/learn/calibration.json: what scikit-learn and imbalanced-learn make of small scores and rows.

    python3 -m venv trust && trust/bin/pip install scikit-learn==1.9.1 imbalanced-learn==0.14.2
    trust/bin/python scripts/make-calibration-fixtures.py
"""

import json
import pathlib

import numpy as np
from imblearn.over_sampling import SMOTE
from scipy.optimize import minimize
from sklearn.calibration import CalibratedClassifierCV, _sigmoid_calibration, _TemperatureScaling
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261201)


def rounded(values, digits=4):
    return np.round(values, digits)


def isotonic():
    cases = []
    x = rounded(random.uniform(0, 10, 60), 1)
    y = rounded(np.sqrt(x) + random.normal(0, 0.6, 60))
    weights = rounded(random.uniform(0.2, 2, 60))
    at = rounded(np.linspace(-1, 11, 25), 3)
    for weighted in (False, True):
        for rising in (True, False):
            for limits in (None, (1.5, 2.5)):
                low, high = limits or (None, None)
                model = IsotonicRegression(increasing=rising, out_of_bounds="clip", y_min=low, y_max=high)
                model.fit(x, y, sample_weight=weights if weighted else None)
                cases.append({"weighted": weighted, "rising": rising, "limits": limits, "found": model.predict(at).tolist()})
    return {"x": x.tolist(), "y": y.tolist(), "weights": weights.tolist(), "at": at.tolist(), "cases": cases}


def platt(scores, labels, weights):
    # L-BFGS of scipy ends early; the same objective minimised to the last digits.
    def loss(ab):
        z = -(ab[0] * scores + ab[1])
        w = np.ones(len(scores)) if weights is None else weights
        p1, p0 = w[labels > 0].sum(), w[labels <= 0].sum()
        t = np.where(labels > 0, (p1 + 1) / (p1 + 2), 1 / (p0 + 2))
        p = 1 / (1 + np.exp(-z))
        g = w * (p - t)
        return (w * (np.logaddexp(0, z) - t * z)).sum(), np.array([-(g * scores).sum(), -g.sum()])

    start = _sigmoid_calibration(scores, labels, weights)
    tight = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-11})
    assert np.allclose(start, tight.x, atol=1e-3)
    return list(tight.x)


def calibrators():
    scores = rounded(random.normal(0, 2, 80))
    labels = (random.uniform(size=80) < 1 / (1 + np.exp(-0.6 * scores + 0.5))).astype(float)
    weights = rounded(random.uniform(0.5, 2, 80))
    logits = rounded(random.normal(0, 2, (90, 3)))
    classes = np.array([random.choice(3, p=np.exp(0.4 * r) / np.exp(0.4 * r).sum()) for r in logits])
    w90 = rounded(random.uniform(0.5, 2, 90))
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    enough = np.where(recall[:-1] >= 0.8)[0]
    best = enough[np.argmax(precision[:-1][enough])]
    return {
        "scores": scores.tolist(), "labels": labels.tolist(), "weights": weights.tolist(),
        "platt": platt(scores, labels, None), "plattWeighted": platt(scores, labels, weights),
        "logits": logits.ravel().tolist(), "classes": classes.tolist(), "classWeights": w90.tolist(),
        "temperature": float(_TemperatureScaling().fit(logits, classes).beta_),
        "temperatureWeighted": float(_TemperatureScaling().fit(logits, classes, w90).beta_),
        "binaryTemperature": float(_TemperatureScaling().fit(scores, labels).beta_),
        "f1": float(f1.max()), "f1Threshold": float(thresholds[np.argmax(f1)]),
        "precisionAtRecall": float(precision[best]),
    }


def classifiers():
    x = rounded(random.normal(size=(150, 4)) + 0.3)
    score = x @ [1.0, -1.5, 0.5, 0.0]
    binary = (score + random.logistic(size=150) > 0).astype(int)
    three = np.digitize(score + random.normal(size=150), [-0.8, 0.9])
    order = StratifiedKFold(4)
    cases = []
    logistic = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12)
    for target, y in (("binary", binary), ("three", three)):
        for name, model in (("logistic", logistic), ("bayes", GaussianNB())):
            for method in ("sigmoid", "isotonic", "temperature"):
                if name == "bayes" and method == "temperature" and target == "binary":
                    continue  # scikit-learn takes p and -p for scores there; Lathe takes logarithms.
                for ensemble in (True, False):
                    own = CalibratedClassifierCV(model, method=method, cv=order, ensemble=ensemble).fit(x, y)
                    cases.append({
                        "target": target, "model": name, "method": method, "ensemble": ensemble,
                        "found": np.round(own.predict_proba(x[:20]), 9).ravel().tolist()})
    return {"x": x.tolist(), "binary": binary.tolist(), "three": three.tolist(), "cases": cases}


def smote():
    # SMOTE draws; what is fixed are the sizes of the classes.
    x = random.normal(size=(60, 3))
    y = np.repeat([0, 1, 2], [35, 15, 10])
    _, found = SMOTE(random_state=0).fit_resample(x, y)
    return {"sizes": np.bincount(found).tolist()}


content = {"isotonic": isotonic(), "calibrators": calibrators(), "classifiers": classifiers(), "smote": smote()}
text = json.dumps(content, separators=(",", ":"), allow_nan=False)
(FOLDER / "calibration.json").write_text(text + "\n")
print(f"calibration.json: {len(text) / 1024:.0f} KB")
