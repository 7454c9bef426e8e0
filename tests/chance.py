"""Readings by chance, and of nothing but numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxnlp.insights import Scored
from cxnlp.taxonomy import ASPECTS

#: How often each aspect is praised and criticised, (17, 2): from hardly ever to often.
RATES = np.geomspace(0.01, 0.3, 34).reshape(17, 2)


def chance(n: int, seed: int = 0, no_text: float = 0.1) -> Scored:
    """Readings of n rows, with dates, stores (some small), and NPS that depends on them."""
    random = np.random.default_rng(seed)
    decisions = random.random((n, 17, 2)) < RATES
    silent = random.random(n) < no_text
    decisions[silent] = False
    lift = 2 * decisions[..., 0].sum(axis=1) - 3 * decisions[..., 1].sum(axis=1)
    nps = np.clip(np.round(7 + lift + random.normal(0, 1.5, n)), 0, 10)
    nps[random.random(n) < 0.1] = np.nan
    days = pd.to_timedelta(random.integers(0, 150, n), unit="D")
    stores = np.array(["Assen", "Breda", "Delft", "Echt", "Gent"])
    extra = pd.DataFrame(
        {
            "nps": nps,
            "date": pd.Timestamp("2026-01-01") + days,
            "store": stores[np.minimum(random.geometric(0.5, n) - 1, 4)],
        }
    )
    mentioned = decisions.any(axis=2)
    return Scored(
        None,
        silent,
        np.where(silent, "other", "nl"),
        random.choice(["negative", "neutral", "positive", "mixed"], n),
        random.uniform(-1, 1, n).astype(np.float32),
        decisions,
        np.where(mentioned, random.random((n, 17)), np.nan).astype(np.float32),
        np.where(mentioned, np.array(ASPECTS, object), None),
        None,
        extra,
    )
