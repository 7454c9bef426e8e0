"""Comments to show: masked, cut to a readable length, with the words that carry a reading."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from cxnlp.errors import CxnlpError
from cxnlp.insights.masking import mask
from cxnlp.insights.scored import Scored
from cxnlp.taxonomy import SIGNS

#: Words of a comment that are shown at most; more are cut away around the evidence.
MOST_WORDS = 60
#: A cut moves back to the start of a sentence that lies no more than so many words before it.
_SNAP_WORDS = 15
_WORD = re.compile(r"\[[^\[\]\s][^\[\]]{0,20}\]\S*|\S{1,60}")
_SENTENCE_END = re.compile(r"[.!?…]['\")]*$")
_COLUMNS = {
    "index": "int64",
    "text": "str",
    "evidence": "str",
    "confidence": "float32",
    "start": "int64",
    "end": "int64",
    "language": "str",
}


def excerpts(
    scored: Scored,
    rows: Sequence[int] | np.ndarray,
    aspects: Sequence[int] | np.ndarray,
    signs: Sequence[int] | np.ndarray,
    masked: bool = True,
) -> pd.DataFrame:
    """Rows to show, each with the evidence of one decision.

    Parameters
    ----------
    scored
        The readings, with their texts.
    rows, aspects, signs
        (k,) int each: the comment, and the aspect and sign whose evidence is marked.
    masked
        Replace personal data, see `cxnlp.insights.masking.mask`.

    Returns
    -------
    pandas.DataFrame
        k rows: ``index`` (of the comment: its row, from 0), ``text`` (as shown), ``evidence``
        (empty where it is not known), ``confidence``, ``start`` and ``end`` of the evidence in
        ``text`` (0 and 0 where there is none), ``language``.
    """
    texts = scored.comments.take(pa.array(rows, pa.int64())).to_pylist()
    shown = []
    for row, aspect, sign, text in zip(rows, aspects, signs, texts, strict=True):
        language = str(scored.language[row])
        start, end = _evidence(scored, row, aspect, sign, text)
        if masked:
            hidden = mask(text, "en" if language == "en" else "nl")
            start, end = hidden.span(start, end)
            text = hidden.text
        text, start, end = _cut(text, start, end)
        confidence = scored.confidence[row, aspect]
        shown.append((row, text, text[start:end], confidence, start, end, language))
    return pd.DataFrame(shown, columns=list(_COLUMNS)).astype(_COLUMNS)


def check_number(n: int) -> None:
    """Refuse a number of comments to show that is none."""
    if not isinstance(n, int | np.integer) or n < 0:
        raise CxnlpError(f"n is {n!r}; give a whole number of 0 or more.")


def highlighted(text: str, start: int, end: int) -> str:
    """HTML of a text with the part from `start` to `end` marked; all of it is escaped.

    >>> highlighted("<b> te traag", 4, 12)
    '&lt;b&gt; <mark>te traag</mark>'
    """
    before, inside, after = map(html.escape, (text[:start], text[start:end], text[end:]))
    return f"{before}<mark>{inside}</mark>{after}" if inside else before + after


def _evidence(scored: Scored, row: int, aspect: int, sign: int, text: str) -> tuple[int, int]:
    """Bounds of the evidence in the comment; 0, 0 where they are not known."""
    if scored.spans is not None:
        start, end = scored.spans[row, aspect, sign].tolist()
        return (start, end) if 0 <= start < end else (0, 0)
    words = None if scored.words is None else scored.words[row, aspect]
    if not isinstance(words, str):
        return 0, 0
    parts = words.split(" | ")
    if scored.decisions[row, aspect].all() and len(parts) == len(SIGNS):
        words = parts[sign]
    # "tijd" is not marked inside "altijd".
    whole = re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text)
    start = whole.start() if whole else text.find(words)
    return (start, start + len(words)) if start >= 0 else (0, 0)


def _cut(text: str, start: int, end: int) -> tuple[str, int, int]:
    """At most `MOST_WORDS` words around the evidence, with … where others were left out."""
    words = list(_WORD.finditer(text))
    if len(words) <= MOST_WORDS:
        return text, start, end
    first = next((at for at, word in enumerate(words) if word.end() > start), 0)
    last = next((at for at, word in enumerate(words) if word.end() >= end), first)
    spare = max(MOST_WORDS - (last - first + 1), 0)
    left = max(0, min(first - spare // 2, len(words) - MOST_WORDS))
    for at in range(left, max(left - _SNAP_WORDS, 0), -1):
        if _SENTENCE_END.search(words[at - 1][0]):
            left = at
            break
    right = min(left + max(MOST_WORDS, last - left + 1), len(words))
    cut_from, cut_to = words[left].start(), words[right - 1].end()
    before = "… " if left else ""
    after = " …" if right < len(words) else ""
    shift = len(before) - cut_from
    return f"{before}{text[cut_from:cut_to]}{after}", max(start + shift, 0), max(end + shift, 0)
