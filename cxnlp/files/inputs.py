"""Inputs: files of comments, which can be read again and again, in chunks."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime as dt
import itertools
import json
import math
import re
import warnings
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from cxnlp.errors import FileError
from cxnlp.files import sniff
from cxnlp.files.cells import Chunk, Row, arrow_type, flat
from cxnlp.files.columns import TEXT_NAMES
from cxnlp.text import mended

#: A quote that is not closed after this many lines was left open by mistake.
QUOTED_LINES = 10_000

#: At most so many rows of one filled cell, over two or more rows that have more, are a title and
#: not the column names.
TITLE_ROWS = 3

_UNDECODED = re.compile("[\ud800-\udfff]")
_DAMAGED_PARQUET = (pa.ArrowException, OSError, UnicodeDecodeError)
#: What openpyxl was seen to raise for damaged workbooks; it checks little itself.
_DAMAGED_EXCEL = (
    zipfile.BadZipFile, zlib.error, LookupError, ValueError, SyntaxError, EOFError, TypeError,
    AttributeError, OSError, RuntimeError,
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class BadRow:
    """A row that cannot be read: the line on which it starts, why, and its text as it stands."""

    line: int
    reason: str
    raw: str


Reject: TypeAlias = Callable[[BadRow], Any]


class Input(ABC):
    """A file of comments.

    Attributes
    ----------
    columns
        Names, each once, as far as they are known without reading all of the file.
    encoding, delimiter
        As found out; None where the format knows neither.
    typed
        Whether a cell may be something else than text.
    headed
        Whether the first line of cells is what names the columns.
    """

    encoding: str | None = None
    delimiter: str | None = None
    typed = True
    headed = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []

    @abstractmethod
    def chunks(self, size: int, reject: Reject) -> Iterator[Chunk]:
        """Give the rows that can be read, `size` at a time, and reject each of the others."""

    def field(self, name: str, kinds: set[type]) -> pa.Field:
        """Declare a column for Arrow, given the types of its values."""
        return pa.field(name, arrow_type(kinds))


#: What an old workbook begins with, and one that has a password, and what to do with it.
_OLD_EXCEL = {
    b"\xd0\xcf\x11\xe0": "an old Excel file or one with a password; save it as .xlsx without one",
}
#: The same of what is no text.
_STARTS = _OLD_EXCEL | {
    b"PK\x03\x04": "an Excel file or an archive; name it .xlsx, or unpack it first",
    b"PAR1": "a Parquet file; name it .parquet",
    b"\x1f\x8b": "compressed; unpack it first",
    b"[{": "a JSON array; give one object a line, in a file named .jsonl",
}


class Csv(Input):
    """CSV, TSV and their kin; every cell stays the string that it is.

    Attributes
    ----------
    before_header
        Lines before the header: one where it states the delimiter, else none.
    spaced
        Whether a blank after a delimiter is none of the cell.
    """

    encoding: str
    delimiter: str
    typed = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        csv.field_size_limit(2**31 - 1)  # 131,072 characters by default
        _refuse_starts(path, "table in text", _STARTS)
        self.encoding = sniff.encoding(path)
        stated = sniff.stated_delimiter(path, self.encoding)
        self.before_header = int(stated is not None)
        sample = sniff.sample(path, self.encoding)[self.before_header :]
        self.delimiter = stated or sniff.delimiter(sample)
        self.spaced = sniff.spaced(sample, self.delimiter)
        if stated is None:
            self._refuse_title(sample)
        header = next(self._parsed(), None)
        if header is None:
            raise FileError(f"{path} is empty; it needs a first line with the column names.")
        if isinstance(header, BadRow):
            raise FileError(
                f"The header of {path} cannot be read: {header.reason}. Export it anew, as UTF-8."
            )
        self.columns = _unique(header)

    def _refuse_title(self, sample: list[str]) -> None:
        alone = self.delimiter == sniff.ONE_COLUMN
        if alone and sample and sample[0].strip().strip('"').lower() in TEXT_NAMES:
            return  # the commas below are of the comments
        for mark in sniff.DELIMITERS if alone else self.delimiter:
            rows = sniff.rows(sample, mark)
            above = _above(rows)
            if above and (not alone or _is_table(rows[above:])):
                raise _titled(self.path, rows[0])

    def chunks(self, size: int, reject: Reject) -> Iterator[Chunk]:
        return _chunked(self._records(), size, reject)

    def _records(self) -> Iterator[Row | BadRow]:
        for row in itertools.islice(self._parsed(), 1, None):
            yield row if isinstance(row, BadRow) else dict(zip(self.columns, row, strict=True))

    def _parsed(self) -> Iterator[list[str] | BadRow]:
        """Give the header, then rows of its width.

        A quote that was left open takes good lines into its row, so a row whose quotes do not
        pair costs only its first line: reading goes on at the second.
        """
        width = None
        text = sniff.lines(self.path, self.encoding, newline="")
        lines = _Pushback(itertools.islice(text, self.before_header, None), self.before_header + 1)
        reader = csv.reader(
            lines, delimiter=self.delimiter, skipinitialspace=self.spaced, strict=True
        )
        while True:
            lines.start_row()
            try:
                row = next(reader)
                while width and len(row) > width and not row[-1]:
                    row.pop()  # a delimiter at the end of each line, as some exports have it
                fault = self._fault(row, width, lines.row)
                if self._joined(width, lines.row):
                    raise csv.Error("each of several lines is a row by itself")
            except StopIteration:
                return
            except csv.Error as error:
                lines.keep_first()
                fault = f"quotes that do not pair ({error})"
            if fault is not None:
                yield BadRow(lines.number, fault, _raw("".join(lines.row)))
            elif row or width == 1:  # in a single column, a blank line is an empty cell
                width = width or len(row)
                yield row or [""]

    def _joined(self, width: int | None, lines: list[str]) -> bool:
        """Whether two stray quotes have made one row of several.

        Commas in a comment of several lines may well be as many as a row has; tabs are not.
        """
        several = len(lines) > 1 and self.delimiter == "\t" and width not in (None, 1)
        return several and all(line.count("\t") + 1 == width for line in lines)

    def _fault(self, row: list[str], width: int | None, lines: list[str]) -> str | None:
        raw = "".join(lines)
        if not raw.isascii() and _UNDECODED.search(raw):
            return f"bytes that are not {self.encoding}"
        if "\0" in raw:
            return "a NUL byte"
        if row and width is not None and len(row) != width:
            return f"{len(row)} fields where the header has {width}"
        return None


class _Pushback:
    """Lines of a file; those of the row at hand are kept and can be handed back."""

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self._lines = lines
        self.number = number
        self._waiting: deque[str] = deque()
        self.row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.row) == QUOTED_LINES:
            raise csv.Error(f"one is open for {QUOTED_LINES:,} lines")
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self.row.append(line)
        return line

    def start_row(self) -> None:
        self.number += len(self.row)
        self.row.clear()

    def keep_first(self) -> None:
        self._waiting.extendleft(reversed(self.row[1:]))
        del self.row[1:]


class Jsonl(Input):
    """JSON lines; a row has the keys of its line."""

    encoding: str
    headed = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.encoding = sniff.encoding(path)

    def chunks(self, size: int, reject: Reject) -> Iterator[Chunk]:
        return _chunked((row for _, row in self.numbered()), size, reject)

    def numbered(self) -> Iterator[tuple[int, Row | BadRow]]:
        """Lines that are not blank, with their numbers."""
        for number, line in enumerate(sniff.lines(self.path, self.encoding, newline="\n"), 1):
            if line.strip():
                yield number, self._parsed(number, line)

    def _parsed(self, number: int, line: str) -> Row | BadRow:
        if _UNDECODED.search(line):
            return BadRow(number, f"bytes that are not {self.encoding}", _raw(line))
        try:
            row = _decode(line)
        except (ValueError, ArithmeticError, RecursionError) as error:
            return BadRow(number, f"broken JSON ({error})", _raw(line))
        if not isinstance(row, dict):
            return BadRow(number, "JSON that is not an object", _raw(line))
        if r"\ud" in line.lower():  # half a pair in a value is mended where it is read
            row = {mended(name): value for name, value in row.items()}
        return row


def _exact(number: str) -> float | str:
    """A number with a fraction or an exponent; as text where a float would not hold it."""
    value = float(number)
    if len(number) <= 15 and value and math.isfinite(value):  # a float keeps so many digits
        return value
    return value if Decimal(repr(value)) == Decimal(number) else number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once each: of two values, none may be lost."""
    row = dict(pairs)
    if len(row) < len(pairs):
        twice = next(name for name, count in Counter(n for n, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return row


#: Made once: `json.loads` would make it for each line.
_decode = json.JSONDecoder(parse_float=_exact, object_pairs_hook=_once).decode


class Excel(Input):
    """A sheet of a workbook: the one that holds cells, or the one that is named.

    Of formulas it gives the values that were stored with them.

    Attributes
    ----------
    sheet
        Its name.
    """

    def __init__(self, path: Path, sheet: str | None = None) -> None:
        super().__init__(path)
        _refuse_starts(path, "workbook of this kind", _OLD_EXCEL)
        with self._sheets() as sheets:
            self.sheet = self._found(sheets, sheet)
            filled = itertools.islice(_filled(sheets[self.sheet]), 2 * TITLE_ROWS)
            rows = [row for _, row in filled]
            blank = {at for at, cell in _first_cells(sheets[self.sheet]) if _lacks_value(cell)}
        if not rows:
            raise FileError(
                f"Sheet {self.sheet!r} of {path} is empty; its first row must hold the column "
                "names."
            )
        if _above(rows):
            raise _titled(path, rows[0])
        self.columns = _unique([flat(name) or "" for name in rows[0]])
        if blank:
            self._refuse_uncalculated(blank)

    def _refuse_uncalculated(self, blank: set[tuple[int, int]]) -> None:
        """Refuse formulas in `blank` cells, which no program has worked out."""
        with self._sheets(values=False) as sheets:
            for at, cell in _first_cells(sheets[self.sheet]):
                if cell.data_type == "f" and at in blank:
                    raise FileError(
                        f"Cell {cell.coordinate} of {self.path} is a formula without its value; "
                        "open the file in Excel or LibreOffice, save it, and try again. If it is a "
                        "comment that begins with =, give the file as CSV."
                    )

    def _found(self, sheets: dict[str, Any], wanted: str | None) -> str:
        filled = [name for name, sheet in sheets.items() if any(_filled(sheet))]
        if wanted is not None:
            if wanted not in sheets:
                raise FileError(
                    f"{self.path} has no sheet {wanted!r}. Sheets: {', '.join(sheets)}."
                )
            return wanted
        if len(filled) > 1:
            raise FileError(
                f"Several sheets of {self.path} hold cells ({', '.join(filled)}); say which with "
                "--sheet NAME, or Scored.of(PATH, sheet=NAME)."
            )
        return [*filled, *sheets][0]

    def chunks(self, size: int, reject: Reject) -> Iterator[Chunk]:
        return _chunked(self._records(), size, reject)

    def _records(self) -> Iterator[Row | BadRow]:
        width = len(self.columns)
        with self._sheets() as sheets:
            for number, row in itertools.islice(_filled(sheets[self.sheet]), 1, None):
                if len(row) > width:
                    fault = f"{len(row)} cells where the header has {width}"
                    yield BadRow(number, fault, json.dumps(row, ensure_ascii=False, default=flat))
                else:
                    yield dict(itertools.zip_longest(self.columns, row))

    @contextlib.contextmanager
    def _sheets(self, *, values: bool = True) -> Iterator[dict[str, Any]]:
        """Open the workbook and give its sheets by name, with the `values` of formulas or these."""
        import openpyxl

        with _refuse_damaged(self.path, *_DAMAGED_EXCEL), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that openpyxl leaves out
            book = openpyxl.load_workbook(self.path, read_only=True, data_only=values)
        # It would put an error in the place of a number that its format says is a date and that
        # is none, such as an order number; `_excel_value` leaves it as it is.
        book.dates, book.durations = book._date_formats, book._timedelta_formats
        book._date_formats, book._timedelta_formats = set(), set()
        with contextlib.closing(book), _refuse_damaged(self.path, *_DAMAGED_EXCEL):
            yield {sheet.title: sheet for sheet in book.worksheets}


def _first_cells(sheet: Any) -> Iterator[tuple[tuple[int, int], Any]]:
    """The cells of the first rows, with their places."""
    sheet.reset_dimensions()
    for row, cells in enumerate(itertools.islice(sheet.iter_rows(), sniff.SAMPLE_LINES)):
        yield from (((row, column), cell) for column, cell in enumerate(cells))


def _filled(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    """Give rows that are not blank, with their numbers, each up to its last filled cell."""
    sheet.reset_dimensions()  # some writers state them wrong
    for number, cells in enumerate(sheet.iter_rows(), 1):
        row = list(cells)
        while row and row[-1].value is None:
            row.pop()
        if row:
            yield number, [_excel_value(cell) for cell in row]


def _above(rows: Sequence[Sequence[Any]]) -> int:
    """How many of the first rows of a table are a title above its column names."""
    rows = rows[: 2 * TITLE_ROWS]
    if _numbered(rows):
        return 0
    counts = [sum(value not in (None, "") for value in row) for row in rows]
    above = next((at for at, count in enumerate(counts) if count > 1), 0)
    titled = above <= TITLE_ROWS and len(counts) >= above + 2 and min(counts[above:]) > 1
    return above if titled else 0


def _numbered(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a column without a name counts the rows, as pandas writes its index."""
    starts = [row[0] if row else None for row in rows]
    return len(rows) > 1 and starts[0] in (None, "") and all(str(x).isdigit() for x in starts[1:])


def _is_table(rows: list[list[str]]) -> bool:
    """Whether delimiters make rows, and are not the commas of prose."""
    even = len({len(row) for row in rows}) == 1
    return even and not any(cell.startswith(" ") for cell in rows[0])


def _titled(path: Path, row: Sequence[Any]) -> FileError:
    title = " ".join(str(flat(value)) for value in row if value not in (None, ""))
    return FileError(
        f"The first row of {path}, {title!r}, looks like a title: it is one cell, those below are "
        "more. Delete what stands above the column names, or name each column."
    )


def _excel_value(cell: Any) -> Any:
    from openpyxl.styles.numbers import is_datetime
    from openpyxl.utils.datetime import from_excel
    from openpyxl.utils.escape import unescape

    value = cell.value
    if value is None:
        return None
    if cell.data_type == "e":  # an error, such as #N/A: there is no value
        return None
    if isinstance(value, str):
        return unescape(value)
    book, style = cell.parent.parent, cell._style_id
    if style in book.dates and isinstance(value, int | float) and cell.data_type == "n":
        with contextlib.suppress(ValueError, OverflowError):  # a number that is no date stays one
            value = from_excel(value, book.epoch, timedelta=style in book.durations)
    if isinstance(value, dt.datetime) and value.time() == dt.time.min:
        return value.date() if is_datetime(cell.number_format) == "date" else value
    return value


def _lacks_value(cell: Any) -> bool:
    from openpyxl.cell.read_only import ReadOnlyCell

    return isinstance(cell, ReadOnlyCell) and cell.value is None and cell.data_type == "n"


class Parquet(Input):
    """Parquet, kept as Arrow."""

    headed = False

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with _refuse_damaged(path, *_DAMAGED_PARQUET), pq.ParquetFile(path) as file:
            schema = file.schema_arrow
        self.columns = _unique(schema.names)
        fields = zip(self.columns, schema, strict=True)
        self.schema = pa.schema([field.with_name(name) for name, field in fields], schema.metadata)

    def chunks(self, size: int, reject: Reject) -> Iterator[Chunk]:
        with _refuse_damaged(self.path, *_DAMAGED_PARQUET), pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(size):
                chunk = pa.table(batch.columns, schema=self.schema)
                chunk.validate(full=True)  # some writers call text of any encoding a string
                yield chunk

    def field(self, name: str, kinds: set[type]) -> pa.Field:
        return self.schema.field(name)


INPUTS: dict[str, type[Input]] = {
    ".csv": Csv,
    ".tsv": Csv,
    ".txt": Csv,
    ".jsonl": Jsonl,
    ".ndjson": Jsonl,
    ".parquet": Parquet,
    ".xlsx": Excel,
}


def open_input(source: Path, sheet: str | None = None) -> Input:
    """Open a file as its suffix says, a workbook at the sheet that is named.

    Raises
    ------
    FileError
        For a file that is missing, damaged, of another kind or has a title above its column names,
        and for a sheet that is not there, is empty, or is one of several and was not named.
    """
    check_name(source)
    kind = INPUTS.get(source.suffix.lower())
    if kind is None:
        raise FileError(f"Cannot read {source.name}: give one of {', '.join(INPUTS)}.")
    check_there(source)
    if kind is Excel:
        return Excel(source, sheet)
    if sheet is not None:
        raise FileError(f"{source.name} has no sheets; leave --sheet out.")
    return kind(source)


def check_name(path: Path) -> None:
    """Refuse a path that Arrow could not open."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise FileError(f"The name {str(path)!a} is not UTF-8; rename it.") from None


def check_there(path: Path) -> None:
    """Refuse a path where no file is."""
    if path.is_dir():
        raise FileError(f"{path} is a folder; give a file.")
    if not path.is_file():
        raise FileError(f"There is no file {path}.")


def _refuse_starts(path: Path, wanted: str, starts: dict[bytes, str]) -> None:
    """Refuse a file that begins as one of another kind does."""
    with open(path, "rb") as file:
        start = file.read(max(map(len, starts)))
    for mark, kind in starts.items():
        if start.startswith(mark):
            raise FileError(f"{path} is no {wanted} but {kind}.")


def _chunked(rows: Iterable[Row | BadRow], size: int, reject: Reject) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        if isinstance(row, BadRow):
            reject(row)
            continue
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _unique(names: Sequence[str]) -> list[str]:
    """Name every column, each once: the empty and the repeated get a number."""
    given, unique = set(names), dict[str, None]()
    counts: Counter[str] = Counter()
    for position, name in enumerate(names, 1):
        name = candidate = name if name.strip() else f"column_{position}"
        counts[name] += 1
        while candidate in unique or (counts[name] > 1 and candidate in given):
            counts[name] += candidate != name
            candidate = f"{name}_{counts[name]}"
        unique[candidate] = None
    return list(unique)


def _raw(line: str) -> str:
    """Keep a line for the file of rejects, with bytes that were not decoded as escapes."""
    return line.rstrip("\r\n").encode("utf-8", "backslashreplace").decode("utf-8")


@contextlib.contextmanager
def _refuse_damaged(path: Path, *faults: type[Exception]) -> Iterator[None]:
    try:
        yield
    except faults as error:
        if getattr(error, "errno", None):  # the system's refusal, not the file's fault
            raise
        raise FileError(f"{path} is damaged or not a {path.suffix} file ({error}).") from None
