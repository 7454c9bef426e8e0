"""Cells as they come (lists, generators, pandas, NumPy and Arrow columns) as one text column.

Cleaning (`mended`, `without_markup`) never moves a character, so an offset into the cleaned text is
an offset into the string that was passed in, and no map back is needed.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: A cell holds text when it has a letter, a digit or a pictograph; "-" and "?!" do not.
HOLDS_TEXT = r"[\p{L}\p{N}\p{So}]"
#: What programs write where there is no text, and databases; a customer's "n/a" is one.
NO_TEXT = ("NA", "#N/A", "<NA>", "NaN", "nan", "NaT", "NULL", "null", "(null)", "\\N")
#: What stands where there is no score, date or group.
NOTHING = (*NO_TEXT, "", "-", "N/A", "n/a", "n.v.t.", "N.v.t.", "nvt", "None")
#: Has no width, and no tokenizer sees it.
PADDING = "\N{ZERO WIDTH SPACE}"
#: That, and what else may stand within a word unseen, to be taken out by `str.translate`.
UNSEEN = dict.fromkeys(
    map(ord, (PADDING, "\N{SOFT HYPHEN}", "\N{WORD JOINER}", "\N{ZERO WIDTH NO-BREAK SPACE}"))
)
_ENTITY = re.compile(r"&(?:amp;)?(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
#: Tags of HTML only: "<naam>" stands where somebody took a name away.
_TAG = re.compile(
    rf"<{PADDING}*/?(?:a|abbr|article|b|big|blockquote|body|br|center|cite|code|col|dd|del|div|dl|dt"
    r"|em|font|footer|h[1-6]|head|header|hr|html|i|img|input|ins|label|li|link|main|mark|meta|nav"
    r"|o:p|ol|p|pre|q|s|section|small|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead"
    rf"|title|tr|tt|u|ul)(?:\s[^<>]*|/)?>{PADDING}*|<!--.{{0,4000}}?-->",
    re.IGNORECASE | re.DOTALL,
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MISSING_TYPES = {"NoneType", "NAType", "NaTType", "MaskedConstant"}


def to_column(cells: Any, first: int = 0) -> pa.LargeStringArray:
    """Read any column of cells as Arrow text; missing cells (None, NaN, NA) become null.

    Parameters
    ----------
    cells
        Strings and missing cells: a list, a generator, a pandas, NumPy or Arrow column.
    first
        Position of the first cell, for the message.

    Raises
    ------
    TypeError
        For one bare string, a table or a mapping instead of a column, and for the first cell
        that is neither text nor missing, with its position.
    """
    check_column(cells)
    if isinstance(cells, pa.ChunkedArray):
        if _is_text(cells.type):  # joined, they may need more numbers than their chunks do
            cells = cells.cast(pa.large_string())
        cells = cells.combine_chunks()
    if isinstance(cells, pa.Array):
        if pa.types.is_null(cells.type) or _is_text(cells.type):
            cells = cells.cast(pa.large_string())
            # Of a part of a column only that part is kept, for it may be pickled.
            part = cells.nbytes + 8 < cells.get_total_buffer_size()  # a whole one ends in an offset
            return pa.concat_arrays([cells]) if part else cells
        cells = cells.to_pylist()
    values = list(cells)
    if not set(map(type, values)) <= {str, type(None)}:
        values = [_text_or_none(cell, at) for at, cell in enumerate(values, first)]
    try:
        return pa.array(values, pa.large_string())
    except UnicodeEncodeError:
        return pa.array([value and mended(value) for value in values], pa.large_string())


def mended(value: Any) -> Any:
    """Text with a replacement character for half a surrogate pair, as broken exports hold them.

    Also in lists and dictionaries; any other value is left as it is.
    """
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return list(map(mended, value))
    if isinstance(value, dict):
        return {mended(name): mended(inner) for name, inner in value.items()}
    return value


def index_of(cells: Any) -> Any:
    """The index of a pandas column, whose type need not be known; None for any other column."""
    index = getattr(cells, "index", None)
    return index if hasattr(index, "get_indexer") else None


def check_column(cells: Any) -> None:
    """Refuse what is not a column of cells: a bare string, a table, a mapping, a number."""
    kind = type(cells)
    if isinstance(cells, str | bytes):
        item = "text" if isinstance(cells, str) else "text.decode()"
        raise TypeError(f"texts is a single {kind.__name__}; pass a list of strings: [{item}]")
    if isinstance(cells, Mapping) or hasattr(kind, "columns") or hasattr(kind, "column_names"):
        raise TypeError(
            f"texts is a {kind.__name__}; pass one column of it, such as table['comment']"
        )
    try:
        iter(cells)
    except TypeError:
        raise TypeError(
            f"texts is a {kind.__name__}; pass a list of strings or a column of text"
        ) from None


def without_markup(column: pa.LargeStringArray) -> pa.LargeStringArray:
    """The texts without the tags and entities of HTML, every other character where it was.

    Blanks stand where a tag stood; what an entity stands for is followed by characters without a
    width.
    """
    marked = pc.or_(pc.match_substring(column, "<"), pc.match_substring(column, "&"))
    marked = marked.fill_null(False)
    changed = [unmarked(text) for text in column.filter(marked).to_pylist()]
    if not changed:
        return column
    return pc.replace_with_mask(column, marked, pa.array(changed, pa.large_string()))


def unmarked(text: str) -> str:
    """One text as `without_markup` leaves it, of the same length."""
    text = _ENTITY.sub(_character, text)
    return _TAG.sub(lambda tag: " " * len(tag[0]), text)


def _character(entity: re.Match[str]) -> str:
    """What an entity stands for, as long as it is; of one that was written twice over too."""
    found = html.unescape(html.unescape(entity[0]))
    if not 0 < len(found) <= 2:  # none is longer: "&notions;" is no "¬ions;"
        return entity[0]
    return found + (" " if found.isspace() else PADDING) * (len(entity[0]) - len(found))


def holds_text(column: pa.LargeStringArray) -> np.ndarray:
    """Which cells can be read, (n,) bool.

    Not those that are missing, empty, punctuation only, or `NO_TEXT`.
    """
    text = pc.match_substring_regex(column, HOLDS_TEXT).fill_null(False).to_numpy(False)
    return text & ~pc.is_in(column, pa.array(NO_TEXT, column.type)).to_numpy(False)


def is_missing(cell: Any) -> bool:
    """Whether a cell is None, NaN, or what pandas writes for either; its type need not be known.

    Nothing is compared with ==, which some types answer with an array or refuse to answer.
    """
    if type(cell).__name__ in _MISSING_TYPES:
        return True
    if isinstance(cell, np.datetime64 | np.timedelta64):
        return bool(np.isnat(cell))
    return isinstance(cell, float | np.floating | Decimal) and math.isnan(cell)


def _is_text(kind: pa.DataType) -> bool:
    """Whether it holds strings, as they are or, as of categories, by number."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def shown(cell: Any, most: int = 60) -> str:
    """A cell as a message quotes it: no longer than that."""
    written = repr(cell)
    return written if len(written) <= most else written[: most - 3] + "..."


def _text_or_none(cell: Any, position: int) -> str | None:
    if isinstance(cell, pa.Scalar):  # as iterating over an Arrow column gives
        cell = cell.as_py()
    if isinstance(cell, str):
        return str.__str__(cell)  # of a member of an Enum, its text and not its name
    if is_missing(cell):
        return None
    how = ".decode()" if isinstance(cell, bytes) else "str()"
    raise TypeError(
        f"texts[{position}] is not text but {type(cell).__name__}: "
        f"{shown(cell)}. Convert it with {how}, or leave it empty with None."
    )
