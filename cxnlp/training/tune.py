"""Calibration and thresholds, fitted on held-out comments."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from cxnlp.calibration import Calibration
from cxnlp.evaluation import Readings, f1
from cxnlp.taxonomy import ASPECTS, LANGUAGES, SENTIMENTS, SIGNS

GRID = np.arange(0.10, 0.81, 0.01)
#: A label's own threshold weighs as much as the common one when it has this many examples.
PRIOR = 40


def calibrate(logits: dict[str, np.ndarray], truth: Readings, language: np.ndarray) -> Calibration:
    """Fit probabilities to observed frequencies, then choose the thresholds.

    Parameters
    ----------
    logits
        ``aspects`` (n, 17, 2), ``sentiment`` (n, 4), ``language`` (n, 4).
    truth
        The labels of the same comments.
    language
        Indices into ``LANGUAGES``, (n,).
    """
    slope, offset = _platt(logits["aspects"].reshape(-1), truth.aspects.reshape(-1))
    untuned = Calibration(
        slope,
        offset,
        _temperature(logits["sentiment"], truth.sentiment, len(SENTIMENTS)),
        _temperature(logits["language"], language, len(LANGUAGES)),
        np.full((len(ASPECTS), len(SIGNS)), 0.5, np.float32),
    )
    probabilities = untuned.aspects(logits["aspects"])
    return Calibration(
        **{**vars(untuned), "thresholds": choose_thresholds(probabilities, truth.aspects)}
    )


def choose_thresholds(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Thresholds (17, 2) float32 of best F1, those of rare labels drawn to the common one.

    Parameters
    ----------
    probabilities, truth
        (n, 17, 2) float32 and bool.
    """
    common = GRID[np.argmax([f1(truth, probabilities >= at) for at in GRID])]
    chosen = np.empty((len(ASPECTS), len(SIGNS)), np.float32)
    for aspect, sign in np.ndindex(chosen.shape):
        labelled, scored = truth[:, aspect, sign], probabilities[:, aspect, sign]
        by_grid = np.array([f1(labelled, scored >= at) for at in GRID])
        # The middle of the plateau is steadier than the peak.
        good = GRID[by_grid >= by_grid.max() - 0.01]
        count = labelled.sum()
        chosen[aspect, sign] = (count * good.mean() + PRIOR * common) / (count + PRIOR)
    return chosen


def _platt(logits: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    def loss(parameters: np.ndarray) -> float:
        scaled = parameters[0] * logits + parameters[1]
        return float(np.mean(np.logaddexp(0, scaled) - truth * scaled))

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(slope), float(offset)


def _temperature(logits: np.ndarray, truth: np.ndarray, width: int) -> float:
    hot = np.eye(width)[truth]

    def loss(parameters: np.ndarray) -> float:
        scaled = logits / np.exp(parameters[0])
        return float(np.mean(np.logaddexp.reduce(scaled, axis=1) - (hot * scaled).sum(axis=1)))

    return float(np.exp(minimize(loss, np.zeros(1), method="Nelder-Mead").x[0]))
