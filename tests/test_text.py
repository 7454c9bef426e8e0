from __future__ import annotations

import enum
import pickle
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from cxnlp.text import PADDING, holds_text, is_missing, to_column, without_markup

CELLS = ["Prima", None, "één 😊", ""]


@pytest.mark.parametrize(
    "cells",
    [
        CELLS,
        tuple(CELLS),
        (cell for cell in CELLS),
        pd.Series(CELLS),
        pd.Series(CELLS, dtype=object),
        pd.Series(CELLS, dtype="category"),
        np.array(CELLS, object),
        pa.array(CELLS),
        pa.array(CELLS).dictionary_encode(),
        pa.chunked_array([CELLS[:2], CELLS[2:]]),
        iter(pa.array(CELLS)),
        pd.Series(CELLS, index=["columns", "b", "c", "d"]),
        pd.Series(CELLS, dtype=pd.ArrowDtype(pa.string())),
    ],
    ids=lambda cells: type(cells).__name__,
)
def test_every_kind_of_column_reads_the_same(cells: object) -> None:
    assert to_column(cells).to_pylist() == CELLS


@pytest.mark.parametrize(
    "missing",
    [
        None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("NaN"),
        np.ma.masked,
    ],
)  # fmt: skip
def test_missing_cells_become_null(missing: object) -> None:
    assert to_column(["a", missing]).to_pylist() == ["a", None]


@pytest.mark.parametrize("cell", ["", "nan", 0, np.array(["a", "b"]), np.array([]), [], [None]])
def test_what_is_there_is_not_missing(cell: object) -> None:
    assert is_missing(cell) is False


def test_categories_of_several_files_are_joined() -> None:
    files = [pd.Series([f"{name}{at}" for at in range(100)], dtype="category") for name in "ab"]
    column = pa.chunked_array([pa.array(file) for file in files])
    assert to_column(column).to_pylist() == [*files[0], *files[1]]


def test_a_part_of_a_column_holds_no_other_cell() -> None:
    whole = pa.chunked_array([["mijn geheim", "goed", None, "nog een geheim"]] * 2)
    for part in (whole.chunk(0)[1:3], whole[1:3], whole.chunk(0).cast(pa.large_string())[1:3]):
        assert b"geheim" not in pickle.dumps(to_column(part))
        assert to_column(part).to_pylist() == ["goed", None]
    own = pa.array(["goed", None, "nog meer"], pa.large_string())
    assert to_column(own).buffers()[2].address == own.buffers()[2].address  # no copy


def test_a_member_of_an_enum_is_its_text() -> None:
    member = enum.Enum("Answer", {"GOOD": "goed"}, type=str).GOOD
    assert to_column([member, np.str_("top")]).to_pylist() == ["goed", "top"]


def test_a_column_of_nothing_but_nan() -> None:
    assert to_column(np.array([np.nan, np.nan])).to_pylist() == [None, None]
    assert to_column(pa.nulls(2)).to_pylist() == [None, None]
    assert len(to_column([])) == 0


@pytest.mark.parametrize("cell", [7, 1.5, b"bytes", {"text": "a"}, ["a"], True])
def test_a_cell_that_is_not_text_is_named_with_its_position(cell: object) -> None:
    with pytest.raises(TypeError, match=r"texts\[2\] is not text but " + type(cell).__name__):
        to_column(["a", None, cell])


@pytest.mark.parametrize(
    ("cell", "how"), [(7, r"str\(\)"), (b"Goed", r"\.decode\(\)"), (np.bytes_(b"a"), r"\.decode")]
)
def test_a_cell_that_is_not_text_is_told_how_to_become_it(cell: object, how: str) -> None:
    with pytest.raises(TypeError, match=f"Convert it with {how}"):
        to_column([cell])


@pytest.mark.parametrize("table", [pd.DataFrame({"comment": ["a"]}), pa.table({"c": ["a"]}), {}])
def test_a_table_is_refused(table: object) -> None:
    with pytest.raises(TypeError, match="one column"):
        to_column(table)


@pytest.mark.parametrize(
    ("one", "item"), [("Prima", r"\[text\]"), (b"Prima", r"\[text\.decode\(\)\]")]
)
def test_a_bare_string_is_refused(one: object, item: str) -> None:
    with pytest.raises(TypeError, match=f"pass a list of strings: {item}"):
        to_column(one)


@pytest.mark.parametrize("other", [None, 5])
def test_what_is_no_column_is_refused(other: object) -> None:
    with pytest.raises(TypeError, match="pass a list of strings"):
        to_column(other)


def test_half_a_surrogate_pair_keeps_its_place() -> None:
    assert to_column(["a\ud83db", None]).to_pylist() == ["a\N{REPLACEMENT CHARACTER}b", None]


def test_holds_text() -> None:
    cells = {
        "Prima": True, "7": True, "😡": True, "n.v.t.": True, "好": True,
        "na": True, "None": True, "n/a": True, "NA": False, "nan": False, "#N/A": False,
        "null": False, "(null)": False, "\\N": False,
        "-": False, "?!": False, " \t\n": False, "": False, "…": False, None: False,
    }  # fmt: skip
    assert holds_text(to_column(list(cells))).tolist() == list(cells.values())


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>Heel <b>vriendelijk</b>&nbsp;personeel</p>", "Heel vriendelijk personeel"),
        ('Te <a href="x">duur</a><br/>en traag<!-- q7 -->', "Te duur en traag"),
        ("caf&eacute;, foto&#39;s &amp; x&#x79;z", "café, foto's & xyz"),
        ("twee keer: &amp;nbsp;te&amp;eacute;n &lt;br&gt;ja", "twee keer: teén ja"),
        ("I <3 you, <naam>, a < b > c &dus; R&D; 5 &#0 x &notions;", None),
        ("Plain", None),
    ],
)
def test_markup_is_not_read_and_moves_nothing(written: str, read: str | None) -> None:
    (found,) = without_markup(to_column([written])).to_pylist()
    assert len(found) == len(written)
    if read is None:
        assert found == written
    assert found.replace(PADDING, "").split() == (read or written).split()
    for at, letter in enumerate(found):
        assert letter in (" ", PADDING, written[at]) or written[at] == "&"


def test_only_texts_with_markup_are_changed() -> None:
    column = to_column(["Prima", None, "<br>Ja", "", "&lt;", "<br>"])
    assert without_markup(column).to_pylist() == [
        "Prima",
        None,
        "    Ja",
        "",
        "<\u200b\u200b\u200b",
        "    ",
    ]
    sliced = column.slice(1, 3)
    assert without_markup(sliced).to_pylist() == [None, "    Ja", ""]
    plain = column.slice(0, 2)
    assert without_markup(plain) is plain
