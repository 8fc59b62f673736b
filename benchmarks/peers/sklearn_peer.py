"""scikit-learn for the suite `linear`."""

import numpy as np
import sklearn
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from protocol import serve


def table(rows, columns):
    """As `LinearSuite.table` of benchmarks/harness/Suites/Linear.swift, from other random numbers."""
    random = np.random.default_rng(1)
    x = random.standard_normal((rows, columns))
    score = x @ (random.standard_normal(columns) / 3) + random.standard_normal(rows)
    return x, (score > 0.4).astype(np.float64)


def texts(size):
    """As `LinearSuite.texts`, from other random numbers."""
    random = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array([
        "".join(random.choice(letters, 2 + min(k // 8, 3) + random.integers(7))) for k in range(30_000)], object)
    found, count = [], 0
    while count < size:
        places = np.exp(random.random(100) * np.log(len(words) + 1)).astype(int) - 1
        found.append(" ".join(words[np.minimum(places, len(words) - 1)]) + ".")
        count += len(found[-1])
    return found


class ScikitLearn:
    name = "scikit-learn"
    version = sklearn.__version__

    def prepare(self, operation, p):
        if operation not in ("logistic", "pca", "k-means", "tf-idf"):
            return None
        if operation == "tf-idf":
            documents = texts(p["megabytes"] * 1_000_000)
            return lambda: TfidfVectorizer().fit_transform(documents)
        x, y = table(p["rows"], p["columns"])
        if operation == "logistic":
            return lambda: LogisticRegression().fit(x, y)
        if operation == "pca":
            return lambda: PCA(p["components"]).fit(x)
        return lambda: KMeans(p["clusters"], n_init=1, max_iter=p["rounds"], tol=0, random_state=0).fit(x)


if __name__ == "__main__":
    serve(ScikitLearn())
