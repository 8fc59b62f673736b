"""Checks files of word vectors with gensim, both ways, and vectors learnt of a text by gensim's scores.

    check-word-vectors.py PROGRAM [TEXT]

PROGRAM is WordVectorCheck; needs gensim==4.4.0. With a text, vectors are learnt of it by both, five epochs, and their scores on
WordSim-353 and on the analogies that gensim brings are printed beside each other. Exits with 1 where files differ.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from gensim.test.utils import datapath


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        random = np.random.default_rng(5)
        own = KeyedVectors(64)
        words = [f"word{i}" for i in range(500)] + ["caf\u00e9", "北京", "😀"]
        own.add_vectors(words, random.normal(size=(len(words), 64)).astype(np.float32))
        failures = 0
        for source in (False, True):
            own.save_word2vec_format(str(folder / "in"), binary=source)
            for target in (False, True):
                subprocess.run([program, "copy", folder / "in", folder / "out", "binary" if target else "text"], check=True)
                # Line ends behind vectors are read as the program word2vec writes them.
                again = KeyedVectors.load_word2vec_format(str(folder / "out"), binary=target)
                same = again.index_to_key == own.index_to_key and (again.vectors == own.vectors).all()
                print(f"{'binary' if source else 'text'} to {'binary' if target else 'text'}: {'equal' if same else 'DIFFERENT'}")
                failures += not same
        if len(sys.argv) > 2:
            learn(program, sys.argv[2], folder)
        sys.exit(1 if failures else 0)


def learn(program, text, folder):
    subprocess.run([program, "train", text, "2", "5", folder / "lathe"], check=True)
    sentences = [line.split() for line in open(text, encoding="utf-8")]
    model = Word2Vec(sentences, vector_size=100, window=5, min_count=5, sample=1e-3, negative=5, sg=1, epochs=5, workers=2)
    model.wv.save_word2vec_format(str(folder / "gensim"))
    for name in ("lathe", "gensim"):
        line = subprocess.run(
            [program, "score", folder / name, datapath("wordsim353.tsv"), datapath("questions-words.txt")], check=True,
            capture_output=True, text=True).stdout.split()
        print(f"{name}: WordSim-353 {float(line[0]):.3f} on {line[1]} pairs, {line[2]} of {line[3]} analogies")


main()
