"""A whole file as a data frame, for files that are scored and fit in memory."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxnlp.errors import FileError
from cxnlp.files import inputs
from cxnlp.files.cells import EXACT, kind, values
from cxnlp.files.inputs import BadRow
from cxnlp.files.sniff import ONE_COLUMN
from cxnlp.text import mended


def read_frame(path: Path | str, sheet: str | None = None) -> pd.DataFrame:
    """Read any file that `cxnlp score` writes; every cell of a CSV stays the string that it is.

    Parameters
    ----------
    sheet
        The sheet of a workbook to read; needed where several hold cells.

    Raises
    ------
    FileError
        For a file that `open_input` refuses, and for a row that cannot be read. (A row of a CSV
        that is too short lacks its last cells, which are empty then.)
    """
    table = inputs.open_input(Path(path), sheet)
    if isinstance(table, inputs.Csv) and table.delimiter != ONE_COLUMN:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)  # of rows that are too long
                return pd.read_csv(
                    path,
                    sep=table.delimiter,
                    encoding=table.encoding,
                    dtype=str,
                    keep_default_na=False,
                    names=table.columns,
                    header=0,
                    skiprows=table.before_header,
                    index_col=False,
                )
        except (ValueError, pd.errors.ParserWarning) as error:
            raise FileError(f"{path} cannot be read: {str(error).strip()}.") from None

    def refuse(row: BadRow) -> None:
        raise FileError(f"Line {row.line} of {path} cannot be read: {row.reason}.")

    chunks = list(table.chunks(10_000, refuse))
    if isinstance(table, inputs.Parquet):
        return to_pandas(pa.concat_tables([table.schema.empty_table(), *chunks]))
    rows = [*map(mended, itertools.chain.from_iterable(chunks))]
    frame = pd.DataFrame(rows, columns=None if chunks else table.columns)
    for name in frame.columns[frame.dtypes == "float"]:
        cells = [row.get(name) for row in rows]
        if str in map(kind, cells):  # a number that a float would round
            frame[name] = pd.Series(cells, dtype=object)
    return frame


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """A table with every column as pandas has it; ids of many digits keep them.

    pandas makes floats of integers of which some are missing. Where that would round one of a table
    they are objects.
    """
    rounds = any(
        pa.types.is_integer(column.type)
        and column.null_count
        and pc.any(pc.greater(pc.abs(column.cast(pa.decimal128(20))), EXACT)).as_py()
        for column in table.columns
    )
    try:  # metadata of pandas would hide columns in an index
        return table.to_pandas(ignore_metadata=True, integer_object_nulls=rounds)
    except (ValueError, pa.ArrowException):  # moments, and lists, that one of both has no type for
        columns = [_column(column) for column in table.columns]
        return pd.concat(columns, axis=1, keys=table.column_names)


def _column(column: pa.ChunkedArray) -> pd.Series:
    try:
        return column.to_pandas(integer_object_nulls=True)
    except (ValueError, pa.ArrowException):
        return pd.Series(values(column), dtype=object)
