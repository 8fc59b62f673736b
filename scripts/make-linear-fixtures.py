"""Writes Tests/Fixtures/learn/linear.json and transforms.json: what scikit-learn makes of small tables.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-linear-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import impute, linear_model, preprocessing, svm

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261130)
warnings.simplefilter("ignore")


def write(name, content):
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / name).write_text(text + "\n")
    print(f"{name}: {len(text) / 1024:.0f} KB")


def table(rows=150, columns=6):
    x = random.standard_normal((rows, columns)) @ (np.eye(columns) + 0.3 * random.standard_normal((columns, columns)))
    return np.round(x + np.arange(columns), 3)


def linear_cases():
    x = table()
    score = x @ [1.5, -2.0, 0.0, 0.7, 0.0, 0.3]
    number = np.round(score + random.standard_normal(150), 3)
    label = (score + random.logistic(size=150) > np.median(score)).astype(float)
    classes = np.digitize(score + 2 * random.standard_normal(150), np.quantile(score, [0.4, 0.75])).astype(float)
    counts = random.poisson(np.exp(0.2 * score - 0.5)).astype(float)
    weights = np.round(random.uniform(0.5, 2, 150), 3)
    # Columns that depend on each other, and fewer rows than columns.
    deficient = np.column_stack([x[:, :3], x[:, 0] + 2 * x[:, 1]])
    wide = np.round(random.standard_normal((8, 12)), 3)
    targets = {"number": number, "label": label, "classes": classes, "counts": counts}
    tables = {"x": x, "deficient": deficient, "wide": wide}
    m = linear_model
    tight = {"tol": 1e-12, "max_iter": 100_000}
    # L-BFGS of scikit-learn ends at differences of the loss that are far above those of its derivatives.
    newton = {"solver": "newton-cholesky", "tol": 1e-12}
    saga = {"solver": "saga", "tol": 1e-13, "max_iter": 200_000, "random_state": 0}
    plan = [
        ("linear", "x", "number", m.LinearRegression, {}, False),
        ("linear", "x", "number", m.LinearRegression, {}, True),
        ("linear", "x", "number", m.LinearRegression, {"fit_intercept": False}, False),
        ("linear", "deficient", "number", m.LinearRegression, {}, False),
        ("linear", "wide", "number", m.LinearRegression, {}, False),
        ("linear", "x", "number", m.Ridge, {"alpha": 3.0}, False),
        ("linear", "x", "number", m.Ridge, {"alpha": 0.5}, True),
        ("linear", "wide", "number", m.Ridge, {"alpha": 1.0, "fit_intercept": False}, False),
        ("elastic", "x", "number", m.Lasso, {"alpha": 0.2, **tight}, False),
        ("elastic", "x", "number", m.ElasticNet, {"alpha": 0.3, "l1_ratio": 0.4, **tight}, True),
        ("elastic", "x", "number", m.ElasticNet, {"alpha": 0.1, "l1_ratio": 0.7, "fit_intercept": False, **tight}, False),
        ("elastic", "wide", "number", m.Lasso, {"alpha": 0.05, **tight}, False),
        ("logistic", "x", "label", m.LogisticRegression, {"C": 1.0, **newton}, False),
        ("logistic", "x", "label", m.LogisticRegression, {"C": 0.1, "class_weight": "balanced", **newton}, True),
        ("logistic", "x", "label", m.LogisticRegression, {"C": 2.0, "fit_intercept": False, **newton}, False),
        ("logistic", "x", "classes", m.LogisticRegression, {"C": 0.7, **newton}, False),
        ("logistic", "x", "classes", m.LogisticRegression, {"C": 0.7, "class_weight": "balanced", **newton}, True),
        ("logistic", "x", "label", m.LogisticRegression, {"C": 0.2, "l1_ratio": 1.0, **saga}, False),
        ("logistic", "x", "label", m.LogisticRegression, {"C": 0.3, "l1_ratio": 0.5, **saga}, True),
        ("logistic", "x", "classes", m.LogisticRegression, {"C": 0.2, "l1_ratio": 1.0, **saga}, False),
        ("poisson", "x", "counts", m.PoissonRegressor, {"alpha": 1.0, **newton}, False),
        ("poisson", "x", "counts", m.PoissonRegressor, {"alpha": 0.01, **newton}, True),
        ("svc", "x", "label", svm.LinearSVC, {"C": 1.0, "dual": False, **tight}, False),
        ("svc", "x", "classes", svm.LinearSVC, {"C": 0.3, "dual": False, **tight}, True),
    ]
    cases = []
    for kind, rows, target, make, options, weighted in plan:
        data = tables[rows]
        y = targets[target][: len(data)]
        model = make(**options).fit(data, y, sample_weight=weights[: len(data)] if weighted else None)
        answers = model.predict_proba(data) if kind == "logistic" else model.predict(data)
        kept = {k: options[k] for k in ("alpha", "l1_ratio", "C", "fit_intercept", "class_weight") if k in options}
        if make is m.Lasso:
            kept["l1_ratio"] = 1.0
        cases.append({
            "kind": kind, "rows": rows, "target": target, "options": kept, "weighted": weighted,
            "coefficients": np.atleast_2d(model.coef_).tolist(),
            "intercepts": np.broadcast_to(np.atleast_1d(model.intercept_), len(np.atleast_2d(model.coef_))).tolist(),
            "answers": np.ravel(answers)[:60].tolist()})
    return {
        "tables": {k: v.tolist() for k, v in tables.items()}, "targets": {k: v.tolist() for k, v in targets.items()},
        "weights": weights.tolist(), "cases": cases}


def transform_cases():
    x = np.round(random.standard_normal((40, 4)) * [1, 10, 0.1, 0] + [0, 5, 1e3, 3], 4)
    holes = np.where(random.random((40, 4)) < 0.15, np.nan, np.round(x, 1))

    def cells(values):
        return [[None if np.isnan(v) else float(v) for v in row] for row in values]

    p = preprocessing
    scalers = {
        "standard": p.StandardScaler(), "standardMean": p.StandardScaler(with_std=False),
        "standardStd": p.StandardScaler(with_mean=False), "minMax": p.MinMaxScaler(),
        "minMaxRange": p.MinMaxScaler((-1, 3)), "robust": p.RobustScaler()}
    imputers = {
        "mean": impute.SimpleImputer(), "median": impute.SimpleImputer(strategy="median"),
        "mostFrequent": impute.SimpleImputer(strategy="most_frequent"),
        "constant": impute.SimpleImputer(strategy="constant", fill_value=-7)}
    texts = np.array([
        ["Paris", "a"], ["Berlin", "b"], ["Zürich", "a"], ["Berlin", None], ["Oslo", "c"], ["Paris", "b"]], object)
    return {
        "rows": cells(x), "holes": cells(holes), "texts": texts.tolist(),
        "scaled": {k: cells(s.fit(holes).transform(holes)) for k, s in scalers.items()},
        "imputed": {k: s.fit(holes).transform(holes).tolist() for k, s in imputers.items()},
        "oneHot": p.OneHotEncoder(sparse_output=False).fit_transform(texts).tolist(),
        "ordinal": cells(p.OrdinalEncoder().fit_transform(np.where(texts == None, np.nan, texts)))}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    write("linear.json", linear_cases())
    write("transforms.json", transform_cases())


if __name__ == "__main__":
    main()
