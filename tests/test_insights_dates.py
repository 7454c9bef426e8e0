from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from synthetic import readings

from cxnlp.errors import CxnlpError
from cxnlp.insights import Scored
from cxnlp.insights.dates import read_dates


def read(values: list[object], dayfirst: bool | None = None) -> list[str | None]:
    dates, _ = read_dates(pd.Series(values), dayfirst)
    assert pd.api.types.is_datetime64_any_dtype(dates)
    return [None if pd.isna(date) else f"{date:%Y-%m-%d}" for date in dates]


@pytest.mark.parametrize(
    "value",
    [
        "2026-04-03", "2026/4/3", "2026.04.03", "20260403", " 2026-04-03T23:30:00Z ",
        "2026-04-03 09:15", "3 april 2026", "3 apr. 2026", "03-apr-2026", "April 3, 2026",
        "Apr 3 2026 9:15", "3-apr-26", "vrijdag 3 april 2026", "vr 3 apr 26", "Fri, 3 Apr 2026",
        "Friday, April 3, 2026", "fri 2026-04-03", 20260403,
        dt.date(2026, 4, 3), dt.datetime(2026, 4, 3, 23, 59),
        pd.Timestamp("2026-04-03 23:00", tz="Europe/Amsterdam"), np.datetime64("2026-04-03"),
    ],
)  # fmt: skip
def test_one_meaning(value: object) -> None:
    assert read([value]) == ["2026-04-03"]
    dates, _ = read_dates(pd.Series([value]))
    assert dates[0] == pd.Timestamp("2026-04-03")  # the time of day is left out


def test_dutch_months() -> None:
    assert read(["1 mrt 2026", "1 maart 2026", "2 mei 2026", "3 okt 2026"]) == [
        "2026-03-01", "2026-03-01", "2026-05-02", "2026-10-03",
    ]  # fmt: skip


def test_a_month_is_its_first_day() -> None:
    assert read(["2026-04", "april 2026", "maart 2026", "Mar 2026"]) == [
        "2026-04-01", "2026-04-01", "2026-03-01", "2026-03-01",
    ]  # fmt: skip
    assert read(["3 apr 9:15", "3 apr 2026", "2 mei 26"])[0] is None
    assert read(["04-2026", "2026-W14", "2026W01", "13-2026"]) == [
        "2026-04-01", "2026-03-30", "2025-12-29", None,
    ]  # fmt: skip
    for by, first in (("M", "2026-05-01"), ("Q", "2026-04-01"), ("Y", "2026-01-01")):
        dates, odd = read_dates(pd.Series(pd.to_datetime(["2026-05-17", None])).dt.to_period(by))
        assert dates.tolist() == [pd.Timestamp(first), pd.NaT]
        assert not odd.any()


def test_day_or_month_first_is_found_out() -> None:
    assert read(["03-04-2026", "31-03-2026"]) == ["2026-04-03", "2026-03-31"]
    assert read(["03/04/2026 3:15 PM", "3/31/2026"]) == ["2026-03-04", "2026-03-31"]
    assert read(["3.4.26", "13.4.26", "1-1-69"]) == ["2026-04-03", "2026-04-13", "1969-01-01"]
    assert read(["3.4.26", "13.4.26", "1-1-68"])[2] == "2068-01-01"


def test_a_year_of_two_digits_may_come_first() -> None:
    values = ["26-04-03", "26-05-17", "25-12-30"]
    with pytest.raises(CxnlpError, match="26-04-03 begins with the day or with the year"):
        read(values)
    assert read(values, dayfirst=True)[0] == "2003-04-26"
    assert read(["26-04-03"]) == ["2003-04-26"]
    assert read(["17-04-23", "18-05-24", "31-05-25"])[0] == "2023-04-17"


def test_what_can_be_read_two_ways_is_asked_for() -> None:
    values = ["03-04-2026", "05-06-2026", None]
    with pytest.raises(CxnlpError, match="whether 03-04-2026 has the day or the month first"):
        read(values)
    assert read(values, dayfirst=True) == ["2026-04-03", "2026-06-05", None]
    assert read(values, dayfirst=False) == ["2026-03-04", "2026-05-06", None]
    with pytest.raises(CxnlpError, match=r"day first \(31-03-2026\), others the month \(3/31/2026"):
        read(["31-03-2026", "3/31/2026"])


def test_what_is_no_date_is_counted() -> None:
    column = pd.Series(["2026-04-03", "onbekend", "2026-02-30", "", None, "2026-04-05", "  "])
    column.index = range(10, 17)
    dates, odd = read_dates(column)
    assert dates.notna().tolist() == [True, False, False, False, False, True, False]
    assert odd.tolist() == [False, True, True, False, False, False, False]


def test_never_is_no_date() -> None:
    never = dt.datetime(9999, 12, 31, 23, 59)
    for zone in (None, "Europe/Amsterdam"):
        column = pd.Series([never, dt.datetime(2026, 4, 3)], dtype="datetime64[us]")
        column = column if zone is None else column.dt.tz_localize("UTC").dt.tz_convert(zone)
        dates, odd = read_dates(column)
        assert dates.isna().tolist() == odd.tolist() == [True, False]
    assert read(["9999-12-31", "2026-04-03"]) == [None, "2026-04-03"]
    days = ["2026-04-03", "2026-04-04"]
    assert read(["0001-01-01", "1900-01-01", *days]) == [None, None, *days]
    column = pd.Series(np.array(["0001-01-01", "2026-04-03"], "datetime64[s]"))
    assert read_dates(column)[1].tolist() == [True, False]


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.timestamp("us", "Europe/Amsterdam"), pa.date32(), pa.string()]
)
def test_columns_of_arrow(kind: pa.DataType) -> None:
    cells = pa.array(["2026-04-03", None]).cast(pa.date32()).cast(kind)
    dates, odd = read_dates(pd.Series(cells, dtype=pd.ArrowDtype(kind)))
    assert f"{dates.iloc[0]:%Y-%m-%d}" in ("2026-04-03", "2026-04-02")  # in its own time zone
    assert dates.isna().tolist() == [False, True]
    assert not odd.any()
    frame = pd.DataFrame({"when": dates})
    assert len(Scored.of(readings(["Top"] * 2, [{}] * 2).to_pandas().join(frame))) == 2


def test_times_of_day_are_no_years() -> None:
    texts = ["3 apr 10 uur", "3 apr 10.30", "3 mei 15u30", "12 jun 09.15", "Marketing 2026"]
    assert read([*texts, *["2026-04-03"] * 6])[:5] == [None] * 5
    assert read(["03-Apr-2026:10:15:00"]) == ["2026-04-03"]


def test_what_is_no_column_of_dates_is_refused() -> None:
    for values in (["top", "prima", "2026-04-03"], [7, 8], [46000.5]):
        with pytest.raises(CxnlpError, match=f"Row 1 has {str(values[0])!r} for a date, and"):
            read(values)


def test_nothing() -> None:
    assert read([None, None]) == [None, None]
    assert read([]) == []
    assert not read_dates(pd.Series([pd.NaT, pd.Timestamp(0)]))[1].any()
