from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import FakeModel

from cxnlp import insights
from cxnlp.errors import CxnlpError
from cxnlp.files import read_frame, score_file
from cxnlp.insights import Scored, compare
from cxnlp.insights.dates import read_dates
from cxnlp.insights.reporting.columns import find_groups
from cxnlp.insights.scored import numbers
from cxnlp.results import Results
from cxnlp.taxonomy import ASPECTS, SIGNS

TIME, FRIENDLY = ASPECTS.index("time"), ASPECTS.index("friendliness")
TEXTS = ["vriendelijk maar traag", None, "-", "Wat een traag gedoe, zeg", "Prima"]


@pytest.fixture
def results(fake: FakeModel) -> Results:
    return fake.classify(TEXTS)


def _agree(one: Scored, other: Scored) -> None:
    for name in ("no_text", "language", "sentiment", "decisions"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in ("score", "confidence"):
        mine, its = getattr(one, name), getattr(other, name)
        assert mine.dtype == its.dtype == np.float32
        np.testing.assert_allclose(mine, its, atol=1e-4)
    assert np.array_equal(one.words, other.words)


def test_of_results(results: Results) -> None:
    scored = Scored.of(results)
    assert Scored.of(scored) is scored
    assert len(scored) == 5
    assert scored.comments.to_pylist() == TEXTS
    assert scored.mentions[:, TIME].tolist() == [True, False, False, True, False]
    assert scored.words[0, [TIME, FRIENDLY]].tolist() == ["traag", "vriendelijk"]
    assert scored.spans.shape == (5, 17, 2, 2)
    assert scored.extra.shape == (5, 0)
    assert Scored.of(FakeModel().classify(TEXTS, evidence=False)).words is None


def test_a_scored_csv_may_state_its_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "scored.csv"
    path.write_text("sep=;\ncomment;cx_sentiment\ntraag;negative\n", encoding="utf-8")
    assert list(read_frame(path)) == ["comment", "cx_sentiment"]
    assert len(read_frame(path)) == 1


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
def test_a_scored_file_reads_as_the_results(tmp_path: Path, results: Results, suffix: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / f"out{suffix}"
    frame = pd.DataFrame({"id": range(5), "opmerking": TEXTS, "nps": [1, 9, 10, 0, 7]})
    frame.to_json(source, orient="records", lines=True)
    score_file(source, target, model=FakeModel())
    scored = Scored.of(target)
    _agree(scored, Scored.of(results))
    assert scored.comments.to_pylist() == TEXTS
    assert scored.spans is None
    assert list(scored.extra) == ["id", "nps"]
    assert [int(value) for value in scored.extra["nps"]] == [1, 9, 10, 0, 7]


def test_tables_read_as_the_results(results: Results) -> None:
    expected = Scored.of(results)
    table = results.to_arrow()
    for source in (table, results.to_pandas(), table.to_pandas().set_index("cx_score", drop=False)):
        _agree(Scored.of(source), expected)
    dutch_excel = table.to_pandas().astype({"cx_score": str, "cx_no_text": str})
    dutch_excel["cx_score"] = dutch_excel["cx_score"].str.replace(".", ",")
    dutch_excel["cx_no_text"] = dutch_excel["cx_no_text"].replace(
        {"True": "WAAR", "False": "ONWAAR"}
    )
    _agree(Scored.of(dutch_excel), expected)


def test_columns_that_pandas_would_make_an_index_are_columns(
    tmp_path: Path, results: Results
) -> None:
    frame = results.to_pandas().assign(date="2026-04-03").set_index("date")
    frame.to_parquet(tmp_path / "scored.parquet")
    for source in (tmp_path / "scored.parquet", pa.Table.from_pandas(frame)):
        assert Scored.of(source).extra["date"].tolist() == ["2026-04-03"] * len(frame)


def test_an_id_of_many_digits_keeps_them_beside_one_that_is_missing(
    tmp_path: Path, results: Results
) -> None:
    ids = [2**60 + 1, None, 2**60 + 3, 4, 5]
    table = results.to_arrow().append_column("id", pa.array(ids))
    table = table.append_column("visits", pa.array([1, None, 2, 3, 4]))
    paths = [tmp_path / f"scored{suffix}" for suffix in (".parquet", ".jsonl")]
    pq.write_table(table, paths[0])
    rows = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
    paths[1].write_text(rows, encoding="utf-8")
    for source in (table, *paths):
        found = Scored.of(source).extra
        assert [None if pd.isna(each) else each for each in found["id"]] == ids
        assert insights.compare(source, "id", least=1)["group"].unique().tolist() == [
            each for each in sorted(filter(None, ids)) if not results.no_text[ids.index(each)]
        ]
        assert insights.impact(source, "visits", "csat", least=1).attrs["comments"] == 3


def test_lists_that_pandas_has_no_type_for_are_columns(results: Results) -> None:
    lists = pa.array([["a"], [], None, ["b", "c"], ["a"]], pa.list_(pa.string_view()))
    scored = Scored.of(results.to_arrow().append_column("tags", lists))
    assert [each for each in scored.extra["tags"] if each] == [["a"], ["b", "c"], ["a"]]
    assert scored.comments.to_pylist() == results.texts.to_pylist()
    backed = pd.DataFrame(
        {
            "product": pd.array(
                lists.cast(pa.list_(pa.string())).to_pylist(), pd.ArrowDtype(pa.list_(pa.string()))
            )
        }
    )
    assert find_groups(backed, 1) is None


def test_a_column_of_the_users_may_begin_as_ours_do(results: Results) -> None:
    frame = results.to_pandas().rename(columns={"text": "cx_comment"})
    scored = Scored.of(frame.assign(cx_id=range(len(frame))))
    assert scored.comments.to_pylist() == results.texts.to_pylist()
    assert list(scored.extra) == ["cx_id"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_comment_that_was_taken_out_later_is_no_text(
    tmp_path: Path, results: Results, suffix: str
) -> None:
    frame, path = results.to_pandas(), tmp_path / f"scored{suffix}"
    said = int(np.flatnonzero(Scored.of(results).mentions.any(axis=1))[0])
    frame.loc[said, "text"] = ""
    frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
    assert Scored.of(path).no_text[said]
    for aspect, sign in itertools.product(ASPECTS, SIGNS):
        assert said not in insights.quotes(path, aspect, sign)["index"].tolist()


def test_columns_of_evidence_and_confidence_may_be_missing(results: Results) -> None:
    frame = results.to_pandas()
    bare = Scored.of(frame[[c for c in frame if not c.endswith(("_evidence", "_confidence"))]])
    assert bare.words is None
    assert np.isnan(bare.confidence).all()
    assert bare.decisions.sum() == 3


def test_the_text_column_may_be_said_or_unclear(results: Results) -> None:
    frame = results.to_pandas().rename(columns={"text": "vrij veld"})
    frame["notitie"] = [
        "een ander lang veld",
        "nog een ander veld",
        "weer een veld",
        "veld x y",
        "",
    ]
    frame["vrij veld"] = [
        "dit is een lang antwoord",
        "en dit is er een",
        "nog een antwoord",
        "a b c",
        "",
    ]
    scored = Scored.of(frame)
    assert scored.texts is None
    with pytest.raises(CxnlpError, match="text=NAME. Columns: vrij veld, notitie"):
        scored.comments  # noqa: B018
    assert Scored.of(frame, text="notitie").comments[3].as_py() == "veld x y"
    with pytest.raises(CxnlpError, match="no column 'opm'"):
        Scored.of(frame, text="opm")


@pytest.mark.parametrize(
    "values",
    [
        pd.array([7, pd.NA, 9, 8, pd.NA], "Int64"),
        pd.array([True, pd.NA, False, True, pd.NA], "boolean"),
        [np.array(["a", "b"], object), np.array([], object), None, np.array(["c"], object), None],
    ],
    ids=["numbers", "flags", "lists"],
)
def test_a_column_of_another_type_is_not_the_comments(results: Results, values: object) -> None:
    frame = results.to_pandas().rename(columns={"text": "remark_open"})
    frame["answer_id"] = values
    scored = Scored.of(frame)
    assert scored.comments.to_pylist() == TEXTS
    assert list(scored.extra) == ["answer_id"]


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_nullable_types_read_as_the_results(results: Results, backend: str) -> None:
    scored = Scored.of(results.to_pandas().convert_dtypes(dtype_backend=backend))
    _agree(scored, Scored.of(results))
    assert scored.comments.to_pylist() == TEXTS


def test_what_was_not_scored_is_refused(results: Results, tmp_path: Path) -> None:
    frame = results.to_pandas()
    with pytest.raises(CxnlpError, match="no column 'cx_ease'; score it first"):
        Scored.of(frame.drop(columns="cx_ease"))
    with pytest.raises(CxnlpError, match="several columns 'id'"):
        Scored.of(pd.concat([frame, pd.DataFrame(np.zeros((5, 2)), columns=["id", "id"])], axis=1))
    for column, value, why in (
        ("cx_time", "slecht", "'slecht' in 'cx_time', which is not one of none, positive"),
        ("cx_score", "hoog", "Row 3 of the table has 'hoog' in 'cx_score', which is not a number"),
        ("cx_no_text", "?", "neither true nor false"),
    ):
        broken = frame.astype({column: object})
        broken.loc[2, column] = value
        with pytest.raises(CxnlpError, match=why):
            Scored.of(broken)
    for column, empty in (("cx_sentiment", ""), ("cx_language", None)):
        broken = frame.astype({column: object})
        broken.loc[2, column] = empty  # a row without text needs neither
        assert Scored.of(broken).no_text[2]
        broken.loc[3, column] = empty
        with pytest.raises(CxnlpError, match=f"Row 4 .* in '{column}', which is not one of"):
            Scored.of(broken)
    (tmp_path / "none.jsonl").write_bytes(b"")
    with pytest.raises(CxnlpError, match="none.jsonl.* holds no rows"):
        Scored.of(tmp_path / "none.jsonl")
    with pytest.raises(TypeError, match="list holds no readings"):
        Scored.of(["tekst"])
    with pytest.raises(CxnlpError, match="no file"):
        Scored.of(tmp_path / "nothing.csv")


@pytest.mark.parametrize("evidence", [True, False])
def test_the_comments_are_those_that_were_read(results: Results, evidence: bool) -> None:
    frame = results.to_pandas()
    if not evidence:
        frame = frame[[c for c in frame if not c.endswith("_evidence")]]
    frame["remark"] = [None, "teruggebeld, dossier gesloten", None, None, "niets te lezen"]
    assert Scored.of(frame).comments.equals(results.texts)
    pd.testing.assert_frame_equal(insights.pillars(frame), insights.pillars(results))
    if evidence:  # all filled, and still not what was read
        frame["remark"] = [f"klant {number} heeft teruggebeld" for number in range(5)]
        assert Scored.of(frame).comments.equals(results.texts)
        assert Scored.of(frame.drop(columns="text")).texts is None


def test_what_an_index_names_is_a_column(results: Results) -> None:
    frame = results.to_pandas(pd.Index(list("edcba"), name="id")).assign(store=list("vwxyz"))
    assert Scored.of(frame).extra.to_dict("list") == {"store": list("vwxyz"), "id": list("edcba")}
    assert insights.to_long(frame)["id"].tolist() == ["e", "e", "b"]
    frame.index.name = "store"
    assert Scored.of(frame).extra.to_dict("list") == {"store": list("vwxyz")}


def test_columns_beside_the_readings(results: Results) -> None:
    frame = results.to_pandas().assign(store=list("abcde"))
    scored = Scored.of(frame)
    assert scored.column("store", "groups").tolist() == list("abcde")
    assert scored.column(pa.array([1, 2, 3, 4, 5]), "scores").tolist() == [1, 2, 3, 4, 5]
    assert scored.column("cx_language", "groups").tolist() == results.language.tolist()
    assert scored.column("cx_sentiment", "groups").tolist() == results.sentiment.tolist()
    numbered = Scored.of(results.to_pandas().assign(**{"2024": range(5)}))
    assert numbered.column(2024, "scores").tolist() == [0, 1, 2, 3, 4]
    moved = pd.Series(range(5), index=range(10, 15))
    assert scored.column(moved, "scores").index.tolist() == [0, 1, 2, 3, 4]
    labelled = Scored.of(frame.set_index(pd.Index([3, 1, 4, 0, 2])))
    assert labelled.column(pd.Series(range(5), [3, 1, 4, 0, 2]), "dates").tolist() == [*range(5)]
    for there in (scored, labelled):
        with pytest.raises(CxnlpError, match="The dates have the rows in another order"):
            there.column(pd.Series(range(5), [4, 3, 2, 1, 0]), "dates")
    with pytest.raises(CxnlpError, match="no column 'shop' for the groups. Columns: store"):
        scored.column("shop", "groups")
    with pytest.raises(CxnlpError, match="3 groups for 5 rows"):
        scored.column(["a", "b", "c"], "groups")
    for several in (frame[["store"]], set("abcde"), np.ones((5, 2))):
        with pytest.raises(CxnlpError, match="The groups are a .*; give the name of one column"):
            scored.column(several, "groups")


def test_a_word_for_nothing_is_nothing(results: Results) -> None:
    frame = results.to_pandas().assign(
        nps=["9", "NA", " n.v.t.", "nan", "3"],
        store=["a", "NA", "-", "na", "a "],
        date=["2026-01-02", "NA", "None", "2026-01-05", "n/a"],
    )
    values, odd = numbers(frame["nps"])
    assert not odd.any()
    assert np.isnan(values).tolist() == [False, True, True, True, False]
    assert compare(frame, "store", least=1)["group"].unique().tolist() == ["a", "na"]
    dates, odd = read_dates(frame["date"])
    assert not odd.any()
    assert dates.isna().tolist() == [False, True, True, False, True]


def test_rows_can_be_taken(results: Results) -> None:
    scored = Scored.of(results.to_pandas().assign(store=list("abcde")))
    part = scored[scored.mentions[:, TIME]]
    assert part.extra["store"].tolist() == ["a", "d"]
    assert part.comments.to_pylist() == [TEXTS[0], TEXTS[3]]
    assert part.decisions[:, TIME, 1].all()
    assert len(scored[:0]) == len(Scored.of(scored[:0])) == 0
    assert repr(part) == "<Scored: 2 rows, 2 with text; columns: store>"


def test_no_rows() -> None:
    empty = FakeModel().classify([])
    for source in (empty, empty.to_arrow(), empty.to_pandas()):
        assert Scored.of(source).decisions.shape == (0, 17, 2)


def test_a_column_of_text_is_of_a_table_only(results: Results) -> None:
    for source in (results, Scored.of(results)):
        with pytest.raises(CxnlpError, match=r"'comment' is a column of no table"):
            Scored.of(source, text="comment")
    for other in (results, results.to_pandas()):
        with pytest.raises(CxnlpError, match=r"'Data' is a sheet of no workbook"):
            Scored.of(other, sheet="Data")


def test_what_sql_makes_of_a_flag_with_nulls(results: Results) -> None:
    frame = results.to_pandas()
    frame["cx_no_text"] = frame["cx_no_text"].astype(float)
    assert Scored.of(frame).no_text.tolist() == results.no_text.tolist()


def test_half_a_surrogate_pair_in_a_group(results: Results) -> None:
    groups = ["A\ud83d", "A\ud83d", "B", "B", "B"]
    assert Scored.of(results).column(groups, "groups")[0] == "A\ufffd"
    frame = results.to_pandas().assign(shop=pd.Series(groups, dtype=object))
    assert insights.compare(frame, "shop", least=1)["group"].tolist()[0] == "A\ufffd"
