"""How the contestants of benchmarks/baselines.py read, and what its page says of them."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from conftest import BENCHMARKS
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.multiclass import OneVsRestClassifier

HOW = {
    "command": "python benchmarks/baselines.py", "day": "2026-01-01", "scored": "2026-01-02",
    "machine": "a machine",
    "learned_from": 3, "most_vectors": 2, "most_paired": 1, "rounds": 5, "comments": 2000,
    "turn": 2.0, "long": 5.0, "price": 0.1,
}  # fmt: skip


def test_regressions_read_the_same_when_they_are_loaded(benchmark: Any, tmp_path: Path) -> None:
    readers = benchmark("readers")
    texts = ["vriendelijk", "traag", "vriendelijk en traag"]
    decisions = np.zeros((3, 34), int)
    decisions[0, ::2] = decisions[1, 1::2] = decisions[1, 2] = 1
    features = CountVectorizer()
    table = features.fit_transform(texts)
    one_each = OneVsRestClassifier(DummyClassifier(strategy="prior")).fit(table, decisions)
    sentiment = DummyClassifier().fit(table, [2, 0, 2])
    read = readers.Regressions(features, one_each, sentiment)
    probabilities, feelings = read(texts)
    assert probabilities.shape == (3, 17, 2)
    assert probabilities[0, :2].ravel().tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1 / 3])
    assert feelings.tolist() == [2, 2, 2]

    kept = tmp_path / "kept.joblib"
    joblib.dump(read, kept)
    assert np.array_equal(joblib.load(kept)(texts)[0], probabilities)


def test_a_process_of_its_own_reads(benchmark: Any, tmp_path: Path) -> None:
    kept, asked = tmp_path / "kept.joblib", tmp_path / "texts.json"
    joblib.dump(benchmark("readers").Lexicon(len), kept)
    command = [sys.executable, str(BENCHMARKS / "readers.py"), str(kept), str(asked)]
    for texts, fails in (["één", "twee"], 0), ([1], 1):
        asked.write_text(json.dumps(texts), encoding="utf-8")
        assert subprocess.run(command, stderr=subprocess.DEVNULL).returncode == fails


def test_a_lexicon_reads_sentiment_alone(benchmark: Any) -> None:
    read = benchmark("readers").Lexicon({"fine": 0.06, "so": 0.05, "meh": 0.04, "no": -1.0}.get)
    probabilities, feelings = read(["fine", "so", "meh", "no"])
    assert probabilities is None
    assert feelings.tolist() == [2, 2, 1, 0]


def test_losses_are_told_as_plainly_as_wins(benchmark: Any, tmp_path: Path) -> None:
    page = benchmark("baselines_page")
    ours = page.Contestant(
        "cxnlp, fast", None, 1.0, [0.75, 0.60], [0.9, 0.8], 100.0,
        {1: (0.01, True), 100: (1.0, True), 1_000_000: (10_000.0, False)},
        dict.fromkeys(page.LENGTHS, 2000.0), 0.8, 300.0, 10.0,
    )  # fmt: skip
    peer = dataclasses.replace(
        ours, name="peer", f1=[0.7, 0.625], rate=250.0, first=0.4, memory_mb=600.0, disk_mb=90.0
    )
    lexicon = dataclasses.replace(
        ours, name="words", language="nl", f1=[None, None], rate=9000.0, disk_mb=None
    )
    measured = page.Measured([ours, peer, lexicon], {"gone": "not installed"}, HOW)
    kept = tmp_path / "baselines.json"
    measured.write(kept)
    text = page.page(page.Measured.read(kept))
    assert text == page.page(measured)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert "| cxnlp, fast | 0.750 | 0.900 | 0.600 | 0.800 | 100 | |" in rows
    assert "| words (nl) | | 0.900 | | 0.800 | 9,000 | |" in rows
    assert "| peer | 90.0 | 0.40 s | 600 | 2 h 47 min\\* | 0.2778\\* |" in rows
    assert "| pillar F1, public | none |" in rows
    assert "| pillar F1, unseen | peer +0.025 |" in rows
    assert "| comments per second | peer 2.5× |" in rows
    assert "| first result | peer 2.0× |" in rows
    assert "| peak memory | none |" in rows
    assert "- Not measured: gone (not installed)." in text


def test_ours_are_scored_anew_and_the_rest_is_kept(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    baselines, page = benchmark("baselines"), benchmark("baselines_page")
    ours = page.Contestant(
        "cxnlp, fast", None, 1.0, [0.75, 0.60], [0.9, 0.8], 100.0, {1: (0.01, True)},
        dict.fromkeys(page.LENGTHS, 2000.0), 0.8, 300.0, 10.0,
    )  # fmt: skip
    peer = dataclasses.replace(ours, name="peer")
    monkeypatch.setattr(baselines, "read_labelled", lambda paths: {"text": ["Prima"]})
    monkeypatch.setattr(baselines, "truth_of", lambda table: None)
    monkeypatch.setitem(baselines.CONTESTANTS, "cxnlp, fast", lambda lesson: "the model of today")
    anew = {"f1": [0.77, 0.63], "sentiment": [0.91, 0.82]}
    monkeypatch.setattr(
        baselines, "truth", lambda name, read, dev, tests: anew if "of today" in read else {}
    )
    found = baselines.scored(page.Measured([ours, peer], {}, HOW))
    assert found.contestants == [dataclasses.replace(ours, **anew), peer]
    assert found.how["scored"] > HOW["scored"]
    assert found.how | {"scored": ""} == HOW | {"scored": ""}
