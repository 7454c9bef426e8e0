"""How each contestant reads, once it has learned (contestants.py).

A reader can be pickled, so that a fresh process can be asked how soon it reads and how much memory
it wants:

    python benchmarks/readers.py READER TEXTS    # a file of joblib, a file of a JSON list

Packages come in with what is unpickled, so that nobody waits for those of another.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import joblib
import numpy as np

from cxnlp.taxonomy import ASPECTS, SENTIMENTS, SIGNS

#: What reads texts: probabilities (n, 17, 2) or none, and indices into ``SENTIMENTS`` (n,).
Reader = Callable[[list[str]], tuple[np.ndarray | None, np.ndarray]]
LABELS = len(ASPECTS) * len(SIGNS)
#: Less than the lowest threshold that is tried: who may leave probabilities out leaves out these.
NEGLIGIBLE = 0.05


@dataclasses.dataclass(frozen=True)
class Committed:
    """A model of cxnlp; pickled, it is the path of its folder."""

    model: Any

    def __call__(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        results = self.model.classify(texts)
        return results.aspect_probabilities, results.sentiment_probabilities.argmax(axis=1)


@dataclasses.dataclass(frozen=True)
class Regressions:
    """Estimators of scikit-learn: `features`, all decisions on them, and the sentiment."""

    features: Any
    decisions: Any
    sentiment: Any

    def __call__(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        table = self.features.transform(texts)
        return _shaped(self.decisions.predict_proba(table)), self.sentiment.predict(table)


@dataclasses.dataclass(frozen=True)
class FastText:
    """Two models of fastText; label `__label__7` is the eighth decision, or sentiment."""

    aspects: Any
    sentiment: Any

    def __call__(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        decisions = np.zeros((len(texts), LABELS), np.float32)
        feelings = np.empty(len(texts), int)
        number = {f"__label__{n}": n for n in range(LABELS)}
        for row, text in enumerate(texts):
            line = plain_words(text) + "\n"
            # The methods under `predict`: that one fails with numpy 2, and for a list of texts it
            # gives all labels of a text the probability of its first.
            for probability, label in self.aspects.f.predict(line, -1, NEGLIGIBLE, "strict"):
                decisions[row, number[label]] = probability
            feelings[row] = number[self.sentiment.f.predict(line, 1, 0.0, "strict")[0][1]]
        return _shaped(decisions), feelings

    def __reduce__(self) -> tuple[Any, ...]:  # it knows how to be a file, not how to be pickled
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            kept = []
            for model in (self.aspects, self.sentiment):
                model.save_model(str(path))
                kept.append(path.read_bytes())
        return _fasttext, tuple(kept)


def _fasttext(*kept: bytes) -> FastText:
    package = importlib.import_module("fasttext")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        models = []
        for data in kept:
            path.write_bytes(data)
            models.append(package.load_model(str(path)))
    return FastText(*models)


def plain_words(text: str) -> str:
    """Lower case, punctuation apart: fastText cuts at spaces alone."""
    return " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))


@dataclasses.dataclass(frozen=True)
class Categories:
    """A pipeline of spaCy whose categories are the decisions, by number, and the sentiments."""

    pipeline: Any

    def __call__(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        found = [doc.cats for doc in self.pipeline.pipe(texts)]
        decisions = [[cats[str(label)] for label in range(LABELS)] for cats in found]
        feelings = np.array([[cats[name] for name in SENTIMENTS] for cats in found])
        return _shaped(np.array(decisions, np.float32)), feelings.argmax(axis=1)


@dataclasses.dataclass(frozen=True)
class Lexicon:
    """Sentiment from a score in [-1, 1]; within 0.05 of 0, as VADER's authors advise, neutral."""

    score: Callable[[str], float]

    def __call__(self, texts: list[str]) -> tuple[None, np.ndarray]:
        bad, plain, good = (SENTIMENTS.index(n) for n in ("negative", "neutral", "positive"))
        values = np.array([self.score(text) for text in texts])
        return None, np.select([values <= -0.05, values >= 0.05], [bad, good], plain)


def vader(text: str) -> float:
    return _vader().polarity_scores(text)["compound"]  # type: ignore[no-any-return]


def textblob(text: str) -> float:
    return _textblob()(text).sentiment.polarity  # type: ignore[no-any-return]


def textblob_nl(text: str) -> float:
    return _textblob_nl().analyze(text)[0]  # type: ignore[no-any-return]


@functools.cache
def _vader() -> Any:
    return importlib.import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()


@functools.cache
def _textblob() -> Any:
    return importlib.import_module("textblob").TextBlob


@functools.cache
def _textblob_nl() -> Any:
    # What it imports by a name that Python dropped in 3.9.
    sys.modules.setdefault("xml.etree.cElementTree", ElementTree)
    return importlib.import_module("textblob_nl").PatternAnalyzer()


def _shaped(decisions: np.ndarray) -> np.ndarray:
    """(n, 34) -> (n, 17, 2)."""
    return decisions.reshape(-1, len(ASPECTS), len(SIGNS))


if __name__ == "__main__":
    joblib.load(sys.argv[1])(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
