"""Which columns of a table hold the dates, the score and the groups."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

import pandas as pd

from cxnlp.errors import CxnlpError
from cxnlp.insights.dates import read_dates

#: Words in the names of columns, the likeliest first.
DATE_NAMES = (
    "date", "datum", "created", "timestamp", "submitted", "received", "ontvangen", "ingevuld",
    "tijdstip", "day", "dag", "month", "maand",
)  # fmt: skip
SCORE_NAMES = (
    "nps", "csat", "score", "rating", "stars", "star", "sterren", "cijfer", "rapportcijfer",
    "grade", "beoordeling", "waardering", "recommend", "aanbeveling",
)  # fmt: skip
#: No agent or employee: people are compared by name only where that was asked for.
GROUP_NAMES = (
    "store", "shop", "winkel", "filiaal", "vestiging", "branch", "location", "locatie", "site",
    "region", "regio", "channel", "kanaal", "segment", "department", "afdeling", "team",
    "organisation", "organization", "organisatie", "brand", "merk", "country", "land", "product",
    "group", "groep",
)  # fmt: skip
#: Values that are looked at to tell what a column holds.
_SAMPLE = 1000
_MOST_GROUPS = 500


def find_dates(extra: pd.DataFrame) -> str | None:
    """The column with dates, by its name or its type; None where there is none."""
    typed = [str(c) for c in extra if pd.api.types.is_datetime64_any_dtype(extra[c])]
    return next(itertools.chain(_named(extra, DATE_NAMES, _are_dates), typed), None)


def find_score(extra: pd.DataFrame) -> str | None:
    """The column with a score, by its name and numbers; None where there is none."""
    return next(_named(extra, SCORE_NAMES, _are_numbers), None)


def find_groups(extra: pd.DataFrame, least: int) -> str | None:
    """The column with groups: by its name, first those with two groups that can be shown."""
    named = [*_named(extra, GROUP_NAMES, _are_groups)]
    shown = (c for c in named if (extra[c].value_counts() >= least).sum() > 1)
    return next(shown, named[0] if named else None)


def _named(
    extra: pd.DataFrame, names: tuple[str, ...], holds: Callable[[pd.Series], bool]
) -> Iterator[str]:
    """Columns whose name is, or holds, one of the names, and that hold what they should."""
    words = {column: re.split(r"[\W_]+", column.lower()) for column in map(str, extra)}
    for exact in (True, False):
        for name in names:
            for column, parts in words.items():
                if (parts == [name] if exact else len(parts) > 1 and name in parts) and holds(
                    extra[column]
                ):
                    yield column


def _given(column: pd.Series) -> pd.Series:
    column = column.dropna()
    return column[column.astype("str").str.strip() != ""]


def _are_dates(column: pd.Series) -> bool:
    column = _given(column).head(_SAMPLE)
    try:
        read, _ = read_dates(column, dayfirst=True)
    except CxnlpError as error:
        # Months and days in one column in two orders are dates, too, and are explained later.
        return "the day first" in str(error)
    return bool(read.notna().any())


def _are_numbers(column: pd.Series) -> bool:
    text = _given(column).head(_SAMPLE).astype("str").str.replace(",", ".")
    numbers = pd.to_numeric(text, errors="coerce")
    return len(text) > 0 and bool(numbers.notna().mean() > 0.5)


def _are_groups(column: pd.Series) -> bool:
    try:
        count = _given(column).nunique()
    except TypeError:  # lists
        return False
    return 0 < count <= min(_MOST_GROUPS, max(len(column) // 2, 1))
