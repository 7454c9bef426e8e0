"""A transformer that learns in its upper layers only, above what its int8 graph gives.

The lower layers then cost a forward pass in int8 instead of one in float32 and one back, and those
above learn from the very states that they will read, rounding included.
"""

from __future__ import annotations

from typing import Any

import onnx
import torch
from onnx import TensorProto, helper
from onnx.utils import Extractor

from cxnlp.encoder import session
from cxnlp.store import StoredModel
from cxnlp.training.export import IDS
from cxnlp.training.fit import Batch, Stage, losses
from cxnlp.training.network import Network


class Above:
    """The loss of a batch as the upper layers and the heads of a network read it, for `fit`.

    Parameters
    ----------
    stored
        The transformer whose lower layers run, which are those of the network.
    layers
        How many these are; they get no gradient.
    """

    def __init__(self, stored: StoredModel, layers: int) -> None:
        self.layers = layers
        graph, states = onnx.load_from_string(stored.network), f"states.{layers}"
        graph.graph.output.append(helper.make_tensor_value_info(states, TensorProto.FLOAT, None))
        lower = Extractor(graph).extract_model([IDS], [states])
        self._session = session(lower.SerializeToString())

    def __call__(self, network: Network, batch: Batch, stage: Stage) -> torch.Tensor:
        return losses(network.read(self.states(network, batch), batch.mask), batch, stage)

    def states(self, network: Network, batch: Batch) -> torch.Tensor:
        """The last states, (batch, tokens, width)."""
        (lower,) = self._session.run(None, {IDS: batch.ids.cpu().numpy()})
        states = torch.from_numpy(lower).to(batch.ids.device)
        outside = torch.zeros(batch.mask.shape, device=states.device)
        outside = outside.masked_fill(~batch.mask, torch.finfo(states.dtype).min)[:, None, None]
        encoder: Any = network.encoder
        for layer in encoder.encoder.layer[self.layers :]:
            states = layer(states, outside)
        return states
