"""Writes Tests/Fixtures/learn/models.json: scikit-learn's quadratic discriminants, AdaBoost.R2, probabilities of kernel machines,
and what learns piece by piece, on a small table.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-model-fixtures.py
"""

import json
import pathlib

import numpy as np
from sklearn import svm
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import IncrementalPCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import AdaBoostRegressor

FILE = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn/models.json"


class Given(RegressorMixin, BaseEstimator):
    """Answers what was given, whatever it learns from."""

    answers, number = [], 0

    def fit(self, x, y):
        self.own = Given.answers[Given.number]
        Given.number += 1
        return self

    def predict(self, x):
        return self.own[x[:, 0].astype(int)]


def boosting_cases(random):
    cases = []
    y = np.round(random.standard_normal(30), 3)
    answers = [np.round(y + scale * random.standard_normal(30), 3) for scale in (0.6, 0.5, 0.7, 0.4, 0.8)]
    weights = np.round(random.uniform(0.5, 2, 30), 3)
    places = np.arange(30.0)[:, None]
    for loss in ("linear", "square", "exponential"):
        for rate in (1.0, 0.5):
            Given.answers, Given.number = answers, 0
            model = AdaBoostRegressor(Given(), n_estimators=5, learning_rate=rate, loss=loss, random_state=0)
            model.fit(places, y, sample_weight=weights)
            cases.append({"loss": loss, "rate": rate, "votes": model.estimator_weights_[:len(model.estimators_)].tolist(),
                          "median": model.predict(places).tolist()})
    return {"targets": y.tolist(), "weights": weights.tolist(), "answers": [a.tolist() for a in answers], "cases": cases}


def main():
    random = np.random.default_rng(20261201)
    x = np.round(random.standard_normal((90, 4)) * [1, 1.5, 0.7, 1.2] + [0, 1, 0, 2], 3)
    score = x @ [1.0, -0.7, 0.5, 0.2] + np.sin(2 * x[:, 0])
    two = (score + 0.5 * random.standard_normal(90) > 0).astype(int)
    three = np.digitize(score + 0.4 * random.standard_normal(90), [-0.8, 0.9])
    targets = {"two": two, "three": three}
    quadratic, calibrated = [], []
    for name, y in targets.items():
        for drawn in (0.0, 0.3):
            model = QuadraticDiscriminantAnalysis(reg_param=drawn).fit(x, y)
            quadratic.append({"target": name, "regularization": drawn, "probabilities": model.predict_proba(x).ravel().tolist()})
        for kind, own, method, ensemble in [
            ("svc", svm.SVC(tol=1e-9), "sigmoid", False), ("svc", svm.SVC(tol=1e-9), "isotonic", True),
            ("lda", LinearDiscriminantAnalysis(), "sigmoid", False),
            ("qda", QuadraticDiscriminantAnalysis(), "temperature", False)]:
            model = CalibratedClassifierCV(own, method=method, ensemble=ensemble).fit(x, y)
            calibrated.append({"target": name, "kind": kind, "method": method, "isEnsemble": ensemble,
                               "probabilities": model.predict_proba(x[:40]).ravel().tolist()})
    components = IncrementalPCA(3)
    start = x[[3, 40, 70]]
    groups = MiniBatchKMeans(3, init=start, n_init=1, reassignment_ratio=0.0, random_state=0)
    weights = np.round(random.uniform(0.5, 2, 90), 3)
    for rows in (slice(0, 25), slice(25, 60), slice(60, 90)):
        components.partial_fit(x[rows])
        groups.partial_fit(x[rows], sample_weight=weights[rows])
    content = {
        "x": x.tolist(), "weights": weights.tolist(), "targets": {name: y.tolist() for name, y in targets.items()},
        "quadratic": quadratic, "calibrated": calibrated, "boosting": boosting_cases(random),
        "components": {"means": components.mean_.tolist(), "components": components.components_.tolist(),
                       "variance": components.explained_variance_.tolist(),
                       "ratio": components.explained_variance_ratio_.tolist()},
        "start": start.tolist(), "centers": groups.cluster_centers_.tolist()}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    FILE.write_text(text + "\n")
    print(f"models.json: {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
