"""A small encoder without attention: residual convolutions over trimmed embeddings.

Narrow enough to read tens of thousands of comments a second, wide enough to see "niet vriendelijk"
and "vriendelijk, maar". It has the interface of a `BertModel`, so that everything else is shared.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cxnlp.training.graph import MICROSOFT, Graph

EPSILON = 1e-5


class Convolutions(nn.Module):
    """Embeddings and residual layers, each reading a token and its neighbours on both sides.

    Parameters
    ----------
    dilations
        Of each layer: how far away its neighbours are.
    """

    def __init__(self, vocabulary: int, width: int, dilations: tuple[int, ...] = (1, 2)) -> None:
        super().__init__()
        self.config = SimpleNamespace(hidden_size=width)
        self.dilations = dilations
        self.words = nn.Embedding(vocabulary, width)
        self.norms = nn.ModuleList(nn.LayerNorm(width, EPSILON) for _ in dilations)
        self.layers = nn.ModuleList(nn.Linear(3 * width, width) for _ in dilations)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        """(batch, tokens) ids and mask -> ``last_hidden_state`` (batch, tokens, width)."""
        kept = attention_mask[..., None].to(self.words.weight.dtype)
        states = self.words(input_ids)
        for dilation, norm, layer in zip(self.dilations, self.norms, self.layers, strict=True):
            padded = functional.pad(norm(states) * kept, (0, 0, dilation, dilation))
            tokens = states.shape[1]
            near = [padded[:, at : at + tokens] for at in (0, dilation, 2 * dilation)]
            states = states + functional.gelu(layer(torch.cat(near, dim=-1)))
        return SimpleNamespace(last_hidden_state=states)


def add(graph: Graph, encoder: Convolutions, ids: str) -> str:
    """Add the encoder to an ONNX graph that `export.build` has begun; give its last states."""
    states = graph.embed(ids, "encoder.words")
    graph.add("Unsqueeze", ["filled.float", "last"], "real")
    graph.add("Shape", [ids], "tokens", start=1, end=2)
    for depth, dilation in enumerate(encoder.dilations):
        here = f"layer.{depth}"
        even = graph.normalise(states, f"encoder.norms.{depth}", f"{here}.even", EPSILON)
        graph.add("Mul", [even, "real"], f"{here}.kept")
        pads = graph.constant(f"{here}.pads", np.array([0, dilation, 0, 0, dilation, 0]))
        padded = graph.add("Pad", [f"{here}.kept", pads], f"{here}.padded")
        near = []
        for side in range(3):
            start = graph.constant(f"{here}.start.{side}", np.array([side * dilation]))
            end = graph.add("Add", ["tokens", start], f"{here}.end.{side}")
            near.append(graph.add("Slice", [padded, start, end, "one"], f"{here}.near.{side}"))
        graph.add("Concat", near, f"{here}.near", axis=-1)
        graph.linear(f"{here}.near", [f"encoder.layers.{depth}"], [f"{here}.wide"])
        graph.add("Gelu", [f"{here}.wide"], f"{here}.gelu", MICROSOFT)
        states = graph.add("Add", [states, f"{here}.gelu"], f"{here}.out")
    return states
