"""Tables: what is talked about and how (pillars), since when (trend), and where (compare).

Rows without text are not comments: no number here counts them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cxnlp.errors import CxnlpError
from cxnlp.insights import intervals
from cxnlp.insights.dates import read_dates
from cxnlp.insights.scored import Scored, Source
from cxnlp.insights.shrinkage import shrunk_net
from cxnlp.results import codes_of
from cxnlp.taxonomy import ASPECTS, GROUPS, POLARITIES, TAXONOMY
from cxnlp.text import NOTHING

#: Periods of `trend`, as pandas names them; a week begins on Monday.
PERIODS = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}


def pillars(source: Source) -> pd.DataFrame:
    """What the comments talk about, and whether they praise or criticise it.

    Parameters
    ----------
    source
        Results, a scored table, or the path of a scored file.

    Returns
    -------
    pandas.DataFrame
        One row per aspect, in the taxonomy's order:

        ``aspect``, ``aspect_group``
            As in ``cxnlp.taxonomy``.
        ``comments``
            All comments, in which shares are taken.
        ``mentions``
            Comments that evaluate the aspect: ``positive`` + ``negative`` + ``mixed``.
        ``share``, ``positive_share``, ``negative_share``
            Of the comments, each with its 95% interval (``_low``, ``_high``; Wilson 1927).
        ``net``
            Share positive minus share negative, in [-1, 1], with its 95% interval (Newcombe 1998,
            paired). A mixed comment is on both sides, and so on neither.

        ``frame.attrs["no_text"]`` is the number of rows without text.
    """
    scored = Scored.of(source)
    read = scored.decisions[~scored.no_text]
    counts = _tally(read, np.zeros(len(read), int), 1)
    frame = _frame(counts, {})
    frame.attrs = {"no_text": int(scored.no_text.sum())}
    return frame


def trend(
    source: Source, dates: Any, by: str = "month", *, dayfirst: bool | None = None
) -> pd.DataFrame:
    """How the shares and net scores move from period to period.

    Parameters
    ----------
    source
        Results, a scored table, or the path of a scored file.
    dates
        The column of the table, or a date for each row; see `read_dates` for what can be read.
    by
        ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` or ``"year"``.
    dayfirst
        Whether 03-04-2026 is 3 April; found out from the column if not given.

    Returns
    -------
    pandas.DataFrame
        One row per period that has comments, and aspect: ``period`` (pandas periods), the columns
        of `pillars`, and

        ``share_change``, ``net_change``
            Against the period before it in the table; NaN in the first.
        ``p``
            P-value of that change in praise or complaint (Fisher's exact test, see `differs`),
            corrected for all tests of the table (Benjamini and Hochberg 1995).
        ``stands_out``
            ``p`` is under 0.05: of the changes that stand out, at most 5% are noise.

        ``frame.attrs`` has how many comments are ``undated``, and how many of those have a date
        that is ``unreadable``.

    Raises
    ------
    CxnlpError
        For another `by`, a column that is not there, and dates that cannot be read or can be read
        in two ways.
    """
    if not isinstance(by, str) or by not in PERIODS:
        raise CxnlpError(f"by is {by!r}; give one of {', '.join(PERIODS)}.")
    scored = Scored.of(source)
    when, odd = read_dates(scored.column(dates, "dates"), dayfirst)
    dated = when.notna().to_numpy() & ~scored.no_text
    codes, periods = pd.factorize(when[dated].dt.to_period(PERIODS[by]), sort=True)
    counts = _tally(scored.decisions[dated], codes, len(periods))
    frame = _frame(counts, {"period": periods})
    here, before = counts[1:], counts[:-1]
    first = np.full((min(1, len(periods)), len(ASPECTS)), np.nan)
    for name in ("share", "net"):
        values = frame[name].to_numpy().reshape(-1, len(ASPECTS))
        frame[f"{name}_change"] = np.concatenate([first, np.diff(values, axis=0)]).ravel()
    p = np.concatenate([first, intervals.differs(here, before)]).ravel()
    frame["p"] = intervals.corrected(p)
    frame["stands_out"] = frame["p"] < intervals.ALPHA
    frame.attrs = {
        "undated": int((~dated & ~scored.no_text).sum()),
        "unreadable": int((odd & ~scored.no_text).sum()),
    }
    return frame


def compare(source: Source, groups: Any, *, least: int = 10) -> pd.DataFrame:
    """How stores, agents, channels or segments differ from the rest.

    Parameters
    ----------
    source
        Results, a scored table, or the path of a scored file.
    groups
        The column of the table, or a group for each row; empty where it is in none.
    least
        Groups of fewer comments are not shown, to protect the people in them. If only one is not,
        its figures are those of all comments minus those of the groups that are.

    Returns
    -------
    pandas.DataFrame
        One row per group that is shown, and aspect: ``group``, the columns of `pillars`, and

        ``shrunk``
            The net score, drawn toward the mean of the groups shown by as much as the group is
            small and the groups are alike, with its 95% interval (``shrunk_low``,
            ``shrunk_high``; see `shrunk_net`). Rank by this: three comments do not top the list.
        ``difference``
            Net score minus that of all other groups shown, with its 95% interval
            (``difference_low``, ``difference_high``; see `net_difference`).
        ``p``
            P-value of that difference in praise or complaint (Fisher's exact test, see
            `differs`), corrected for all tests of the table (Benjamini and Hochberg 1995).
        ``stands_out``
            ``p`` is under 0.05: of those that stand out, at most 5% are noise.

        ``frame.attrs["suppressed"]`` has the number of ``groups`` not shown, and of their
        ``comments``; ``frame.attrs["ungrouped"]`` that of comments in no group.

    Raises
    ------
    CxnlpError
        For a column that is not there, or that holds lists.
    """
    scored = Scored.of(source)
    column = _stripped(scored.column(groups, "groups"))
    grouped = column.notna().to_numpy() & ~scored.no_text
    try:
        codes, names = pd.factorize(column[grouped], sort=True)
    except TypeError:
        raise CxnlpError("The groups are lists or the like; give each row one name.") from None
    counts = _tally(scored.decisions[grouped], codes, len(names))
    sizes = np.bincount(codes, minlength=len(names))
    shown = sizes >= least
    here = counts[shown]
    rest = here.sum(axis=0) - here  # of those shown: with others among them it would tell of these
    frame = _frame(here, {"group": names[shown]})
    columns = {}
    columns["shrunk"], columns["shrunk_low"], columns["shrunk_high"] = shrunk_net(here)
    (
        columns["difference"],
        columns["difference_low"],
        columns["difference_high"],
    ) = intervals.net_difference(here, rest)
    columns["p"] = intervals.corrected(intervals.differs(here, rest))
    frame = frame.assign(**{name: values.ravel() for name, values in columns.items()})
    frame["stands_out"] = frame["p"] < intervals.ALPHA
    frame.attrs = {
        "suppressed": {"groups": int((~shown).sum()), "comments": int(sizes[~shown].sum())},
        "ungrouped": int((~grouped & ~scored.no_text).sum()),
    }
    return frame


def _tally(decisions: np.ndarray, codes: np.ndarray, groups: int) -> np.ndarray:
    """Count comments by group and what they say, (groups, 17, 4) int, last axis ``POLARITIES``."""
    shape = groups, len(ASPECTS), len(POLARITIES)
    cells = (codes[:, None] * len(ASPECTS) + np.arange(len(ASPECTS))) * len(POLARITIES)
    cells += codes_of(decisions)
    return np.bincount(cells.ravel(), minlength=np.prod(shape)).reshape(shape)


def _frame(counts: np.ndarray, keys: dict[str, Any]) -> pd.DataFrame:
    """The columns that all tables share, one row per key and aspect."""
    comments, mentions = counts.sum(axis=2), counts[..., 1:].sum(axis=2)
    columns: dict[str, np.ndarray] = {"comments": comments, "mentions": mentions}
    columns |= _share("", mentions, comments)
    for name in ("positive", "negative"):
        columns[name] = counts[..., POLARITIES.index(name)]
        columns |= _share(f"{name}_", columns[name], comments)
    columns["mixed"] = counts[..., POLARITIES.index("mixed")]
    columns["net"], columns["net_low"], columns["net_high"] = intervals.net(counts)
    return pd.DataFrame(
        {name: values.repeat(len(ASPECTS)) for name, values in keys.items()}
        | aspect_columns(np.tile(np.arange(len(ASPECTS)), len(counts)))
        | {name: values.ravel() for name, values in columns.items()}
    )


def _share(name: str, count: np.ndarray, total: np.ndarray) -> dict[str, np.ndarray]:
    low, high = intervals.wilson(count, total)
    return {
        f"{name}share": intervals.share(count, total),
        f"{name}share_low": low,
        f"{name}share_high": high,
    }


def aspect_columns(aspects: np.ndarray) -> dict[str, Any]:
    """Columns ``aspect`` and ``aspect_group`` of rows on these aspects, (rows,) int."""
    groups = np.array([GROUPS.index(aspect.group) for aspect in TAXONOMY])
    return {
        "aspect": pd.Categorical.from_codes(aspects, pd.Index(ASPECTS), ordered=True),
        "aspect_group": pd.Categorical.from_codes(groups[aspects], pd.Index(GROUPS), ordered=True),
    }


def _stripped(column: pd.Series) -> pd.Series:
    """Groups without the blanks around their names; a name for nothing is none."""
    if isinstance(column.dtype, pd.ArrowDtype):  # pandas cannot convert or sort each of these
        column = column.array.__arrow_array__().to_pandas()
    if pd.api.types.is_float_dtype(column):  # numbers of stores, of which some are missing
        column = column.convert_dtypes()
    if pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column):
        names = [name.strip() if isinstance(name, str) else name for name in column]
        column = pd.Series(names, column.index, dtype=object)  # long integers as they are
        column = column.mask(column.map(lambda name: isinstance(name, str) and name in NOTHING))
    return column
