"""How true the readings are: the metrics that every published figure comes from.

A *decision* is one (comment, aspect, sign). All functions take arrays over the same comments.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from cxnlp.results import Results
from cxnlp.taxonomy import ASPECTS, LANGUAGES, SENTIMENTS, indices

#: An aspect counts in macro-F1 when the labels hold it this often.
LEAST_DECISIONS = 5
BINS = 15
#: Comments of which the bootstrap tells how far chance reaches.
FEWEST = 20
RESAMPLES = 1000


@dataclasses.dataclass(frozen=True)
class Readings:
    """Labels or predictions of n comments.

    Attributes
    ----------
    aspects
        Decisions, (n, 17, 2) bool.
    sentiment
        Indices into ``SENTIMENTS``, (n,) int.
    probabilities
        Of the aspects, (n, 17, 2) float32; predictions only.
    spans
        Character offsets of the evidence, (n, 17, 2, 2) int32, -1 where there is none.
    language
        Indices into ``LANGUAGES``, (n,) int.
    """

    aspects: np.ndarray
    sentiment: np.ndarray
    probabilities: np.ndarray | None = None
    spans: np.ndarray | None = None
    language: np.ndarray | None = None

    def __getitem__(self, rows: np.ndarray) -> Readings:
        held = {name: value for name, value in vars(self).items() if value is not None}
        return Readings(**{name: value[rows] for name, value in held.items()})


def f1(truth: np.ndarray, guess: np.ndarray) -> float:
    """F1 of boolean decisions, pooled; 0 where neither side has any."""
    hits = np.sum(truth & guess)
    total = truth.sum() + guess.sum()
    return float(2 * hits / total) if total else 0.0


def f1_interval(truth: np.ndarray, guess: np.ndarray) -> list[float]:
    """What `f1` would be over all comments of the same kind: its 95% interval, low and high.

    The middle 95% of the F1 of as many comments drawn anew from these, with replacement, a thousand
    times: the percentile bootstrap (Efron 1979, "Bootstrap methods", Annals of Statistics 7, 1-26).

    Parameters
    ----------
    truth, guess
        (n, ...) bool; a comment is a row.
    """
    count = len(truth)
    rows = np.stack([truth & guess, truth, guess]).reshape(3, count, -1).sum(axis=2)
    draw = np.random.default_rng(0)
    hits, labelled, found = np.transpose(
        [
            rows @ np.bincount(draw.integers(count, size=count), minlength=count)
            for _ in range(RESAMPLES)
        ]
    )
    low, high = np.quantile(2 * hits / np.maximum(labelled + found, 1), (0.025, 0.975))
    return [float(low), float(high)]


def aspect_scores(truth: Readings, guess: Readings) -> dict[str, dict[str, Any]]:
    """Per aspect: labelled decisions (``support``), precision, recall and F1 over both signs.

    The three are None where neither side has any decision: nothing was right, and nothing wrong.
    """
    scores = {}
    for index, aspect in enumerate(ASPECTS):
        labelled, found = truth.aspects[:, index], guess.aspects[:, index]
        hits = np.sum(labelled & found)
        decided = labelled.any() or found.any()
        scores[aspect] = {
            "support": int(labelled.sum()),
            "precision": float(hits / max(found.sum(), 1)) if decided else None,
            "recall": float(hits / max(labelled.sum(), 1)) if decided else None,
            "f1": f1(labelled, found) if decided else None,
        }
    return scores


def sentiment_macro_f1(truth: np.ndarray, guess: np.ndarray) -> float:
    """Mean F1 over the four sentiments, those that neither side holds left out."""
    present = [k for k in range(len(SENTIMENTS)) if (truth == k).any() or (guess == k).any()]
    return float(np.mean([f1(truth == k, guess == k) for k in present])) if present else 0.0


def expected_calibration_error(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """ECE over all decisions, 15 bins of equal width (Naeini et al. 2015; Guo et al. 2017).

    The gap between mean probability and observed frequency, weighted by the size of the bin.
    """
    hits, scores = truth.reshape(-1).astype(float), probabilities.reshape(-1).astype(float)
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    gap = np.bincount(bins, scores - hits, BINS)
    return float(np.abs(gap).sum() / max(1, len(scores)))


def evidence_hit_rate(truth: Readings, guess: Readings) -> float:
    """Of the correct decisions with a quote, the share whose span overlaps the quote."""
    if truth.spans is None or guess.spans is None:
        return float("nan")
    correct = truth.aspects & guess.aspects & (truth.spans[..., 1] > 0)
    overlap = (guess.spans[..., 0] < truth.spans[..., 1]) & (
        guess.spans[..., 1] > truth.spans[..., 0]
    )
    return float(overlap[correct].mean()) if correct.any() else float("nan")


def scores(truth: Readings, guess: Readings) -> dict[str, float]:
    """The headline figures of one set of comments; those that it is too small for are left out."""
    by_aspect = aspect_scores(truth, guess)
    decided = truth.aspects.any() or guess.aspects.any()
    counted = [s["f1"] for s in by_aspect.values() if s["support"] >= LEAST_DECISIONS]
    figures = {
        "comments": len(truth.sentiment),
        "decisions": int(truth.aspects.sum()),
        "pillar_micro_f1": f1(truth.aspects, guess.aspects) if decided else float("nan"),
        "pillar_macro_f1": float(np.mean(counted)) if counted else float("nan"),
        "sentiment_accuracy": float(np.mean(truth.sentiment == guess.sentiment)),
        "sentiment_macro_f1": sentiment_macro_f1(truth.sentiment, guess.sentiment),
    }
    if guess.probabilities is not None:
        figures["ece"] = expected_calibration_error(truth.aspects, guess.probabilities)
    if guess.spans is not None:
        figures["evidence_hit_rate"] = evidence_hit_rate(truth, guess)
    if truth.language is not None and guess.language is not None:
        figures["language_accuracy"] = float(np.mean(truth.language == guess.language))
    return {name: value for name, value in figures.items() if not np.isnan(value)}


def readings_of(results: Results) -> Readings:
    """The predictions of a model, for comparing with labels."""
    return Readings(
        results.decisions,
        np.array(indices(results.sentiment.tolist(), SENTIMENTS), int),
        results.aspect_probabilities,
        results.evidence,
        np.array(indices(results.language.tolist(), LANGUAGES), int),
    )


def report(truth: Readings, guess: Readings, sources: Sequence[str]) -> dict[str, Any]:
    """All figures: ``overall``, ``by_language``, ``by_source`` (as `scores`) and ``by_aspect``.

    Beside each ``pillar_micro_f1`` of `FEWEST` comments or more stands its interval
    (`f1_interval`), which of fewer would be too narrow. The languages are those of the labels, so
    ``language_accuracy`` of one is the share of its comments that are recognised as being in it.

    Raises
    ------
    ValueError
        If the labels do not say the language.
    """
    if truth.language is None:
        raise ValueError("the labels must say the language")
    slices = {}
    languages = np.array(LANGUAGES)[truth.language]
    for name, values in (("by_language", languages), ("by_source", np.array(sources))):
        slices[name] = {
            str(value): _with_interval(truth[values == value], guess[values == value])
            for value in np.unique(values)
        }
    overall = _with_interval(truth, guess)
    return {"overall": overall, **slices, "by_aspect": aspect_scores(truth, guess)}


def _with_interval(truth: Readings, guess: Readings) -> dict[str, Any]:
    figures: dict[str, Any] = scores(truth, guess)
    if "pillar_micro_f1" in figures and len(truth.sentiment) >= FEWEST:
        figures["pillar_micro_f1_interval"] = f1_interval(truth.aspects, guess.aspects)
    return figures


def tables(report: dict[str, Any]) -> str:
    """A report for the eye."""
    columns = {
        "comments": "comments",
        "decisions": "decisions",
        "pillar_micro_f1": "micro-F1",
        "pillar_micro_f1_interval": "95%",
        "pillar_macro_f1": "macro-F1",
        "sentiment_accuracy": "sent.acc",
        "sentiment_macro_f1": "sent.F1",
        "ece": "ECE",
        "evidence_hit_rate": "evidence",
        "language_accuracy": "language",
    }
    lines = [f"{'':16}" + "".join(f"{title:>10}" for title in columns.values())]
    for group in ("overall", "by_language", "by_source"):
        rows = {"all": report[group]} if group == "overall" else report[group]
        for name, row in rows.items():
            shown = "".join(f"{_shown(row.get(key)):>10}" for key in columns)
            lines.append(f"{name or '(none)':16}{shown}")
        lines.append("")
    lines.append(f"{'aspect':16}" + "".join(f"{t:>10}" for t in ASPECT_COLUMNS))
    for aspect, row in report["by_aspect"].items():
        lines.append(f"{aspect:16}" + "".join(f"{_shown(row[t]):>10}" for t in ASPECT_COLUMNS))
    return "\n".join(lines)


ASPECT_COLUMNS = ("support", "precision", "recall", "f1")


def _shown(value: float | list[float] | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return "-".join(f"{end:.2f}" for end in value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
