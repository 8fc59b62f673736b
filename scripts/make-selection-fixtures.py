"""Writes Tests/Fixtures/learn/selection.json: which columns scikit-learn chooses, and the scores it chooses by.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-selection-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import feature_selection as fs
from sklearn import linear_model

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261130)
warnings.simplefilter("ignore")


def main():
    x = random.standard_normal((120, 7)) * [1, 1, 1, 1, 1, 0.1, 1]
    number = 2 * x[:, 0] - x[:, 2] ** 2 + 0.5 * x[:, 4] + 0.3 * random.standard_normal(120)
    classes = np.digitize(number, np.quantile(number, [0.3, 0.7])).astype(float)
    counts = random.poisson(1 + classes[:, None] * [1, 0, 0.5, 0, 0.2]).astype(float)
    constant = np.column_stack([x[:, :2], np.full(120, 0.1), x[:, 5]])
    scores = {}
    for name, data, y, make in [
        ("chi2", counts, classes, fs.chi2), ("fClassif", x, classes, fs.f_classif), ("fRegression", x, number, fs.f_regression)]:
        values, chances = make(data, y)
        scores[name] = {"scores": values.tolist(), "chances": chances.tolist()}
    scores["classes"] = {"scores": fs.mutual_info_classif(x, classes, random_state=0).tolist()}
    scores["numbers"] = {"scores": fs.mutual_info_regression(x, number, random_state=0, n_neighbors=4).tolist()}
    rfe = fs.RFE(linear_model.Ridge(), n_features_to_select=2).fit(x, number)
    lasso = fs.SelectFromModel(linear_model.Lasso(alpha=0.1, tol=1e-10)).fit(x, number)
    content = {
        "x": x.tolist(), "number": number.tolist(), "classes": classes.tolist(), "counts": counts.tolist(),
        "constant": constant.tolist(), "scores": scores,
        "kBest": np.flatnonzero(fs.SelectKBest(fs.f_classif, k=3).fit(x, classes).get_support()).tolist(),
        "variance": [np.flatnonzero(fs.VarianceThreshold(t).fit(constant).get_support()).tolist() for t in (0.0, 0.5)],
        "ranks": rfe.ranking_.tolist(), "lasso": np.flatnonzero(lasso.get_support()).tolist()}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / "selection.json").write_text(text + "\n")
    print(f"selection.json: {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
