from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from chance import chance
from conftest import FakeModel

from cxnlp.insights import to_long
from cxnlp.taxonomy import ASPECTS, TAXONOMY

OWN = [
    "cx_row", "cx_text", "cx_language", "cx_sentiment", "cx_score", "cx_aspect", "cx_aspect_group",
    "cx_polarity", "cx_confidence", "cx_evidence",
]  # fmt: skip
TEXTS = ["vriendelijk maar traag", None, "Prima", "traag"]


def test_one_row_per_comment_and_aspect() -> None:
    scored = chance(50)
    frame = to_long(scored)
    assert list(frame) == ["nps", "date", "store", *OWN]
    expected = [
        (row, ASPECTS[at], TAXONOMY[at].group,
         {(1, 0): "positive", (0, 1): "negative", (1, 1): "mixed"}[tuple(map(int, signs))],
         scored.confidence[row, at], ASPECTS[at], scored.extra["store"][row],
         scored.sentiment[row], scored.score[row], scored.language[row])
        for row in range(50)
        for at, signs in enumerate(scored.decisions[row])
        if signs.any()
    ]  # fmt: skip
    columns = ["row", "aspect", "aspect_group", "polarity", "confidence", "evidence"]
    found = frame[
        [f"cx_{c}" for c in columns] + ["store", "cx_sentiment", "cx_score", "cx_language"]
    ]
    assert list(found.itertuples(index=False, name=None)) == expected


def test_of_results() -> None:
    frame = to_long(FakeModel().classify(TEXTS))
    assert list(frame) == OWN
    assert frame["cx_row"].tolist() == [0, 0, 3]
    assert frame["cx_text"].tolist() == [TEXTS[0], TEXTS[0], TEXTS[3]]
    assert frame["cx_evidence"].tolist() == ["vriendelijk", "traag", "traag"]
    assert frame["cx_confidence"].tolist() == [0.875] * 3


def test_categories_are_ordered() -> None:
    frame = to_long(chance(50))
    assert list(frame["cx_polarity"].cat.categories) == ["negative", "mixed", "positive"]
    assert frame["cx_polarity"].min() == "negative"
    assert frame["cx_aspect"].min() == "friendliness"
    assert (frame["cx_sentiment"] < "neutral").sum() == (
        frame["cx_sentiment"].isin(["negative", "mixed"]).sum()
    )


def test_a_table_without_clear_texts_or_evidence() -> None:
    results = FakeModel().classify(TEXTS, evidence=False)
    frame = to_long(results.to_pandas().drop(columns="text").assign(id=[4, 5, 6, 7]))
    assert frame["id"].tolist() == [4, 4, 7]
    assert frame[["cx_text", "cx_evidence"]].isna().all(axis=None)


@pytest.mark.parametrize("rows", [0, 3])
def test_nothing_mentioned(rows: int) -> None:
    frame = to_long(chance(rows, no_text=1))
    assert frame.empty
    assert list(frame) == ["nps", "date", "store", *OWN]
    assert pd.concat([frame, to_long(chance(9))])["cx_row"].dtype == np.int64
