"""Writes Tests/Fixtures/learn/classic.json: scikit-learn's naive Bayes, neighbours, components and clusters of small tables.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-neighbor-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import cluster, datasets, decomposition, naive_bayes, neighbors

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261130)
warnings.simplefilter("ignore")


def bayes_cases(x, counts, y, weights):
    cases = []
    for kind, data, make in [
        ("gaussian", x, naive_bayes.GaussianNB()), ("multinomial", counts, naive_bayes.MultinomialNB()),
        ("multinomial", counts, naive_bayes.MultinomialNB(alpha=0.3)),
        ("bernoulli", x, naive_bayes.BernoulliNB(binarize=0.5)), ("bernoulli", counts, naive_bayes.BernoulliNB(alpha=2))]:
        for weighted in (False, True):
            model = make.fit(data, y, sample_weight=weights if weighted else None)
            cases.append({
                "kind": kind, "rows": "x" if data is x else "counts", "alpha": getattr(make, "alpha", None),
                "threshold": getattr(make, "binarize", None), "weighted": weighted,
                "probabilities": np.ravel(model.predict_log_proba(data[:30])).tolist()})
    return cases


def neighbor_cases(x, y, number):
    cases = []
    for k, weights in [(1, "uniform"), (5, "uniform"), (7, "distance")]:
        model = neighbors.KNeighborsClassifier(k, weights=weights).fit(x[:80], y[:80])
        numbers = neighbors.KNeighborsRegressor(k, weights=weights).fit(x[:80], number[:80])
        distances, rows = model.kneighbors(x[60:])
        cases.append({
            "k": k, "weights": weights, "rows": rows.tolist(), "distances": distances.tolist(),
            "probabilities": np.ravel(model.predict_proba(x[60:])).tolist(),
            "classes": model.predict(x[60:]).tolist(), "numbers": numbers.predict(x[60:]).tolist()})
    return cases


def component_cases(tables):
    cases = []
    for name, count in [("x", 3), ("x", 5), ("tall", 2), ("wide", 4)]:
        model = decomposition.PCA(count, svd_solver="full").fit(tables[name])
        parts = model.transform(tables[name])
        cases.append({
            "rows": name, "count": count, "components": model.components_.tolist(),
            "variance": model.explained_variance_.tolist(), "ratio": model.explained_variance_ratio_.tolist(),
            "parts": parts[:10].tolist(), "back": model.inverse_transform(parts)[:10].tolist()})
    return cases


def cluster_cases(x):
    start = x[:4]
    model = cluster.KMeans(4, init=start, n_init=1).fit(x)
    iris = datasets.load_iris().data
    return {
        "start": start.tolist(), "centers": model.cluster_centers_.tolist(), "labels": model.labels_.tolist(),
        "inertia": model.inertia_, "iris": iris.tolist(),
        "inertias": [cluster.KMeans(5, n_init=1, random_state=seed).fit(iris).inertia_ for seed in range(10)]}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    x = np.round(random.standard_normal((120, 5)) + random.integers(0, 3, (120, 1)), 3)
    y = np.digitize(x[:, 0] + x[:, 1] + random.standard_normal(120), [1, 3])
    counts = random.poisson(1 + y[:, None] * random.uniform(0, 1, 5))
    number = np.round(x[:, 0] * x[:, 2], 3)
    weights = np.round(random.uniform(0.5, 2, 120), 3)
    tables = {
        "x": x, "counts": counts.astype(float), "wide": np.round(random.standard_normal((6, 9)), 3),
        "tall": np.round(random.standard_normal((80, 3)) @ [[1, 2, 0], [0, 1, 0.1], [0, 0, 3]] + 50, 3)}
    content = {
        "tables": {k: v.tolist() for k, v in tables.items()}, "labels": y.tolist(), "numbers": number.tolist(),
        "weights": weights.tolist(), "bayes": bayes_cases(x, counts.astype(float), y, weights),
        "neighbors": neighbor_cases(x, y, number), "components": component_cases(tables), "clusters": cluster_cases(x)}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / "classic.json").write_text(text + "\n")
    print(f"classic.json: {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
