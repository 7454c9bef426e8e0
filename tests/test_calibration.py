from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from cxnlp.calibration import Calibration, sentiment_features

THRESHOLDS = np.linspace(0.2, 0.8, 34, dtype=np.float32).reshape(17, 2)
WEIGHTS = np.eye(10, 4, dtype=np.float32)  # the sentiment's own logits alone
CALIBRATION = Calibration(0.8, -0.1, WEIGHTS, 2.0, THRESHOLDS)


def test_probabilities() -> None:
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 4, (5, 17, 2)).astype(np.float32)
    found = CALIBRATION.aspects(logits)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 1 / (1 + np.exp(0.1 - 0.8 * logits)), atol=1e-6)
    one = draw.normal(0, 4, (5, 4)).astype(np.float32)
    for scale, read in ((1, CALIBRATION.sentiment(one, found)), (2, CALIBRATION.language(one))):
        expected = np.exp(one / scale)
        np.testing.assert_allclose(read, expected / expected.sum(1, keepdims=True), rtol=1e-4)


def test_sentiment_looks_at_praise_and_blame() -> None:
    aspects = np.zeros((2, 17, 2), np.float32)
    aspects[0, 0], aspects[0, 1, 0] = (0.5, 0.25), 0.75
    found = sentiment_features(np.zeros((2, 4), np.float32), aspects)
    quarter = [np.log(0.25)] * 4
    np.testing.assert_allclose(found[0], [*quarter, 0.75, 0.25, 0.1875, 1.25, 0.25, 1], rtol=1e-6)
    np.testing.assert_allclose(found[1], [*quarter, 0, 0, 0, 0, 0, 1], rtol=1e-6)
    weights = WEIGHTS.copy()
    weights[6, 3] = 50  # praise beside blame
    both = dataclasses.replace(CALIBRATION, sentiment_weights=weights)
    assert both.sentiment(np.zeros((2, 4), np.float32), aspects).argmax(axis=1).tolist() == [3, 0]


def test_a_comment_is_read_the_same_alone_and_among_others() -> None:
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 4, (300, 4)).astype(np.float32)
    aspects = draw.random((300, 17, 2), np.float32)
    weights = draw.normal(0, 1, WEIGHTS.shape).astype(np.float32)
    calibration = dataclasses.replace(CALIBRATION, sentiment_weights=weights)
    alone = [calibration.sentiment(logits[at : at + 1], aspects[at : at + 1]) for at in range(300)]
    np.testing.assert_array_equal(calibration.sentiment(logits, aspects), np.concatenate(alone))


def test_huge_logits_neither_overflow_nor_warn() -> None:
    extreme = np.float32([[-1e4, 0, 1e4, 1]])
    np.testing.assert_allclose(
        CALIBRATION.sentiment(extreme, np.zeros((1, 17, 2))), [[0, 0, 1, 0]], atol=1e-6
    )
    aspects = CALIBRATION.aspects(np.full((1, 17, 2), -1e4, np.float32))
    assert (aspects == 0).all()


def test_each_aspect_and_sign_has_its_own_threshold() -> None:
    assert CALIBRATION.decide(THRESHOLDS[None]).all()
    assert not CALIBRATION.decide(THRESHOLDS[None] - 1e-3).any()


def test_json_round_trip() -> None:
    again = Calibration.from_json(json.loads(json.dumps(CALIBRATION.to_json())))
    np.testing.assert_allclose(again.thresholds, THRESHOLDS, atol=1e-4)
    np.testing.assert_array_equal(again.sentiment_weights, WEIGHTS)
    assert (again.slope, again.offset) == (0.8, -0.1)
    with pytest.raises(KeyError):
        Calibration.from_json(CALIBRATION.to_json() | {"thresholds": {}})
