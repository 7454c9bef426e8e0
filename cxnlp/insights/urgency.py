"""Comments that ask for an answer now, and why."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cxnlp.errors import CxnlpError
from cxnlp.insights.dates import read_dates
from cxnlp.insights.excerpts import check_number, excerpts
from cxnlp.insights.scored import Scored, Source
from cxnlp.taxonomy import ASPECTS, SIGNS

#: Days after which a comment weighs half, and after which it is no longer one to answer now.
HALF_LIFE, RECENT = 30, 90

_PROMISE = (
    r"belo(?:o?f|ven)|toegezegd|toezegging|afgesproken|afspra(?:ak|ken)"
    r"|zou(?:den)? .{0,40}(?:bellen|komen)|(?:verteld|gezegd) dat|\bpromise|assured|guarantee"
    r"|told (?:me |us )?(?:it|that|they)"
    r"|said (?:they|it|he|she)|(?:was|were) supposed to"
)
_AGAIN = (
    r"nog (?:steeds |altijd )?(?:geen|niet|niets|niks)"
    r"|wacht(?:en)? (?:(?:nu )?al|nog (?:steeds|altijd))\b"
    r"|nog (?:steeds|altijd) (?:aan het )?wachten|been waiting"
    r"|(?:tweede|derde|vierde|vijfde|zoveelste|tigste) (?:keer|maal|mail|poging)"
    r"|\b(?:[3-9]|1\d|drie|vier|vijf|zes|tien) ?(?:x|keer|maal) (?:gebeld|gemaild|contact)"
    r"|(?:nooit|niet|niets|niemand) (?:iets |meer )?(?:op |van )?(?:terug )?"
    r"(?:gehoord|teruggebeld|gebeld|beantwoord|gereageerd)"
    r"|geen (?:antwoord|reactie|gehoor)|hoor(?:de)? (?:nog )?niets|niemand .{0,20}laat weten"
    r"|still (?:no|nothing|not|waiting|have no|do(?:es)?n['’]?t|ha(?:ve|s)n['’]?t)"
    r"|(?:second|third|fourth|fifth|2nd|3rd|4th|5th|umpteenth) (?:time|call|e-?mail|attempt)"
    r"|\b(?:[3-9]|1\d|three|four|five|six|ten) (?:times|calls|e-?mails)"
    r"|no(?:body| one|-one)? (?:ever )?(?:called|rang|replied|answered|responded)"
    r"|no (?:reply|response|answer|call ?back)|never (?:heard|called|rang|replied|got back)"
)


class _Reason(NamedTuple):
    key: str
    weight: float
    aspect: str
    """Its complaint is needed, and its words are shown."""
    words: str | None
    """Such words in the comment are needed, too; None where any will do."""
    nl: str
    en: str


#: The rules. Points are the weight times the confidence of the aspect.
REASONS = (
    _Reason("leaving", 3, "loyalty", None, "dreigt te vertrekken", "threatens to leave"),
    _Reason("promise", 2, "integrity", _PROMISE, "belofte niet nagekomen", "promise not kept"),
    _Reason("unanswered", 2, "time", _AGAIN, "blijft wachten", "keeps waiting"),
)


def urgent(
    source: Source,
    dates: Any = None,
    n: int = 20,
    *,
    lang: str = "en",
    mask: bool = True,
    dayfirst: bool | None = None,
    text: str | None = None,
) -> pd.DataFrame:
    """Rank the comments that ask for an answer now.

    A plain rule, made for this library: three points for a threat to leave (loyalty criticised),
    two for a broken promise (integrity criticised, with words such as "beloofd"), two for a
    customer who keeps waiting (time criticised, with words such as "derde keer" or "still no
    reply"); each times the confidence of the aspect. The points of a comment are added. With
    dates they count half, for the ranking, every 30 days before the last one that is not in the
    future.

    Parameters
    ----------
    source
        Anything that `Scored.of` takes, with its texts.
    dates
        The column of the table, or a date for each row, see `read_dates`; by default none.
    n
        Comments at most.
    lang
        ``"nl"`` or ``"en"``: the language of the reasons.
    mask
        Replace personal data, see `cxnlp.insights.masking.mask`.
    dayfirst
        Whether 03-04-2026 is 3 April; found out from the column if not given.
    text
        The column of a table that holds the comments; found out if not given.

    Returns
    -------
    pandas.DataFrame
        The most urgent first: ``points``, ``reason``, ``date`` (where dates were given), and the
        columns of `cxnlp.insights.excerpts.excerpts`, of which ``index`` is the position of the
        comment's row, whatever labels a table has.
        ``attrs["found"]`` counts all that were found, ``attrs["recent"]`` those no more than 90
        days older than the last that is not in the future (all of them, without dates); one without
        a date is taken to be as old as the oldest.

    Raises
    ------
    CxnlpError
        For a column that does not exist, dates that cannot be read, a table without comments,
        another language, or a number under 0.
    """
    check_number(n)
    if lang not in ("nl", "en"):
        raise CxnlpError(f"There are no reasons in {lang!r}; give one of en, nl.")
    scored = Scored.of(source, text=text)
    points = _points(scored)
    total = points.sum(axis=1)
    rank, when, recent = total, None, np.ones(len(scored), bool)
    if dates is not None:
        when, _ = read_dates(scored.column(dates, "dates"), dayfirst)
        past = when[when <= pd.Timestamp.now() + pd.Timedelta(days=1)]  # a mistyped year is not
        age = ((past if len(past) else when).max() - when).dt.total_seconds() / 86_400
        # A comment without a date is taken to be as old as the oldest.
        age = age.fillna(age.max()).fillna(0).clip(lower=0)
        rank = total * 0.5 ** (age.to_numpy() / HALF_LIFE)
        recent = age.to_numpy() <= RECENT
    found = np.flatnonzero(total > 0)
    best = found[np.argsort(-rank[found], kind="stable")][:n]
    mine = points[best]
    aspects = np.array([ASPECTS.index(reason.aspect) for reason in REASONS])
    frame = excerpts(
        scored,
        best,
        aspects[mine.argmax(axis=1)] if len(best) else best,
        np.full(len(best), SIGNS.index("negative")),
        mask,
    )
    names = [getattr(reason, lang) for reason in REASONS]
    reasons = [", ".join(n for n, p in zip(names, row, strict=True) if p > 0) for row in mine]
    frame.insert(0, "points", total[best].round(2))
    frame.insert(1, "reason", pd.Series(reasons, dtype="str"))
    if when is not None:
        frame.insert(2, "date", when.iloc[best].to_numpy())
    frame.attrs |= {"found": len(found), "recent": int(recent[found].sum())}
    return frame


def _points(scored: Scored) -> np.ndarray:
    """Points of each comment for each of `REASONS`, (n, 3) float."""
    complaint = scored.decisions[:, :, SIGNS.index("negative")]
    confidence = np.nan_to_num(scored.confidence, nan=1)
    points = np.zeros((len(scored), len(REASONS)))
    for column, reason in enumerate(REASONS):
        at = ASPECTS.index(reason.aspect)
        holds = complaint[:, at] & ~scored.no_text
        if reason.words is not None:
            holds &= _say(scored, holds, reason.words)
        points[holds, column] = reason.weight * confidence[holds, at]
    return points


def _say(scored: Scored, rows: np.ndarray, words: str) -> np.ndarray:
    """Which of the rows hold such words, (n,) bool."""
    said = np.zeros(len(scored), bool)
    texts = scored.comments.filter(pa.array(rows))
    matches = pc.match_substring_regex(texts, words, ignore_case=True)
    said[rows] = matches.fill_null(False).to_numpy(zero_copy_only=False)
    return said
