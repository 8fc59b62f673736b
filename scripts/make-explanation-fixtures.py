"""Writes Tests/Fixtures/learn/explanations.json: what scikit-learn and shap say of small models.

    python3 -m venv trust && trust/bin/pip install scikit-learn==1.9.1 shap==0.51.0
    trust/bin/python scripts/make-explanation-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
import shap
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261202)
warnings.simplefilter("ignore")

x = np.round(random.normal(size=(120, 5)) @ (np.eye(5) + 0.4 * random.normal(size=(5, 5))), 3)
x[:, 4] = np.round(x[:, 4])
y = (x @ [1.0, -2.0, 0.5, 0.0, 1.0] + random.logistic(size=120) > 0).astype(float)
model = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(x, y)


# A function that no explainer knows, with products; written down in the test as well.
def function(rows):
    return rows[:, 0] * rows[:, 1] + np.sin(rows[:, 2]) + 0.5 * rows[:, 3] * (rows[:, 4] > 0) + 0.1 * rows[:, 0] ** 2


background, explained = x[:20], x[20:26]
kernel = shap.KernelExplainer(function, background)
linear = shap.LinearExplainer(model, shap.maskers.Independent(x, max_samples=1000))
dependence = []
for column in (0, 4):
    found = partial_dependence(model, x, [column], grid_resolution=15, method="brute", response_method="predict_proba", kind="both")
    dependence.append({
        "column": column, "values": found["grid_values"][0].tolist(), "average": found["average"][0].tolist(),
        "individual": found["individual"][0][:5].tolist()})
importance = permutation_importance(model, x, y, n_repeats=200, random_state=0)
content = {
    "rows": x.tolist(), "labels": y.tolist(), "coefficients": model.coef_[0].tolist(), "intercept": float(model.intercept_[0]),
    "kernel": kernel.shap_values(explained, silent=True).tolist(), "kernelExpected": float(kernel.expected_value),
    "linear": linear.shap_values(explained).tolist(), "linearExpected": float(linear.expected_value),
    "dependence": dependence, "importance": importance.importances_mean.tolist(), "deviation": importance.importances_std.tolist(),
}
text = json.dumps(content, separators=(",", ":"), allow_nan=False)
(FOLDER / "explanations.json").write_text(text + "\n")
print(f"explanations.json: {len(text) / 1024:.0f} KB")
