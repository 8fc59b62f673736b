"""Writes Tests/Fixtures/word_vectors: files of vectors by gensim, what gensim finds in them, fastText's n-grams, a small corpus.

    python3 -m venv vectors && vectors/bin/pip install gensim==4.4.0 scipy==1.17.1
    vectors/bin/python scripts/make-word-vector-fixtures.py
"""

import json
import pathlib

import numpy as np
from gensim.models import KeyedVectors
from gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes
from scipy.stats import spearmanr

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/word_vectors"
WORDS = ["king", "queen", "man", "woman", "caf\u00e9", "cafe\u0301", "北京", "😀", "a-b", "x", "y", "z"]


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20261201)
    values = random.normal(size=(len(WORDS), 5)).astype(np.float32)
    values[1] = values[0] - values[2] + values[3] + 0.1
    values[9] = [0, -0.0, 1e-30, 3e15, 1.5]
    vectors = KeyedVectors(5)
    vectors.add_vectors(WORDS, values)
    vectors.save_word2vec_format(str(FOLDER / "gensim.txt"), binary=False)
    vectors.save_word2vec_format(str(FOLDER / "gensim.bin"), binary=True)
    pairs = [("king", "queen", 9.0), ("king", "man", 7.5), ("woman", "queen", 7.5), ("x", "y", 1.0), ("北京", "z", 2.0), ("a-b", "😀", 0.5)]
    own = [float(vectors.similarity(a, b)) for a, b, _ in pairs]
    grams = []
    for word in ["where", "a", "caf\u00e9", "北京", "😀b", ""]:
        for low, high in [(3, 6), (1, 3), (2, 2)]:
            grams.append({"word": word, "min": low, "max": high, "buckets": [
                int(ft_hash_bytes(g)) % 1000 for g in compute_ngrams_bytes(word, low, high)]})
    result = {
        "values": [[float(v) for v in row] for row in values], "words": WORDS,
        "similar": [[word, float(score)] for word, score in vectors.most_similar("king", topn=4)],
        "analogy": [[word, float(score)] for word, score in vectors.most_similar(positive=["woman", "king"], negative=["man"], topn=3)],
        "pairs": [[a, b, score] for a, b, score in pairs], "spearman": float(spearmanr([p[2] for p in pairs], own).statistic),
        "grams": grams}
    with open(FOLDER / "gensim.json", "w", encoding="utf-8") as file:
        json.dump(result, file, ensure_ascii=False)
        file.write("\n")


main()
