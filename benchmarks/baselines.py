"""How true and how fast, beside what a data scientist would build from the same labels.

    python benchmarks/baselines.py            # writes benchmarks/baselines.md

Every contestant learns from the same labelled comments, has its thresholds chosen on the same
held-out ones, and is scored on the same test; then each reads the same comments in turn, in rounds,
and the median counts. Needs `pip install 'cxnlp[dev]'` and, for the sentiment lexicons,
`pip install -r benchmarks/requirements.txt`.
"""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from datasets import Dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from throughput import cpu
from throughput_texts import corpus_texts

import cxnlp
from cxnlp.evaluation import Readings, scores
from cxnlp.taxonomy import SENTIMENTS
from cxnlp.training.corpus import read_labelled
from cxnlp.training.recipe import truth_of
from cxnlp.training.tune import choose_thresholds

HERE = Path(__file__).parent
FEEDBACK = HERE.parent.parent / "shared" / "feedback"
CORPUS = HERE.parent / "corpus"
#: What reads texts: probabilities (n, 17, 2) or none, and sentiments (n,).
Reader = Callable[[list[str]], tuple[np.ndarray | None, np.ndarray]]


def tfidf(analyzer: str, ngrams: tuple[int, int], texts: list[str], truth: Readings) -> Reader:
    """Weighted counts of words or letters, and a logistic regression for each decision."""

    def features() -> TfidfVectorizer:
        return TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=ngrams,
            min_df=2,
            sublinear_tf=True,
            strip_accents="unicode",
        )

    both = features()
    table = both.fit_transform(texts)
    aspects = OneVsRestClassifier(LogisticRegression(C=10, solver="liblinear"))
    aspects.fit(table, truth.aspects.reshape(len(texts), -1))
    sentiment = LogisticRegression(C=10, max_iter=500).fit(table, truth.sentiment)

    def read(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        counted = both.transform(texts)
        return aspects.predict_proba(counted).reshape(-1, 17, 2), sentiment.predict(counted)

    return read


def vader() -> Reader:
    """VADER's rules and lexicon (English)."""
    scorer = importlib.import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    return _by_score(lambda text: scorer.polarity_scores(text)["compound"])


def textblob() -> Reader:
    """TextBlob's lexicon (English)."""
    blob = importlib.import_module("textblob").TextBlob
    return _by_score(lambda text: blob(text).sentiment.polarity)


def _by_score(score: Callable[[str], float]) -> Reader:
    bad, plain, good = (SENTIMENTS.index(n) for n in ("negative", "neutral", "positive"))

    def read(texts: list[str]) -> tuple[None, np.ndarray]:
        values = np.array([score(text) for text in texts])
        return None, np.select([values <= -0.05, values >= 0.05], [bad, good], plain)

    return read


def ours(name: str) -> Reader:
    model = cxnlp.load(name)

    def read(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        results = model.classify(texts)
        return results.aspect_probabilities, results.sentiment_probabilities.argmax(axis=1)

    return read


ROUNDS = 5
COMMENTS = 2000


def main() -> None:
    train = read_labelled([FEEDBACK / "train.jsonl", CORPUS / "train.jsonl"])
    dev = read_labelled([FEEDBACK / "dev.jsonl", CORPUS / "dev.jsonl"])
    tests = [read_labelled([folder / "test.jsonl"]) for folder in (FEEDBACK, CORPUS)]
    texts, truth = list(train["text"]), truth_of(train)
    makers: dict[str, Callable[[], Reader]] = {
        "cxnlp, accurate": lambda: ours("accurate"),
        "cxnlp, fast": lambda: ours("fast"),
        "TF-IDF of words + logistic regression": lambda: tfidf("word", (1, 2), texts, truth),
        "TF-IDF of letters + logistic regression": lambda: tfidf("char_wb", (2, 5), texts, truth),
        "VADER": vader,
        "TextBlob": textblob,
    }
    readers = {name: make() for name, make in makers.items()}
    figures = {name: _figures(read, dev, tests) for name, read in readers.items()}
    sample = corpus_texts()[:COMMENTS]
    rates: dict[str, list[float]] = {name: [] for name in readers}
    for round_ in range(ROUNDS + 1):
        for name, read in readers.items():
            started = time.perf_counter()
            read(sample)
            if round_:  # the first warms up
                rates[name].append(len(sample) / (time.perf_counter() - started))
    page = _page(figures, {name: statistics.median(found) for name, found in rates.items()})
    (HERE / "baselines.md").write_text(page, encoding="utf-8")
    print(page)


def _figures(read: Reader, dev: Dataset, tests: list[Dataset]) -> list[float | None]:
    """On each test: pillar micro-F1, at thresholds chosen on the held-out ones, and sentiment."""
    held = read(list(dev["text"]))[0]
    thresholds = None if held is None else choose_thresholds(held, truth_of(dev).aspects)
    found: list[float | None] = []
    for test in tests:
        truth = truth_of(test)
        probabilities, sentiment = read(list(test["text"]))
        if probabilities is None or thresholds is None:
            found += [None, float(np.mean(sentiment == truth.sentiment))]
        else:
            values = scores(truth, Readings(probabilities >= thresholds, sentiment))
            found += [values["pillar_micro_f1"], values["sentiment_accuracy"]]
    return found


def _page(figures: dict[str, list[float | None]], rates: dict[str, float]) -> str:
    rows = []
    for name, found in figures.items():
        cells = " | ".join("" if value is None else f"{value:.3f}" for value in found)
        rows.append(f"| {name} | {cells} | {rates[name]:,.0f} |")
    return f"""\
# Beside what people build today

Written by `python benchmarks/baselines.py` on {datetime.date.today()}: {cpu()}, {os.cpu_count()}
cores, Python {platform.python_version()}.

All learned from the same labelled comments but the lexicons, which learn nothing; thresholds chosen
on the same held-out ones; F1 is pooled over
all decisions. *Public* is shared/feedback/test.jsonl, *unseen* is corpus/test.jsonl,
kinds of organisation that nobody trained on. Speed is the median of {ROUNDS} rounds over
{COMMENTS:,} comments of the corpus, each contestant once in each round; only cxnlp also finds the
words that carry each reading.

| | public: pillar F1 | sentiment | unseen: pillar F1 | sentiment | comments per second |
| --- | ---: | ---: | ---: | ---: | ---: |
{chr(10).join(rows)}
"""


if __name__ == "__main__":
    main()
