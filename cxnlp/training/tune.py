"""Calibration and thresholds, fitted on held-out comments."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from cxnlp.calibration import Calibration, sentiment_features
from cxnlp.evaluation import Readings, f1
from cxnlp.taxonomy import ASPECTS, LANGUAGES, SENTIMENTS, SIGNS

GRID = np.arange(0.10, 0.81, 0.01)
FOLDS = 8
#: A label's own threshold weighs as much as the common one when it has this many examples. Of 5 to
#: 800, with the tolerances below, chosen by eightfold cross-validation on the dev comments.
PRIOR = 200
#: The middle of the plateau is steadier than the peak: how far below its peak the F1 of all labels
#: together, and that of one of them, still counts as the plateau.
PLATEAU, OWN_PLATEAU = 0.005, 0.03
#: How strongly the sentiment's weights are drawn to its own logits; of 0.1 to 100 this one gave the
#: most accurate sentiments in eightfold cross-validation on the dev comments.
PULL = 1.0


def calibrate(logits: dict[str, np.ndarray], truth: Readings) -> Calibration:
    """Fit probabilities to observed frequencies, then choose the thresholds.

    Parameters
    ----------
    logits
        ``aspects`` (n, 17, 2), ``sentiment`` (n, 4), ``language`` (n, 4).
    truth
        The labels of the same comments, language included.
    """
    assert truth.language is not None
    slope, offset = _platt(logits["aspects"].reshape(-1), truth.aspects.reshape(-1))
    untuned = Calibration(
        slope,
        offset,
        np.zeros((0, len(SENTIMENTS)), np.float32),
        _temperature(logits["language"], truth.language, len(LANGUAGES)),
        np.zeros((len(ASPECTS), len(SIGNS)), np.float32),
    )
    probabilities = untuned.aspects(logits["aspects"])
    return dataclasses.replace(
        untuned,
        sentiment_weights=_stack(logits["sentiment"], probabilities, truth.sentiment),
        thresholds=choose_thresholds(probabilities, truth.aspects),
    )


def decided(calibration: Calibration, logits: dict[str, np.ndarray]) -> Readings:
    """What a network says, in the shape of labels."""
    probabilities = calibration.aspects(logits["aspects"])
    return Readings(
        calibration.decide(probabilities),
        calibration.sentiment(logits["sentiment"], probabilities).argmax(axis=1),
        probabilities,
        language=logits["language"].argmax(axis=1),
    )


def cross_validated(logits: dict[str, np.ndarray], truth: Readings) -> Readings:
    """As `decided`, each comment by a calibration that was fitted to others, in eight folds.

    Figures of a calibration on its own comments flatter it, by 0.01 with 1,200 of them.

    Raises
    ------
    ValueError
        For fewer than two comments.
    """
    count = len(truth.sentiment)
    if count < 2:
        raise ValueError("cross-validation needs two comments or more")
    fold = np.random.default_rng(0).permutation(count) % min(FOLDS, count)
    parts = []
    for held in range(fold.max() + 1):
        mine = fold == held
        fitted = calibrate({name: v[~mine] for name, v in logits.items()}, truth[~mine])
        parts.append(decided(fitted, {name: v[mine] for name, v in logits.items()}))
    joined = {
        name: np.concatenate([vars(part)[name] for part in parts])
        for name in ("aspects", "sentiment", "probabilities", "language")
    }
    rows = np.argsort(fold, kind="stable")  # of the comments, in the order of the parts
    return Readings(**joined)[np.argsort(rows)]


def choose_thresholds(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Thresholds (17, 2) float32 of best F1, each drawn to the common one.

    The fewer examples a label has, the more it is drawn.

    Parameters
    ----------
    probabilities, truth
        (n, 17, 2) float32 and bool.
    """
    common = _plateau(truth, probabilities, PLATEAU)
    chosen = np.empty((len(ASPECTS), len(SIGNS)), np.float32)
    for aspect, sign in np.ndindex(chosen.shape):
        labelled, scored = truth[:, aspect, sign], probabilities[:, aspect, sign]
        own, count = _plateau(labelled, scored, OWN_PLATEAU), labelled.sum()
        chosen[aspect, sign] = (count * own + PRIOR * common) / (count + PRIOR)
    return chosen


def _plateau(truth: np.ndarray, probabilities: np.ndarray, below: float) -> float:
    """The mean of the thresholds whose F1 is at most so far `below` the best."""
    by_grid = np.array([f1(truth, probabilities >= at) for at in GRID])
    return float(GRID[by_grid >= by_grid.max() - below].mean())


def _platt(logits: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    def loss(parameters: np.ndarray) -> float:
        scaled = parameters[0] * logits + parameters[1]
        return float(np.mean(np.logaddexp(0, scaled) - truth * scaled))

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(slope), float(offset)


def _stack(logits: np.ndarray, aspects: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Weights (10, 4) float32 of a logistic regression on `sentiment_features`."""
    features = sentiment_features(logits, aspects).astype(float)
    hot = np.eye(len(SENTIMENTS))[truth]
    own = np.eye(features.shape[1], len(SENTIMENTS))  # the first features are its own logits

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights = parameters.reshape(own.shape)
        likely = log_softmax(features @ weights, axis=1)
        gradient = features.T @ (np.exp(likely) - hot) + PULL * (weights - own)
        penalty = PULL / 2 * ((weights - own) ** 2).sum()
        return float(penalty - (hot * likely).sum()), gradient.ravel()

    found = minimize(loss, own.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return found.x.reshape(own.shape).astype(np.float32)


def _temperature(logits: np.ndarray, truth: np.ndarray, width: int) -> float:
    hot = np.eye(width)[truth]

    def loss(parameters: np.ndarray) -> float:
        scaled = logits / np.exp(parameters[0])
        return float(np.mean(np.logaddexp.reduce(scaled, axis=1) - (hot * scaled).sum(axis=1)))

    return float(np.exp(minimize(loss, np.zeros(1), method="Nelder-Mead").x[0]))
