"""Groups drawn toward their mean, so that chance in small groups does not lead a ranking."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from cxnlp.insights.intervals import ALPHA


def shrunk_net(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Net scores of groups, each believed as far as its comments go (empirical Bayes).

    The credibility model of Bühlmann and Straub (1970), Bulletin of the Swiss Association of
    Actuaries 70, 111-133, by the method of moments: of a group with n comments, n / (n + k) of its
    own score and the rest of the mean of all groups, where k is the variance between comments of
    one group over that between groups. It needs no more than means and variances, and a small
    group whose comments happen to agree is not believed the more for it.

    Parameters
    ----------
    counts
        Comments by what they say, (groups, aspects, 4) int, last axis as
        ``cxnlp.taxonomy.POLARITIES``; each group has some.

    Returns
    -------
    shrunk, low, high
        (groups, aspects) floats in [-1, 1], with the 95% interval of the best linear predictor,
        for which a group's comments vary as much as such shares do, not as those of all groups. It
        takes k as known, and errors for normal: with a handful of groups, and for aspects that few
        comments evaluate, it is somewhat too narrow.
    """
    n = counts.sum(axis=2)
    total, groups = n.sum(axis=0), len(n)
    score = (counts[..., 1] - counts[..., 2]) / n
    said = (counts[..., 1] + counts[..., 2]) / n
    spread = said - score**2
    mean = _ratio((n * score).sum(axis=0), total)
    within = _ratio((n * spread).sum(axis=0), total - groups)
    apart = (n * (score - mean) ** 2).sum(axis=0) - (groups - 1) * within
    between = np.maximum(_ratio(apart, total - _ratio((n**2).sum(axis=0), total)), 0)

    noise = within / n
    belief = _ratio(np.broadcast_to(between, n.shape), between + noise)
    beliefs = belief.sum(axis=0)
    mean = np.where(between > 0, _ratio((belief * score).sum(axis=0), beliefs), mean)
    mean_noise = np.where(between > 0, _ratio(between, beliefs), _ratio(within, total))
    shrunk = belief * score + (1 - belief) * mean
    often = belief * said + (1 - belief) * _ratio((n * said).sum(axis=0), total)
    own = (np.maximum(often - shrunk**2, 0) + 0.5 / n) / n  # with half a comment, so never 0
    apart = (1 - belief) ** 2 * (between + mean_noise)
    error = norm.isf(ALPHA / 2) * np.sqrt(belief**2 * own + apart)
    return shrunk, np.maximum(shrunk - error, -1), np.minimum(shrunk + error, 1)


def _ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """``over / under``; 0 where there is nothing to divide by."""
    return np.divide(over, under, out=np.zeros(over.shape), where=under > 0)
