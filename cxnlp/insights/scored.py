"""What every insight is made from: the readings as columns, wherever they come from."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from cxnlp.errors import CxnlpError, FileError
from cxnlp.files import find_text_column, read_frame
from cxnlp.files.cells import flat
from cxnlp.files.frames import to_pandas
from cxnlp.results import PREFIX, READINGS, Results
from cxnlp.taxonomy import ASPECTS, LANGUAGES, POLARITIES, SENTIMENTS
from cxnlp.text import NOTHING, mended, to_column

#: Cells of a CSV that mean true; Excel writes the word of its own language.
_TRUE = ("true", "1", "1.0", "waar")
_FALSE = ("false", "0", "0.0", "onwaar")
_SAMPLE_ROWS = 1000

#: What the functions of this package take: results, a scored table, or the path of a scored file.
Source: TypeAlias = "Scored | Results | pd.DataFrame | pa.Table | Path | str"


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Scored:
    """Readings of n comments, with the columns that came with them.

    A row without text stays a row, but is not a comment: shares and scores leave it out.

    Attributes
    ----------
    texts
        The comments, Arrow strings (n,), null for missing cells. None where no column of the
        table is clearly theirs; what needs them asks for `comments`.
    no_text
        (n,) bool: rows with nothing to read.
    language
        (n,) str, of ``cxnlp.taxonomy.LANGUAGES``.
    sentiment
        (n,) str, of ``cxnlp.taxonomy.SENTIMENTS``.
    score
        (n,) float32 in [-1, 1]: probability of positive minus that of negative.
    decisions
        (n, 17, 2) bool, axes as ``cxnlp.taxonomy.ASPECTS`` and ``SIGNS``.
    confidence
        (n, 17) float32: probability of the decided sign, of the weaker one where both were
        decided; NaN where the aspect is not mentioned.
    words
        (n, 17) object: the evidence, of both signs joined with `` | ``; None where there is
        none. None for all where it was not asked for.
    spans
        (n, 17, 2, 2) int32: start and end of the evidence of each decision, in characters of the
        comment, -1 where nothing was decided. None where only its words are known.
    extra
        The other columns of the table, n rows.
    model
        The name of the model that read the comments; None where several did, or it is not known.
    index
        Labels of the rows, where a pandas table or column had some: by them columns are refused
        that have the rows in another order.
    """

    texts: pa.LargeStringArray | None
    no_text: np.ndarray
    language: np.ndarray
    sentiment: np.ndarray
    score: np.ndarray
    decisions: np.ndarray
    confidence: np.ndarray
    words: np.ndarray | None
    spans: np.ndarray | None
    extra: pd.DataFrame
    model: str | None = None
    index: pd.Index | None = None

    @classmethod
    def of(cls, source: Source, *, text: str | None = None, sheet: str | None = None) -> Scored:
        """Take the readings from wherever they are.

        Parameters
        ----------
        source
            `cxnlp.Results`; a table with the columns of `Results.to_arrow` (pandas, Arrow, or
            anything that Arrow reads); or the path of a file that `cxnlp score` wrote. Columns of
            confidence and evidence may be missing.
        text
            The column of a table that holds the comments; found out if not given.
        sheet
            The sheet of the workbook that a path names; needed where several hold cells.

        Raises
        ------
        CxnlpError
            For a table or file that was not scored, or holds readings that cxnlp does not know.
        TypeError
            For anything else.
        """
        if isinstance(source, str | Path):
            return cls._of_frame(read_frame(source, sheet), Path(source).name, text)
        if sheet is not None:
            raise CxnlpError(f"{sheet!r} is a sheet of no workbook; leave sheet= out.")
        if isinstance(source, Scored | Results):
            if text is not None:
                raise CxnlpError(f"{text!r} is a column of no table; leave text= out.")
            return source if isinstance(source, Scored) else cls._of_results(source)
        if not isinstance(source, pd.DataFrame):
            if not hasattr(source, "__arrow_c_stream__"):
                raise TypeError(
                    f"{type(source).__name__} holds no readings; pass cxnlp.Results, a scored "
                    "table, or the path of a scored file"
                )
            try:
                source = pa.table(source)
            except pa.ArrowInvalid as error:
                if hasattr(type(source), "columns"):
                    raise CxnlpError(f"The table cannot be read: {error}") from None
                raise TypeError(
                    f"{type(source).__name__} is one column, and readings are many; pass "
                    "cxnlp.Results, a scored table, or the path of a scored file"
                ) from None
            source = to_pandas(source)
        return cls._of_frame(source, "the table", text)

    @classmethod
    def _of_results(cls, results: Results) -> Scored:
        return cls(
            results.texts,
            results.no_text,
            results.language,
            results.sentiment,
            results.score,
            results.decisions,
            results.confidence,
            results.evidence_words,
            results.evidence,
            pd.DataFrame(index=pd.RangeIndex(len(results))),
            results.model,
            results.pandas_index,
        )

    @classmethod
    def _of_frame(cls, frame: pd.DataFrame, name: str, text: str | None) -> Scored:
        index, frame = frame.index, _with_index(frame)
        columns = [str(column) for column in frame.columns]
        frame.columns = pd.Index(columns)
        if twice := sorted(column for column, count in Counter(columns).items() if count > 1):
            raise CxnlpError(f"{name} has several columns {twice[0]!r}; give each its own name.")
        for column in frame.columns[frame.dtypes == "object"]:
            frame[column] = _mended(frame[column])
        needed = ("language", "sentiment", "score", "no_text", *ASPECTS)
        if not columns:  # JSON lines without rows have no names either
            raise CxnlpError(f"{name} holds no rows.")
        if missing := sorted({f"{PREFIX}{field}" for field in needed} - set(columns)):
            raise CxnlpError(
                f"{name} has no column {missing[0]!r}; score it first, with `cxnlp score` or "
                "cxnlp.classify(...).to_pandas()."
            )
        polarity = np.stack(
            [_names(frame[f"{PREFIX}{aspect}"], POLARITIES, name, True) for aspect in ASPECTS],
            axis=1,
        )
        shape = len(frame), len(ASPECTS)
        confidence = np.full(shape, np.nan, np.float32)
        words = np.full(shape, None, object)
        for at, aspect in enumerate(ASPECTS):
            for suffix, target, read in (
                ("confidence", confidence, _numbers),
                ("evidence", words, _cells),
            ):
                column = f"{PREFIX}{aspect}_{suffix}"
                if column in frame:
                    target[:, at] = read(frame[column], name)
        models: list[Any] = []
        if f"{PREFIX}model" in frame:
            models = frame[f"{PREFIX}model"].unique().tolist()
        own = READINGS.intersection(columns)
        no_text = _flags(frame[f"{PREFIX}no_text"], name)
        found = _text_column(frame, name, text, words, np.flatnonzero(~no_text)[:_SAMPLE_ROWS])
        texts = to_column(map(flat, _cells(frame[found], name))) if found else None
        if texts is not None:  # a comment may have been taken out after it was scored
            no_text = no_text | texts.is_null().to_numpy(zero_copy_only=False)
        return cls(
            texts,
            no_text,
            np.array(LANGUAGES)[_names(frame[f"{PREFIX}language"], LANGUAGES, name, no_text)],
            np.array(SENTIMENTS)[_names(frame[f"{PREFIX}sentiment"], SENTIMENTS, name, no_text)],
            _numbers(frame[f"{PREFIX}score"], name),
            np.stack([polarity & 1, polarity >> 1], axis=2).astype(bool),
            confidence,
            words if any(column.endswith("_evidence") for column in own) else None,
            None,
            frame.drop(columns=[*own, *filter(None, [found])]),
            models[0] if len(models) == 1 and isinstance(models[0], str) else None,
            index,
        )

    @property
    def mentions(self) -> np.ndarray:
        """(n, 17) bool: the comment evaluates the aspect, either way."""
        return np.any(self.decisions, axis=2)

    @property
    def comments(self) -> pa.LargeStringArray:
        """The texts, where they are needed.

        Raises
        ------
        CxnlpError
            Where no column of the table is clearly theirs.
        """
        if self.texts is None:
            raise CxnlpError(
                "Which column holds the comments is not clear; say it with text=NAME. Columns: "
                f"{', '.join(self.extra.columns) or 'none'}."
            )
        return self.texts

    def column(self, values: Any, what: str) -> pd.Series:
        """A column for these rows: one of `extra` by its name, or n values as they are given.

        Parameters
        ----------
        values
            A name; ``cx_language`` or ``cx_sentiment``; or a list, array or column of n values, in
            the order of the rows.
        what
            What it holds, for the messages: "dates", "groups".

        Raises
        ------
        CxnlpError
            For a name that no column has, another number of values than rows, and a pandas column
            with the labels of the rows in another order.
        """
        if isinstance(values, str | int):
            values = str(values)
            if values in (f"{PREFIX}language", f"{PREFIX}sentiment"):
                return pd.Series(getattr(self, values.removeprefix(PREFIX)))
            if values not in self.extra:
                raise CxnlpError(
                    f"There is no column {values!r} for the {what}. Columns: "
                    f"{', '.join(self.extra.columns) or 'none'}."
                )
            return self.extra[values]
        if isinstance(values, pa.Array | pa.ChunkedArray):
            values = values.to_pandas()
        if isinstance(values, list):
            values = mended(values)
        if isinstance(values, pd.Series) and self._are_moved(values.index):
            raise CxnlpError(
                f"The {what} have the rows in another order than the readings, by their labels; "
                "give them in that order, as column.loc[comments.index], or as .to_numpy() if they "
                "are in that order."
            )
        try:
            column = pd.Series(values, name=getattr(values, "name", None)).reset_index(drop=True)
        except (TypeError, ValueError):
            raise CxnlpError(
                f"The {what} are a {type(values).__name__}; give the name of one column, or one "
                "column such as table['date']."
            ) from None
        if column.dtype == "object":
            column = _mended(column)
        if len(column) != len(self):
            raise CxnlpError(
                f"There are {len(column):,} {what} for {len(self):,} rows; give one for each row."
            )
        return column

    def _are_moved(self, index: pd.Index) -> bool:
        """Whether these labels are those of the rows, in another order."""
        if self.index is None or len(index) != len(self) or index.equals(self.index):
            return False
        return index.is_unique and bool((self.index.get_indexer_for(index) >= 0).all())

    def __len__(self) -> int:
        return len(self.no_text)

    def __getitem__(self, rows: slice | np.ndarray) -> Scored:
        """Some of the rows, by a slice, an index array or a mask."""
        rows = np.arange(len(self))[rows]
        columns: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray | pd.Index):
                value = value[rows]
            elif isinstance(value, pd.DataFrame):
                value = value.iloc[rows].reset_index(drop=True)
            elif isinstance(value, pa.Array):
                value = value.take(pa.array(rows))
            columns[field.name] = value
        return Scored(**columns)

    def __repr__(self) -> str:
        return (
            f"<Scored: {len(self):,} rows, {len(self) - int(self.no_text.sum()):,} with text; "
            f"columns: {', '.join(self.extra.columns) or 'none'}>"
        )


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame with its rows numbered; what its index names become columns too."""
    for level, name in enumerate(frame.index.names):
        if name is not None and name not in frame:
            frame = frame.assign(**{str(name): frame.index.get_level_values(level)})
    return frame.reset_index(drop=True)


def _text_column(
    frame: pd.DataFrame, name: str, wanted: str | None, words: np.ndarray, read: np.ndarray
) -> str | None:
    """The column of the comments; None where it was not said and is not clear.

    Others may hold text too. The comments are there in the rows that were `read`, with the `words`
    that carry what was read in them.
    """
    columns = list(frame.columns)
    if wanted is None and len(read):
        own = [column for column in columns if column not in READINGS]
        fits = {c: _fit(list(_sample(frame[c].iloc[read])), words[read]) for c in own}
        least = max(0.5, max(fits.values(), default=0) - 0.1)
        columns = [column for column in own if fits[column] >= least]
        if len(columns) == 1 and (words[read] != None).any():  # noqa: E711
            return columns[0]
    try:
        return find_text_column(columns, lambda column: _sample(frame[column]), name, wanted)
    except FileError:
        if wanted is not None:
            raise
        return None


def _fit(cells: list[Any], words: np.ndarray) -> float:
    """The share of k cells that hold text, and in it the words of their row of (k, 17)."""
    return float(
        np.mean(
            [
                isinstance(cell, str)
                and all(
                    part in cell
                    for each in row
                    if isinstance(each, str)
                    for part in ([each] if each in cell else each.split(" | "))
                )
                for cell, row in zip(cells, words, strict=True)
            ]
        )
    )


def _mended(column: pd.Series) -> pd.Series:
    """A column without halves of surrogate pairs, which pandas may refuse later."""
    made = column.map(mended)
    return column if pd.api.types.is_float_dtype(made) else made  # it rounds long integers


def _sample(column: pd.Series) -> pd.Series:
    """The first values; of times, which may lie beyond those that Python knows, as no text."""
    column = column.head(_SAMPLE_ROWS)
    if not pd.api.types.is_datetime64_any_dtype(column):
        return column
    return column.astype("str" if isinstance(column.dtype, pd.ArrowDtype) else "int64")


def _names(
    column: pd.Series, names: tuple[str, ...], table: str, may_lack: np.ndarray | bool
) -> np.ndarray:
    """Positions of a column's values in `names`, (n,) int; 0 where there is none, if one may."""
    codes = pd.Index(names).get_indexer_for(pd.Index(column))
    given = column.notna().to_numpy() & (column != "").to_numpy(bool, na_value=False)
    odd = (codes < 0) & (given | np.logical_not(may_lack))
    _refuse(odd, column, table, f"not one of {', '.join(names)}")
    return np.maximum(codes, 0)


def numbers(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """A column of numbers, or of text that holds them; a decimal comma is a point.

    Returns
    -------
    values
        (n,) float64, NaN where there is none.
    odd
        (n,) bool: something is there, but no number.
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(np.float64, na_value=np.nan)
        return values, np.isinf(values)
    text = column.astype("str").str.strip().str.replace(",", ".")
    values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    given = (column.notna() & ~text.isin(NOTHING)).to_numpy(bool)
    return values, given & ~np.isfinite(values)


def _numbers(column: pd.Series, table: str) -> np.ndarray:
    """A column of readings as (n,) float32."""
    values, odd = numbers(column)
    _refuse(odd, column, table, "not a number")
    return values.astype(np.float32)


def _flags(column: pd.Series, table: str) -> np.ndarray:
    """A column as (n,) bool."""
    words = column.astype("str").str.lower()
    true = words.isin(_TRUE).to_numpy(bool)
    _refuse(~true & ~words.isin(_FALSE).to_numpy(bool), column, table, "neither true nor false")
    return true


def _cells(column: pd.Series, _table: str) -> np.ndarray:
    """A column as (n,) object: text, None where there is none."""
    column = column.astype(object)
    return column.where(column.notna() & (column != ""), None).to_numpy(object)


def _refuse(odd: np.ndarray, column: pd.Series, table: str, why: str) -> None:
    if odd.any():
        row = int(odd.argmax())
        raise CxnlpError(
            f"Row {row + 1:,} of {table} has {str(column.iloc[row])!r} in {column.name!r}, which "
            f"is {why}; score it anew with `cxnlp score`."
        )
