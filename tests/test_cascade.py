"""The curve of benchmarks/cascade.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def test_a_curve_sends_comments_on_in_order_until_the_share_is_spent(
    benchmark: Callable[[str], Any],
) -> None:
    cascade = benchmark("cascade")
    cost, worth = np.array([1.0, 4.0, 5.0]), np.array([100.0, 10.0, 1.0])
    found = cascade.curve(np.array([2, 0, 1]), cost, lambda sent: float(worth[sent].sum()))
    at = dict(zip(cascade.SHARES, found, strict=True))
    assert at[0.0] == at[0.4] == 0
    assert at[0.5] == 1
    assert at[0.6] == 101
    assert at[1.0] == 111
