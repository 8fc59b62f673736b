"""Writes Tests/Fixtures/learn/ensembles.json: scikit-learn's trees with missing values, AdaBoost's probabilities, voting, stacking.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-forest-fixtures.py
"""

import json
import pathlib

import numpy as np
from sklearn import ensemble, linear_model, model_selection, naive_bayes, neighbors, tree

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261201)


def cells(x):
    """Rows with null for missing values."""
    return [[None if np.isnan(v) else float(v) for v in row] for row in x]


def trees(x, label, number):
    """Trees whose leaves are large enough that no two splits divide rows alike."""
    cases = []
    for criterion, options in [
        ("gini", {}), ("entropy", {}), ("squared_error", {}), ("gini", {"max_depth": 3}), ("squared_error", {"ccp_alpha": 0.02})]:
        is_number = criterion == "squared_error"
        kind = tree.DecisionTreeRegressor if is_number else tree.DecisionTreeClassifier
        model = kind(criterion=criterion, random_state=0, min_samples_leaf=15, **options)
        model.fit(x[:200], (number if is_number else label)[:200])
        answers = model.predict(x[200:]) if is_number else model.predict_proba(x[200:])
        cases.append({
            "criterion": criterion, "max_depth": options.get("max_depth"), "ccp_alpha": options.get("ccp_alpha"),
            "leaves": int(model.get_n_leaves()), "answers": np.ravel(answers).tolist()})
    return cases


def classifiers():
    return [
        ("bayes", naive_bayes.GaussianNB()), ("logistic", linear_model.LogisticRegression(tol=1e-9, max_iter=1000)),
        ("neighbors", neighbors.KNeighborsClassifier(7))]


def regressors():
    return [("linear", linear_model.LinearRegression()), ("neighbors", neighbors.KNeighborsRegressor(7))]


def main():
    x = np.round(random.standard_normal((260, 4)), 6)
    number = x[:, 0] + np.abs(x[:, 1]) * x[:, 2] + 0.5 * random.standard_normal(260)
    label = np.digitize(number, [-0.5, 0.8])
    two = (number > 0).astype(int)
    holes = x.copy()
    # Whether a value is missing says something, too.
    holes[(random.random((260, 4)) < 0.12) | ((number > 1)[:, None] & (random.random((260, 4)) < 0.3))] = np.nan
    train, test = slice(0, 200), slice(200, None)

    ada = {}
    for name, y in [("two", two), ("three", label)]:
        model = ensemble.AdaBoostClassifier(n_estimators=10, random_state=0).fit(x[train], y[train])
        ada[name] = np.ravel(model.predict_proba(x[test])).tolist()

    final = linear_model.LogisticRegression(tol=1e-9, max_iter=1000)
    stacked = {}
    for name, y in [("two", two), ("three", label)]:
        model = ensemble.StackingClassifier(classifiers(), final, cv=model_selection.StratifiedKFold(5))
        stacked[name] = np.ravel(model.fit(x[train], y[train]).predict_proba(x[test])).tolist()
    model = ensemble.StackingRegressor(regressors(), linear_model.Ridge(1.0), cv=model_selection.KFold(5))
    stacked["number"] = model.fit(x[train], number[train]).predict(x[test]).tolist()

    voted = {}
    soft = ensemble.VotingClassifier(classifiers(), voting="soft", weights=[1, 2, 0.5]).fit(x[train], label[train])
    voted["soft"] = np.ravel(soft.predict_proba(x[test])).tolist()
    hard = ensemble.VotingClassifier(classifiers(), voting="hard").fit(x[train], label[train])
    voted["hard"] = hard.predict(x[test]).astype(float).tolist()
    mean = ensemble.VotingRegressor(regressors(), weights=[1, 3]).fit(x[train], number[train])
    voted["mean"] = mean.predict(x[test]).tolist()

    content = {
        "rows": cells(x), "holes": cells(holes), "numbers": number.tolist(), "three": label.tolist(), "two": two.tolist(),
        "trees": trees(holes, label, number), "adaBoost": ada, "stacked": stacked, "voted": voted}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / "ensembles.json").write_text(text + "\n")
    print(f"ensembles.json: {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
