"""Dates as people and systems write them; what could be read two ways is never guessed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from cxnlp.errors import CxnlpError
from cxnlp.text import NOTHING, shown

#: The patterns give year, month, day; or the two numbers of 03-04-2026, and the year.
_YEAR_FIRST = r"^(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|(\d\d)(\d\d))(?!\d)"
_NUMBERS = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d\d)(?!\d)"
_DAY_MONTH = (
    r"^(?P<day>\d{1,2})[-. ]+(?P<month>[a-z]{3})[a-z]*[-., ]+"
    r"(?P<year>\d{4}(?!\d)|\d\d(?=$|,|\s+\d{1,2}:\d\d))"
)
_MONTH_DAY = r"^(?P<month>[a-z]{3})[a-z]*[-. ]+(?P<day>\d{1,2})[-., ]+(?P<year>\d{4})(?!\d)"
#: A month without a day is its first.
_MONTH = (
    r"^(?P<month>jan|feb|mrt|maa|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)"
    r"(?:uari|uary|ruari|ruary|rt|ch|il|i|e|y|ustus|ust|t|tember|ober|ember)?"
    r"[-., ]+(?P<year>\d{4})$",
    r"^(?P<year>\d{4})[-/](?P<month>\d{1,2})$",
    r"^(?P<month>\d{1,2})[-/](?P<year>\d{4})$",
)
_ISO_WEEK = r"^(\d{4})-?w(\d\d)$"
_WEEKDAY = (
    r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[., ]+"
    r"|^(?:ma|di|wo|do|vr|za|zo|(?:maan|dins|woens|donder|vrij|zater|zon)dag)[., ]+"
)
#: Before and after these a date means that there is none, as systems write 0001-01-01 (and Python
#: knows no time zone in the year 9999).
_FIRST, _NEVER = pd.Timestamp("1900-01-02"), pd.Timestamp("9999-01-01")
_MONTHS = {
    name: month
    for month, names in enumerate(
        ("jan", "feb", "mrt maa mar", "apr", "mei may", "jun", "jul", "aug", "sep", "okt oct",
         "nov", "dec"), 1,
    )
    for name in names.split()
}  # fmt: skip


class UnclearDatesError(CxnlpError):
    """Dates that may be read in two ways, or are in two orders."""


def read_dates(column: pd.Series, dayfirst: bool | None = None) -> tuple[pd.Series, np.ndarray]:
    """Read a column of dates; the time of day is left out.

    Read are date types, 2026-04-03 and 20260403, 3 april 2026, 3-apr-26, April 3, 2026, each with
    or without a weekday, 03-04-2026 or 3/4/26, and months (2026-04, 04-2026, april 2026), ISO weeks
    (2026-W14) and pandas periods as their first day.
    Whether the last is of April or of March is found out from the column: a number over
    12 can only be a day. Where the year seems to come first (26-04-03), it must be told.

    Parameters
    ----------
    column
        Dates, text or numbers, n values.
    dayfirst
        Whether 03-04-2026 is 3 April; found out if not given.

    Returns
    -------
    dates
        (n,) datetime64, as they stand in their own time zone; NaT where there is none.
    odd
        (n,) bool: something is there, but no date (or one that means never, such as 0001-01-01).

    Raises
    ------
    CxnlpError
        Where no date shows whether the day or the month comes first, where some show the one and
        some the other, and where more than half cannot be read: that is no column of dates.
    """
    if isinstance(column.dtype, pd.ArrowDtype):
        column = pd.Series(pa.array(column).to_pandas().to_numpy(), column.index)
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(column):
        never = _means_never(column)
        return column.mask(never).dt.tz_localize(None).dt.normalize(), never.to_numpy(bool)
    text = column.convert_dtypes().astype("str").str.strip()
    given = column.notna() & ~text.isin(NOTHING)
    text = text.str.lower().str.replace(_WEEKDAY, "", regex=True)
    codes, unique = pd.factorize(text[given])  # a day has many comments
    parsed = _parsed(pd.Series(unique, dtype="str"), dayfirst)
    parsed = parsed.mask(_means_never(parsed))
    dates = pd.Series(pd.NaT, column.index, dtype=parsed.dtype)
    dates[given] = parsed.to_numpy()[codes]
    odd = (given & dates.isna()).to_numpy(bool)
    if 2 * odd.sum() > given.sum():
        row = int(odd.argmax())
        raise CxnlpError(
            f"Row {row + 1:,} has {shown(str(column.iloc[row]))} for a date, and {odd.sum():,} of "
            f"{given.sum():,} values cannot be read as dates; give them as 2026-04-03, or say "
            "another column."
        )
    return dates, odd


def _means_never(dates: pd.Series) -> pd.Series:
    zone = getattr(dates.dtype, "tz", None)
    return (dates >= _NEVER.tz_localize(zone)) | (dates < _FIRST.tz_localize(zone))


def _parsed(text: pd.Series, dayfirst: bool | None) -> pd.Series:
    iso = text.str.extract(_YEAR_FIRST)
    parts = pd.DataFrame(
        {"year": iso[0], "month": iso[1].fillna(iso[3]), "day": iso[2].fillna(iso[4])}
    )
    numbers = text.str.extract(_NUMBERS)
    if numbers[0].notna().any():
        first, second = numbers[0].astype(float), numbers[1].astype(float)
        if dayfirst is None:
            dayfirst = _day_comes_first(text, first, second)
        year = numbers[2].where(numbers[2].str.len() == 4, _century(numbers[2]) + numbers[2])
        day, month = (numbers[0], numbers[1]) if dayfirst else (numbers[1], numbers[0])
        parts = parts.fillna(pd.DataFrame({"year": year, "month": month, "day": day}))
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        named = text.str.extract(pattern)
        named["month"] = named["month"].map(_MONTHS).astype("Int64").astype("str")
        short = named["year"].str.len() == 2
        named["year"] = named["year"].mask(short, _century(named["year"]) + named["year"])
        parts = parts.fillna(named)
    for pattern in _MONTH:
        named = text.str.extract(pattern)
        number = named["month"].map(_MONTHS).astype("Int64").astype("str")
        named["month"] = number.where(named["month"].isin(_MONTHS), named["month"])
        named["day"] = named["year"].where(named["year"].isna(), "1")
        parts = parts.fillna(named)
    dates = pd.to_datetime(parts.apply(pd.to_numeric, errors="coerce"), errors="coerce")
    week = text.str.extract(_ISO_WEEK)
    monday = pd.to_datetime(week[0] + week[1] + "1", format="%G%V%u", errors="coerce")
    return dates.fillna(monday)


def _century(year: pd.Series) -> pd.Series:
    """The century of years of two digits, as POSIX has it: 69 to 99 are of the last one."""
    return (year >= "69").map({True: "19", False: "20"})


def _day_comes_first(text: pd.Series, first: pd.Series, second: pd.Series) -> bool:
    _refuse_years_first(text, first)
    day_first = (first > 12) & (second <= 12)
    month_first = (second > 12) & (first <= 12)
    if day_first.any() and month_first.any():
        raise UnclearDatesError(
            f"Some dates have the day first ({text[day_first].iloc[0]}), others the month "
            f"({text[month_first].iloc[0]}); write them in one way, best as 2026-04-03."
        )
    if not day_first.any() and not month_first.any():
        example = text[first.notna()].iloc[0]
        raise UnclearDatesError(
            f"The dates do not show whether {example} has the day or the month first; say "
            "dayfirst=True or dayfirst=False (--day-first or --month-first)."
        )
    return bool(day_first.any())


def _refuse_years_first(text: pd.Series, first: pd.Series) -> None:
    """Of 26-04-03, 26-05-17 the first number varies less than the last: days would not."""
    short = text.str.extract(r"^(\d\d)[-/.](\d\d)[-/.](\d\d)(?!\d)").dropna().astype(int)
    if len(short) != first.notna().sum() or not short[0].between(10, 39).all():
        return
    if short[2].between(1, 31).all() and np.ptp(short[0]) < np.ptp(short[2]):
        raise UnclearDatesError(
            f"The dates do not show whether {text[short.index[0]]} begins with the day or with the "
            "year; write it as 2026-04-03, or say dayfirst=True or dayfirst=False (--day-first or "
            "--month-first)."
        )
