"""The session of the network is exact, whatever the processor."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from cxnlp import encoder, store
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


@pytest.mark.parametrize(
    ("told", "cores"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("900000 100000", 8), ("?", 8)],
)
def test_no_more_threads_than_a_container_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    (tmp_path / "cpu.max").write_text(told + "\n")
    assert encoder._cores(tmp_path / "cpu.max") == cores
    assert encoder._cores(tmp_path / "none") == 8
