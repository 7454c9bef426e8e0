"""A network is what it was before it became a graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tiny
import torch

from cxnlp.store import StoredModel
from cxnlp.training.restore import restored


def test_it_is_rebuilt_from_the_int8_graph() -> None:
    stored = StoredModel(Path(), {}, tiny.int8(tiny.network()), tiny.tokenizer())
    made, wanted = restored(stored), tiny.network()
    ids = torch.from_numpy(np.random.default_rng(1).integers(4, 40, (12, 24)))
    mask = torch.ones_like(ids, dtype=torch.bool)
    with torch.inference_mode():
        found, exact = (net.read(net.encode(ids, mask), mask) for net in (made, wanted))
    for name in ("aspects", "sentiment", "language"):
        assert (found[name] - exact[name]).abs().max() < 0.05 * exact[name].abs().max()
