"""From logits to probabilities to decisions."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from cxnlp.taxonomy import ASPECTS, SENTIMENTS, SIGNS

#: Of `sentiment_features`.
FEATURES = len(SENTIMENTS) + 6


@dataclasses.dataclass(frozen=True)
class Calibration:
    """What turns a network's logits into probabilities that hold, and those into decisions.

    Aspects by Platt scaling (Platt 1999), a slope and an offset; language by temperature (Guo et
    al. 2017); sentiment by a logistic regression on its own logits and on how much praise and
    blame the aspects hold (stacking, Wolpert 1992).

    Attributes
    ----------
    slope, offset
        Of the aspects' logits.
    sentiment_weights
        Of `sentiment_features`, (10, 4) float32.
    language_temperature
        Divisor of the language's logits.
    thresholds
        Probability from which an aspect and sign is decided, (17, 2) float32.
    """

    slope: float
    offset: float
    sentiment_weights: np.ndarray
    language_temperature: float
    thresholds: np.ndarray

    def aspects(self, logits: np.ndarray) -> np.ndarray:
        """(n, 17, 2) float32 logits -> probabilities; each sign stands alone."""
        scaled = self.slope * logits + self.offset
        return ((1 + np.tanh(scaled / 2)) / 2).astype(np.float32)  # the logistic, no overflow

    def sentiment(self, logits: np.ndarray, aspects: np.ndarray) -> np.ndarray:
        """(n, 4) logits, (n, 17, 2) probabilities of the aspects -> probabilities that sum to 1."""
        # Not with @: how BLAS sums depends on how many rows there are.
        features = sentiment_features(logits, aspects)
        return _softmax(np.einsum("nf,fs->ns", features, self.sentiment_weights))

    def language(self, logits: np.ndarray) -> np.ndarray:
        """(n, 4) float32 logits -> probabilities that sum to 1."""
        return _softmax(logits / self.language_temperature)

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """(n, 17, 2) probabilities -> (n, 17, 2) bool."""
        return probabilities >= self.thresholds

    def to_json(self) -> dict[str, Any]:
        """Plain values for a manifest."""
        values = dataclasses.asdict(self)
        rows = np.round(self.thresholds.astype(float), 4).tolist()
        weights = np.round(self.sentiment_weights.astype(float), 4).tolist()
        return values | {
            "sentiment_weights": weights,
            "thresholds": dict(zip(ASPECTS, rows, strict=True)),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Calibration:
        """The inverse of `to_json`.

        Raises
        ------
        KeyError, TypeError, ValueError
            Where a value is missing, is no finite number, or is not of its shape.
        """
        rows = [values["thresholds"][aspect] for aspect in ASPECTS]
        thresholds = np.array(rows, np.float32).reshape(len(ASPECTS), len(SIGNS))
        weights = np.array(values["sentiment_weights"], np.float32)
        weights = weights.reshape(FEATURES, len(SENTIMENTS))
        calibration = cls(**{**values, "sentiment_weights": weights, "thresholds": thresholds})
        for name, value in vars(calibration).items():
            if not np.isfinite(value).all():
                raise ValueError(f"{name} is not finite")
        if calibration.language_temperature <= 0:
            raise ValueError("language_temperature is not over 0")
        return calibration


def sentiment_features(logits: np.ndarray, aspects: np.ndarray) -> np.ndarray:
    """What the sentiment of a comment is read from, (n, 10) float32.

    In this order: the logarithm of each sentiment's own probability; of the aspects' probabilities
    (n, 17, 2) the highest of praise, the highest of blame, and the product of these two; the sum
    of praise and that of blame; and 1.
    """
    peak = aspects.max(axis=1)
    features = [
        np.log(np.maximum(_softmax(logits), 1e-12)),
        peak,
        peak.prod(axis=1, keepdims=True),
        aspects.sum(axis=1),
        np.ones((len(logits), 1)),
    ]
    return np.concatenate(features, axis=1).astype(np.float32)


def _softmax(logits: np.ndarray) -> np.ndarray:
    grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (grown / grown.sum(axis=-1, keepdims=True)).astype(np.float32)
