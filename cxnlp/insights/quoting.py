"""Comments that show best what is said of an aspect."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cxnlp.errors import CxnlpError
from cxnlp.insights.excerpts import MOST_WORDS, check_number, excerpts
from cxnlp.insights.scored import Scored, Source
from cxnlp.taxonomy import ASPECTS, SIGNS

#: The most confident comments, among which the quotes are sought.
CANDIDATES = 1000
#: Shorter quotes say little by themselves.
LEAST_WORDS = 10
#: Weight of relevance against difference from the quotes that were chosen before.
_RELEVANCE = 0.5
#: Cosine above which two comments are taken to say the same: by their words, and by the vectors of
#: a model, to which all that complain of one aspect are alike.
_SAME, _SAME_BY_MODEL = 0.8, 0.9


def quotes(
    source: Source,
    aspect: str,
    sign: str,
    n: int = 5,
    *,
    mask: bool = True,
    model: Any = None,
    text: str | None = None,
) -> pd.DataFrame:
    """Find comments that are confident, typical, and different from each other.

    Of the `CANDIDATES` most confident comments, relevance is the product of the confidence, the
    cosine with the mean of all of them (in a TF-IDF space, or that of `model`) and a preference
    for 10 to 60 words. They are chosen one by one by maximal marginal relevance (Carbonell &
    Goldstein, SIGIR 1998), and never one that nearly repeats another.

    Parameters
    ----------
    source
        Anything that `Scored.of` takes, with its texts.
    aspect, sign
        One of ``cxnlp.taxonomy.ASPECTS`` and of ``SIGNS``.
    n
        Quotes at most.
    mask
        Replace personal data, see `cxnlp.insights.masking.mask`.
    model
        Its vectors replace TF-IDF: slower, and sees through other wordings. A `cxnlp.Model`, or
        what `cxnlp.load` takes.
    text
        The column of a table that holds the comments; found out if not given.

    Returns
    -------
    pandas.DataFrame
        The best first, see `cxnlp.insights.excerpts.excerpts`; no rows where nothing was said.
        ``index`` is the position of the comment's row, whatever labels a table has:
        ``table.iloc[quotes["index"]]``.

    Raises
    ------
    CxnlpError
        For an aspect or sign that does not exist, a number under 0, or a table without comments.
    """
    check_number(n)
    if aspect not in ASPECTS:
        raise CxnlpError(f"There is no aspect {aspect!r}; give one of {', '.join(ASPECTS)}.")
    if sign not in SIGNS:
        raise CxnlpError(f"There is no sign {sign!r}; give one of {', '.join(SIGNS)}.")
    scored = Scored.of(source, text=text)
    at, side = ASPECTS.index(aspect), SIGNS.index(sign)
    rows = np.flatnonzero(scored.decisions[:, at, side] & ~scored.no_text)
    confidence = np.nan_to_num(scored.confidence[rows, at], nan=1)
    rows = rows[np.argsort(-confidence, kind="stable")[:CANDIDATES]]
    texts = scored.comments.take(pa.array(rows)).to_pylist()
    rows, texts = _distinct(rows, texts)
    if texts:
        same = _SAME if model is None else _SAME_BY_MODEL
        worth = _worth(scored, rows, at, texts)
        rows = rows[_choose(_vectors(texts, model), worth, n, same)]
    return excerpts(scored, rows, np.full(len(rows), at), np.full(len(rows), side), mask)


def _distinct(rows: np.ndarray, texts: list[str]) -> tuple[np.ndarray, list[str]]:
    """The first of those that differ in capitals and punctuation only."""
    plain = pd.Series([re.sub(r"\W+", " ", text.casefold()).strip() or text for text in texts])
    first = np.flatnonzero(~plain.duplicated().to_numpy(bool))
    return rows[first], [texts[at] for at in first]


def _vectors(texts: list[str], model: Any) -> Any:
    """Unit rows, (k, features): sparse, or dense by a model."""
    if model is not None:
        from cxnlp.model import load

        dense = (load(model) if isinstance(model, str | Path) else model).embed(texts)
        return dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Marks count as words, so that a comment of nothing else has one.
    vectorizer = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]", sublinear_tf=True, dtype=np.float32)
    return vectorizer.fit_transform(texts)


def _worth(scored: Scored, rows: np.ndarray, aspect: int, texts: list[str]) -> np.ndarray:
    """Confidence, less where the comment is shorter or longer than one likes to read; (k,)."""
    words = np.array([len(text.split()) for text in texts])
    length = np.clip(words / LEAST_WORDS, 0.3, 1) * np.where(words > MOST_WORDS, 0.7, 1)
    return np.nan_to_num(scored.confidence[rows, aspect], nan=1) * length


def _choose(vectors: Any, worth: np.ndarray, n: int, same: float) -> list[int]:
    """Positions of up to `n` comments by maximal marginal relevance, the best first.

    None is nearer than `same` to one before it.
    """
    centre = np.asarray(vectors.mean(axis=0)).ravel()
    relevance = worth * (vectors @ centre)
    relevance = relevance / max(float(relevance.max()), 1e-9)
    nearest = np.zeros(len(worth))
    chosen: list[int] = []
    for _ in range(min(n, len(worth))):
        gain = _RELEVANCE * relevance - (1 - _RELEVANCE) * nearest
        gain[nearest > same] = -np.inf
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        if gain[best] == -np.inf:
            break
        chosen.append(best)
        row = vectors[[best]]
        similarity = vectors @ (row.T.toarray() if hasattr(row, "toarray") else row.T)
        nearest = np.maximum(nearest, similarity.ravel())
    return chosen
