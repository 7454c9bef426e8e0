"""How sure a share, a net score or a difference is; all functions take arrays of counts."""

from __future__ import annotations

import numpy as np
from scipy.stats import false_discovery_control, hypergeom
from statsmodels.stats.proportion import proportion_confint

#: Intervals hold 95%, and what is called a difference is noise in at most 5%.
ALPHA = 0.05


def share(count: np.ndarray, total: np.ndarray) -> np.ndarray:
    """``count / total``; NaN of nothing."""
    count, total = np.broadcast_arrays(count, total)
    return np.divide(count, total, out=np.full(count.shape, np.nan), where=total > 0)


def wilson(count: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95% interval of a share (Wilson 1927, JASA 22, 209-212); NaN of nothing.

    Parameters
    ----------
    count, total
        Integers of one shape.

    Returns
    -------
    low, high
        Floats in [0, 1].
    """
    count, total = np.broadcast_arrays(count, total)
    known = total > 0
    ends = np.full((2, *count.shape), np.nan)
    ends[:, known] = proportion_confint(count[known], total[known], ALPHA, "wilson")
    return ends[0], ends[1]


def net(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Net score, the share of praise minus that of complaint, with its 95% interval.

    A comment may hold both, so the shares depend on each other; the interval is that of a
    difference of paired proportions, method 10 of Newcombe (1998), Statistics in Medicine 17,
    2635-2650: Wilson's distances, squared and added, less what the correlation explains.

    Parameters
    ----------
    counts
        Comments by what they say of one aspect, (..., 4) int, last axis as
        ``cxnlp.taxonomy.POLARITIES``.

    Returns
    -------
    net, low, high
        (...) floats in [-1, 1]; NaN of nothing.
    """
    none, praise_only, complaint_only, both = np.moveaxis(np.asarray(counts, float), -1, 0)
    total = none + praise_only + complaint_only + both
    praise, complaint = both + praise_only, both + complaint_only
    agreement = both * none - praise_only * complaint_only
    agreement = np.where(agreement > 0, np.maximum(agreement - total / 2, 0), agreement)
    spread = np.sqrt(praise * (total - praise) * complaint * (total - complaint))
    phi = np.divide(agreement, spread, out=np.zeros_like(spread), where=spread > 0)

    plus, minus = share(praise, total), share(complaint, total)
    (plus_low, plus_high), (minus_low, minus_high) = wilson(praise, total), wilson(complaint, total)
    difference = plus - minus
    below = _added(plus - plus_low, minus_high - minus, phi)
    above = _added(plus_high - plus, minus - minus_low, phi)
    return difference, difference - below, difference + above


def _added(one: np.ndarray, other: np.ndarray, phi: np.ndarray) -> np.ndarray:
    squared = one**2 - 2 * phi * one * other + other**2
    return np.sqrt(np.maximum(squared, 0))  # rounding, where phi is 1 and the distances equal


def net_difference(
    here: np.ndarray, there: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Net score here minus that of other comments, with its 95% interval.

    The distances to the ends of the two intervals, squared and added (MOVER: Zou and Donner 2008,
    Statistics in Medicine 27, 1693-1702).

    Parameters
    ----------
    here, there
        As `net`.

    Returns
    -------
    difference, low, high
        (...) floats in [-2, 2]; NaN where either side has no comments.
    """
    (a, a_low, a_high), (b, b_low, b_high) = net(here), net(there)
    difference = a - b
    return (
        difference,
        difference - np.hypot(a - a_low, b_high - b),
        difference + np.hypot(a_high - a, b - b_low),
    )


def fisher(
    count: np.ndarray, total: np.ndarray, other: np.ndarray, other_total: np.ndarray
) -> np.ndarray:
    """P-value of a difference between two shares: Fisher's exact test, central.

    Exact however few the comments; two-sided by twice the smaller tail (Fay 2010, Biostatistics
    11, 373-374). NaN where either side is of nothing.

    Parameters
    ----------
    count, total
        The share here, as integers.
    other, other_total
        The share there.
    """
    count, total, other, other_total = np.broadcast_arrays(count, total, other, other_total)
    known = (total > 0) & (other_total > 0)
    p = np.full(count.shape, np.nan)
    k, n = count[known], total[known]
    of = (n + other_total[known], k + other[known], n)
    p[known] = np.minimum(1, 2 * np.minimum(hypergeom.cdf(k, *of), hypergeom.sf(k - 1, *of)))
    return p


def differs(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """P-value of a difference in praise or in complaint of an aspect, whichever is clearer.

    The smaller p-value of two tests by `fisher`, doubled because there are two (Bonferroni).

    Parameters
    ----------
    here, there
        As `net`.

    Returns
    -------
    p
        (...) floats in [0, 1]; NaN where either side has no comments.
    """
    tests = [
        fisher(here[..., sign] + here[..., 3], here.sum(-1), there[..., sign] + there[..., 3],
               there.sum(-1))
        for sign in (1, 2)
    ]  # fmt: skip
    return np.minimum(1, 2 * np.minimum(*tests))


def corrected(p: np.ndarray) -> np.ndarray:
    """P-values corrected for their number, so that at most 5% of those under 0.05 are noise.

    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.
    NaN, where nothing was tested, stays and does not count.
    """
    p = p.copy()
    known = ~np.isnan(p)
    if known.any():
        p[known] = false_discovery_control(p[known], method="bh")
    return p
