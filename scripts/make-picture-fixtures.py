"""Writes Tests/Fixtures/learn/pictures.json: 300 of scikit-learn's digits, what its t-SNE and umap-learn make of them by score,
umap-learn's graph of neighbours, and shap's contributions of columns that go together.

    python3 -m venv pictures && pictures/bin/pip install scikit-learn==1.9.1 umap-learn==0.5.12 shap==0.51.0
    pictures/bin/python scripts/make-picture-fixtures.py
"""

import itertools
import json
import pathlib
import warnings

import numpy as np
import shap
import umap
from scipy.sparse import coo_matrix
from sklearn.datasets import load_digits
from sklearn.manifold import TSNE, trustworthiness

FILE = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn/pictures.json"
warnings.simplefilter("ignore")


def correlated():
    """shap's transforms by all orders in place of drawn ones."""
    random = np.random.default_rng(20261203)
    x = np.round(random.standard_normal((60, 5)) @ (np.eye(5) + 0.5 * random.standard_normal((5, 5))), 3)
    coefficients = np.array([1.0, -2.0, 0.5, 0.0, 0.7])
    orders = itertools.cycle(itertools.permutations(range(5)))
    shuffle = np.random.shuffle

    def next_order(inds):
        inds[:] = next(orders)

    np.random.shuffle = next_order
    explainer = shap.LinearExplainer((coefficients, 0.3), shap.maskers.Impute(x), nsamples=120)
    np.random.shuffle = shuffle
    return {"x": x.tolist(), "coefficients": coefficients.tolist(), "intercept": 0.3,
            "contributions": explainer.shap_values(x[:6]).ravel().tolist(), "expected": float(explainer.expected_value)}


def main():
    digits = load_digits()
    x = digits.data[:300]
    pictures = [TSNE(random_state=seed) for seed in range(3)]
    points = [one.fit_transform(x) for one in pictures]
    maps = [umap.UMAP(random_state=seed) for seed in range(3)]
    drawn = [one.fit_transform(x) for one in maps]
    graph = coo_matrix(maps[0].graph_).tocsr()
    a, b = umap.umap_.find_ab_params(1.0, 0.1)
    other = umap.umap_.find_ab_params(1.5, 0.3)
    content = {
        "digits": x.astype(int).tolist(), "labels": digits.target[:300].tolist(),
        "tsne": [trustworthiness(x, y) for y in points], "divergence": [float(one.kl_divergence_) for one in pictures],
        "umap": [trustworthiness(x, y) for y in drawn],
        "picture": np.round(points[0][:60].astype(float), 4).tolist(),
        "graph": [{"row": row, "places": graph[row].indices.tolist(), "weights": graph[row].data.astype(float).tolist()}
                  for row in (0, 17, 250)],
        "graphSum": float(graph.sum()), "graphEdges": int(graph.nnz), "curve": [float(a), float(b)],
        "otherCurve": [float(one) for one in other], "correlated": correlated()}
    # Digits have equal distances, whose order nobody knows; these rows have none.
    content["pictureTrust"] = trustworthiness(np.array(content["correlated"]["x"]), np.array(content["picture"]), n_neighbors=7)
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    FILE.write_text(text + "\n")
    print(f"pictures.json: {len(text) / 1024:.0f} KB")
    print({key: content[key] for key in ("tsne", "divergence", "umap", "curve", "otherCurve")})


if __name__ == "__main__":
    main()
