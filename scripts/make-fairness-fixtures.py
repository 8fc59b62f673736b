"""Writes Tests/Fixtures/learn/fairness.json: what fairlearn says of small decisions.

    python3 -m venv trust && trust/bin/pip install scikit-learn==1.9.1 fairlearn==0.15.0
    trust/bin/python scripts/make-fairness-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from fairlearn import metrics
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator, ClassifierMixin

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261203)
warnings.simplefilter("ignore")


class Scores(ClassifierMixin, BaseEstimator):
    """A model whose only column is its score."""

    def fit(self, x, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, x):
        return np.asarray(x)[:, 0]


n = 240
groups = random.choice(["a", "b", "c"], p=[0.5, 0.3, 0.2], size=n)
shift = np.select([groups == "a", groups == "b"], [0.8, -0.2], -0.6)
score = np.round(random.normal(size=n) + shift, 2)
label = (random.uniform(size=n) < 1 / (1 + np.exp(-1.5 * score + 0.3 * (groups == "c")))).astype(int)
decision = (score > 0.2).astype(int)
thresholds = {}
for constraint in ("demographic_parity", "true_positive_rate_parity", "false_positive_rate_parity", "equalized_odds"):
    model = ThresholdOptimizer(
        estimator=Scores().fit(None, None), constraints=constraint, objective="accuracy_score", prefit=True, grid_size=1000,
        flip=False, predict_method="predict")
    model.fit(score.reshape(-1, 1), label, sensitive_features=groups)
    p = model._pmf_predict(score.reshape(-1, 1), sensitive_features=groups)[:, 1]
    thresholds[constraint] = {"p": np.round(p, 9).tolist(), "x": float(model._x_best), "y": float(model._y_best)}
content = {
    "groups": groups.tolist(), "scores": score.tolist(), "labels": label.tolist(), "thresholds": thresholds,
    "demographicParityDifference": metrics.demographic_parity_difference(label, decision, sensitive_features=groups),
    "demographicParityRatio": metrics.demographic_parity_ratio(label, decision, sensitive_features=groups),
    "equalOpportunityDifference": metrics.equal_opportunity_difference(label, decision, sensitive_features=groups),
    "equalizedOddsDifference": metrics.equalized_odds_difference(label, decision, sensitive_features=groups),
}
text = json.dumps(content, separators=(",", ":"), allow_nan=False)
(FOLDER / "fairness.json").write_text(text + "\n")
print(f"fairness.json: {len(text) / 1024:.0f} KB", {k: (v["x"], v["y"]) for k, v in thresholds.items()})
