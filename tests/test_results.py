from __future__ import annotations

import dataclasses
import json
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cxnlp.results import READINGS, AspectReading, Evidence, Results
from cxnlp.taxonomy import ASPECTS, LANGUAGES, SENTIMENT_ORDER

FRIENDLY, TIME = ASPECTS.index("friendliness"), ASPECTS.index("time")
TEXTS = ["Vriendelijk <b>maar</b> traag, al ging het retour snel", None, "Ok"]


@pytest.fixture
def results() -> Results:
    probabilities = np.full((3, 17, 2), 0.01, np.float32)
    decisions = np.zeros((3, 17, 2), bool)
    evidence = np.full((3, 17, 2, 2), -1, np.int32)
    for aspect, sign, probability, words in (
        (FRIENDLY, 0, 0.9, "Vriendelijk"),
        (TIME, 0, 0.6, "snel"),
        (TIME, 1, 0.8, "traag"),
    ):
        probabilities[0, aspect, sign], decisions[0, aspect, sign] = probability, True
        start = TEXTS[0].index(words)
        evidence[0, aspect, sign] = start, start + len(words)
    sentiment = np.float32([[0.2, 0.1, 0.1, 0.6], [0, 0, 0, 0], [0.1, 0.5, 0.4, 0]])
    return Results(
        pa.array(TEXTS, pa.large_string()),
        np.array([False, True, False]),
        np.array(["nl", "other", "en"]),
        sentiment,
        probabilities,
        decisions,
        evidence,
    )


def test_evidence_is_that_of_the_polarity_however_probable_the_other_sign(results: Results) -> None:
    probabilities = results.aspect_probabilities.copy()
    probabilities[0, FRIENDLY] = 0.35, 0.39  # the thresholds of the signs differ
    row = dataclasses.replace(results, aspect_probabilities=probabilities)[0]
    assert row.aspects["friendliness"].evidence == Evidence("Vriendelijk", 0, 11, "positive")


def test_a_row_is_a_view(results: Results) -> None:
    row = results[0]
    assert (row.text, row.language, row.sentiment) == (TEXTS[0], "nl", "mixed")
    assert row.score == pytest.approx(-0.1)
    assert list(row.aspects) == ["friendliness", "time"]
    time = row.aspects["time"]
    assert isinstance(time, AspectReading)
    assert time.polarity == "mixed"
    assert time.confidence == pytest.approx(0.6)
    assert time.evidence == Evidence("traag", 24, 29, "negative")
    assert [(s.sign, s.text) for s in time.spans] == [("positive", "snel"), ("negative", "traag")]
    for span in time.spans:
        assert TEXTS[0][span.start : span.end] == span.text


def test_a_row_without_text(results: Results) -> None:
    row = results[1]
    assert (row.text, row.sentiment, row.score, row.no_text) == (None, "neutral", 0, True)
    assert not row.aspects


def test_indexing(results: Results) -> None:
    assert results[-1].text == "Ok"
    assert [row.text for row in results] == TEXTS
    assert [row.text for row in results[1:]] == TEXTS[1:]
    assert [row.text for row in results[np.array([2, 0])]] == [TEXTS[2], TEXTS[0]]
    assert [row.text for row in results[results.no_text]] == [None]
    for mask in ([False, False, True], pd.Series([False, False, True], index=[7, 8, 9])):
        assert [row.text for row in results[mask]] == ["Ok"]
    assert results[np.int64(2)].text == "Ok"
    for none in ([], (), np.array([]), pd.Series([])):
        assert len(results[none]) == 0
    for wrong in (3, "Ok", 1.5):
        with pytest.raises(IndexError):
            results[wrong]


@pytest.mark.parametrize(
    "mask",
    [
        pd.array([True, pd.NA, False], "boolean"),
        pd.Series([True, None, False]),
        pa.array([True, None, False]),
        [True, None, False],
    ],
    ids=lambda mask: type(mask).__name__,
)
def test_a_mask_with_missing_values_says_how_to_fill_it(results: Results, mask: Any) -> None:
    with pytest.raises(IndexError, match=r"mask\.fillna\(False\)\.astype\(bool\)"):
        results[mask]
    filled = pd.Series(mask, dtype="boolean").fillna(False).astype(bool)
    assert [row.text for row in results[filled]] == TEXTS[:1]


def test_a_row_costs_the_same_in_a_long_column(results: Results) -> None:
    many = results[np.arange(300_000) % 3]
    view = many[5:8]
    assert np.shares_memory(view.aspect_probabilities, many.aspect_probabilities)
    assert [row.text for row in many[4:0:-2]] == [TEXTS[1], TEXTS[2]]
    assert many[299_999] == results[2]


def test_rows_in_turn_are_those_one_by_one(results: Results) -> None:
    assert list(results) == [results[at] for at in range(3)]
    assert list(results[:0]) == []


def test_a_pickled_part_holds_no_other_comment(results: Results) -> None:
    assert TEXTS[2].encode() not in pickle.dumps(results[:2])
    assert pickle.loads(pickle.dumps(results[:2]))[0] == results[0]


def test_columns(results: Results) -> None:
    assert results.sentiment.tolist() == ["mixed", "neutral", "neutral"]
    assert results.polarity[0, [FRIENDLY, TIME, 0]].tolist() == ["positive", "mixed", "positive"]
    assert results.polarity[1].tolist() == ["none"] * 17
    assert np.isnan(results.confidence[1]).all()
    assert results.confidence.dtype == results.score.dtype == np.float32


def test_the_model_that_read_them_is_told(results: Results) -> None:
    assert results.model is None
    assert results.to_arrow()["cx_model"].to_pylist() == [None, None, None]
    fast, other = (dataclasses.replace(results, model=name) for name in ("fast", "other"))
    assert fast[:2].model == fast[[0]].model == Results.concat([fast, fast]).model == "fast"
    assert fast.to_pandas()["cx_model"].tolist() == ["fast"] * 3
    assert Results.concat([fast, other]).model is None


def test_arrow(results: Results) -> None:
    table = results.to_arrow()
    assert table.column_names[:5] == [
        "text", "cx_language", "cx_sentiment", "cx_score", "cx_no_text",
    ]  # fmt: skip
    assert len(table.column_names) == 5 + 3 * 17 + 1
    assert set(table.column_names) == READINGS | {"text"}
    assert table["cx_time"].to_pylist() == ["mixed", None, None]
    assert table["cx_time_evidence"].to_pylist() == ["snel | traag", None, None]
    assert table["cx_time_confidence"].to_pylist() == [pytest.approx(0.6), None, None]
    assert table["text"].to_pylist() == TEXTS


def test_without_evidence(results: Results) -> None:
    bare = Results(**{**vars(results), "evidence": None})
    assert bare[0].aspects["time"].spans == ()
    assert bare[0].aspects["time"].evidence is None
    assert not [name for name in bare.to_arrow().column_names if name.endswith("_evidence")]
    assert bare._repr_html_()


def test_pandas(results: Results) -> None:
    frame = results.to_pandas()
    assert list(frame["cx_sentiment"].cat.categories) == list(SENTIMENT_ORDER)
    assert (frame["cx_sentiment"] < "neutral").tolist() == [True, False, False]
    assert list(frame["cx_language"].cat.categories) == list(LANGUAGES)
    assert list(frame["cx_time"].cat.categories) == ["negative", "mixed", "positive"]
    assert frame["cx_time"].min() == "mixed"
    assert not frame["cx_language"].cat.ordered
    assert pd.isna(frame["cx_time"][1])
    assert frame["cx_score"].dtype == np.float32
    comments = pd.DataFrame({"nps": [9, 3, 7]}, index=[40, 10, 30])
    joined = comments.join(results.to_pandas(comments.index))
    assert joined["cx_sentiment"].tolist() == ["mixed", "neutral", "neutral"]


def test_the_index_of_the_comments_goes_along(results: Results) -> None:
    kept = dataclasses.replace(results, pandas_index=pd.Index([40, 10, 30]))
    assert kept.to_pandas().index.tolist() == [40, 10, 30]
    assert kept.to_pandas(pd.Index(list("abc"))).index.tolist() == ["a", "b", "c"]
    assert kept[1:].to_pandas().index.tolist() == [10, 30]
    assert kept[np.array([True, False, True])].to_pandas().index.tolist() == [40, 30]
    assert Results.concat([kept, kept[:1]]).to_pandas().index.tolist() == [40, 10, 30, 40]
    assert Results.concat([kept, results]).pandas_index is None


def test_dicts_are_plain_values(results: Results) -> None:
    dicts = json.loads(json.dumps(results.to_dicts()))
    assert dicts[0]["aspects"]["friendliness"]["spans"] == [
        {"text": "Vriendelijk", "start": 0, "end": 11, "sign": "positive"}
    ]
    assert dicts[1]["text"] is None


def test_concat(results: Results) -> None:
    twice = Results.concat([results, results[:1]])
    assert [row.text for row in twice] == [*TEXTS, TEXTS[0]]
    assert twice[3] == results[0]
    bare = Results(**{**vars(results), "evidence": None})
    for parts in ([results, bare], [bare, results]):
        assert Results.concat(parts).evidence is None
    with pytest.raises(ValueError, match="no results"):
        Results.concat([])


def test_html_highlights_and_escapes(results: Results) -> None:
    html = results[0]._repr_html_()
    assert "&lt;b&gt;maar&lt;/b&gt;" in html
    assert "<b>maar" not in html
    assert html.count("<mark") == 3
    assert 'title="time −"' in html
    table = results._repr_html_()
    assert "mathjax_ignore" in html  # of amounts in dollars
    assert "mathjax_ignore" in table
    assert table.count("<tr>") == 4
    assert "friendliness +, time ±" in table
    many = results[np.zeros(30, int)]._repr_html_()
    assert "and 10 more" in many


def test_repr(results: Results) -> None:
    assert repr(results) == "<Results of 3 comments: 1 mixed, 2 neutral>"
    assert "time mixed" in repr(results[0])
    assert repr(results[:0]) == "<Results of 0 comments: none>"
