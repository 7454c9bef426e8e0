"""How true, fast and heavy, beside what a data scientist would build from the same labels.

    python benchmarks/baselines.py            # writes benchmarks/baselines.md, .svg and .json
    python benchmarks/baselines.py --ours     # scores cxnlp's models anew, keeps all the rest

Every contestant (contestants.py) learns from the same labelled comments, has its thresholds chosen
on the same held-out ones, and is scored on the same tests; then each reads the same comments in
turn, in rounds, and the median counts. Needs `pip install 'cxnlp[dev]'` and
`pip install -r benchmarks/requirements.txt`; a contestant whose package is missing is named on the
page as not measured. Three quarters of an hour on two cores that have AVX-512, about an hour
and a half on two that have not.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import functools
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from baselines_page import LENGTHS, Contestant, Measured, page
from contestants import CONTESTANTS, LANGUAGE, MOST_PAIRED, MOST_VECTORS, Lesson
from datasets import Dataset
from machine import PRICE, command, described, extrapolate, medians, megabytes, one_by_one
from picture import Point, scatter
from readers import Committed, Lexicon, Reader
from throughput_texts import corpus_texts, of_words
from transformers.utils import logging
from watched import watch

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
COMMENTS = 2000
#: A contestant reads in one turn what it can in so many seconds, at most all of the comments.
SECONDS = 2.0
#: Comments at once; a count that would take longer than a long turn is extrapolated.
COUNTS = (1, 100, 1000, 10_000, 1_000_000)
LONG = 5.0
#: Comments that are read one by one, to tell what one alone takes.
ALONE = 20


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--learn-from", type=int, help="only so many comments, to try it out")
    options.add_argument("--only", nargs="+", choices=CONTESTANTS, default=CONTESTANTS)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument(
        "--price", type=float, default=PRICE, help="of an hour of this machine, in any currency"
    )
    options.add_argument("--into", type=Path, default=HERE, help="folder of the page")
    options.add_argument(
        "--ours",
        action="store_true",
        help="score cxnlp's models anew and take all the rest as the last run measured it",
    )
    asked = options.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    kept = asked.into / "baselines.json"
    if asked.ours and not kept.exists():
        options.error(f"--ours: there is no {kept}; measure all of them first.")
    measured = scored(Measured.read(kept)) if asked.ours else measure(asked)
    measured.write(kept)
    points = [
        Point(one.name, one.rate, one.f1[0], one.ours)
        for one in measured.contestants
        if one.f1[0] is not None
    ]
    if points:  # lexicons alone have no place in it
        drawn = scatter(points, "Speed and pillar F1 on public comments")
        (asked.into / "baselines.svg").write_text(drawn, encoding="utf-8")
    text = page(measured)
    (asked.into / "baselines.md").write_text(text, encoding="utf-8")
    print(text)


def scored(measured: Measured) -> Measured:
    """The same with the models of today: other weights of a shape are as fast."""
    dev = read_labelled(Config.read(RECIPE).dev)
    tests = [read_labelled([path]) for path in TESTS]
    lesson = Lesson(list(dev["text"]), truth_of(dev), HERE)  # which a committed model ignores
    contestants = [
        dataclasses.replace(one, **truth(one.name, CONTESTANTS[one.name](lesson), dev, tests))
        if one.ours
        else one
        for one in measured.contestants
    ]
    return dataclasses.replace(
        measured,
        contestants=contestants,
        how=measured.how | {"scored": datetime.date.today().isoformat()},
    )


def measure(asked: argparse.Namespace) -> Measured:
    """Let everybody learn, be scored, and read in turn."""
    recipe = Config.read(RECIPE)
    train = recipe.read_labelled()
    dev, tests = read_labelled(recipe.dev), [read_labelled([path]) for path in TESTS]
    readers: dict[str, Reader] = {}
    told: dict[str, dict[str, Any]] = {}
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
            learned_in = time.perf_counter() - started
            told[name] = {"learned_in": learned_in, **truth(name, readers[name], dev, tests)}
            print(name, told[name], file=sys.stderr, flush=True)
        texts = corpus_texts()
        random.Random(0).shuffle(texts)  # so that any first few of them are as long as all
        for measured in (speeds(readers, texts, asked.rounds), alone(readers, texts, Path(folder))):
            for name, found in measured.items():
                told[name] |= found
    contestants = [Contestant(name, LANGUAGE.get(name), **found) for name, found in told.items()]
    today = datetime.date.today().isoformat()
    how = {
        "command": command(),
        "day": today,
        "scored": today,
        "machine": described(),
        "learned_from": len(lesson.texts),
        "most_vectors": min(MOST_VECTORS, len(lesson.texts)),
        "most_paired": min(MOST_PAIRED, len(lesson.texts)),
        "rounds": asked.rounds,
        "comments": COMMENTS,
        "turn": SECONDS,
        "long": LONG,
        "price": asked.price,
    }
    return Measured(contestants, missing, how)


def truth(name: str, read: Reader, dev: Dataset, tests: list[Dataset]) -> dict[str, Any]:
    """Pillar micro-F1, at thresholds chosen on the held-out comments, and sentiment accuracy."""
    held = None if name in LANGUAGE else read(list(dev["text"]))[0]
    thresholds = None if held is None else choose_thresholds(held, truth_of(dev).aspects)
    found: dict[str, list[float | None]] = {"f1": [], "sentiment": []}
    for test in tests:
        if name in LANGUAGE:
            language = np.asarray(test["language"])
            test = test.select(np.flatnonzero(language == LANGUAGES.index(LANGUAGE[name])))
        labels = truth_of(test)
        probabilities, sentiment = read(list(test["text"]))
        found["sentiment"].append(float(np.mean(sentiment == labels.sentiment)))
        f1 = None
        if probabilities is not None and thresholds is not None:
            guess = Readings(probabilities >= thresholds, sentiment)
            f1 = scores(labels, guess)["pillar_micro_f1"]
        found["f1"].append(f1)
    return found


def speeds(
    readers: Mapping[str, Reader], texts: list[str], rounds: int
) -> dict[str, dict[str, Any]]:
    """Comments a second; seconds for each count of comments; words a second by length.

    All read the same comments; a slow one reads every second, third, … of them, as many as fit its
    turn by the speed of its warm-up.
    """
    few = texts[:COMMENTS]
    rates = {name: _rate(read, few[::20]) for name, read in readers.items()}
    samples = {
        name: few[:: max(1, round(len(few) / (SECONDS * rate)))] for name, rate in rates.items()
    }
    words = sum(len(text.split()) for text in few) / len(few)
    of_length = {
        (name, length): of_words(texts, length, max(2, round(SECONDS * rate * words / length / 2)))
        for name, rate in rates.items()
        for length in LENGTHS
    }
    runs: dict[tuple[str, str, int], Callable[[], object]] = {}
    for name, read in readers.items():
        runs[name, "sample", 0] = functools.partial(read, samples[name])
        runs[name, "count", 1] = one_by_one(read, few[:: len(few) // ALONE])
        for count in COUNTS[1:]:
            if count == COUNTS[1] or count / rates[name] <= LONG:
                runs[name, "count", count] = functools.partial(read, texts[:count])
        for length in LENGTHS:
            runs[name, "length", length] = functools.partial(read, of_length[name, length])
    seconds = medians(runs, rounds)
    found: dict[str, dict[str, Any]] = {}
    for name in readers:
        counts = {
            count: taken / ALONE if count == 1 else taken
            for (reader, kind, count), taken in seconds.items()
            if (reader, kind) == (name, "count")
        }
        found[name] = {
            "rate": len(samples[name]) / seconds[name, "sample", 0],
            "seconds": {count: (extrapolate(counts, count), count in counts) for count in COUNTS},
            "words_rate": {
                length: length * len(of_length[name, length]) / seconds[name, "length", length]
                for length in LENGTHS
            },
        }
    return found


def _rate(read: Reader, texts: list[str]) -> float:
    started = time.perf_counter()
    read(texts)
    return len(texts) / (time.perf_counter() - started)


def alone(
    readers: Mapping[str, Reader], texts: list[str], folder: Path
) -> dict[str, dict[str, Any]]:
    """What each takes in fresh processes: MB on disk, seconds to the first result, MB of memory."""
    one, many = folder / "one.json", folder / "many.json"
    one.write_text(json.dumps(texts[:1]), encoding="utf-8")
    many.write_text(json.dumps(texts[:COMMENTS]), encoding="utf-8")
    commands = {}
    for number, (name, read) in enumerate(readers.items()):
        joblib.dump(read, folder / f"{number}.joblib")
        commands[name] = [sys.executable, str(HERE / "readers.py"), f"{folder}/{number}.joblib"]
    first = medians(
        {
            name: functools.partial(
                subprocess.run, [*command, str(one)], check=True, stderr=subprocess.DEVNULL
            )
            for name, command in commands.items()
        },
        3,
    )
    return {
        name: {
            "first": first[name],
            "memory_mb": max(memory for _, memory, _ in watch([*command, str(many)])),
            "disk_mb": _size(readers[name], Path(command[-1])),
        }
        for name, command in commands.items()
    }


def _size(read: Reader, kept: Path) -> float | None:
    """MB of what has been learned; of a committed model its folder, of a lexicon nothing."""
    if isinstance(read, Lexicon):
        return None
    return megabytes(read.model.folder.iterdir() if isinstance(read, Committed) else [kept])


if __name__ == "__main__":
    main()
