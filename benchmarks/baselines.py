"""How true and how fast, beside what a data scientist would build from the same labels.

    python benchmarks/baselines.py            # writes benchmarks/baselines.md and baselines.svg

Every contestant (contestants.py) learns from the same labelled comments, has its thresholds chosen
on the same held-out ones, and is scored on the same tests; then each reads the same comments in
turn, in rounds, and the median counts. Needs `pip install 'cxnlp[dev]'` and
`pip install -r benchmarks/requirements.txt`; a contestant whose package is missing is named on the
page as not measured. Half an hour on two cores.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from contestants import CONTESTANTS, LANGUAGE, MOST_PAIRED, MOST_VECTORS, Lesson, Reader
from datasets import Dataset
from machine import described, medians
from picture import Point, scatter
from throughput_texts import corpus_texts
from transformers.utils import logging

from cxnlp.evaluation import Readings, scores
from cxnlp.taxonomy import LANGUAGES
from cxnlp.training.corpus import read_labelled
from cxnlp.training.recipe import Config, truth_of
from cxnlp.training.tune import choose_thresholds

HERE = Path(__file__).parent
RECIPE = HERE.parent / "recipes" / "accurate.toml"
TESTS = [
    HERE.parent.parent / "shared" / "feedback" / "test.jsonl",
    HERE.parent / "corpus" / "test.jsonl",
]
OURS = "cxnlp, "
COMMENTS = 2000
#: A contestant reads in one turn what it can in so many seconds, at most all of the comments.
SECONDS = 2.0


class Figures(NamedTuple):
    """What is told of a contestant; F1 and sentiment for each of the tests."""

    f1: list[float | None]
    sentiment: list[float]
    learned_in: float
    """Seconds."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--learn-from", type=int, help="only so many comments, to try it out")
    options.add_argument("--only", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--into", type=Path, default=HERE, help="folder of the page")
    asked = options.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()

    recipe = Config.read(RECIPE)
    train = recipe.read_labelled()
    dev, tests = read_labelled(recipe.dev), [read_labelled([path]) for path in TESTS]
    readers: dict[str, Reader] = {}
    figures: dict[str, Figures] = {}
    missing: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        lesson = Lesson(list(train["text"]), truth_of(train), Path(folder))
        lesson = lesson.some(asked.learn_from or len(train))
        for name in asked.only:
            started = time.perf_counter()
            try:
                readers[name] = CONTESTANTS[name](lesson)
            except ImportError as error:
                missing[name] = str(error)
                continue
            took = time.perf_counter() - started
            figures[name] = measure(name, readers[name], dev, tests, took)
            print(name, figures[name], file=sys.stderr)
        rates = speeds(readers, asked.rounds)
    points = [
        Point(name, rates[name], found.f1[0], name.startswith(OURS))
        for name, found in figures.items()
        if found.f1[0] is not None
    ]
    if points:  # lexicons alone have no place in it
        drawn = scatter(points, "Speed and pillar F1 on public comments")
        (asked.into / "baselines.svg").write_text(drawn, encoding="utf-8")
    text = page(figures, rates, missing, len(lesson.texts), asked.rounds)
    (asked.into / "baselines.md").write_text(text, encoding="utf-8")
    print(text)


def measure(
    name: str, read: Reader, dev: Dataset, tests: list[Dataset], learned_in: float
) -> Figures:
    """Pillar micro-F1, at thresholds chosen on the held-out comments, and sentiment accuracy."""
    held = None if name in LANGUAGE else read(list(dev["text"]))[0]
    thresholds = None if held is None else choose_thresholds(held, truth_of(dev).aspects)
    found = Figures([], [], learned_in)
    for test in tests:
        if name in LANGUAGE:
            language = np.asarray(test["language"])
            test = test.select(np.flatnonzero(language == LANGUAGES.index(LANGUAGE[name])))
        truth = truth_of(test)
        probabilities, sentiment = read(list(test["text"]))
        found.sentiment.append(float(np.mean(sentiment == truth.sentiment)))
        f1 = None
        if probabilities is not None and thresholds is not None:
            guess = Readings(probabilities >= thresholds, sentiment)
            f1 = scores(truth, guess)["pillar_micro_f1"]
        found.f1.append(f1)
    return found


def speeds(readers: dict[str, Reader], rounds: int) -> dict[str, float]:
    """Comments per second, the median of rounds in which each contestant has its turn.

    All read the same comments; a slow one reads every second, third, … of them, as many as fit its
    turn by the speed of its warm-up.
    """
    texts = corpus_texts()[:COMMENTS]
    samples = {}
    for name, read in readers.items():
        few = texts[::20]
        fit = SECONDS * _rate(read, few)
        samples[name] = texts[:: max(1, round(len(texts) / fit))]
    runs = {name: functools.partial(read, samples[name]) for name, read in readers.items()}
    return {name: len(samples[name]) / taken for name, taken in medians(runs, rounds).items()}


def _rate(read: Reader, texts: list[str]) -> float:
    started = time.perf_counter()
    read(texts)
    return len(texts) / (time.perf_counter() - started)


def page(
    figures: dict[str, Figures],
    rates: dict[str, float],
    missing: dict[str, str],
    learned_from: int,
    rounds: int,
) -> str:
    rows = []
    for name, found in figures.items():
        cells = []
        for f1, sentiment in zip(found.f1, found.sentiment, strict=True):
            cells += ["" if f1 is None else f"{f1:.3f}", f"{sentiment:.3f}"]
        learns = not name.startswith(OURS) and name not in LANGUAGE
        cells += [f"{rates[name]:,.0f}", f"{found.learned_in:,.0f}" if learns else ""]
        rows.append(f"| {_title(name)} | {' | '.join(cells)} |")
    absent = "".join(f"- Not measured: {name} ({why}).\n" for name, why in missing.items())
    return f"""\
# Beside what people build today

Written by `python benchmarks/baselines.py` on {datetime.date.today()}: {described()}.

![Speed against pillar F1 on public comments](baselines.svg)

| | public: pillar F1 | sentiment | unseen: pillar F1 | sentiment | comments per s | learned in, s |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{chr(10).join(rows)}

{_duels(figures, rates)}

## How it was measured

All learn from the same {learned_from:,} labelled comments, except for the lexicons, which learn
nothing and are scored on the comments in their own language, and sentence-transformers and SetFit,
which get {min(MOST_VECTORS, learned_from):,} of them for the sake of time (SetFit's encoder learns
from pairs of {min(MOST_PAIRED, learned_from):,}). cxnlp's models are the committed ones; they have
seen comments without labels as well, and not always the newest labelled ones; what each takes to
learn is in [training](../cxnlp/training/README.md).
Thresholds are chosen on the same held-out comments, for cxnlp's models too, so their F1 may differ
a little from that of the cards, which is at the thresholds that they came with. It is pooled over
all decisions, sentiment is accuracy over four classes. *Public* is shared/feedback/test.jsonl;
*unseen* is corpus/test.jsonl, kinds of organisation that nobody trained on. sentence-transformers,
SetFit and model2vec start from the encoder that cxnlp starts from; how each learns is in
[contestants.py](contestants.py).

Speed is the median of {rounds} rounds over {COMMENTS:,} comments of the corpus, each contestant
once in each round; one that cannot read them within {SECONDS:.0f} seconds reads every second,
third, … of them. Only cxnlp also finds the words that carry each reading.
{absent and chr(10) + absent}"""


def _title(name: str) -> str:
    return f"{name} ({LANGUAGE[name]})" if name in LANGUAGE else name


def _duels(figures: dict[str, Figures], rates: dict[str, float]) -> str:
    """For each of ours, who is truer and who is faster, by how much."""
    f1 = {name: found.f1[0] for name, found in figures.items() if found.f1[0] is not None}
    lines = []
    for name in (name for name in f1 if name.startswith(OURS)):
        truer = [
            f"{other} ({found - f1[name]:+.3f})" for other, found in f1.items() if found > f1[name]
        ]
        faster = [
            f"{other} ({rates[other] / rates[name]:,.1f} times)"
            for other in f1
            if rates[other] > rates[name]
        ]
        lines += [
            f"- **{name}**: truer on public comments: {', '.join(truer) or 'none'}; "
            f"faster: {', '.join(faster) or 'none'}."
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
