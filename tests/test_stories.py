"""The stories of benchmarks/stories.py."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tiny

from cxnlp.evaluation import Readings, f1, readings_of
from cxnlp.files.labelled import Labelled

STORY = [f"Zin {number}." for number in range(5)]


def test_a_comment_stands_between_sentences_that_follow_each_other(
    benchmark: Callable[[str], Any],
) -> None:
    told = benchmark("stories").told
    draw = np.random.default_rng(0)
    assert told("Prima", STORY, 0, draw) == "Prima"
    stories = {told("Prima", STORY, 2, draw) for _ in range(200)}
    pairs = list(itertools.pairwise(STORY))
    assert stories == {
        " ".join(story)
        for first, second in pairs
        for story in (
            ("Prima.", first, second), (first, "Prima.", second), (first, second, "Prima."),
        )
    }  # fmt: skip
    assert told("Prima!", STORY, 5, draw).count("Prima! ") <= 1
    assert "Prima!." not in told("Prima!", STORY, 5, draw)


def test_what_is_told_is_short_and_in_a_language_of_the_sentences(
    benchmark: Callable[[str], Any],
) -> None:
    stories = benchmark("stories")
    texts = ["kort", "short", "lang " * (stories.MOST_WORDS + 1), "allebei, both", "kurz"]
    nothing = np.zeros((5, 17, 2), bool)
    truth = Readings(nothing, np.ones(5, int), language=np.array([0, 1, 0, 2, 3]))
    assert stories.short(Labelled(texts, [""] * 5, truth)).tolist() == [0, 1]


def test_a_model_is_measured_alone_and_in_stories(
    benchmark: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = benchmark("stories")
    monkeypatch.setattr(stories, "MODELS", ("tiny",))
    monkeypatch.setattr(stories.cxnlp, "load", lambda name: tiny.model())
    texts = ["Prima geholpen", "Lovely staff"]
    read = readings_of(tiny.model().classify(texts))
    assert read.aspects.any()
    # Half of what the model finds is labelled, and one of the two sentiments.
    labelled = read.aspects & (np.cumsum(read.aspects).reshape(read.aspects.shape) % 2 == 0)
    sentiment = np.array([read.sentiment[0], (read.sentiment[1] + 1) % 4])
    data = Labelled(texts, ["", ""], Readings(labelled, sentiment, language=np.array([0, 1])))
    neutral = {"nl": [f"Zin {n}." for n in range(9)], "en": [f"Line {n}." for n in range(9)]}
    (figures,) = stories.measure(data, neutral).values()
    assert len(figures) == len(stories.SENTENCES)
    assert figures[0] == (f1(labelled, read.aspects), 0.5)
    assert 0.5 < figures[0][0] < 0.8
    assert len(set(figures)) > 1
