"""Writes Tests/Fixtures/learn/groups.json: scikit-learn's mixtures, clusters, decompositions and discriminants of small tables.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-group-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import cluster, decomposition, discriminant_analysis, mixture
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky, _estimate_gaussian_parameters

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261130)
warnings.simplefilter("ignore")


def mixture_cases(x, start):
    cases = []
    for kind in ("full", "tied", "diag", "spherical"):
        # Begin with groups, as expectation and maximisation would go on from them.
        shares = np.eye(3)[start]
        weights, means, covariances = _estimate_gaussian_parameters(x, shares, 1e-6, kind)
        root = _compute_precision_cholesky(covariances, kind)
        precisions = {"full": lambda: np.array([r @ r.T for r in root]), "tied": lambda: root @ root.T}.get(kind, lambda: root**2)()
        model = mixture.GaussianMixture(
            3, covariance_type=kind, tol=1e-8, max_iter=500, weights_init=weights / weights.sum(), means_init=means,
            precisions_init=precisions).fit(x)
        cases.append({
            "kind": kind, "weights": model.weights_.tolist(), "means": model.means_.tolist(),
            "covariances": np.ravel(model.covariances_).tolist(), "labels": model.predict(x).tolist(),
            "densities": model.score_samples(x).tolist(), "bic": model.bic(x), "aic": model.aic(x)})
    return cases


def main():
    centers = np.array([[0, 0, 0], [4, 1, -2], [1, 5, 3]])
    truth = random.integers(0, 3, 90)
    x = np.round(centers[truth] + random.standard_normal((90, 3)) @ [[1, 0.4, 0], [0, 0.8, 0.2], [0, 0, 1.2]], 3)
    x[:5] = np.round(random.uniform(-15, 15, (5, 3)), 3)
    start = cluster.KMeans(3, n_init=3, random_state=0).fit_predict(x)
    trees = {}
    for linkage in ("ward", "average", "complete", "single"):
        whole = cluster.AgglomerativeClustering(1, linkage=linkage, compute_distances=True).fit(x)
        trees[linkage] = {
            "distances": whole.distances_.tolist(),
            "labels": [cluster.AgglomerativeClustering(k, linkage=linkage).fit_predict(x).tolist() for k in (3, 7)]}
    counts = random.poisson(random.gamma(1, 1, (40, 3)) @ random.gamma(1, 1, (3, 12))).astype(float)
    nmf = decomposition.NMF(3, tol=1e-8, max_iter=5000, random_state=0)
    parts = nmf.fit_transform(counts)
    svd = decomposition.TruncatedSVD(3, algorithm="arpack").fit(counts)
    topics = decomposition.LatentDirichletAllocation(3, max_iter=30, random_state=0).fit(counts)
    discriminants = []
    for classes in (2, 3):
        y = np.minimum(truth, classes - 1)
        model = discriminant_analysis.LinearDiscriminantAnalysis().fit(x, y)
        discriminants.append({
            "targets": y.astype(float).tolist(), "coefficients": np.ravel(model.coef_).tolist(),
            "intercepts": model.intercept_.tolist(), "probabilities": np.ravel(model.predict_proba(x)).tolist(),
            "ratio": model.explained_variance_ratio_.tolist(), "parts": model.transform(x)[:20].tolist()})
    content = {
        "x": x.tolist(), "start": start.tolist(), "mixtures": mixture_cases(x, start),
        "dbscan": [{"epsilon": e, "minSamples": m, "labels": cluster.DBSCAN(eps=e, min_samples=m).fit_predict(x).tolist()}
                   for e, m in [(1.0, 5), (1.5, 4), (0.7, 3)]],
        "hdbscan": [{"size": s, "labels": cluster.HDBSCAN(min_cluster_size=s, copy=True).fit_predict(x).tolist()} for s in (5, 10)],
        "trees": trees,
        "batches": [cluster.MiniBatchKMeans(3, batch_size=32, random_state=s, n_init=3).fit(x).inertia_ for s in range(10)],
        "counts": counts.tolist(), "svd": {"values": svd.singular_values_.tolist(), "components": svd.components_.tolist()},
        "nmf": {"error": nmf.reconstruction_err_, "products": (parts @ nmf.components_)[:5].tolist()},
        "perplexity": topics.perplexity(counts), "discriminants": discriminants}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / "groups.json").write_text(text + "\n")
    print(f"groups.json: {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
