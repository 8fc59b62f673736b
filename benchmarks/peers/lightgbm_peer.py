"""LightGBM for the suite `trees`; scikit-learn where it grows a forest, since LightGBM's forests are others.

`--shap` explains by the library shap instead of LightGBM itself.
"""

import argparse

import lightgbm
import numpy as np
from sklearn.ensemble import RandomForestClassifier

from protocol import cores, serve


def table(rows, columns):
    """As `TreesSuite.table` of benchmarks/harness/Suites/Trees.swift, from other random numbers."""
    random = np.random.default_rng(1)
    x = random.standard_normal((rows, columns)).astype(np.float32)
    score = 1.2 * x[:, 0] + x[:, 1] * x[:, 2] + np.where(x[:, 3] > 0, 1, -1) + 0.5 * np.abs(x[:, 4])
    score += 0.3 * x[:, 5:10].sum(1)
    return x, (score + random.standard_normal(rows) > 0.4).astype(np.float32)


class LightGBM:
    version = lightgbm.__version__

    def __init__(self, by_shap):
        self.name = "shap" if by_shap else "lightgbm"
        self.by_shap = by_shap

    def prepare(self, operation, p):
        if operation not in ("boosting", "prediction", "forest", "shap") or (self.by_shap and operation != "shap"):
            return None
        options = {"objective": "binary", "verbose": -1, "num_threads": cores(), "num_leaves": p["leaves"]}

        def train(x, y):
            return lightgbm.train(options, lightgbm.Dataset(x, y), p["trees"])

        if operation == "boosting":
            x, y = table(p["rows"], p["columns"])
            return lambda: train(x, y)
        if operation == "forest":
            x, y = table(p["rows"], p["columns"])
            return lambda: RandomForestClassifier(p["trees"], n_jobs=cores(), random_state=0).fit(x, y)
        model = train(*table(20_000, p["columns"]))
        x, _ = table(p["rows"], p["columns"])
        if operation == "prediction":
            return lambda: model.predict(x, raw_score=True, num_threads=cores())
        if self.by_shap:
            import shap

            # shap hands LightGBM's own models to LightGBM; without the booster it computes by itself.
            explainer = shap.TreeExplainer(model)
            explainer.model.original_model = None
            explainer.model.model_type = "internal"
            return lambda: explainer.shap_values(x, check_additivity=False)
        return lambda: model.predict(x, pred_contrib=True, num_threads=cores())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--shap", action="store_true")
    serve(LightGBM(parser.parse_args().shap))
