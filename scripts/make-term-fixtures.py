"""Writes Tests/Fixtures/learn/terms.json: what scikit-learn counts in texts, and models of sparse rows.

    python3 -m venv learn && learn/bin/pip install scikit-learn==1.9.1
    learn/bin/python scripts/make-term-fixtures.py
"""

import json
import pathlib
import warnings

import numpy as np
from sklearn import linear_model, naive_bayes, svm
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/learn"
warnings.simplefilter("ignore")

TEXTS = [
    "The cat sat on the mat. The mat was flat, the cat was fat; I saw it!",
    "Don't stop_here: x2 is 3.14, B2B e-mail a b c",
    "Grüße aus KÖLN – Straße, Ärger, œuvre İstanbul İzmir",
    "ΟΔΥΣΣΕΥΣ και Σοφία σας",
    "我喜欢学习机器学习。机器学习很有趣",
    "我 不喜欢\t\t下雨   天气 \n",
    "the dog and the cat and the emoji 😀😀 ½ x² naïve cafe\u0301",
    "हिन्दी भाषा में परीक्षण",
    "", "   ", "A cat",
    "cat dog cat dog cat bird",
]


def main():
    cases = []
    for name, options, tfidf in [
        ("word", {}, {}), ("word", {"lowercase": False, "min_df": 2}, {}), ("word", {"ngram_range": (1, 2)}, {"sublinear_tf": True}),
        ("word", {"ngram_range": (2, 3), "max_df": 0.2}, {"norm": "l1"}),
        ("word", {"stop_words": ["the", "and", "was"], "ngram_range": (1, 2)}, {"smooth_idf": False}),
        ("word", {"binary": True, "max_df": 2}, {"use_idf": False}), ("char", {"ngram_range": (1, 2)}, {"norm": None}),
        ("char", {"ngram_range": (3, 3), "lowercase": False}, {}), ("char_wb", {"ngram_range": (2, 4)}, {}),
        ("word", {"max_features": 2}, {})]:
        counts = CountVectorizer(analyzer=name, **options)
        x = counts.fit_transform(TEXTS).tocsr()
        x.sort_indices()
        weights = TfidfVectorizer(analyzer=name, **options, **tfidf)
        y = weights.fit_transform(TEXTS).tocsr()
        y.sort_indices()
        cases.append({
            "analyzer": name, "options": options, "tfidf": tfidf, "terms": counts.get_feature_names_out().tolist(),
            "starts": x.indptr.tolist(), "places": x.indices.tolist(), "counts": x.data.tolist(),
            "values": [float(f"{v:.12g}") for v in y.data]})
    random = np.random.default_rng(20261130)
    words = [f"w{i}" for i in range(40)]
    texts = [" ".join(random.choice(words, 12)) for _ in range(120)]
    label = np.array([t.count("w1") + t.count("w3") - t.count("w2") > 1 for t in texts]).astype(int)
    classes = label + (np.array([t.count("w5") for t in texts]) > 0)
    weights = np.round(random.uniform(0.5, 2, 120), 3)
    x = TfidfVectorizer().fit_transform(texts)
    tight = {"tol": 1e-12, "max_iter": 100_000}
    models = []
    for kind, y, make in [
        ("logistic", label, linear_model.LogisticRegression(C=2.0, solver="newton-cholesky", tol=1e-12)),
        ("logistic", classes, linear_model.LogisticRegression(C=3.0, solver="newton-cholesky", tol=1e-12)),
        ("svc", label, svm.LinearSVC(C=0.5, dual=False, **tight)), ("bayes", classes, naive_bayes.MultinomialNB(alpha=0.5))]:
        make.fit(x, y, sample_weight=weights)
        answers = make.predict(x) if kind == "svc" else make.predict_proba(x)
        models.append({"kind": kind, "c": getattr(make, "C", 0), "targets": y.tolist(), "answers": np.ravel(answers[:30]).tolist()})
    content = {
        "texts": TEXTS, "cases": cases, "documents": texts, "weights": weights.tolist(), "models": models}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (FOLDER / "terms.json").write_text(text + "\n")
    print(f"terms.json: {len(text) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
