"""Writes Tests/Fixtures/learn/features.json: what scikit-learn's transformers make of a small table.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-feature-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn import feature_extraction, impute, linear_model, preprocessing
from sklearn.model_selection import KFold, StratifiedKFold

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
random = np.random.default_rng(20261130)
warnings.simplefilter("ignore")


def cells(values):
    return [[None if np.isnan(v) else float(v) for v in row] for row in np.asarray(values, float)]


def main():
    base = random.standard_normal((60, 4)) @ (np.eye(4) + 0.5 * random.standard_normal((4, 4)))
    x = np.column_stack([
        np.round(base[:, 0], 1), np.round(np.exp(base[:, 1]), 2), np.round(100 + 5 * base[:, 2], 1), np.full(60, 3.0)])
    holes = np.where(random.random(x.shape) < 0.12, np.nan, x)
    positive = np.round(np.exp(base[:, :2]), 3) + 0.01
    wide = np.round(base + 10, 2)
    gaps = np.where(random.random(wide.shape) < 0.15, np.nan, wide)
    fresh = np.where(random.random((20, 4)) < 0.25, np.nan, np.round(random.standard_normal((20, 4)) + 10, 2))
    p = preprocessing
    scaled = {}
    for name, make, data in [
        ("uniform", p.QuantileTransformer(n_quantiles=1000), holes),
        ("uniform10", p.QuantileTransformer(n_quantiles=10), holes),
        ("normal", p.QuantileTransformer(n_quantiles=1000, output_distribution="normal"), holes),
        ("normal20", p.QuantileTransformer(n_quantiles=20, output_distribution="normal"), holes),
        ("yeoJohnson", p.PowerTransformer(), holes[:, :3]),
        ("yeoJohnsonRaw", p.PowerTransformer(standardize=False), x),
        ("boxCox", p.PowerTransformer("box-cox"), positive),
        ("binsUniform", p.KBinsDiscretizer(5, encode="ordinal", strategy="uniform"), x),
        ("binsQuantile", p.KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf"), x),
        ("binsQuantile7", p.KBinsDiscretizer(7, encode="ordinal", quantile_method="averaged_inverted_cdf"), x),
        ("binsKMeans", p.KBinsDiscretizer(4, encode="ordinal", strategy="kmeans"), x),
        ("binsOneHot", p.KBinsDiscretizer(3, encode="onehot-dense", quantile_method="averaged_inverted_cdf"), x[:12]),
        ("polynomial", p.PolynomialFeatures(3), wide[:5]),
        ("interactions", p.PolynomialFeatures((2, 3), interaction_only=True, include_bias=False), wide[:5]),
        ("missing", impute.MissingIndicator(), holes)]:
        scaled[name] = cells(make.fit(data).transform(data))
        if name == "polynomial":
            names = make.get_feature_names_out(["a", "b", "c", "d"]).tolist()
        if name in ("normal", "uniform", "boxCox", "yeoJohnson"):
            scaled[name + "Back"] = cells(make.inverse_transform(np.array(scaled[name], float)))
    imputed = {}
    for name, make in [
        ("nearest", impute.KNNImputer()), ("nearestDistance", impute.KNNImputer(n_neighbors=3, weights="distance")),
        ("iterative", impute.IterativeImputer(random_state=0)),
        ("iterativeRidge", impute.IterativeImputer(linear_model.Ridge(alpha=2.0), max_iter=6, random_state=0))]:
        imputed[name] = cells(make.fit_transform(gaps))
        imputed[name + "Fresh"] = cells(make.transform(fresh))
    texts = np.column_stack([random.choice(["red", "blue", "green", "rare"], 60, p=[0.4, 0.3, 0.25, 0.05]),
                             random.choice(["n", "s", "w"], 60)]).astype(object)
    texts[random.random(60) < 0.1, 1] = None
    number = np.round((texts[:, 0] == "red") * 2.0 + random.standard_normal(60), 2)
    two = (number > 1).astype(int)
    three = np.digitize(number, [0, 1.5])
    encoded = []
    for name, y, kind, cv in [
        ("number", number, "continuous", KFold(5)), ("two", two, "binary", StratifiedKFold(4)),
        ("three", three, "multiclass", StratifiedKFold(5))]:
        for smooth in ("auto", 3.0):
            make = p.TargetEncoder(target_type=kind, smooth=smooth, cv=cv)
            crossed = make.fit_transform(texts, y)
            other = make.transform(np.array([["red", "n"], ["none", None], ["rare", "w"]], object))
            encoded.append({
                "target": name, "smooth": None if smooth == "auto" else smooth, "folds": cv.get_n_splits(),
                "crossed": cells(crossed), "other": cells(other)})
    rows = [{k: v for k, v in zip(("t0", "t1"), row) if v is not None} for row in texts[:15]]
    hashed = feature_extraction.FeatureHasher(8).transform(rows).toarray()
    content = {
        "x": cells(x), "holes": cells(holes), "positive": cells(positive), "wide": cells(wide), "gaps": cells(gaps),
        "fresh": cells(fresh), "scaled": scaled, "names": names, "imputed": imputed, "texts": texts.tolist(),
        "targets": {"number": number.tolist(), "two": two.tolist(), "three": three.tolist()}, "encoded": encoded,
        "hashed": cells(hashed)}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / "features.json").write_text(text + "\n")
    print(f"features.json: {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
