"""What moves the score: the impact of each aspect on NPS, CSAT, stars or grades."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import PolynomialFeatures

from cxnlp.errors import CxnlpError
from cxnlp.insights.intervals import ALPHA, share
from cxnlp.insights.scored import Scored, Source, numbers
from cxnlp.insights.tables import aspect_columns
from cxnlp.taxonomy import ASPECTS
from cxnlp.text import shown

#: Kinds of scores, with their lowest and highest value.
KINDS = {"nps": (0, 10), "csat": (1, 5), "stars": (1, 5), "grade": (1, 10)}
#: What in the name of a column tells its kind; a start or an upgrade does not.
_NAMED = {
    "nps": "nps",
    "csat": "csat",
    r"(?<![a-z])stars?(?![a-z])|sterren": "stars",
    r"(?<![a-z])grade(?![a-z])|cijfer": "grade",
}
#: Strengths of the ridge, as a number of comments that speak for no effect.
_RIDGES = np.logspace(-1, 1.5, 11)
#: Comments on which it is chosen: the best strength, noise over effects, is that of any number.
_RIDGE_ROWS = 20_000
_SIGNED = 2 * len(ASPECTS)
#: Pairs of signed aspects, in the order in which `PolynomialFeatures` has them.
_PAIRS = np.triu_indices(_SIGNED)
#: Draws held at once.
_BLOCK = 4_000_000
#: Fewer comments than this are too few to say anything.
LEAST = 10
_ESTIMATES = ("impact", "gained", "lost", "praise_effect", "complaint_effect")


def impact(
    source: Source,
    score: Any,
    kind: str | None = None,
    *,
    least: int = LEAST,
    replicates: int = 500,
    seed: int = 0,
) -> pd.DataFrame:
    """How much each aspect moves the score that customers give.

    The score of a set of comments is, of NPS, the percentage of 9 and 10 minus that of 0 to 6, in
    points; of other kinds, the mean. Only comments with text and a score count.

    Parameters
    ----------
    source
        Results, a scored table, or the path of a scored file.
    score
        The column of the table, or a number for each row; empty where none was given.
    kind
        ``"nps"`` (0 to 10), ``"csat"`` or ``"stars"`` (1 to 5), or ``"grade"`` (1 to 10). Found
        out from the name and the range of the column if not given.
    least
        Fewer comments than this are too few to say anything.
    replicates
        Samples of the bootstrap, at least 1.
    seed
        Of the bootstrap: the same seed gives the same intervals.

    Returns
    -------
    pandas.DataFrame
        One row per aspect, in the taxonomy's order: ``aspect``, ``aspect_group``, and

        ``mentions``, ``praised``, ``criticised``
            Comments that evaluate, praise and criticise it; a mixed one does both.
        ``share``
            Mentions among the comments.
        ``enough``
            Whether the data say anything: at least `least` comments mention the aspect, as many
            do not, and the score varies. Elsewhere numbers are NaN; those of praise or complaint
            also where fewer than `least` comments do that, or do not.
        ``impact``
            The score of all comments minus that of those that do not mention the aspect: what the
            aspect does to the score, as Thematic defines it (getthematic.com, "impact").
        ``gained``, ``lost``
            The same of the comments that praise it, and of those that criticise it: points gained
            by praise (above 0) and lost by complaint (below 0).
        ``praise_effect``, ``complaint_effect``
            Difference in score between comments that praise (criticise) it and those that do
            not, all else that they say being equal: the ridge regression (Hoerl and Kennard 1970,
            Technometrics 12, 55-67) of scores on the 34 signed aspects, its strength chosen by
            leave-one-out cross-validation (``sklearn.linear_model.RidgeCV``). The fewer the
            comments, the more it is drawn to 0. It describes; it does not prove a cause.

        Each has its 95% interval (``_low``, ``_high``): percentiles of a Poisson bootstrap of
        comments (Hanley and MacGibbon 2006, Computer Methods and Programs in Biomedicine 83,
        57-62). Drawing the effects to 0 hides how far they may be from it, so in each sample they
        are drawn to a point at random, as far off as effects of that strength are (randomize,
        then optimize: Bardsley et al. 2014, SIAM Journal on Scientific Computing 36, A1895-A1910).

        ``frame.attrs`` has ``kind``, the ``score`` of all ``comments`` counted, and the rows
        without text (``no_text``) and comments without a score (``unscored``) that were not; the
        rows without text that have a score (``silent``), and the score with these among them
        (``score_of_all``); and whether the scores differ (``varies``).

    Raises
    ------
    CxnlpError
        For a score out of range or that is no number, with its row; for a column that is not
        there; and for a kind that is not known, or not clear from the column.
    """
    if replicates < 1:
        raise CxnlpError(f"replicates is {replicates}; give 1 or more, best some hundreds.")
    scored = Scored.of(source)
    column = scored.column(score, "scores")
    values, kind = _scores(column, kind)
    given = ~np.isnan(values)
    counted = ~scored.no_text & given
    every = 100.0 * (values >= 9) - 100.0 * (values <= 6) if kind == "nps" else values
    points = every[counted]
    signed = scored.decisions[counted].reshape(-1, _SIGNED)

    praised, criticised = signed.sum(axis=0).reshape(-1, 2).T
    mentions = scored.mentions[counted].sum(axis=0)
    n, varies = len(points), np.ptp(points) > 0 if len(points) else False
    said = np.stack([mentions, praised, criticised, praised, criticised], axis=1)
    enough = (said >= least) & (n - said >= least) & varies
    estimates = np.full((3, *said.shape), np.nan)
    if enough.any():
        ridge, spread = _ridge(signed, points, seed)
        counts, terms = _distinct(signed, points)
        draws = _draws(counts, terms, ridge, spread, replicates, seed)[:, enough]
        estimates[0, enough] = _estimates(counts[None] @ terms, ridge)[0, enough]
        estimates[1:, enough] = np.nanquantile(draws, [ALPHA / 2, 1 - ALPHA / 2], axis=0)

    frame = pd.DataFrame(
        aspect_columns(np.arange(len(ASPECTS)))
        | {
            "mentions": mentions,
            "praised": praised,
            "criticised": criticised,
            "share": share(mentions, np.array(n)),
            "enough": enough[:, 0],
        }
        | {
            f"{name}{part}": estimates[which, :, at]
            for at, name in enumerate(_ESTIMATES)
            for which, part in enumerate(("", "_low", "_high"))
        }
    )
    frame.attrs = {
        "kind": kind,
        "score": float(points.mean()) if n else float("nan"),
        "comments": n,
        "no_text": int(scored.no_text.sum()),
        "unscored": int((~scored.no_text & ~given).sum()),
        "silent": int((scored.no_text & given).sum()),
        "score_of_all": float(every[given].mean()) if given.any() else float("nan"),
        "varies": bool(varies),
    }
    return frame


def check_kind(kind: str | None) -> None:
    """Refuse a kind of score that is none of `KINDS`."""
    if kind is not None and kind not in KINDS:
        raise CxnlpError(f"kind is {kind!r}; give one of {', '.join(KINDS)}.")


def _scores(column: pd.Series, kind: str | None) -> tuple[np.ndarray, str]:
    """The scores, (n,) float64 with NaN where there is none, and their kind."""
    check_kind(kind)
    values, odd = numbers(column)
    _refuse(odd, column, "which is not a number; make it one, or leave the cell empty")
    if kind is None:
        kind = _kind(column, values)
    low, high = KINDS[kind]
    bounds = f"which is not within {low} to {high} ({kind}); mend it, or say another kind"
    _refuse((values < low) | (values > high), column, bounds)
    if kind == "nps":
        _refuse(values % 1 > 0, column, "but NPS is a whole number; mend it, or say another kind")
    return values, kind


def _kind(column: pd.Series, values: np.ndarray) -> str:
    for word, kind in _NAMED.items():
        if re.search(word, str(column.name).lower()):
            return kind
    given = values[~np.isnan(values)]
    unknown = "which no scale that cxnlp knows has; mend it, or leave the cell empty"
    _refuse((values < 0) | (values > 10), column, unknown)
    if (given == 0).any():
        if (given > 5).any():
            return "nps"
        raise CxnlpError(
            "Scores from 0 to 5 may be NPS where nobody gave more than 5, or a scale of 1 to 5 "
            "with a 0 where no score was given; say kind='nps' (--kind nps), or leave those cells "
            "empty."
        )
    if (given <= 5).all():
        return "csat"
    if (given % 1 > 0).any():
        return "grade"
    raise CxnlpError(
        "Scores from 1 to 10 may be NPS or grades; say kind='nps' or kind='grade' (--kind nps or "
        "--kind grade)."
    )


def _refuse(odd: np.ndarray, column: pd.Series, why: str) -> None:
    if odd.any():
        row = int(odd.argmax())
        raise CxnlpError(f"Row {row + 1:,} has the score {shown(str(column.iloc[row]))}, {why}.")


def _ridge(signed: np.ndarray, points: np.ndarray, seed: int) -> tuple[float, float]:
    """The strength of the ridge, and the standard deviation of effects that it takes for granted.

    A ridge of strength noise / effects is a normal prior on the effects (both as variances).
    """
    some = np.random.default_rng(seed).permutation(len(points))[:_RIDGE_ROWS]
    said, points = signed[some].astype(float), points[some]
    fit = RidgeCV(_RIDGES).fit(said, points)
    scales = np.linalg.svd(said - said.mean(axis=0), compute_uv=False) ** 2
    freedom = len(some) - 1 - np.sum(scales / (scales + fit.alpha_))
    noise = np.sum((points - fit.predict(said)) ** 2) / freedom
    return fit.alpha_, np.sqrt(noise / fit.alpha_)


def _distinct(signed: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, sparse.csr_array]:
    """How many comments say the same and score the same, (k,), and the `_terms` of each, (k, t).

    All estimates follow from sums over comments, so one row with a count stands for its likes.
    """
    bits = signed @ (1 << np.arange(_SIGNED))
    distinct = pd.DataFrame({"bits": bits, "points": points}).value_counts(sort=False).sort_index()
    bits, points = distinct.index.to_frame().to_numpy().T
    return distinct.to_numpy(float), _terms(
        bits.astype(np.int64)[:, None] >> np.arange(_SIGNED) & 1, points
    )


def _draws(
    counts: np.ndarray,
    terms: sparse.csr_array,
    ridge: float,
    spread: float,
    replicates: int,
    seed: int,
) -> np.ndarray:
    """Estimates from samples of comments, (replicates, 17, 5), columns as ``_ESTIMATES``."""
    random = np.random.default_rng(seed)
    toward = random.normal(0, spread, (replicates, _SIGNED))
    size = max(1, _BLOCK // len(counts))
    blocks = np.split(toward, range(size, replicates, size))
    return np.concatenate(
        [
            _estimates(random.poisson(counts, (len(block), len(counts))) @ terms, ridge, block)
            for block in blocks
        ]
    )


def _terms(signed: np.ndarray, points: np.ndarray) -> sparse.csr_array:
    """What is summed over rows: sets of comments, their points, and pairs of signed aspects.

    The sets are all comments, those with each signed aspect (34), and with each aspect (17).
    """
    mentions = signed.reshape(len(signed), -1, 2).max(axis=2)
    sets = sparse.csr_array(np.hstack([np.ones((len(signed), 1)), signed, mentions]))
    pairs = PolynomialFeatures((2, 2), include_bias=False).fit_transform(
        sparse.csr_matrix(signed.astype(float))
    )
    return sparse.csr_array(sparse.hstack([sets, sets * points[:, None], pairs]))


def _estimates(sums: np.ndarray, ridge: float, toward: np.ndarray | float = 0) -> np.ndarray:
    """Estimates from sums of `_terms`, (b, 17, 5), columns as ``_ESTIMATES``.

    The effects are drawn `toward` a point, (b, 34).
    """
    sets = 1 + _SIGNED + len(ASPECTS)
    number, points, pairs = np.split(sums, [sets, 2 * sets], axis=1)
    # A sample may hold no comment without the aspect.
    without = share(points[:, :1] - points[:, 1:], number[:, :1] - number[:, 1:])
    whole = np.maximum(number[:, :1], 1)  # or of none at all, where there are few
    moved = points[:, :1] / whole - without

    total, means = number[:, 0, None], number[:, 1 : 1 + _SIGNED] / whole
    products = np.empty((len(sums), _SIGNED, _SIGNED))
    products[:, *_PAIRS] = products[:, *_PAIRS[::-1]] = pairs
    products -= total[..., None] * means[:, :, None] * means[:, None, :]
    with_points = points[:, 1 : 1 + _SIGNED] - points[:, :1] * means + ridge * toward
    effects = np.linalg.solve(products + ridge * np.eye(_SIGNED), with_points[..., None])
    apart = (-1, len(ASPECTS), 2)
    return np.concatenate(
        [
            moved[:, _SIGNED:, None],
            moved[:, :_SIGNED].reshape(apart),
            effects.reshape(apart),
        ],
        axis=2,
    )
