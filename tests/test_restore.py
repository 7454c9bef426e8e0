"""A network is what it was before it became a graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from cxnlp.errors import CxnlpError
from cxnlp.store import StoredModel
from cxnlp.training.convolutions import Convolutions
from cxnlp.training.network import Network
from cxnlp.training.restore import restored, taken_up


def _convolutions(far: int) -> Network:
    near = ((-2, -1, 0, 1, 2), (-2, 0, 2), (far, 0, 4))
    return Network(Convolutions(64, 24, 16, near)).eval()


@pytest.mark.parametrize("network", [tiny.network, tiny.convolutions])
def test_it_is_rebuilt_from_the_int8_graph(network: Callable[[], Network]) -> None:
    stored = StoredModel(Path(), {}, tiny.int8(network()), tiny.tokenizer())
    made, wanted = restored(stored), network()
    ids = torch.from_numpy(np.random.default_rng(1).integers(4, 40, (12, 24)))
    mask = torch.ones_like(ids, dtype=torch.bool)
    with torch.inference_mode():
        found, exact = (net.read(net.encode(ids, mask), mask) for net in (made, wanted))
    for name in ("aspects", "sentiment", "language"):
        assert (found[name] - exact[name]).abs().max() < 0.05 * exact[name].abs().max()


def test_a_network_goes_on_from_one_of_its_shape() -> None:
    made = [
        StoredModel(Path(), {}, tiny.int8(network), tiny.tokenizer())
        for network in (tiny.convolutions(), _convolutions(-4), _convolutions(-5), tiny.network())
    ]
    student = _convolutions(-4)
    taken_up(student, tiny.tokenizer(), made[0])
    wanted = restored(made[0]).state_dict()
    assert all(map(torch.equal, student.state_dict().values(), wanted.values()))
    for other in made[2:]:
        with pytest.raises(CxnlpError, match="of another shape"):
            taken_up(student, tiny.tokenizer(), other)
    with pytest.raises(CxnlpError, match="of another shape"):
        taken_up(student, tiny.tokenizer() + " ", made[1])
