"""The session of the network is exact, whatever the processor."""

from __future__ import annotations

import numpy as np
import onnxruntime

from cxnlp import store
from cxnlp.encoder import session


def test_products_do_not_overflow() -> None:
    """What is left out where the processor has VNNI, would change nothing there."""
    network = store.read(store.find("accurate")).network
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")
    exact = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    ids = np.random.default_rng(0).integers(4, 30_000, (8, 64))
    for ours, theirs in zip(
        session(network).run(None, {"input_ids": ids}),
        exact.run(None, {"input_ids": ids}),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
