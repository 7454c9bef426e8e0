"""Text files: their encoding, their delimiter, their lines."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from cxnlp.errors import FileError

#: Lines from which the delimiter is found out.
SAMPLE_LINES = 100
#: "Delimiter" of a file of one column, whose commas are all punctuation: never in a text.
ONE_COLUMN = "\U0010ffff"

DELIMITERS = ",;\t|"
#: Share of the rows that are as wide as the header where commas with a blank after them divide.
EVEN = 0.8
_STATED = re.compile(rf'"?sep=([{DELIMITERS}])"?[\r\n]*', re.IGNORECASE)


def lines(path: Path, encoding: str, newline: str) -> Iterator[str]:
    """Give lines with their ends; bytes that cannot be decoded become lone surrogates."""
    errors = "surrogatepass" if encoding == "utf-16" else "surrogateescape"
    try:
        with open(path, encoding=encoding, errors=errors, newline=newline) as file:
            yield from map(_utf8_among, file) if encoding == "cp1252" else file
    except UnicodeDecodeError:
        raise FileError(f"{path} stops in the middle of a character; export it anew.") from None


def _utf8_among(line: str) -> str:
    """A line that was read as Windows-1252, as UTF-8 where it is that: files are put together."""
    if line.isascii():
        return line
    try:
        return line.encode("cp1252", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError:
        return line


def encoding(path: Path) -> str:
    """Find the encoding from all of the file: its one é may be in the last line.

    Windows-1252 text is hardly ever valid UTF-8, so a few broken lines among valid ones do not
    make a file Windows-1252.
    """
    with open(path, "rb") as file:
        start = file.read(3)
        if start == codecs.BOM_UTF8:
            return "utf-8-sig"
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        file.seek(0)
        valid = broken = 0
        for line in file:
            if not line.isascii():
                try:
                    line.decode("utf-8")
                    valid += 1
                except UnicodeDecodeError:
                    broken += 1
    return "cp1252" if broken > valid else "utf-8"


def stated_delimiter(path: Path, encoding: str) -> str | None:
    """The delimiter that the first line states, as Excel has it: sep=; before the header."""
    stated = _STATED.fullmatch(next(lines(path, encoding, newline=""), ""))
    return stated and stated[1]


def sample(path: Path, encoding: str) -> list[str]:
    """The first lines, which tell the delimiter and whether a title stands above the header."""
    return list(itertools.islice(lines(path, encoding, newline=""), SAMPLE_LINES))


def rows(sample: list[str], delimiter: str) -> list[list[str]]:
    """The rows of a sample that are not blank."""
    return _rows(sample, delimiter, spaced(sample, delimiter))


def spaced(sample: list[str], delimiter: str) -> bool:
    """Whether a blank after the delimiter is none of the cell.

    It stands after each in the header, and where it stands before quotes these are meant.
    """
    if not (any(f'{delimiter} "' in line for line in sample) and _blanks(sample, delimiter)):
        return False
    plain, without = (_even(_rows(sample, delimiter, blank)) for blank in (False, True))
    return without > plain


def _rows(sample: list[str], delimiter: str, spaced: bool) -> list[list[str]]:
    return [r for r in csv.reader(sample, delimiter=delimiter, skipinitialspace=spaced) if r]


def _blanks(sample: list[str], delimiter: str) -> bool:
    """Whether a blank stands after each delimiter of the header."""
    header = next(iter(_rows(sample, delimiter, spaced=False)), [])
    return all(cell.startswith(" ") for cell in header[1:])


def _even(rows: list[list[str]]) -> float:
    """The share of the rows that are as wide as the header; 0 where that is one cell."""
    widths = [len(row) for row in rows]
    return widths.count(widths[0]) / len(widths) if widths and widths[0] > 1 else 0.0


def delimiter(sample: list[str]) -> str:
    """Find the delimiter with which most rows are as wide as the header."""
    found = [(0.0, 1, ONE_COLUMN)]
    for mark in DELIMITERS:
        cells = rows(sample, mark)
        widths = [len(row) for row in cells]
        even = _even(cells)
        if not even:
            continue
        header_only = len(widths) > 1 and set(widths[1:]) == {1}
        prose = even < EVEN and _blanks(sample, mark)
        if not header_only and not prose:  # its commas would be punctuation
            found.append((even, widths[0], mark))
    return max(found)[2]
