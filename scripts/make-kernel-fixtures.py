"""Writes Tests/Fixtures/learn/kernels.json: scikit-learn's support vector machines, quantile regression, stochastic gradient
descent and Gaussian processes on small tables.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-kernel-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import gaussian_process as gp
from sklearn import linear_model, naive_bayes, svm
from sklearn.gaussian_process import kernels as k

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261130)
warnings.simplefilter("ignore")


def machine_cases(x, targets, weights):
    tight = {"tol": 1e-9}
    cases = []
    for kind, target, options, weighted in [
        ("svc", "label", {}, False), ("svc", "label", {"kernel": "linear", "C": 0.5}, True),
        ("svc", "label", {"kernel": "poly", "coef0": 1.0}, False), ("svc", "label", {"kernel": "sigmoid", "gamma": 0.05}, False),
        ("svc", "classes", {"C": 2.0}, False), ("svc", "classes", {"class_weight": "balanced", "gamma": "auto"}, True),
        ("svr", "number", {}, False), ("svr", "number", {"kernel": "linear", "epsilon": 0.3}, True),
        ("svr", "number", {"kernel": "poly", "degree": 2, "C": 3.0}, False),
        ("linearSVR", "number", {}, False), ("linearSVR", "number", {"epsilon": 0.2, "C": 0.3}, True),
        ("linearSVR", "number", {"loss": "squared_epsilon_insensitive", "epsilon": 0.1}, False),
        ("quantile", "number", {"alpha": 0.01}, False), ("quantile", "number", {"quantile": 0.8, "alpha": 0.0}, False),
        ("quantile", "number", {"quantile": 0.2, "alpha": 0.1}, True), ("quantile", "number", {"alpha": 1.0}, True)]:
        make = {"svc": svm.SVC, "svr": svm.SVR, "linearSVR": svm.LinearSVR, "quantile": linear_model.QuantileRegressor}[kind]
        extra = tight if kind in ("svc", "svr") else {"tol": 1e-10, "max_iter": 10**7} if kind == "linearSVR" else {}
        model = make(**options, **extra).fit(x, targets[target], sample_weight=weights if weighted else None)
        case = {"kind": kind, "target": target, "options": options, "weighted": weighted,
                "answers": model.predict(x).tolist()}
        if kind == "svc":
            case["scores"] = np.ravel(model.decision_function(x)).tolist()
        cases.append(case)
    return cases


def descent_cases(x, targets, weights):
    cases = []
    for loss, target, options, weighted in [
        ("hinge", "label", {}, False), ("log_loss", "classes", {"alpha": 0.01}, True),
        ("modified_huber", "label", {"penalty": "elasticnet", "l1_ratio": 0.3, "alpha": 0.01}, False),
        ("squared_hinge", "label", {"penalty": "l1", "alpha": 0.02, "learning_rate": "constant", "eta0": 0.01}, False),
        ("squared_error", "number", {}, True), ("huber", "number", {"epsilon": 0.5}, False),
        ("epsilon_insensitive", "number", {"learning_rate": "adaptive"}, False)]:
        make = linear_model.SGDRegressor if target == "number" else linear_model.SGDClassifier
        model = make(loss=loss, shuffle=False, **options).fit(x, targets[target], sample_weight=weights if weighted else None)
        part = make(loss=loss, shuffle=False, **options)
        for rows in (slice(0, 50), slice(50, 90)):
            if target == "number":
                part.partial_fit(x[rows], targets[target][rows])
            else:
                part.partial_fit(x[rows], targets[target][rows], classes=np.unique(targets[target]))
        cases.append({
            "loss": loss, "target": target, "options": options, "weighted": weighted,
            "coefficients": np.ravel(model.coef_).tolist(), "intercepts": np.ravel(model.intercept_).tolist(),
            "partial": np.ravel(part.coef_).tolist(), "partialIntercepts": np.ravel(part.intercept_).tolist()})
    return cases


def process_cases(x, targets):
    y, cases = targets["number"] - targets["number"].mean(), []
    for name, kernel in [
        ("rbf", k.RBF(1.5)), ("scaled", k.ConstantKernel(2.0) * k.RBF([1.0, 2.0, 1.5, 3.0]) + k.WhiteKernel(0.5)),
        ("matern15", k.ConstantKernel(1.0) * k.Matern(2.0, nu=1.5) + k.WhiteKernel(0.3)),
        ("matern25", k.Matern(2.0, nu=2.5) + k.WhiteKernel(0.3)), ("matern05", k.Matern(1.0, nu=0.5) + k.WhiteKernel(0.3))]:
        fixed = gp.GaussianProcessRegressor(kernel, optimizer=None, alpha=1e-6).fit(x[:60], y[:60])
        mean, deviation = fixed.predict(x[60:], return_std=True)
        value, gradient = fixed.log_marginal_likelihood(kernel.theta, eval_gradient=True)
        best = gp.GaussianProcessRegressor(kernel, alpha=1e-6, n_restarts_optimizer=3, random_state=0).fit(x[:60], y[:60])
        cases.append({
            "name": name, "mean": mean.tolist(), "deviation": deviation.tolist(), "likelihood": value,
            "gradient": gradient.tolist(), "best": best.log_marginal_likelihood_value_, "theta": kernel.theta.tolist()})
    kernel = k.ConstantKernel(2.0) * k.RBF(1.5)
    classifiers = []
    for target in ("label", "classes"):
        fixed = gp.GaussianProcessClassifier(kernel, optimizer=None).fit(x[:60], targets[target][:60])
        best = gp.GaussianProcessClassifier(kernel).fit(x[:60], targets[target][:60])
        classifiers.append({
            "target": target, "probabilities": np.ravel(fixed.predict_proba(x[60:])).tolist(),
            "likelihood": fixed.log_marginal_likelihood_value_, "best": best.log_marginal_likelihood_value_,
            "bestProbabilities": np.ravel(best.predict_proba(x[60:])).tolist()})
    return cases, classifiers


def bayes_cases(x, targets, weights):
    cases = []
    for name, data, make in [("gaussian", x, naive_bayes.GaussianNB()), ("bernoulli", x, naive_bayes.BernoulliNB()),
                             ("multinomial", np.abs(np.round(x)), naive_bayes.MultinomialNB())]:
        for rows in (slice(0, 30), slice(30, 90)):
            make.partial_fit(data[rows], targets["classes"][rows], classes=[0, 1, 2], sample_weight=weights[rows])
        cases.append({"name": name, "probabilities": np.ravel(make.predict_proba(data[:30])).tolist()})
    return cases


def main():
    x = np.round(random.standard_normal((90, 4)) * [1, 1.5, 0.7, 1.2], 3)
    score = x @ [1.0, -0.7, 0.5, 0.2] + np.sin(2 * x[:, 0])
    targets = {
        "number": np.round(score + 0.4 * random.standard_normal(90), 3),
        "label": (score + 0.5 * random.standard_normal(90) > 0).astype(float),
        "classes": np.digitize(score + 0.4 * random.standard_normal(90), [-0.8, 0.9]).astype(float)}
    weights = np.round(random.uniform(0.5, 2, 90), 3)
    processes, classifiers = process_cases(x, targets)
    content = {
        "x": x.tolist(), "targets": {k: v.tolist() for k, v in targets.items()}, "weights": weights.tolist(),
        "machines": machine_cases(x, targets, weights), "descents": descent_cases(x, targets, weights),
        "processes": processes, "classifiers": classifiers, "bayes": bayes_cases(x, targets, weights)}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / "kernels.json").write_text(text + "\n")
    print(f"kernels.json: {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
