"""From logits to probabilities to decisions."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from cxnlp.taxonomy import ASPECTS, SIGNS


@dataclasses.dataclass(frozen=True)
class Calibration:
    """What turns a network's logits into probabilities that hold, and those into decisions.

    Aspects by Platt scaling (Platt 1999), a slope and an offset; sentiment and language by
    temperature (Guo et al. 2017).

    Attributes
    ----------
    slope, offset
        Of the aspects' logits.
    sentiment_temperature, language_temperature
        Divisors of the other logits.
    thresholds
        Probability from which an aspect and sign is decided, (17, 2) float32.
    """

    slope: float
    offset: float
    sentiment_temperature: float
    language_temperature: float
    thresholds: np.ndarray

    def aspects(self, logits: np.ndarray) -> np.ndarray:
        """(n, 17, 2) float32 logits -> probabilities; each sign stands alone."""
        scaled = self.slope * logits + self.offset
        return ((1 + np.tanh(scaled / 2)) / 2).astype(np.float32)  # the logistic, no overflow

    def sentiment(self, logits: np.ndarray) -> np.ndarray:
        """(n, 4) float32 logits -> probabilities that sum to 1."""
        return _softmax(logits / self.sentiment_temperature)

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
        return values | {"thresholds": dict(zip(ASPECTS, rows, strict=True))}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Calibration:
        """The inverse of `to_json`."""
        rows = [values["thresholds"][aspect] for aspect in ASPECTS]
        thresholds = np.array(rows, np.float32).reshape(len(ASPECTS), len(SIGNS))
        return cls(**{**values, "thresholds": thresholds})


def _softmax(logits: np.ndarray) -> np.ndarray:
    grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (grown / grown.sum(axis=-1, keepdims=True)).astype(np.float32)
