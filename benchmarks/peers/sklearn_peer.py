"""scikit-learn for the suite `linear`."""

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from protocol import serve


def table(rows, columns):
    """As `LinearSuite.table` of benchmarks/harness/Suites/Linear.swift, from other random numbers."""
    random = np.random.default_rng(1)
    x = random.standard_normal((rows, columns))
    score = x @ (random.standard_normal(columns) / 3) + random.standard_normal(rows)
    return x, (score > 0.4).astype(np.float64)


class ScikitLearn:
    name = "scikit-learn"
    version = sklearn.__version__

    def prepare(self, operation, p):
        if operation not in ("logistic", "pca", "k-means"):
            return None
        x, y = table(p["rows"], p["columns"])
        if operation == "logistic":
            return lambda: LogisticRegression().fit(x, y)
        if operation == "pca":
            return lambda: PCA(p["components"]).fit(x)
        return lambda: KMeans(p["clusters"], n_init=1, max_iter=p["rounds"], tol=0, random_state=0).fit(x)


if __name__ == "__main__":
    serve(ScikitLearn())
