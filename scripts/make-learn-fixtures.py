"""Writes Tests/Fixtures/learn: what LightGBM, XGBoost, shap and scikit-learn make of small tables.

    python3 -m venv learn && learn/bin/pip install lightgbm==4.7.0 xgboost-cpu==3.2.0 shap==0.51.0 scikit-learn==1.9.1
    learn/bin/python scripts/make-learn-fixtures.py
"""

import json
import pathlib
import warnings

import lightgbm
import numpy as np
import shap
import xgboost
from sklearn import datasets, ensemble, model_selection, tree

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261130)
warnings.simplefilter("ignore")


def write(name, content):
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / name).write_text(text + "\n")
    print(f"{name}: {len(text) / 1024:.0f} KB")


def cells(x):
    """Rows with null for missing values."""
    return [[None if np.isnan(v) else float(v) for v in row] for row in np.asarray(x, float)]


def table(rows=400, missing=True):
    """Four columns of numbers, one with zeros, and one of twelve categories; exact in float32."""
    x = np.round(random.standard_normal((rows, 4)), 2)
    x[:, 3] = np.where(random.random(rows) < 0.4, 0, x[:, 3])
    category = random.integers(0, 12, rows)
    score = x[:, 0] + np.abs(x[:, 1]) * x[:, 2] + np.sin(category) + 0.3 * x[:, 3]
    if missing:
        x[random.random((rows, 4)) < 0.08] = np.nan
    x = np.column_stack([x, category]).astype(np.float32).astype(float)
    return x, score


def lightgbm_cases():
    x, score = table()
    noise = score + 0.3 * random.standard_normal(len(score))
    weights = np.round(random.uniform(0.5, 2, len(score)), 3)
    targets = {
        "regression": np.round(noise, 4), "regression_l1": np.round(noise, 4), "quantile": np.round(noise, 4),
        "huber": np.round(noise, 4), "poisson": random.poisson(np.exp(0.4 * score)), "binary": noise > 0.3,
        "multiclass": np.digitize(noise, [-0.5, 0.8]), "lambdarank": np.clip(np.round(noise + 1), 0, 4)}
    variants = [(name, {}) for name in targets] + [
        ("binary", {"weighted": True}), ("quantile", {"weighted": True}), ("regression", {"weighted": True}),
        ("regression", {"lambda_l1": 3.0, "lambda_l2": 2.0}), ("regression", {"max_delta_step": 0.8}),
        ("regression", {"monotone_constraints": [1, 0, -1, 0, 0]}), ("regression", {"max_depth": 3}),
        ("regression", {"interaction_constraints": [[0, 1], [2, 3, 4]]}), ("regression", {"categorical": False}),
        ("binary", {"min_gain_to_split": 2.0, "max_bin": 15, "learning_rate": 0.3})]
    cases = []
    for objective, changes in variants:
        options = dict(changes)
        weighted, categorical = options.pop("weighted", False), options.pop("categorical", True)
        y = targets[objective].astype(np.float32).astype(float)
        groups = [40] * 10 if objective == "lambdarank" else None
        data = lightgbm.Dataset(
            x, y, weight=weights if weighted else None, group=groups, categorical_feature=[4] if categorical else [])
        parameters = {
            "objective": objective, "verbose": -1, "num_leaves": 7, "min_data_per_group": 20, "num_threads": 1,
            "deterministic": True, "force_row_wise": True, **options}
        if objective == "multiclass":
            parameters["num_class"] = 3
        booster = lightgbm.train(parameters, data, 8)
        cases.append({
            "objective": objective, "options": options, "categorical": categorical, "groups": groups or [],
            "weighted": weighted, "model": booster.model_to_string(),
            "scores": np.ravel(booster.predict(x[:80], raw_score=True)).tolist(),
            "predictions": np.ravel(booster.predict(x[:80])).tolist()})
    lists = {name: np.asarray(y, np.float32).tolist() for name, y in targets.items()}
    return {"rows": cells(x), "targets": lists, "weights": weights.tolist(), "cases": cases}


def xgboost_cases():
    x, score = table(200)
    cases = []
    for objective, y in [
        ("reg:squarederror", score), ("binary:logistic", score > 0.2), ("count:poisson", np.round(np.exp(0.3 * score))),
        ("multi:softprob", np.digitize(score, [-0.5, 0.8]))]:
        for kind in ("q", "c"):
            types = ["q"] * 4 + [kind]
            matrix = xgboost.DMatrix(x, y.astype(float), feature_types=types, enable_categorical=True)
            parameters = {"objective": objective, "max_depth": 3, "nthread": 1, "max_cat_to_onehot": 1, "eta": 0.4}
            if objective.startswith("multi"):
                parameters["num_class"] = 3
            booster = xgboost.train(parameters, matrix, 4)
            case = {
                "objective": objective, "model": booster.save_raw("json").decode(),
                "scores": np.ravel(booster.predict(matrix, output_margin=True)).tolist()}
            if kind == "q" and objective == "reg:squarederror":
                case["shap"] = booster.predict(matrix, pred_contribs=True)[:20].tolist()
            cases.append(case)
    return {"rows": cells(x), "cases": cases}


def shap_cases():
    x, score = table(300)
    y = np.digitize(score, [-0.5, 0.8])
    cases = []
    for name, target, more in [("regression", score, {}), ("multiclass", y, {"num_class": 3})]:
        data = lightgbm.Dataset(x, target, categorical_feature=[])
        booster = lightgbm.train({"objective": name, "verbose": -1, "num_leaves": 12, "num_threads": 1, **more}, data, 5)
        path = shap.TreeExplainer(booster)
        background = x[200:230]
        free = shap.TreeExplainer(booster, background, feature_perturbation="interventional")
        # shap looks at one class alone here.
        is_one = name == "regression"
        cases.append({
            "model": booster.model_to_string(), "path": np.asarray(path.shap_values(x[:25])).tolist(),
            "expected": np.ravel(path.expected_value).tolist(),
            "interventional": free.shap_values(x[:25], check_additivity=False).tolist() if is_one else None,
            "interventionalExpected": np.ravel(free.expected_value).tolist() if is_one else None})
    return {"rows": cells(x), "cases": cases}


def tree_cases():
    """scikit-learn's trees whose leaves are large enough that no two splits divide rows alike: its order of columns is random."""
    x = np.round(random.standard_normal((300, 5)), 6).astype(np.float32).astype(float)
    number = x[:, 0] + np.abs(x[:, 1]) * x[:, 2] + 0.5 * random.standard_normal(300)
    label = np.digitize(number, [-0.5, 0.8])
    weights = np.round(random.uniform(0.5, 2, 300), 3)
    cases = []
    for criterion, options in [
        ("gini", {}), ("entropy", {}), ("squared_error", {}), ("gini", {"max_depth": 4}), ("entropy", {"min_samples_leaf": 20}),
        ("gini", {"min_samples_split": 40}), ("gini", {"ccp_alpha": 0.01}), ("squared_error", {"ccp_alpha": 0.02}),
        ("squared_error", {"min_impurity_decrease": 0.01}), ("gini", {"weighted": True}), ("squared_error", {"weighted": True})]:
        options = dict(options)
        # With whole numbers of rows different thresholds may be equally good.
        weighted = criterion != "squared_error" or options.pop("weighted", False)
        options.pop("weighted", None)
        options.setdefault("min_samples_leaf", 15)
        kind = tree.DecisionTreeRegressor if criterion == "squared_error" else tree.DecisionTreeClassifier
        model = kind(criterion=criterion, random_state=0, **options)
        model.fit(x[:200], number[:200] if criterion == "squared_error" else label[:200], sample_weight=weights[:200] if weighted else None)
        answers = model.predict(x[200:]) if criterion == "squared_error" else model.predict_proba(x[200:])
        cases.append({
            "criterion": criterion, "options": options, "weighted": weighted, "leaves": int(model.get_n_leaves()),
            "depth": int(model.get_depth()), "answers": np.ravel(answers).tolist(), "importances": model.feature_importances_.tolist()})
    ada = ensemble.AdaBoostClassifier(n_estimators=10, random_state=0).fit(x[:200], label[:200])
    return {
        "rows": cells(x), "numbers": number.tolist(), "labels": label.tolist(), "weights": weights.tolist(), "cases": cases,
        "adaBoost": ada.predict(x[200:]).tolist(), "votes": ada.estimator_weights_.tolist()}


def forest_cases():
    """Scores over ten seeds: half of the rows to learn from, the others to test on."""
    cases = []
    for name, load in [("iris", datasets.load_iris), ("diabetes", datasets.load_diabetes)]:
        x, y = load(return_X_y=True)
        x = x.astype(np.float32)
        train, test = np.arange(0, len(y), 2), np.arange(1, len(y), 2)
        scores = {}
        for kind in ("RandomForest", "ExtraTrees"):
            make = getattr(ensemble, kind + ("Classifier" if name == "iris" else "Regressor"))
            models = [make(50, random_state=seed).fit(x[train], y[train]) for seed in range(10)]
            scores[kind] = [float(m.score(x[test], y[test])) for m in models]
        cases.append({"name": name, "rows": cells(x), "targets": y.tolist(), "scores": scores})
    return {"cases": cases}


def split_cases():
    def parts(splitter, *arguments):
        return [[a.tolist(), b.tolist()] for a, b in splitter.split(*arguments)]

    labels = random.choice([3, 1, 7], 40, p=[0.5, 0.3, 0.2])
    groups = random.integers(0, 9, 40)
    zeros = np.zeros(40)
    m = model_selection
    return {
        "labels": labels.tolist(), "groups": groups.tolist(), "kFold": parts(m.KFold(7), zeros),
        "stratified": parts(m.StratifiedKFold(4), zeros, labels), "group": parts(m.GroupKFold(4), zeros, labels, groups),
        "stratifiedGroup": parts(m.StratifiedGroupKFold(3), zeros, labels, groups),
        "time": parts(m.TimeSeriesSplit(5), zeros),
        "timeGap": parts(m.TimeSeriesSplit(4, gap=2, test_size=3, max_train_size=10), zeros)}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    write("lightgbm.json", lightgbm_cases())
    write("xgboost.json", xgboost_cases())
    write("shap.json", shap_cases())
    write("trees.json", tree_cases())
    write("forests.json", forest_cases())
    write("splits.json", split_cases())


if __name__ == "__main__":
    main()
