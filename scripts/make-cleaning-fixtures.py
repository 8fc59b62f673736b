"""Writes Tests/Fixtures/learn/cleaning.json: scikit-learn's local outlier factors and cleanlab's confident joint of small tables.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1 cleanlab==2.9.0 pandas==3.1.1
    learn/bin/python scripts/make-cleaning-fixtures.py
"""

import json
import pathlib

import numpy as np
import pandas
from cleanlab import count
from sklearn import datasets, neighbors

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261201)


def factors():
    cases = []
    wine = datasets.load_wine().data[:60].round(3)
    few = random.normal(size=(8, 2)).round(3)
    equal = np.repeat(random.normal(size=(10, 3)).round(2), 4, axis=0)
    for x, k in [(wine, 20), (wine, 5), (few, 20), (equal, 6)]:
        model = neighbors.LocalOutlierFactor(n_neighbors=k).fit(x)
        cases.append({"rows": x.tolist(), "neighbors": k, "factors": (-model.negative_outlier_factor_).tolist()})
    return cases


def labels():
    cases = []
    for classes, rows in [(2, 80), (4, 120)]:
        given = random.integers(0, classes, rows)
        sure = random.dirichlet(np.full(classes, 0.6), rows)
        sure[np.arange(rows), given] += 1.2
        wrong = random.random(rows) < 0.15
        probabilities = (sure / sure.sum(axis=1, keepdims=True)).round(6)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        given = np.where(wrong, (given + 1) % classes, given)
        joint, rows_found = count.compute_confident_joint(
            given, probabilities, calibrate=False, return_indices_of_off_diagonals=True)
        cases.append({
            "labels": given.tolist(), "probabilities": probabilities.tolist(), "joint": joint.tolist(),
            "thresholds": count.get_confident_thresholds(given, probabilities).tolist(), "rows": sorted(map(int, rows_found))})
    return cases


def frame():
    """Numbers of a table in pandas' words, for the profile."""
    rows = 50
    data = pandas.DataFrame({
        "x": random.normal(size=rows).round(4), "count": random.integers(0, 9, rows),
        "group": random.choice(["a", "b", "c"], rows), "other": random.choice(["u", "v"], rows)})
    data["y"] = (2 * data["x"] + random.normal(size=rows) * 0.5).round(4)
    data.loc[3, "x"] = np.nan
    data.loc[[5, 9], "group"] = None
    described = data[["x", "count", "y"]].describe()
    correlation = data[["x", "count", "y"]].corr()
    spearman = data[["x", "count", "y"]].corr("spearman")
    crossed = pandas.crosstab(data["group"], data["other"])
    n = crossed.to_numpy().sum()
    expected = np.outer(crossed.sum(axis=1), crossed.sum(axis=0)) / n
    chi2 = ((crossed.to_numpy() - expected) ** 2 / expected).sum()
    cramer = float(np.sqrt(chi2 / n / (min(crossed.shape) - 1)))
    known = data[data["group"].notna() & data["x"].notna()]
    means = known.groupby("group")["x"].transform("mean")
    ratio = float(np.sqrt(((means - known["x"].mean()) ** 2).sum() / ((known["x"] - known["x"].mean()) ** 2).sum()))
    none = lambda items: [None if pandas.isna(v) else v for v in items]
    return {
        "x": none(data["x"]), "count": data["count"].tolist(), "group": none(data["group"]), "other": data["other"].tolist(),
        "y": data["y"].tolist(), "described": {c: described[c].tolist() for c in described},
        "skew": {c: float(data[c].skew()) for c in ["x", "count", "y"]},
        "correlation": correlation.to_numpy().tolist(), "spearman": spearman.to_numpy().tolist(), "cramer": cramer,
        "ratio": ratio}


def main():
    (FOLDER / "cleaning.json").write_text(json.dumps({"factors": factors(), "labels": labels(), "frame": frame()}) + "\n")


if __name__ == "__main__":
    main()
