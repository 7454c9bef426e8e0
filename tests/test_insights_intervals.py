from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import fisher_exact

from cxnlp.insights import intervals

Z = 1.959963984540054


def plain_wilson(count: int, total: int) -> tuple[float, float]:
    p = count / total
    middle = p + Z * Z / (2 * total)
    width = Z * math.sqrt(p * (1 - p) / total + Z * Z / (4 * total * total))
    return tuple((middle + side * width) / (1 + Z * Z / total) for side in (-1, 1))


def plain_net(none: int, plus: int, minus: int, both: int) -> tuple[float, float, float]:
    """As section 3, method 10 of the paper has it: e, f, g and h are both, plus, minus, none."""
    e, f, g, h = both, plus, minus, none
    n = e + f + g + h
    l2, u2 = plain_wilson(e + f, n)
    l3, u3 = plain_wilson(e + g, n)
    p2, p3 = (e + f) / n, (e + g) / n
    a = (e + f) * (g + h) * (e + g) * (f + h)
    b = e * h - f * g
    c = b - n / 2 if b > n / 2 else 0 if b >= 0 else b
    phi = c / math.sqrt(a) if a else 0
    dl2, du2, dl3, du3 = p2 - l2, u2 - p2, p3 - l3, u3 - p3
    delta = math.sqrt(dl2**2 - 2 * phi * dl2 * du3 + du3**2)
    epsilon = math.sqrt(du2**2 - 2 * phi * du2 * dl3 + dl3**2)
    return p2 - p3, p2 - p3 - delta, p2 - p3 + epsilon


def plain_fisher(count: int, total: int, other: int, other_total: int) -> float:
    table = [[count, total - count], [other, other_total - other]]
    tails = [fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    return min(1, 2 * min(tails))


def random_counts(size: int, seed: int = 0, most: int = 40) -> np.ndarray:
    return np.random.default_rng(seed).integers([1, 0, 0, 0], most, (size, 4))


def test_shares() -> None:
    random = np.random.default_rng(0)
    total = random.integers(1, 60, 200)
    count = random.integers(0, total + 1)
    low, high = intervals.wilson(count, total)
    for at in range(200):
        assert (low[at], high[at]) == pytest.approx(plain_wilson(count[at], total[at]), abs=1e-12)
    assert intervals.share(count, total)[3] == count[3] / total[3]


def test_a_share_of_nothing_is_not_a_number() -> None:
    low, high = intervals.wilson(np.array([0, 1]), np.array([0, 4]))
    assert np.isnan([low[0], high[0], intervals.share(np.array(0), np.array(0))]).all()
    assert 0 < low[1] < 0.25 < high[1]
    assert intervals.wilson(np.zeros(0, int), np.zeros(0, int))[0].shape == (0,)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [  # Newcombe 1998, table III, by the numbers of concordant and discordant pairs
        ((0, 12, 2, 36), 0.0569, 0.3404),
        ((18, 12, 2, 18), 0.0562, 0.3290),
        ((80, 6, 16, 59), -0.1186, -0.0046),  # Fagerland, Lydersen and Laake 2017, chapter 8
    ],
)
def test_published_net_scores(counts: tuple[int, ...], low: float, high: float) -> None:
    _, found_low, found_high = intervals.net(np.array(counts))
    assert (found_low, found_high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_net_scores() -> None:
    counts = random_counts(300)
    counts[:20, 1:3] = 0
    counts[20:40, 3] = 0
    found = np.stack(intervals.net(counts), axis=1)
    for row, values in zip(counts.tolist(), found, strict=True):
        assert values == pytest.approx(plain_net(*row), abs=1e-9)
    assert np.isnan(intervals.net(np.zeros((1, 4), int))).all()


def test_net_intervals_hold_the_truth() -> None:
    truth = np.array([0.55, 0.25, 0.12, 0.08])
    counts = np.random.default_rng(1).multinomial(60, truth, 4000)
    _, low, high = intervals.net(counts)
    assert 0.94 < np.mean((low <= 0.13) & (high >= 0.13)) < 0.97


def test_differences_of_net_scores() -> None:
    here, there = random_counts(100, 1), random_counts(100, 2)
    found = np.stack(intervals.net_difference(here, there), axis=1)
    for one, other, values in zip(here.tolist(), there.tolist(), found, strict=True):
        (a, a_low, a_high), (b, b_low, b_high) = plain_net(*one), plain_net(*other)
        low = a - b - math.sqrt((a - a_low) ** 2 + (b_high - b) ** 2)
        high = a - b + math.sqrt((a_high - a) ** 2 + (b - b_low) ** 2)
        assert values == pytest.approx((a - b, low, high), abs=1e-9)


def test_fisher() -> None:
    random = np.random.default_rng(3)
    total, other_total = random.integers(1, 50, (2, 200))
    count, other = random.integers(0, total + 1), random.integers(0, other_total + 1)
    found = intervals.fisher(count, total, other, other_total)
    for at in range(200):
        expected = plain_fisher(count[at], total[at], other[at], other_total[at])
        assert found[at] == pytest.approx(expected, rel=1e-9)
    assert np.isnan(intervals.fisher(np.array(0), np.array(0), np.array(1), np.array(2)))


def test_praise_or_complaint_differs() -> None:
    here, there = random_counts(100, 4), random_counts(100, 5)
    found = intervals.differs(here, there)
    for one, other, p in zip(here.tolist(), there.tolist(), found, strict=True):
        tests = [
            plain_fisher(one[sign] + one[3], sum(one), other[sign] + other[3], sum(other))
            for sign in (1, 2)
        ]
        assert p == pytest.approx(min(1, 2 * min(tests)), rel=1e-9)


def test_correction() -> None:
    p = np.array([0.01, np.nan, 0.02, 0.04, 0.9, 0.001])
    ordered = sorted(p[~np.isnan(p)])
    for value, found in zip(p, intervals.corrected(p), strict=True):
        if np.isnan(value):
            assert np.isnan(found)
            continue
        later = range(ordered.index(value), 5)
        assert found == pytest.approx(min(ordered[k] * 5 / (k + 1) for k in later))
    assert np.isnan(intervals.corrected(np.array([np.nan]))).all()
