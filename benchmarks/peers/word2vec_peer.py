"""Learns word vectors by Lathe and by gensim, in turns: skip-gram, five words drawn, 100 wide, one epoch.

    word2vec_peer.py PROGRAM TEXT [--threads N] [--samples N] [--cbow] [--subwords] [--output FILE]

PROGRAM is WordVectorCheck of the release build, TEXT a file whose lines are sentences. Both have the same window, sample, least
count and learning rates, and the text in memory as lists of words or numbers before the clock starts. Prints medians in thousand
words a second (words of the vocabulary, before any is left out at random) and the ratio to gensim's; more is better. Needs
gensim==4.4.0.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

WORKER = """
import sys, time
import gensim
from gensim.models import FastText, Word2Vec
threads, is_cbow, has_subwords = int(sys.argv[2]), "cbow" in sys.argv, "subwords" in sys.argv
sentences = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
kind = FastText if has_subwords else Word2Vec
for _ in sys.stdin:
    rate = 0.05 if is_cbow or has_subwords else 0.025
    model = kind(vector_size=100, window=5, min_count=5, sample=1e-3, negative=5, sg=int(not is_cbow), alpha=rate, min_alpha=1e-4,
                 workers=threads, seed=1)
    model.build_vocab(sentences)
    words = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key)
    start = time.perf_counter()
    model.train(sentences, total_examples=model.corpus_count, epochs=1)
    print(time.perf_counter() - start, words, flush=True)
"""


class Worker:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def sample(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().split()
        if not line:
            raise SystemExit(f"word2vec_peer.py: a worker ended with {self.process.wait()}")
        return float(line[0]), int(line[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("text")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--cbow", action="store_true")
    parser.add_argument("--subwords", action="store_true")
    parser.add_argument("--output")
    options = parser.parse_args()
    kind = (["cbow"] if options.cbow else ["skip-gram"]) + (["subwords"] if options.subwords else [])
    workers = {
        "lathe": Worker([options.program, "bench", options.text, str(options.threads), *kind]),
        "gensim": Worker([sys.executable, "-c", WORKER, options.text, str(options.threads), *kind])}
    times = {name: [] for name in workers}
    words = {}
    for turn in range(options.samples + 1):
        for name, worker in workers.items():
            time.sleep(0.05)
            seconds, words[name] = worker.sample()
            # The first one fills caches.
            if turn:
                times[name].append(seconds)
    for worker in workers.values():
        worker.process.stdin.close()
        worker.process.wait()
    rows = {name: words[name] / statistics.median(values) / 1000 for name, values in times.items()}
    for name, speed in rows.items():
        print(f"{name:8} {speed:10.1f} thousand words/s, {words[name]} words")
    print(f"ratio    {rows['lathe'] / rows['gensim']:10.2f}")
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            json.dump({"kind": kind, "threads": options.threads, "thousand_words_per_second": rows, "seconds": times}, file, indent=1)
            file.write("\n")


main()
