"""A whole file as a data frame, for files that are scored and fit in memory."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa

from cxnlp.errors import FileError
from cxnlp.files import inputs
from cxnlp.files.cells import values
from cxnlp.files.inputs import BadRow
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
    if isinstance(table, inputs.Csv):
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
        whole = pa.concat_tables([table.schema.empty_table(), *chunks])
        try:
            return whole.to_pandas(ignore_metadata=True)  # which would hide columns in an index
        except (ValueError, pa.ArrowException):  # moments that Python has no type for
            return pd.DataFrame({name: _column(whole[name]) for name in whole.column_names})
    rows = itertools.chain.from_iterable(chunks)
    return pd.DataFrame([*map(mended, rows)], columns=None if chunks else table.columns)


def _column(column: pa.ChunkedArray) -> pd.Series:
    try:
        return column.to_pandas()
    except (ValueError, pa.ArrowException):
        return pd.Series(values(column))
