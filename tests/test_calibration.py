from __future__ import annotations

import json

import numpy as np
import pytest

from cxnlp.calibration import Calibration

THRESHOLDS = np.linspace(0.2, 0.8, 34, dtype=np.float32).reshape(17, 2)
CALIBRATION = Calibration(0.8, -0.1, 1.5, 2.0, THRESHOLDS)


def test_probabilities() -> None:
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 4, (5, 17, 2)).astype(np.float32)
    found = CALIBRATION.aspects(logits)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 1 / (1 + np.exp(0.1 - 0.8 * logits)), atol=1e-6)
    for scale, head in ((1.5, CALIBRATION.sentiment), (2.0, CALIBRATION.language)):
        logits = draw.normal(0, 4, (5, 4)).astype(np.float32)
        expected = np.exp(logits / scale)
        np.testing.assert_allclose(
            head(logits), expected / expected.sum(axis=1, keepdims=True), rtol=1e-5
        )


def test_huge_logits_neither_overflow_nor_warn() -> None:
    extreme = np.float32([[-1e4, 0, 1e4, 1]])
    np.testing.assert_allclose(CALIBRATION.sentiment(extreme), [[0, 0, 1, 0]])
    aspects = CALIBRATION.aspects(np.full((1, 17, 2), -1e4, np.float32))
    assert (aspects == 0).all()


def test_each_aspect_and_sign_has_its_own_threshold() -> None:
    assert CALIBRATION.decide(THRESHOLDS[None]).all()
    assert not CALIBRATION.decide(THRESHOLDS[None] - 1e-3).any()


def test_json_round_trip() -> None:
    again = Calibration.from_json(json.loads(json.dumps(CALIBRATION.to_json())))
    np.testing.assert_allclose(again.thresholds, THRESHOLDS, atol=1e-4)
    assert (again.slope, again.offset) == (0.8, -0.1)
    with pytest.raises(KeyError):
        Calibration.from_json(CALIBRATION.to_json() | {"thresholds": {}})
