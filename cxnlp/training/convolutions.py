"""A small encoder without attention: residual convolutions over trimmed embeddings.

Narrow enough to read tens of thousands of comments a second, wide enough to see "niet vriendelijk"
and "vriendelijk, maar". It has the interface of a `BertModel`, so that everything else is shared.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cxnlp.training.graph import Graph

if TYPE_CHECKING:
    from cxnlp.training.fit import Batch

EPSILON = 1e-6
#: Strengths of smoothing, see `graph.quantise`: none, as `even` has been there.
AS_IT_IS = (0.0,)


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
        self.layers = nn.ModuleList(nn.Linear(3 * width, width) for _ in dilations)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        """(batch, tokens) ids and mask -> ``last_hidden_state`` (batch, tokens, width)."""
        return SimpleNamespace(last_hidden_state=self.states(input_ids, attention_mask)[-1])

    def states(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> list[torch.Tensor]:
        """What each layer makes of the tokens, (batch, tokens, width) each."""
        kept = attention_mask[..., None].to(self.words.weight.dtype)
        states = [self.words(input_ids)]
        tokens = input_ids.shape[1]
        for dilation, layer in zip(self.dilations, self.layers, strict=True):
            padded = functional.pad(states[-1] * kept, (0, 0, dilation, dilation))
            near = [padded[:, at : at + tokens] for at in (0, dilation, 2 * dilation)]
            states.append(states[-1] + functional.relu(layer(torch.cat(near, dim=-1))))
        return states[1:]


def even(encoder: Convolutions, heads: list[nn.Linear], batches: Iterable[Batch]) -> None:
    """Divide each channel of the states by a number, so that int8 holds all of them about alike.

    The network says what it said before: relu(x / s) is relu(x) / s. So this costs no time when
    the network runs, as the smoothing of a transformer does. After Nagel et al. (2019), "Data-free
    quantization through weight equalization and bias correction".

    Parameters
    ----------
    heads
        The products that read the last states.
    batches
        Comments that show how far each channel reaches.
    """
    layers = [layer for layer in encoder.layers if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        reach = torch.stack(
            [
                states[batch.mask].abs().amax(dim=0)
                for batch in batches
                for states in encoder.states(batch.ids, batch.mask.long())
            ]
        ).amax(dim=0)
        taps = [tap for layer in layers[1:] for tap in layer.weight.chunk(3, dim=1)]
        weights = torch.cat([*taps, *(head.weight for head in heads)])
        scale = ((reach + EPSILON) / (weights.abs().amax(dim=0) + EPSILON)).sqrt()
        scale /= scale.log().mean().exp()
        encoder.words.weight.div_(scale)
        for layer in layers:
            layer.weight *= scale.repeat(3) / scale[:, None]
            layer.bias.div_(scale)
        for head in heads:
            head.weight *= scale


def add(graph: Graph, encoder: Convolutions, ids: str, pad: int) -> str:
    """Add the encoder to an ONNX graph that `export.build` has begun; give its last states."""
    graph.add("Shape", [ids], "tokens", start=1, end=2)
    graph.add("Unsqueeze", ["filled", "last"], "real")
    graph.add("Squeeze", ["tokens"], "tokens.count")
    graph.constant("origin", np.int64(0))
    graph.constant("step", np.int64(1))
    states = _first(graph, encoder, ids, pad)
    for depth in range(1, len(encoder.dilations)):
        states = _layer(graph, encoder, depth, states)
    return states


def _first(graph: Graph, encoder: Convolutions, ids: str, pad: int) -> str:
    """The embeddings and the first layer, which is a sum of rows of three tables.

    What a word gives to the token before it, its own and the one after it is a product of its
    embedding; the session computes these for the whole vocabulary, once, when it is made.
    """
    width, dilation = encoder.config.hidden_size, encoder.dilations[0]
    words = graph.state["encoder.words.weight"].copy()
    words[pad] = 0  # what lies outside the text gives nothing
    table = graph.table("words", words)
    weight, bias = (graph.state[f"encoder.layers.0.{part}"] for part in ("weight", "bias"))
    pads = graph.constant("layer.0.pads", np.array([0, dilation, 0, dilation]))
    graph.add("Pad", [ids, pads, "pad"], "layer.0.padded")
    near = []
    for side in range(3):
        own = weight[:, side * width : (side + 1) * width].T
        given = graph.add(
            "MatMul", [table, graph.constant(f"layer.0.give.{side}", own)], f"layer.0.given.{side}"
        )
        if side == 1:
            # Outside the text the layer's sum is so far below zero that nothing is left of it.
            outside = np.zeros((len(words), 1), np.float32)
            outside[pad] = -1e6
            graph.add("Add", [given, graph.constant("layer.0.bias", bias)], "layer.0.own")
            barred = graph.constant("layer.0.outside", outside)
            given = graph.add("Add", ["layer.0.own", barred], "layer.0.inside")
        start = graph.constant(f"layer.0.start.{side}", np.array([side * dilation]))
        end = graph.add("Add", ["tokens", start], f"layer.0.end.{side}")
        side_ids = graph.add("Slice", ["layer.0.padded", start, end, "one"], f"layer.0.ids.{side}")
        near.append(graph.add("Gather", [given, side_ids], f"layer.0.near.{side}"))
    graph.add("Add", near[:2], "layer.0.two")
    graph.add("Add", ["layer.0.two", near[2]], "layer.0.wide")
    graph.add("Relu", ["layer.0.wide"], "layer.0.relu")
    return graph.add("Add", [graph.add("Gather", [table, ids], "word"), "layer.0.relu"], "states.0")


def _layer(graph: Graph, encoder: Convolutions, depth: int, states: str) -> str:
    """A later layer: the tokens' states side by side with their neighbours', and a product."""
    width, dilation = encoder.config.hidden_size, encoder.dilations[depth]
    here, name = f"layer.{depth}", f"encoder.layers.{depth}"
    weight = graph.state[f"{name}.weight"].T
    source = graph.source(states, np.split(weight, 3), here, AS_IT_IS)
    kept = source.name
    if depth > 1:  # the first layer has left nothing outside the text
        kept = graph.add("Where", ["real", kept, source.nothing], f"{here}.kept")
    pads = graph.constant(f"{here}.pads", np.array([0, dilation, 0, 0, dilation, 0]))
    graph.add("Pad", [kept, pads, source.nothing], f"{here}.padded")
    graph.add("Range", ["origin", "tokens.count", "step"], f"{here}.at")
    sides = graph.constant(f"{here}.sides", np.arange(3) * dilation)
    column = graph.add("Unsqueeze", [f"{here}.at", "last"], f"{here}.column")
    graph.add("Add", [column, sides], f"{here}.index")
    graph.add("Gather", [f"{here}.padded", f"{here}.index"], f"{here}.apart", axis=1)
    shape = graph.constant(f"{here}.shape", np.array([0, 0, 3 * width]))
    graph.add("Reshape", [f"{here}.apart", shape], f"{here}.near")
    graph.product(f"{here}.near", source, weight, graph.state[f"{name}.bias"], f"{here}.wide")
    graph.add("Relu", [f"{here}.wide"], f"{here}.relu")
    return graph.add("Add", [states, f"{here}.relu"], f"states.{depth}")
