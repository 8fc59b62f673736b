"""Writes Tests/Fixtures/text_metrics/*.json: what sacrebleu, rouge-score, NLTK, transformers and trec_eval say of odd texts.

    python3 -m venv metrics && metrics/bin/pip install sacrebleu==2.5.1 rouge-score==0.1.2 nltk==3.10.4 transformers==4.57.3 \\
      pytrec_eval-terrier==0.5.10
    metrics/bin/python scripts/make-text-metric-fixtures.py
"""

import json
import pathlib
import random

import pytrec_eval
from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.metrics.bleu import _get_tokenizer
from transformers.data.metrics import squad_metrics

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/text_metrics"

# A text, then its references; None where a text has fewer.
SEGMENTS = [
    ("The dog bit the man.", "The dog had bit the man.", "The dog bit the man.", None),
    ("It wasn't unexpected, was it?", "No one was surprised.", None, "It was not unexpected."),
    ("The man bit him first.", "The man had bitten the dog.", "The man was first to bite him", None),
    ("", "Something stands here.", "", None),
    ("Nothing to compare with", "", None, None),
    ("Price: $1,234.50 (+3.5%) -- \"cheap\" & 'good' <b> a/b x-y 5-6 a. b", "Price: $1,234.50 (+3,5%)—cheap & good;", None, None),
    ("&quot;quoted&quot; &amp; &lt;tag&gt; <skipped>end-\nof line\nnext", "\"quoted\" & <tag> end of line next", None, None),
    ("我喜欢学习机器学习,2020年有3.5%。", "我爱学习机器学习,2020年有3.5%!", "我喜歡機器學習", None),
    ("今日は、東京タワーへ行きます。カタカナ・ﾊﾝｶｸ", "今日は東京へ行きました。", None, None),
    ("caf\u00e9 cafe\u0301 na\u00efve «guillemets» 20° €5 ½", "cafe\u0301 caf\u00e9 naive «guillemets» 20° €5 ½", None, None),
    ("ΟΔΥΣΣΕΥΣ ΚΑΙ Σ ΑΣ. İstanbul STRASSE Straße", "οδυσσευς και σ ας. istanbul strasse straße", None, None),
    ("a\u00a0b\u3000c\u2003d\x1ce \t f  ", "a b c d e f", None, None),
    ("😀😀 emoji 👩‍👩‍👧 test №5 ✓ it's John's dogs' 's", "😀 emoji 👩‍👩‍👧 test №5 ✓ it's John's", None, None),
    ("d e f a b c g h i", "a b c d e f g h i", "g h i a b c", None),
    ("word word word word word", "word", "word word", None),
    ("((hi)) (hi) hi! !hi . a", "(hi) hi !", None, None),
    ("हिन्दी भाषा में परीक्षण।", "हिन्दी भाषा का परीक्षण।", None, None),
]


def shuffled(generator, count, words):
    """A text and a reference that differ by moves, changes and losses of words."""
    reference = [f"w{generator.randrange(words)}" for _ in range(count)]
    text = list(reference)
    for _ in range(4):
        start = generator.randrange(max(1, len(text)))
        part = text[start:start + generator.randrange(1, 8)]
        del text[start:start + len(part)]
        place = generator.randrange(len(text) + 1)
        text[place:place] = part
    text = [w if generator.random() > 0.15 else "x" for w in text if generator.random() > 0.1]
    return " ".join(text), " ".join(reference)


def streams(segments):
    return [row[0] for row in segments], [list(stream) for stream in zip(*[row[1:] for row in segments])]


def translation():
    texts, references = streams(SEGMENTS)
    first = [references[0]]
    rows = []
    for tokenizer in ["13a", "intl", "zh", "char", "none"]:
        for smoothing, value in [("exp", None), ("floor", None), ("floor", 0.5), ("add-k", None), ("add-k", 2.5), ("none", None)]:
            for lowercase, effective, order in [(False, False, 4), (True, True, 4)] + ([(False, True, 2)] if value is None else []):
                for name, refs in [("one", first), ("several", references)]:
                    metric = BLEU(lowercase=lowercase, tokenize=tokenizer, smooth_method=smoothing, smooth_value=value,
                                  max_ngram_order=order, effective_order=effective)
                    score = metric.corpus_score(texts, refs)
                    sentences = [metric.sentence_score(row[0], [r for r in row[1:] if r is not None][:1 if name == "one" else None]).score
                                 for row in SEGMENTS] if not (smoothing == "floor" and value) else []
                    rows.append({
                        "tokenizer": tokenizer, "smoothing": smoothing, "value": value, "lowercase": lowercase, "effective": effective,
                        "order": order, "references": name, "score": score.score, "precisions": score.precisions,
                        "line": score.format(signature=str(_signature(metric, texts, refs))),
                        "sentences": [float(f"{s:.12g}") for s in sentences]})
    words = {name: [_get_tokenizer(name)()(text.rstrip()).split() for text in texts] for name in ["13a", "intl", "zh", "char", "none"]}
    chrf = []
    for options in [{}, {"word_order": 2}, {"word_order": 1, "lowercase": True}, {"whitespace": True}, {"eps_smoothing": True},
                    {"char_order": 4, "word_order": 2, "beta": 3, "eps_smoothing": True}, {"char_order": 0, "word_order": 2}]:
        for name, refs in [("one", first), ("several", references)]:
            metric = CHRF(**options)
            chrf.append({"options": options, "references": name, "score": metric.corpus_score(texts, refs).score,
                         "line": metric.corpus_score(texts, refs).format(signature=str(_signature(metric, texts, refs))),
                         "sentences": [metric.sentence_score(row[0], [row[1]]).score for row in SEGMENTS]})
    generator = random.Random(20261201)
    moved = [shuffled(generator, count, words_) for count, words_ in
             [(5, 5), (12, 6), (20, 30), (30, 8), (30, 100), (40, 3), (64, 20), (2, 2), (90, 60)]] + [
                 ("a " * 3, "b " * 70 + "a"), ("b " * 70 + "a", "a " * 3)]
    ter = []
    for options in [{}, {"normalized": True}, {"normalized": True, "asian_support": True}, {"no_punct": True},
                    {"no_punct": True, "asian_support": True}, {"case_sensitive": True},
                    {"normalized": True, "no_punct": True, "asian_support": True, "case_sensitive": True}]:
        for name, refs in [("one", first), ("several", references)]:
            metric = TER(**options)
            score = metric.corpus_score(texts, refs)
            ter.append({"options": options, "references": name, "score": score.score,
                        "line": score.format(signature=str(_signature(metric, texts, refs))),
                        "sentences": [metric.sentence_score(row[0], [row[1]]).score for row in SEGMENTS]})
    write("translation", {
        "segments": SEGMENTS, "bleu": rows, "words": words, "chrf": chrf, "ter": ter, "moved": moved,
        "moved_ter": [TER().sentence_score(text, [reference]).score for text, reference in moved]})


def _signature(metric, texts, references):
    metric.corpus_score(texts, references)
    return metric.get_signature()


SUMMARIES = SEGMENTS + [
    ("Police killed the gunman.\nThe gunman was running.", "The gunman ran.\nHe was killed by the police yesterday.", None, None),
    ("a b c d\n\nx y a", "a b\nc d x\ny", "x y z\na b c d", None),
    ("generalizations hopefulness relational conditionally skies dying agreed", "generalization hopeful relation condition sky die agree", None, None),
    ("\n", "a", None, None),
]


def summaries():
    rows = []
    for stemmer in [False, True]:
        scorer = RougeScorer(["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"], use_stemmer=stemmer)
        for row in SUMMARIES:
            references = [r for r in row[1:] if r is not None]
            scores = scorer.score(references[0], row[0])
            best = scorer.score_multi(references, row[0])
            rows.append({
                "text": row[0], "references": references, "stemmer": stemmer,
                "first": {key: [float(f"{v:.12g}") for v in value] for key, value in scores.items()},
                "best": {key: [float(f"{v:.12g}") for v in value] for key, value in best.items()}})
    generator = random.Random(20261202)
    parts = ["sky", "skies", "die", "dies", "dying", "tied", "spied", "flies", "feed", "agreed", "plastered", "bled", "motoring", "sing",
             "conflated", "troubled", "sized", "hopping", "tanned", "falling", "hissing", "fizzed", "failing", "filing", "happy", "enjoy",
             "relational", "valenci", "radically", "geologi", "theology", "hopefully", "triplicate", "formative", "electrical", "adoption",
             "replacement", "probate", "rate", "cease", "controll", "roll", "yyyy", "syzygy", "toy", "by", "news", "proceed", "b2b", "aed",
             "ing", "eed", "ied", "ies", "ss", "usually", "totally", "rationally", "analogously", "nationalization", "ally", "eyeing", "owed"]
    endings = ["s", "ed", "ing", "er", "ation", "ness", "fulness", "ization", "ly", "alli", "ement", "ion", "sion", "ive", "ousli", "iviti",
               "y", "e", "ll", "ational", "logi", "fulli", "biliti", "icate"]
    words = sorted(set(parts + [p + e for p in parts for e in generator.sample(endings, 5)] + [
        "".join(generator.choice("aeiouybcdlnstrg") for _ in range(generator.randrange(1, 6))) + generator.choice(endings)
        for _ in range(400)]))
    stemmer = PorterStemmer()
    write("summaries", {"rows": rows, "stems": {word: stemmer.stem(word) for word in words}})


def answers():
    rows = [
        ("1", ["Denver Broncos"], "the denver broncos!", 0.1), ("2", ["An  apple", "apple pie"], "apple pie of a mother", 0.2),
        ("3", ["«the» cat", "cat"], "«a» cat", 0.3), ("4", [], "", 0.9), ("5", [], "something", 0.8), ("6", ["theatre a-an the"], "theatre aan", 0.05),
        ("7", ["The"], "an", 0.4), ("8", ["北京 大学"], "北京大学", 0.5), ("9", ["cat cat dog"], "cat dog dog", 0.45),
        ("10", ["İstanbul"], "i̇stanbul", 0.0), ("11", ["a\u0301b the\u0301 x"], "b x", 0.35), ("12", ["x", "$!", "1,000"], "", 0.95),
        ("13", ["five o'clock", "5"], "five oclock", 0.15)]

    class Example:
        def __init__(self, identity, answers):
            self.qas_id, self.answers = identity, [{"text": a} for a in answers]

    examples = [Example(row[0], row[1]) for row in rows]
    predictions = {row[0]: row[2] for row in rows}
    probabilities = {row[0]: row[3] for row in rows}
    exact, f1 = squad_metrics.get_raw_scores(examples, predictions)
    reports = []
    for threshold, odds in [(1.0, None), (1.0, probabilities), (0.42, probabilities)]:
        reports.append({"threshold": threshold, "odds": odds is not None, "report": dict(
            squad_metrics.squad_evaluate(examples, predictions, odds, threshold))})
    write("answers", {
        "rows": rows, "exact": exact, "f1": f1, "reports": reports,
        "normalized": [[text, squad_metrics.normalize_answer(text)] for row in rows for text in row[1] + [row[2]]]})


def rankings():
    generator = random.Random(20261203)
    queries = []
    for number in range(12):
        documents = [f"d{i:02}" for i in range(30)]
        relevant = {d: generator.choice([0, 1, 1, 2, 3]) for d in generator.sample(documents, generator.randrange(1, 9))}
        if not any(relevant.values()):
            relevant[documents[0]] = 1
        results = generator.sample(documents, generator.randrange(1, 25))
        run = {d: float(len(results) - place) for place, d in enumerate(results)}
        names = {"recip_rank", "map", "ndcg", "ndcg_cut.5,10", "recall.5,10", "P.5,10"}
        scores = pytrec_eval.RelevanceEvaluator({"q": relevant}, names).evaluate({"q": run})["q"]
        queries.append({"results": results, "relevant": relevant, "scores": {k: float(f"{v:.12g}") for k, v in scores.items()}})
    write("rankings", queries)


def write(name, value):
    with open(FOLDER / f"{name}.json", "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


FOLDER.mkdir(parents=True, exist_ok=True)
translation()
summaries()
answers()
rankings()
