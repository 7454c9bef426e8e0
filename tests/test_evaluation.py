"""Every metric against a slow, plain implementation on random data."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from cxnlp import evaluation
from cxnlp.evaluation import Readings
from cxnlp.taxonomy import ASPECTS


@pytest.fixture(scope="module")
def pair() -> tuple[Readings, Readings]:
    draw = np.random.default_rng(0)
    truth = draw.random((60, 17, 2)) < 0.1
    truth[:, 3] = False
    truth[:4, 3, 0] = True  # one short of the five that macro-F1 asks for
    probabilities = draw.random((60, 17, 2)).astype(np.float32) * 0.5 + 0.4 * truth
    start = draw.integers(0, 50, (60, 17, 2))
    spans = np.stack([start, start + draw.integers(1, 20, start.shape)], axis=-1)
    shift = draw.integers(-30, 30, start.shape)[..., None]
    return (
        Readings(
            truth,
            draw.integers(0, 4, 60),
            spans=np.where(truth[..., None], spans, -1),
            language=np.arange(60) // 30,
        ),
        Readings(
            probabilities > 0.45,
            draw.integers(0, 4, 60),
            probabilities,
            spans + shift,
            np.arange(60) // 20,
        ),
    )


def test_scores(pair: tuple[Readings, Readings]) -> None:
    truth, guess = pair
    found = evaluation.scores(truth, guess)
    assert found["comments"] == 60
    assert found["decisions"] == truth.aspects.sum()
    flat = truth.aspects.reshape(-1), guess.aspects.reshape(-1)
    assert found["pillar_micro_f1"] == pytest.approx(f1_score(*flat))
    counted = [
        f1_score(truth.aspects[:, a].reshape(-1), guess.aspects[:, a].reshape(-1))
        for a in range(len(ASPECTS))
        if a != 3
    ]
    assert found["pillar_macro_f1"] == pytest.approx(np.mean(counted))
    assert found["sentiment_accuracy"] == accuracy_score(truth.sentiment, guess.sentiment)
    assert found["sentiment_macro_f1"] == pytest.approx(
        f1_score(truth.sentiment, guess.sentiment, average="macro")
    )


def test_aspect_scores(pair: tuple[Readings, Readings]) -> None:
    truth, guess = pair
    for index, (_, found) in enumerate(evaluation.aspect_scores(truth, guess).items()):
        flat = truth.aspects[:, index].reshape(-1), guess.aspects[:, index].reshape(-1)
        assert found["support"] == flat[0].sum()
        assert found["precision"] == pytest.approx(precision_score(*flat))
        assert found["recall"] == pytest.approx(recall_score(*flat))


def test_ece(pair: tuple[Readings, Readings]) -> None:
    truth, guess = pair
    hits, probabilities = truth.aspects.reshape(-1), guess.probabilities.reshape(-1)
    expected = 0.0
    for low in range(15):
        inside = [i for i, p in enumerate(probabilities) if low <= float(p) * 15 < low + 1]
        if inside:
            gap = np.mean(hits[inside]) - np.mean(probabilities[inside].astype(float))
            expected += len(inside) / len(hits) * abs(gap)
    found = evaluation.expected_calibration_error(truth.aspects, guess.probabilities)
    assert found == pytest.approx(expected)
    sure = np.ones(3, bool)
    assert evaluation.expected_calibration_error(sure, sure.astype(float)) == 0


def test_evidence_hit_rate(pair: tuple[Readings, Readings]) -> None:
    truth, guess = pair
    hits = []
    for at in zip(*np.nonzero(truth.aspects & guess.aspects), strict=True):
        quote, span = set(range(*truth.spans[at])), set(range(*guess.spans[at]))
        hits.append(bool(quote & span))
    assert 0 < np.mean(hits) < 1
    assert evaluation.evidence_hit_rate(truth, guess) == pytest.approx(np.mean(hits))


def test_an_interval_holds_what_other_comments_give() -> None:
    draw = np.random.default_rng(3)
    truth = draw.random((4000, 17, 2)) < 0.1
    guess = truth ^ (draw.random(truth.shape) < 0.03)
    low, high = evaluation.f1_interval(truth[:400], guess[:400])
    assert low < evaluation.f1(truth[:400], guess[:400]) < high
    others = [
        evaluation.f1(truth[at : at + 400], guess[at : at + 400]) for at in range(0, 4000, 400)
    ]
    assert 2 * np.std(others) == pytest.approx((high - low) / 2, rel=0.5)
    wide = evaluation.f1_interval(truth[:40], guess[:40])
    assert wide[1] - wide[0] > 2 * (high - low)
    assert evaluation.f1_interval(truth[:1], truth[:1]) == [1.0, 1.0]


def test_nothing_found_is_zero_not_an_error() -> None:
    none = Readings(np.zeros((2, 17, 2), bool), np.array([0, 1]), np.zeros((2, 17, 2), np.float32))
    some = Readings(np.ones((2, 17, 2), bool), np.array([0, 0]))
    assert evaluation.scores(some, none)["pillar_micro_f1"] == 0
    assert evaluation.scores(none, some)["sentiment_accuracy"] == 0.5
    assert not {"pillar_macro_f1", "pillar_micro_f1"} & evaluation.scores(none, none).keys()
    undefined = {"support": 0, "precision": None, "recall": None, "f1": None}
    assert evaluation.aspect_scores(none, none)["time"] == undefined
    assert evaluation.aspect_scores(none, some)["time"]["f1"] == 0


def test_rows_can_be_chosen(pair: tuple[Readings, Readings]) -> None:
    truth, guess = pair
    rows = truth.sentiment == 2
    assert 0 < rows.sum() < len(rows)
    for whole in pair:
        for name, values in vars(whole[rows]).items():
            if values is not None:
                np.testing.assert_array_equal(values, vars(whole)[name][rows])
    assert evaluation.scores(truth[rows], guess[rows])["comments"] == rows.sum()


def test_language_is_scored_by_the_language_of_the_labels(
    pair: tuple[Readings, Readings],
) -> None:
    report = evaluation.report(*pair, [""] * 60)
    assert report["overall"]["language_accuracy"] == pytest.approx(30 / 60)
    assert report["by_language"]["nl"]["language_accuracy"] == pytest.approx(20 / 30)
    assert report["by_language"]["en"]["language_accuracy"] == pytest.approx(10 / 30)


def test_comments_without_a_source_are_named_in_the_table(pair: tuple[Readings, Readings]) -> None:
    report = evaluation.report(*pair, ["shop", ""] * 30)
    assert list(report["by_source"]) == ["", "shop"]
    names = [line[:16].strip() for line in evaluation.tables(report).splitlines()]
    assert names[:9] == ["", "all", "", "en", "nl", "", "(none)", "shop", ""]
