from __future__ import annotations

import codecs
import csv
import datetime as dt
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import FakeModel

from cxnlp.errors import FileError
from cxnlp.files import Report, inputs, read_frame, read_labelled, score_file
from cxnlp.taxonomy import ASPECTS
from cxnlp.whole import PART

ROWS = [
    {"id": "007", "comment": "Heel vriendelijk geholpen", "nps": "9"},
    {"id": "1,50", "comment": 'Veel te traag; "echt" waar\nniet normaal', "nps": ""},
    {"id": "NA", "comment": "", "nps": "3"},
    {"id": "4", "comment": "één keer traag maar vriendelijk 😀", "nps": "7"},
]


def write(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    """A file of `rows` in the format of its suffix."""
    if path.suffix in (".csv", ".tsv", ".txt"):
        encoding = options.pop("encoding", "utf-8")
        with path.open("w", encoding=encoding, errors="replace", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), **options)
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix in (".jsonl", ".ndjson"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
        book.save(path)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; empty cells as None."""
    if path.suffix in (".csv", ".tsv", ".txt"):
        delimiter = "\t" if path.suffix == ".tsv" else ","
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter=delimiter))
    elif path.suffix in (".jsonl", ".ndjson"):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    elif path.suffix == ".parquet":
        rows = pq.read_table(path).to_pylist()
    else:
        head, *body = openpyxl.load_workbook(path).active.values
        rows = [dict(zip(head, row, strict=True)) for row in body]
    return [{k: None if v == "" else v for k, v in row.items()} for row in rows]


def run(source: Path, target: Path, **options: Any) -> Report:
    return score_file(source, target, model=options.pop("model", FakeModel()), **options)


FORMATS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet", ".xlsx")


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_any_format_to_any_other(tmp_path: Path, source: str, target: str) -> None:
    delimiter = {"delimiter": "\t"} if source == ".tsv" else {}
    report = run(
        write(tmp_path / f"in{source}", ROWS, **delimiter), tmp_path / f"out{target}", chunk_rows=3
    )
    assert (report.rows, report.text, report.bad) == (4, "comment", [])
    found = read(report.target)
    kept = [{k: v or None for k, v in row.items()} for row in ROWS]
    assert [{k: row[k] for k in ROWS[0]} for row in found] == kept
    assert [row["cx_time"] for row in found] == [None, "negative", None, "negative"]
    assert [row["cx_time_evidence"] for row in found] == [None, "traag", None, "traag"]
    assert found[3]["cx_friendliness"] == "positive"
    assert [float(row["cx_score"]) for row in found] == [0.5, -0.5, 0, 0.5]
    assert str(found[2]["cx_no_text"]).lower() == "true"
    assert list(found[0])[:4] == ["id", "comment", "nps", "cx_language"]
    assert len(found[0]) == 3 + 5 + 3 * len(ASPECTS)
    assert not (tmp_path / f"out{target}.partial").exists()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_delimiter_and_encoding_are_found_out(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    rows = [{**row, "comment": row["comment"].replace("😀", "")} for row in ROWS]
    source = write(tmp_path / "in.csv", rows, delimiter=delimiter, encoding=encoding)
    report = run(source, tmp_path / "out.jsonl")
    assert (report.delimiter, report.encoding) == (delimiter, encoding)
    assert read(report.target)[3]["comment"] == "één keer traag maar vriendelijk "


@pytest.mark.parametrize(("stated", "delimiter"), [("sep=;", ";"), ('"SEP=\t"', "\t")])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_the_delimiter_may_be_stated(
    tmp_path: Path, stated: str, delimiter: str, encoding: str
) -> None:
    source = tmp_path / "in.csv"
    text = f"{stated}\r\nid;a,b;comment\r\n1;a,b;één keer traag\r\n2;a,b\r\n3;a,b;ok\r\n"
    source.write_bytes(text.replace(";", delimiter).encode(encoding))
    report = run(source, tmp_path / "out.jsonl")
    assert [row["comment"] for row in read(report.target)] == ["één keer traag", "ok"]
    assert [row.line for row in report.bad] == [4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_what_came_from_excel_can_go_back(tmp_path: Path, encoding: str) -> None:
    source = write(tmp_path / "in.csv", [{"comment": "één keer"}], encoding=encoding)
    written = run(source, tmp_path / "out.csv").target.read_bytes()
    assert written.startswith(codecs.BOM_UTF8) == (encoding != "utf-8")


def test_a_late_accent_decides_the_encoding(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"id,comment\n" + b"1,traag\n" * 30_000 + "2,één\n".encode("cp1252"))
    report = run(source, tmp_path / "out.csv")
    assert report.encoding == "cp1252"
    assert report.rows == 30_001


def test_files_of_two_encodings_put_together(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    lines = [("id,comment\n", "ascii"), ("1,één\n", "utf-8"), ("2,één\n", "cp1252")]
    source.write_bytes(b"".join(line.encode(encoding) for line, encoding in [*lines, lines[2]]))
    report = run(source, tmp_path / "out.jsonl")
    assert report.encoding == "cp1252"
    assert [row["comment"] for row in read(report.target)] == ["één"] * 3


def test_a_name_that_is_not_utf8_is_refused_before_the_work(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", ROWS)
    with pytest.raises(FileError, match=r"udce9.*rename it"):
        run(source, tmp_path / os.fsdecode(b"caf\xe9.csv"))
    assert list(tmp_path.iterdir()) == [source]


def test_a_csv_with_windows_line_ends(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b'id;comment\r\n1;"traag\r\nen duur"\r\n2;ok\r\n')
    found = read(run(source, tmp_path / "out.jsonl").target)
    assert [row["comment"] for row in found] == ["traag\r\nen duur", "ok"]


def test_rows_that_cannot_be_read_lose_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(
        b"id,comment\n1,traag\n2,te,veel\n3\n4,vriendelijk\n5,\xff\xfe\n6,\0\n7,traag\n"
        + "8,één\n9,ééns\n10,zó\n".encode()
    )
    report = run(source, tmp_path / "out.csv", chunk_rows=2)
    assert [row["id"] for row in read(report.target)] == ["1", "4", "7", "8", "9", "10"]
    assert [row.line for row in report.bad] == [3, 4, 6, 7]
    assert [row.raw for row in report.bad][:2] == ["2,te,veel", "3"]
    kept = [json.loads(line) for line in report.rejects.read_text().splitlines()]
    assert [row["line"] for row in kept] == [3, 4, 6, 7]
    assert all(row["reason"] for row in kept)


def test_surplus_delimiters_at_the_end_of_a_row_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id;comment\n1;traag;\n2;;\n3;ok;;\n4;ok;x\n")
    report = run(tmp_path / "in.csv", tmp_path / "out.csv", text="comment")
    assert [row.line for row in report.bad] == [5]
    assert report.rows == 3


def test_a_quote_left_open_costs_one_row(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('id,comment\n1,"open\n2,traag\n3,ok\n')
    report = run(source, tmp_path / "out.csv")
    assert [row["id"] for row in read(report.target)] == ["2", "3"]
    assert [row.line for row in report.bad] == [2]


def test_a_row_of_several_lines_is_rejected_whole(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b'id,comment\r\n1,traag\r\n4,"two lines\r\nsecond, line",x\r\n5,Fine\r\n')
    report = run(source, tmp_path / "out.csv")
    assert [row["id"] for row in read(report.target)] == ["1", "5"]
    assert [(row.line, row.raw) for row in report.bad] == [(3, '4,"two lines\r\nsecond, line",x')]


def test_broken_json_lines(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        '{"comment": "traag", "tags": {"a": [1]}}\n{"comm\n[1]\n\n{"comment": null}\n'
    )
    report = run(source, tmp_path / "out.jsonl")
    assert [row.line for row in report.bad] == [2, 3]
    found = read(report.target)
    assert found[0]["tags"] == {"a": [1]}
    assert found[1]["cx_no_text"] is True


def test_values_and_types_of_parquet_come_through(tmp_path: Path) -> None:
    table = pa.table(
        {
            "when": pa.array([dt.date(2026, 1, 2), None], pa.date32()),
            "comment": pa.array(["traag", None], pa.large_string()),
            "tags": pa.array([["a"], []], pa.list_(pa.string())),
            "n": pa.array([1, None], pa.int16()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    report = run(tmp_path / "in.parquet", tmp_path / "out.parquet", chunk_rows=1)
    assert pq.read_table(report.target).select(table.column_names).equals(table)


@pytest.mark.parametrize("target", ["out.parquet", "out.csv", "out.jsonl", "out.xlsx"])
def test_times_beyond_those_of_python_come_through(tmp_path: Path, target: str) -> None:
    never = pa.array([dt.datetime(9999, 12, 31, 23, 59)], pa.timestamp("us"))
    table = pa.table({"comment": ["traag"], "until": never.cast(pa.timestamp("us", "Asia/Tokyo"))})
    pq.write_table(table, tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / target)
    if target == "out.parquet":
        assert pq.read_table(tmp_path / target)["until"] == table["until"]
    else:
        assert "10000-01-01 08:59" in str(read(tmp_path / target)[0]["until"])


def test_a_csv_of_ours_can_be_read_again(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"comment": "erg\0traag", "a\0b": "\0"}])
    report = run(run(source, tmp_path / "out.csv").target, tmp_path / "again.csv")
    assert (report.rows, report.bad) == (1, [])
    row = read(report.target)[0]
    assert (row["comment"], row["a\ufffdb"], row["cx_time"]) == (
        "erg\ufffdtraag",
        "\ufffd",
        "negative",
    )


@pytest.mark.parametrize("target", ["out.csv", "out.parquet", "out.jsonl"])
def test_half_a_surrogate_pair_is_written_as_it_was_read(tmp_path: Path, target: str) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"comment": "erg \\ud83d traag", "a\\uD83D": 1}\n', encoding="utf-8")
    row = read(run(source, tmp_path / target).target)[0]
    found = row["comment"].replace("\ud83d", "\ufffd")  # JSON keeps what a value holds
    assert (found, row["cx_time"]) == ("erg \ufffd traag", "negative")
    assert "a\ufffd" in row


@pytest.mark.parametrize("target", ["out.jsonl", "out.xlsx"])
def test_half_a_surrogate_pair_is_mended_where_a_scored_file_is_read(
    tmp_path: Path, target: str
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"comment": "traag \\ud83d", "b": ["\\ud83d"]}\n', encoding="utf-8")
    frame = read_frame(run(source, tmp_path / target).target)
    assert frame["comment"].tolist() == ["traag \ufffd"]
    assert "\ufffd" in frame["b"].tolist()[0]


def test_a_table_of_moments_that_python_has_no_type_for_is_read(tmp_path: Path) -> None:
    far = pa.array([10**6], pa.int32()).cast(pa.date32())  # in the year 4707
    beyond = pa.array([3 * 10**6], pa.int32()).cast(pa.date32())  # in the year 10183
    path = tmp_path / "far.parquet"
    pq.write_table(pa.table({"far": far, "beyond": beyond, "comment": ["traag"]}), path)
    frame = read_frame(path)
    assert frame["beyond"].astype(str).str.startswith("10183").all()
    assert frame["comment"].tolist() == ["traag"]


def test_many_columns_of_one_name() -> None:
    names = inputs._unique(["a", "a", "a_2", "", "a", "column_4"] + ["x"] * 5_000)
    assert names[:6] == ["a", "a_3", "a_2", "column_4", "a_4", "column_4_2"]
    assert len(set(names)) == len(names)


def test_moments_that_excel_would_round_into_the_next_day_are_text(tmp_path: Path) -> None:
    last = dt.datetime(9999, 12, 31, 23, 59, 59, 999_999)
    table = {"comment": ["traag"], "until": [last], "at": [last.time()], "on": [last.date()]}
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table(table), path)
    row = read(run(path, tmp_path / "out.xlsx").target)[0]
    assert (row["until"], row["at"]) == ("9999-12-31 23:59:59.999999", "23:59:59.999999")
    assert row["on"].date() == last.date()


def test_numbers_in_the_text_column_are_text_in_a_file(tmp_path: Path) -> None:
    source = write(tmp_path / "in.xlsx", [{"comment": 7}, {"comment": "traag"}, {"comment": None}])
    found = read(run(source, tmp_path / "out.xlsx").target)
    assert [row["comment"] for row in found[:2]] == [7, "traag"]
    assert found[0]["cx_no_text"] is False


@pytest.mark.parametrize(
    "name", ["Opmerking", "customer_feedback", "TOELICHTING", "review text", "customerComment"]
)
def test_the_text_column_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    rows = [{"a": "x y z een twee drie", name: "traag", "b": "q"}] * 3
    assert run(write(tmp_path / "in.csv", rows), tmp_path / "out.csv").text == name


def test_the_text_column_is_found_by_its_contents(tmp_path: Path) -> None:
    rows = [{"shop": "de grote winkel", "q7": f"dit duurde {n} uur te lang"} for n in range(20)]
    assert run(write(tmp_path / "in.csv", rows), tmp_path / "out.csv").text == "q7"


@pytest.mark.parametrize(
    "first",
    [
        "Heel vriendelijk geholpen aan de balie.",
        "Ik heb drie kwartier moeten wachten",
        "Snel geleverd maar de doos was stuk",
        "The parcel arrived two days late!",
        "I had to call three times",
        "Het personeel was erg aardig",
    ],
)
def test_a_first_line_that_is_a_comment_is_not_taken_for_a_name(tmp_path: Path, first: str) -> None:
    source = tmp_path / "in.txt"
    source.write_text(first + "\nhet duurde te lang\nprima geholpen door Jan\n")
    with pytest.raises(FileError, match="looks like a comment.*on top, such as comment"):
        run(source, tmp_path / "out.csv")
    assert run(source, tmp_path / "out.csv", text=first).rows == 2


def test_a_first_line_with_a_grade_is_not_taken_for_names(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("Snel geholpen vandaag,9\nHet wachten duurde te lang,2\n")
    with pytest.raises(FileError, match="looks like a comment: 'Snel geholpen vandaag'"):
        run(source, tmp_path / "out.csv")
    assert run(source, tmp_path / "out.csv", text="Snel geholpen vandaag").rows == 1
    source.write_text("comment,2024\nSnel geholpen vandaag,9\n")
    assert run(source, tmp_path / "other.csv").rows == 1


@pytest.mark.parametrize(
    "name",
    [
        "Wat vond u van ons?",
        "How did we do",
        "Please tell us why you gave this score.",
        "Vertel ons waarom we dit cijfer niet verdienen.",
        "We horen graag uw mening.",
        "Q12: what we did not do well",
        "Open antwoord",
        "Reden waarom ik dit cijfer gaf",
        "Het beste aan de winkel was ...",
    ],
)
def test_a_question_is_a_name(tmp_path: Path, name: str) -> None:
    rows = [{name: f"het duurde {n} uur te lang"} for n in range(3)]
    assert run(write(tmp_path / "in.csv", rows), tmp_path / "out.csv").rows == 3


def test_an_unclear_text_column_is_asked_for(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [{"a": "1", "b": "2"}])
    with pytest.raises(FileError, match=r"--text NAME. Columns: a, b"):
        run(source, tmp_path / "out.csv")
    with pytest.raises(FileError, match="has no column 'c'. Columns: a, b"):
        run(source, tmp_path / "out.csv", text="c")
    assert run(source, tmp_path / "out.csv", text="b").rows == 1
    source = write(tmp_path / "two.csv", [{"comment one": "a", "comment two": "b"}])
    with pytest.raises(FileError, match="Several columns"):
        run(source, tmp_path / "two.out.csv")


def test_of_two_columns_with_the_name_of_comments_one_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "comment,id,comment\ngoed,1,het duurde lang\nok,2,heel erg fijn\n"
    )
    with pytest.raises(FileError, match=r"Several columns.*\(comment, comment_2\); say which"):
        run(tmp_path / "in.csv", tmp_path / "out.csv")
    (tmp_path / "in.csv").write_text("comment,id,comment\nhet duurde lang,1,7\nheel erg fijn,2,\n")
    assert run(tmp_path / "in.csv", tmp_path / "out.csv").text == "comment"


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ({"review_id": "r{}", "review_date": "2026-01-0{}", "body": "het duurde {} uur"}, "body"),
        ({"comment_id": "{}", "text": "traag"}, "text"),
        ({"feedback_score": "{}", "feedback_text": "het duurde {} uur"}, "feedback_text"),
        ({"id": "{}", "review_title": "traag"}, "review_title"),
        ({"comments": "{}", "message": "het duurde {} uur"}, "message"),
        ({"review": "{}", "review_text": "het duurde {} uur"}, "review_text"),
        ({"feedback": "positive", "open_answer": "het duurde {} uur"}, "open_answer"),
        ({"answer": "Yes", "customer comment": "het duurde {} uur"}, "customer comment"),
        ({"comment": "traag{}!", "note": "belde {} keer terug"}, "comment"),
        ({"comment": "Top", "id": "{}"}, "comment"),
        ({"comment": "", "question_text": "hoe ging het met {} ?"}, "comment"),
        ({"opmerking": " ", "toelichting": "het duurde {} uur"}, "toelichting"),
        ({"id": "{}", "commentaar": "Prima"}, "commentaar"),
        ({"klantfeedback": "het duurde {} uur", "notitie": "belde {} keer terug"}, "klantfeedback"),
    ],
)
def test_a_word_in_a_name_is_not_enough(tmp_path: Path, rows: dict, column: str) -> None:
    made = [{name: value.format(n) for name, value in rows.items()} for n in range(1, 5)]
    assert run(write(tmp_path / "in.csv", made), tmp_path / "out.csv").text == column


def test_numbers_are_no_comments(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [{"comments": "3", "likes": "15"}])
    with pytest.raises(FileError, match="Which column of in.csv holds the comments is not clear"):
        run(source, tmp_path / "out.csv")


def test_short_comments_beside_sentences_are_asked_for(tmp_path: Path) -> None:
    rows = [{"customer_feedback": "traag", "note": f"belde {n} keer terug"} for n in range(5)]
    with pytest.raises(FileError, match=r"\(customer_feedback, note\); say which"):
        run(write(tmp_path / "in.csv", rows), tmp_path / "out.csv")


def test_what_may_be_a_reply_is_no_comment_unasked(tmp_path: Path) -> None:
    row = {"klantfeedback": "het duurde {} uur", "antwoord": "dank voor uw bericht {} !"}
    rows = [{name: value.format(n) for name, value in row.items()} for n in range(5)]
    with pytest.raises(FileError, match=r"\(klantfeedback, antwoord\); say which"):
        run(write(tmp_path / "in.csv", rows), tmp_path / "out.csv")


def test_the_text_column_may_come_late(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [*[{"id": 1}] * 1500, {"id": 2, "comment": "traag"}])
    assert run(source, tmp_path / "out.jsonl").text == "comment"


def test_comments_do_not_give_way_to_readings(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [{"cx_sentiment": "traag", "cx_own": "x"}])
    with pytest.raises(FileError, match="would give way"):
        run(source, tmp_path / "out.csv", text="cx_sentiment")
    with pytest.raises(FileError, match=r"\(cx_sentiment\), though no earlier scoring wrote them"):
        run(source, tmp_path / "out.csv", text="cx_own")
    own = write(tmp_path / "own.csv", [{"cx_own": "x"}])
    report = run(own, tmp_path / "out.csv", text="cx_own")
    assert report.replaced == []
    assert read(report.target)[0]["cx_own"] == "x"


def test_scoring_a_scored_file_replaces_the_readings(tmp_path: Path) -> None:
    first = run(write(tmp_path / "in.csv", ROWS), tmp_path / "one.csv")
    second = run(first.target, tmp_path / "two.csv")
    assert len(second.replaced) == 5 + 3 * len(ASPECTS)
    assert read(second.target) == read(first.target)


def test_scoring_a_scored_file_leaves_no_old_evidence(tmp_path: Path) -> None:
    first = run(write(tmp_path / "in.csv", ROWS), tmp_path / "one.csv")
    second = run(first.target, tmp_path / "two.csv", evidence=False)
    assert len(second.replaced) == 5 + 3 * len(ASPECTS)
    assert not [name for name in read(second.target)[0] if name.endswith("_evidence")]
    with pytest.raises(FileError, match="would give way"):
        run(first.target, tmp_path / "three.csv", evidence=False, text="cx_time_evidence")


@pytest.mark.parametrize(("source", "target"), [("in.csv", "out.csv"), ("in.jsonl", "out.parquet")])
def test_an_interrupted_run_goes_on(tmp_path: Path, source: str, target: str) -> None:
    rows = [{"id": str(n), "comment": ("traag", "vriendelijk", "")[n % 3]} for n in range(50)]
    path = write(tmp_path / source, rows)
    whole = run(path, tmp_path / f"whole-{target}", chunk_rows=7).target
    broken = FakeModel(fail_at_call=4)
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / target, chunk_rows=7, model=broken)
    assert not (tmp_path / target).exists()
    with pytest.raises(FileError, match="--resume"):
        run(path, tmp_path / target, chunk_rows=7)
    other = FakeModel()
    other.manifest = {"files": {"model.onnx": "1"}}
    with pytest.raises(FileError, match="another model"):
        run(path, tmp_path / target, chunk_rows=7, resume=True, model=other)
    left = tmp_path / f"{target}.partial" / f"000004.arrow{PART}"
    left.write_bytes(b"torn")  # as a kill in the middle of a write leaves it
    model = FakeModel()
    report = run(path, tmp_path / target, chunk_rows=8, resume=True, model=model)
    assert (report.rows, report.resumed, model.calls) == (50, 21, 5)  # in chunks of 7, as before
    assert report.target.read_bytes() == whole.read_bytes()
    with pytest.raises(FileError, match="is whole"):
        run(path, tmp_path / target, chunk_rows=7, resume=True)


def test_a_run_that_writes_a_workbook_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROWS)
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "out.xlsx", chunk_rows=1, model=FakeModel(fail_at_call=3))
    report = run(path, tmp_path / "out.xlsx", resume=True)
    assert (report.rows, report.resumed) == (4, 2)
    assert read(report.target) == read(run(path, tmp_path / "whole.xlsx").target)


def test_readings_that_a_bad_disk_damaged_are_made_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROWS)
    whole = run(path, tmp_path / "whole.csv").target
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "out.csv", chunk_rows=1, model=FakeModel(fail_at_call=4))
    torn = tmp_path / "out.csv.partial" / "000001.arrow"
    torn.write_bytes(torn.read_bytes()[:-9])
    report = run(path, tmp_path / "out.csv", resume=True)
    assert (report.rows, report.resumed) == (4, 2)
    assert report.target.read_bytes() == whole.read_bytes()


def test_an_option_that_is_not_that_of_the_run_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROWS)
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "out.csv", chunk_rows=1, model=FakeModel(fail_at_call=2))
    other = FakeModel()
    other.name, other.manifest = "other name", {"files": {"model.onnx": "1"}}
    for options, message in (
        ({"evidence": False}, "begun with --evidence, not --no-evidence. Give that, or begin anew"),
        ({"text": "nps"}, "begun with --text comment, not --text nps"),
        ({"model": other}, "begun with --model fake, not --model 'other name'"),
    ):
        with pytest.raises(FileError, match=message):
            run(path, tmp_path / "out.csv", resume=True, **options)


def test_a_changed_input_cannot_be_gone_on_with(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROWS)
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "out.csv", chunk_rows=1, model=FakeModel(fail_at_call=2))
    write(path, [*ROWS, ROWS[0]])
    with pytest.raises(FileError, match="another input"):
        run(path, tmp_path / "out.csv", chunk_rows=1, resume=True)
    assert run(path, tmp_path / "out.csv", chunk_rows=1, force=True).rows == 5


def test_what_was_done_is_kept_until_a_new_run_can_begin(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROWS)
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "out.csv", chunk_rows=1, model=FakeModel(fail_at_call=2))
    with pytest.raises(FileError, match="has no column 'typo'"):
        run(path, tmp_path / "out.csv", chunk_rows=1, force=True, text="typo")
    assert run(path, tmp_path / "out.csv", chunk_rows=1, resume=True).resumed == 1


def test_an_output_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROWS)
    run(path, tmp_path / "out.csv")
    with pytest.raises(FileError, match="--force"):
        run(path, tmp_path / "out.csv")
    run(path, tmp_path / "out.csv", force=True)
    with pytest.raises(FileError, match="is the input"):
        run(path, path, force=True)


def test_another_run_on_the_same_output_meanwhile_loses_nothing(tmp_path: Path) -> None:
    path, target = write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv"

    def written_by_another(done: int, rows: int) -> None:
        target.write_text("another")

    with pytest.raises(FileError, match="written by another run meanwhile"):
        run(path, target, progress=written_by_another)
    assert target.read_text() == "another"
    assert run(path, target, resume=True).resumed == len(ROWS)
    work = tmp_path / "other.csv.partial"
    model = FakeModel()
    classify = model.classify

    def begun_by_another(texts: Any, **options: Any) -> Any:
        work.mkdir(exist_ok=True)
        return classify(texts, **options)

    model.classify = begun_by_another  # type: ignore[method-assign]
    with pytest.raises(FileError, match="of another run, which began meanwhile"):
        run(path, tmp_path / "other.csv", model=model)


@pytest.mark.parametrize("how", ["resume", "force"])
def test_a_run_that_is_still_going_is_left_alone(tmp_path: Path, how: str) -> None:
    path, target = write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv"
    refused = []

    def begin_another(done: int, rows: int) -> None:
        with pytest.raises(FileError, match="of a run that is still going; let it end"):
            run(path, target, **{how: True})
        refused.append(done)

    assert run(path, target, progress=begin_another).rows == len(ROWS)
    assert refused
    assert not (tmp_path / "out.csv.partial").exists()


def test_a_run_does_not_go_on_with_another_calibration(tmp_path: Path) -> None:
    path, target = write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv"

    def stop(done: int, rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(path, target, progress=stop)
    model = FakeModel()
    model.manifest = {**model.manifest, "calibration": {"slope": 2.0}}
    with pytest.raises(FileError, match="another model"):
        run(path, target, model=model, resume=True)


def test_a_number_in_a_cell_for_dates_stays_a_number(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["order", "since", "took", "comment"])
    book.active.append([3_000_000, 45_000, 0.5, "traag"])
    for cell, kind in (("A2", "dd-mm-yyyy"), ("B2", "dd-mm-yyyy"), ("C2", "[hh]:mm:ss")):
        book.active[cell].number_format = kind
    book.save(tmp_path / "in.xlsx")
    run(tmp_path / "in.xlsx", tmp_path / "out.jsonl")
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert (row["order"], row["since"]) == (3_000_000, "2023-03-15")
    assert row["took"] == "12:00:00"


def test_formulas_that_nobody_has_worked_out_are_refused(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["id", "comment"])
    book.active.append([1, '=CONCATENATE("heel"," vriendelijk")'])
    book.save(tmp_path / "in.xlsx")
    with pytest.raises(FileError, match=r"Cell B2 of .* is a formula without its value; open"):
        run(tmp_path / "in.xlsx", tmp_path / "out.csv")


def test_json_numbers_that_a_float_would_change_come_through(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"comment": "traag", "n": 1}\n{"comment": "a", "n": 1e99999999999999999999}\n')
    assert run(bad, tmp_path / "bad.csv").bad_rows == 1
    numbers = ["0.1", "1e3", "0.0", "1e400", "1e-400", "1234567890.12345678901234567890"]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"comment": "traag", "n": {n}}}\n' for n in numbers))
    found = [row["n"] for row in read(run(path, tmp_path / "out.jsonl").target)]
    assert found == [0.1, 1000.0, 0.0, *numbers[3:]]


def test_a_json_key_that_stands_twice_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"comment": "traag"}\n{"comment": "a", "x": {"b": 1, "b": 2}}\n')
    report = run(path, tmp_path / "out.jsonl")
    assert report.rows == report.bad_rows == 1
    assert "the key 'b' stands twice" in report.bad[0].reason


def test_a_blank_before_quotes_is_none_of_the_cell(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(
        'id, comment, store\n1, "goed, snel geholpen", Ede\n2, "te lang gewacht", Urk\n',
        encoding="utf-8",
    )
    assert run(path, tmp_path / "out.csv").text == "comment"
    rows = read(tmp_path / "out.csv")
    assert [row["comment"] for row in rows] == ["goed, snel geholpen", "te lang gewacht"]
    one_odd = 'id,comment\n1,goed\n2, "snel, goed"\n3, "Top" zei ze\n4, traag\n'
    path.write_text(one_odd, encoding="utf-8")
    assert read(run(path, tmp_path / "other.csv").target)[-1]["comment"] == " traag"
    prose = 'What did you like, and why?\nAll of it\nGreat, "very friendly, quick" she said\nNo\n'
    path.write_text(prose, encoding="utf-8")
    assert run(path, tmp_path / "prose.csv").rows == 3
    assert [row["store"] for row in rows] == ["Ede", "Urk"]


def test_the_rejects_of_an_output_that_was_moved_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,comment\n1,traag\n2,a,b\n", encoding="utf-8")
    rejects = run(path, tmp_path / "out.csv").rejects
    assert rejects is not None
    (tmp_path / "out.csv").rename(tmp_path / "moved.csv")
    with pytest.raises(FileError, match=r"rejects.jsonl exists and holds what a run rejected"):
        run(path, tmp_path / "out.csv")
    assert run(path, tmp_path / "out.csv", force=True).bad_rows == 1


def test_the_rejects_of_an_output_are_not_deleted_as_an_old_file(tmp_path: Path) -> None:
    source = write(tmp_path / "out.csv.rejects.jsonl", [{"comment": "traag"}])
    with pytest.raises(FileError, match="is the input"):
        run(source, tmp_path / "out.csv")
    assert source.exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    source, target = write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv"
    work = tmp_path / "out.csv.partial"
    work.mkdir()
    (work / "mine.txt").write_text("mine")
    for options in ({}, {"resume": True}, {"force": True}):
        with pytest.raises(FileError, match=r"out.csv.partial is in the way .*move it"):
            run(source, target, **options)
    assert (work / "mine.txt").read_text() == "mine"
    (work / "mine.txt").rename(work / "journal.json")
    for text in ("mine", "null", "{}", '{"input": 1, "model": {"name": 1}, "options": 2}'):
        (work / "journal.json").write_text(text)
        with pytest.raises(FileError, match="journal.json is damaged; begin anew with --force"):
            run(source, target, resume=True)
    assert run(source, target, force=True).rows == len(ROWS)
    work.mkdir()
    (work / "000000.arrow").touch()  # its journal was deleted first when a run was ended
    assert run(source, target, force=True).rows == len(ROWS)
    work.mkdir()
    (work / f"journal.json{PART}").touch()  # killed before its journal was whole
    assert run(source, target, force=True).rows == len(ROWS)
    work.touch()
    with pytest.raises(FileError, match="is in the way"):
        run(source, tmp_path / "out.csv", force=True)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    source, link = write(tmp_path / "in.csv", ROWS), tmp_path / "link.csv"
    (tmp_path / "real").mkdir()
    link.symlink_to(tmp_path / "real" / "out.csv")
    for options in ({}, {"force": True}):
        assert run(source, link, **options).rows == len(ROWS)
        assert link.is_symlink()
        assert len(read(tmp_path / "real" / "out.csv")) == len(ROWS)
    for other in ("blob", "link.csv"):
        link.unlink()
        link.symlink_to(tmp_path / other)
        with pytest.raises(FileError, match="link.csv is a link to .*; give the file itself"):
            run(source, link, force=True)


def test_a_folder_is_refused_before_time_is_spent(tmp_path: Path) -> None:
    path, model = write(tmp_path / "in.csv", ROWS), FakeModel()
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        run(path, tmp_path / "out.csv", model=model, force=True)
    assert not model.calls


@pytest.mark.parametrize("call", [1, 4])  # at the first chunk, and after the last
def test_an_input_that_grows_while_it_is_read(tmp_path: Path, call: int) -> None:
    path = write(tmp_path / "in.csv", ROWS)

    class Meanwhile(FakeModel):
        def classify(self, texts: Any, *, evidence: bool = True) -> Any:
            found = super().classify(texts, evidence=evidence)
            if self.calls == call:
                with path.open("a") as stream:
                    stream.write("5,traag,1\n")
            return found

    with pytest.raises(FileError, match="was changed while it was read"):
        run(path, tmp_path / "out.csv", chunk_rows=1, model=Meanwhile())
    assert not (tmp_path / "out.csv").exists()


def test_suffixes_in_capitals(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", [{"comment": "x" * 40_000, "id": 1}])
    path = path.rename(tmp_path / "IN.CSV")
    with pytest.raises(FileError, match="40,000 characters"):
        run(path, tmp_path / "OUT.XLSX")
    assert run(path, tmp_path / "OUT.TSV").target.read_text().startswith("comment\tid\t")


def test_a_wide_file_is_read_in_smaller_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxnlp.files.scoring.CHUNK_CELLS", 6)
    model, path = FakeModel(), write(tmp_path / "in.csv", ROWS)  # 4 rows of 3 columns
    done: list[tuple[int, int]] = []
    run(path, tmp_path / "out.csv", model=model, progress=lambda *rows: done.append(rows))
    assert done == [(2, 4), (4, 4)]


def test_many_bad_rows_are_counted_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxnlp.files.scoring.BAD_ROWS", 2)
    path = tmp_path / "in.csv"
    path.write_text("id,comment\n1,traag\n" + "a,b,c\n" * 5)
    report = run(path, tmp_path / "out.csv")
    assert (report.rows, len(report.bad), report.bad_rows) == (1, 2, 5)
    assert len(report.rejects.read_text().splitlines()) == 5


def test_stray_quotes_join_no_rows_of_a_tab_file(tmp_path: Path) -> None:
    path = tmp_path / "in.tsv"
    path.write_text('id\tcomment\n1\t"Top\n2\tgoed\n3\ttraag"\n4\t"goed,\ntraag"\n', "utf-8")
    report = run(path, tmp_path / "out.jsonl")
    assert [row["comment"] for row in read(report.target)] == ["goed", 'traag"', "goed,\ntraag"]
    assert [(bad.line, bad.raw) for bad in report.bad] == [(2, '1\t"Top')]
    assert "each of several lines is a row by itself" in report.bad[0].reason


def test_a_chunk_has_rows(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="chunk_rows is 0; give a whole number of 1 or more"):
        run(write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv", chunk_rows=0)


def test_refusals_of_names(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", ROWS)
    (tmp_path / "folder.csv").mkdir()
    for source, target, message in (
        (tmp_path / "in.doc", tmp_path / "out.csv", "Cannot read in.doc: give one of .csv"),
        (path, tmp_path / "out.pdf", "Cannot write out.pdf: give one of .csv"),
        (tmp_path / "none.csv", tmp_path / "out.csv", "There is no file"),
        (tmp_path / "folder.csv", tmp_path / "out.csv", "folder.csv is a folder; give a file"),
        (path, tmp_path / "no" / "out.csv", "There is no folder"),
    ):
        with pytest.raises(FileError, match=message):
            run(source, target)


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_of_several_sheets_one_is_asked_for(tmp_path: Path) -> None:
    shops = [["shop"], ["Gouda"]]
    comments = [["comment"], ["traag"], ["vriendelijk"]]
    path = workbook(tmp_path / "in.xlsx", {"Shops": shops, "Empty": [], "Q 1": comments})
    with pytest.raises(FileError, match=r"Several sheets .*\(Shops, Q 1\); say which with --sheet"):
        run(path, tmp_path / "out.csv")
    with pytest.raises(FileError, match="has no sheet 'q'. Sheets: Shops, Empty, Q 1"):
        run(path, tmp_path / "out.csv", sheet="q")
    with pytest.raises(FileError, match="Sheet 'Empty' of .* is empty"):
        run(path, tmp_path / "out.csv", sheet="Empty")
    broken = FakeModel(fail_at_call=2)
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "out.csv", sheet="Q 1", chunk_rows=1, model=broken)
    another = "with --sheet 'Q 1' --text comment, not --sheet Shops --text shop"
    with pytest.raises(FileError, match=another):
        run(path, tmp_path / "out.csv", sheet="Shops", text="shop", resume=True)
    report = run(path, tmp_path / "out.csv", sheet="Q 1", resume=True)
    assert (report.rows, report.resumed) == (2, 1)


def test_a_title_above_the_column_names_is_named(tmp_path: Path) -> None:
    table = [["day", "comment"], ["monday", "traag"], ["tuesday", "snel"]]
    for above in ([["Q 3"], []], [["Q 3"], ["exported by me"]], [[None, "Q 3"]]):
        path = workbook(tmp_path / "in.xlsx", {"Data": [*above, *table]})
        with pytest.raises(FileError, match="'Q 3', looks like a title.* Delete what stands above"):
            run(path, tmp_path / "out.csv")


def test_commas_of_a_name_and_of_its_comments_divide_nothing(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    comments = ["vriendelijk, maar veel te duur", "traag", "top, snel ook, dank", "prima"]
    path.write_text("\n".join(["Opmerking, toelichting", *comments]), encoding="utf-8")
    report = run(path, tmp_path / "out.csv")
    assert (report.text, report.rows, report.bad_rows) == ("Opmerking, toelichting", 4, 0)
    path.write_text("\n".join(["id, comment", "1, traag", "2, snel", "3, top"]), encoding="utf-8")
    assert run(path, tmp_path / "two.csv").delimiter == ","


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_an_index_without_a_name_is_no_title(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"in{suffix}"
    frame = pd.DataFrame({"comment": ["heel traag", "snel geholpen", "top"]})
    (frame.to_csv if suffix == ".csv" else frame.to_excel)(path)
    assert run(path, tmp_path / "out.csv").text == "comment"


def test_columns_that_only_have_the_names_of_readings_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("comment,cx_score,cx_product\nheel traag,8,laptop\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"\(cx_score, cx_product\), though no earlier scoring"):
        run(path, tmp_path / "out.csv")


@pytest.mark.parametrize(
    "text",
    [
        "Feedback of Q 3\n\nday;comment\nmonday;traag\ntuesday;snel, hoor\n",
        "Feedback of Q 3\nexported by me\nday,comment\nmonday,traag\n",
        "Feedback of Q 3;\n;\nday;comment\nmonday;traag\ntuesday;snel, hoor\n",
        "Feedback of Q 3\nday\tcomment\nmonday\ttraag\ntuesday\tsnel\n",
    ],
)
def test_a_title_above_the_names_of_a_csv_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match="'Feedback of Q 3', looks like a title.* Delete what"):
        run(path, tmp_path / "out.csv")


@pytest.mark.parametrize(
    "text",
    [
        "comment\nsnel, maar duur\nduur, maar snel\n",
        "comment\nsnel,maar duur\nniet goed, niet snel, niet fijn\n",
        "comment\nsnel;duur\nprima\n",
        "comment\nsnel,duur\nprima,fijn\n",
        '"Comment"\nsnel,duur\nprima,fijn\n',
        "Opmerking, toelichting\nsnel en duur\nprima\n",
    ],
)
def test_punctuation_of_comments_makes_no_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text(text, encoding="utf-8")
    assert run(path, tmp_path / "out.csv").rows == 2


@pytest.mark.parametrize(
    "rows", [[["comment"], ["traag", "x"]], [["comment"], ["traag", "x"], ["snel"]]]
)
def test_a_stray_cell_makes_no_title(tmp_path: Path, rows: list[list[str]]) -> None:
    path = workbook(tmp_path / "in.xlsx", {"Data": rows})
    assert run(path, tmp_path / "out.csv").bad_rows == 1


def test_the_only_sheet_with_cells_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "in.xlsx", {"Empty": [], "Data": [["comment"], ["traag"]]})
    assert run(path, tmp_path / "out.csv").rows == 1
    with pytest.raises(FileError, match="out.csv has no sheets; leave --sheet out"):
        run(tmp_path / "out.csv", tmp_path / "again.csv", sheet="Data")


def test_errors_in_cells_are_no_comments(tmp_path: Path) -> None:
    rows = [{"comment": "traag", "n": 1}, {"comment": "#N/A", "n": "#DIV/0!"}, {"comment": "ok"}]
    report = run(write(tmp_path / "in.xlsx", rows), tmp_path / "out.jsonl")
    found = read(report.target)
    assert [(row["comment"], row["n"]) for row in found] == [
        ("traag", 1),
        (None, None),
        ("ok", None),
    ]
    assert [row["cx_no_text"] for row in found] == [False, True, False]
    source = write(tmp_path / "in.csv", [{"id": "#N/A", "comment": "#REF!"}])
    found = read(run(run(source, tmp_path / "out.xlsx").target, tmp_path / "again.jsonl").target)
    assert (found[0]["id"], found[0]["comment"]) == ("#N/A", "#REF!")  # a text stays a text


@pytest.mark.parametrize("name", ["in.parquet", "in.xlsx"])
def test_damaged_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 nothing of the kind")
    with pytest.raises(FileError, match="is damaged or not"):
        run(tmp_path / name, tmp_path / "out.csv")


def test_a_workbook_with_a_password(tmp_path: Path) -> None:
    (tmp_path / "in.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(512))
    with pytest.raises(FileError, match="one with a password; save it as .xlsx without one"):
        run(tmp_path / "in.xlsx", tmp_path / "out.csv")
    path = write(tmp_path / "zip.xlsx", ROWS)
    data = bytearray(path.read_bytes())
    for entry in re.finditer(rb"PK\x01\x02", bytes(data)):
        data[entry.start() + 8] |= 1  # says that the part is encrypted
    path.write_bytes(data)
    with pytest.raises(FileError, match="is damaged or not .* encrypted"):
        run(path, tmp_path / "out.csv")


def test_a_workbook_with_damaged_parts(tmp_path: Path) -> None:
    path = write(tmp_path / "whole.xlsx", ROWS)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "in.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"workbookViewId", b"workbookViAwId"))
    with pytest.raises(FileError, match="is damaged or not"):
        run(tmp_path / "in.xlsx", tmp_path / "out.csv")


def test_a_parquet_file_with_damaged_pages(tmp_path: Path) -> None:
    path = write(tmp_path / "in.parquet", ROWS)
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(data)
    with pytest.raises(FileError, match="is damaged or not"):
        run(path, tmp_path / "out.csv")


def test_a_parquet_file_with_text_that_is_not_utf8(tmp_path: Path) -> None:
    bytes_ = pa.array(["één".encode("cp1252")]).view(pa.string())
    pq.write_table(pa.table({"comment": bytes_}), tmp_path / "in.parquet")
    with pytest.raises(FileError, match="[Ii]nvalid UTF8"):
        run(tmp_path / "in.parquet", tmp_path / "out.csv")


def test_empty_files(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"")
    with pytest.raises(FileError, match="is empty"):
        run(tmp_path / "in.csv", tmp_path / "out.csv")
    for text, why in (("", "no rows"), ('[\n{"comment": "traag"}]', "line 1: broken JSON")):
        (tmp_path / "in.jsonl").write_text(text)
        with pytest.raises(FileError, match=why):
            run(tmp_path / "in.jsonl", tmp_path / "out.csv")
    (tmp_path / "head.csv").write_text("id,comment\n")
    report = run(tmp_path / "head.csv", tmp_path / "out.csv")
    assert report.rows == 0
    assert report.target.read_text().startswith("id,comment,cx_language")


def test_a_cell_too_long_for_excel(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", [{"comment": "x" * 40_000}])
    with pytest.raises(FileError, match="40,000 characters"):
        run(path, tmp_path / "out.xlsx")
    assert run(path, tmp_path / "out.csv").rows == 1


def test_a_very_long_comment_in_a_csv(tmp_path: Path) -> None:
    csv.field_size_limit(131_072)  # as it is at first
    path = write(tmp_path / "in.csv", [{"id": "1", "comment": "traag " * 30_000}])
    assert read(run(path, tmp_path / "out.jsonl").target)[0]["cx_time"] == "negative"


def test_columns_without_or_with_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,a,,comment\n1,2,3,traag\n")
    found = read(run(tmp_path / "in.csv", tmp_path / "out.csv").target)
    assert list(found[0].items())[:4] == [
        ("a", "1"), ("a_2", "2"), ("column_3", "3"), ("comment", "traag"),
    ]  # fmt: skip


def test_without_evidence(tmp_path: Path) -> None:
    report = run(write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv", evidence=False)
    assert "cx_time_evidence" not in read(report.target)[0]


LABELLED = {
    "id": "1", "source": "shop", "lang": "nl", "text": "snel maar traag", "sentiment": "mixed",
    "aspects": {"time": ["±", "snel"], "ease": ["-", "maar traag"]},
}  # fmt: skip


def test_labelled_comments(tmp_path: Path) -> None:
    data = read_labelled(write(tmp_path / "in.jsonl", [LABELLED, LABELLED | {"lang": "other"}]))
    assert (data.texts[0], data.sources[0]) == ("snel maar traag", "shop")
    assert data.truth.language.tolist() == [0, 3]
    assert data.truth.aspects[0, ASPECTS.index("time")].tolist() == [True, True]
    assert data.truth.spans[0, ASPECTS.index("ease")].tolist() == [[-1, -1], [5, 15]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lang": "fr"}, "language 'fr'"),
        ({"sentiment": "good"}, "sentiment 'good'"),
        ({"text": None}, "'text' is missing"),
        ({"source": 5}, "'source' is not str"),
        ({"aspects": {"speed": ["+", "snel"]}}, "aspect 'speed'"),
        ({"aspects": {"time": ["0", "snel"]}}, "mark '0'"),
        ({"aspects": {"time": "+"}}, "not a list"),
        ({"aspects": {"time": [["+"], "snel"]}}, r"mark \['\+'\]"),
        ({"aspects": {"time": ["+", "vlug"]}}, "not in the text: 'vlug'"),
    ],
)
def test_faults_of_labels_are_named_with_their_line(
    tmp_path: Path, change: dict, message: str
) -> None:
    path = write(tmp_path / "in.jsonl", [LABELLED, LABELLED | change])
    with pytest.raises(FileError, match=f"line 2: .*{message}"):
        read_labelled(path)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet", ".jsonl"])
def test_labels_of_another_kind_are_refused_with_a_sound_line(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"in{suffix}", [] if suffix == ".jsonl" else ROWS)
    with pytest.raises(FileError, match="Give JSON lines, such as {") as refusal:
        read_labelled(path)
    sound = str(refusal.value).partition("such as ")[2]
    data = read_labelled(write(path.with_suffix(".jsonl"), [json.loads(sound)]))
    assert data.truth.aspects.sum() == 2


@pytest.mark.parametrize(
    ("start", "advice"),
    [
        (b"PK\x03\x04...", "Excel file or an archive; name it .xlsx"),
        (b"\x1f\x8b\x08...", "compressed; unpack it first"),
        (b"PAR1...", "name it .parquet"),
        (b'[{"comment": "goed"}]', "JSON array; give one object a line"),
    ],
)
def test_a_file_of_another_kind_is_told(tmp_path: Path, start: bytes, advice: str) -> None:
    (tmp_path / "in.csv").write_bytes(start)
    with pytest.raises(FileError, match=advice):
        run(tmp_path / "in.csv", tmp_path / "out.csv")


def test_no_character_divides_a_single_column(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("comment\ngoed\x1f\ngoed\x1fhoor\n", encoding="utf-8")
    found = read(run(tmp_path / "in.csv", tmp_path / "out.csv").target)
    assert [row["comment"] for row in found] == ["goed\x1f", "goed\x1fhoor"]


def test_the_line_without_names_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("Prima geholpen!\nSlecht en traag\nTop service\n")
    with pytest.raises(FileError, match="if that is a comment, put a line with names on top"):
        run(tmp_path / "in.csv", tmp_path / "out.csv")


def test_columns_of_an_earlier_scoring_are_not_listed(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", [{"comment": "goed", "cx_score": "1", "shop": "a"}])
    with pytest.raises(FileError, match=r"no column 'x'. Columns: comment, shop\.$"):
        run(source, tmp_path / "out.csv", text="x")
