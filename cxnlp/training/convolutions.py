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

from cxnlp.training.graph import Graph, Source

if TYPE_CHECKING:
    from cxnlp.training.fit import Batch

EPSILON = 1e-6


class Convolutions(nn.Module):
    """Residual layers over embeddings, each reading a token and others near it.

    The first layer reads embeddings only. A session computes what it makes of each word once, for
    the whole vocabulary, so the embeddings may be wide at no cost to the reading.

    Parameters
    ----------
    vocabulary, word_width
        Of the embeddings.
    width
        Of the states.
    near
        Of each layer: the places that it reads, counted from the token's own, such as (-1, 0, 1);
        of the first, two or more, once each, its own among them.

    Raises
    ------
    ValueError
        For other places.
    """

    def __init__(
        self,
        vocabulary: int,
        word_width: int,
        width: int,
        near: tuple[tuple[int, ...], ...],
    ) -> None:
        super().__init__()
        first = near[0] if near else ()
        if not all(near) or len(first) < 2 or len(set(first)) < len(first) or 0 not in first:
            raise ValueError(
                "near: each layer reads a place or more, the first two or more, once each, and "
                f"its own (0) among them; not {near}."
            )
        self.config = SimpleNamespace(hidden_size=width)
        self.near = near
        # A batch holds few of the words: a sparse gradient is that of those alone.
        self.words = nn.Embedding(vocabulary, word_width, sparse=True)
        self.own = nn.Linear(word_width, width, bias=False)
        widths = [word_width, *(width for _ in near[1:])]
        self.layers = nn.ModuleList(
            nn.Linear(len(places) * read, width) for places, read in zip(near, widths, strict=True)
        )

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> SimpleNamespace:
        """(batch, tokens) ids and mask -> ``last_hidden_state`` (batch, tokens, width)."""
        return SimpleNamespace(last_hidden_state=self.states(input_ids, attention_mask)[-1])

    def states(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> list[torch.Tensor]:
        """What each layer makes of the tokens, (batch, tokens, width) each."""
        real = attention_mask.bool()
        before = self._first(input_ids, real)
        states = [before]
        for places, layer in zip(self.near[1:], self.layers[1:], strict=True):
            read = _side_by_side(before * real[..., None], places)
            before = before + functional.relu(layer(read))
            states.append(before)
        return states

    def _first(self, ids: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """The embeddings and the first layer, whose products are made once for each word there is.

        Most tokens of a batch are of words that it has already.
        """
        words, at = ids.unique(return_inverse=True)
        read = self.words(words)
        places, layer = self.near[0], self.layers[0]
        assert isinstance(layer, nn.Linear)
        each = functional.pad(read, (0, 0, 1, 0))  # the first is what is read outside the text
        weights = layer.weight.unflatten(1, (len(places), -1)).permute(1, 2, 0)
        given = each @ weights  # (places, words + 1, width)
        rows = _side_by_side(((at + 1) * real)[..., None], places)
        rows = rows + len(each) * torch.arange(len(places), device=ids.device)
        sums = functional.embedding_bag(rows.flatten(0, 1), given.flatten(0, 1), mode="sum")
        own = functional.embedding(at, self.own(read))
        return own + functional.relu(sums + layer.bias).unflatten(0, ids.shape)


def _side_by_side(states: torch.Tensor, places: tuple[int, ...]) -> torch.Tensor:
    """What tokens hold, (batch, tokens, k), at those places; zeros where there is none."""
    far, tokens = _reach(places), states.shape[1]
    padded = functional.pad(states, (0, 0, far, far))
    return torch.cat([padded[:, far + at : far + at + tokens] for at in places], dim=-1)


def _reach(places: tuple[int, ...]) -> int:
    return max(map(abs, places))


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
        taps = [
            tap
            for layer, places in zip(layers[1:], encoder.near[1:], strict=True)
            for tap in layer.weight.chunk(len(places), dim=1)
        ]
        weights = torch.cat([*taps, *(head.weight for head in heads)])
        scale = ((reach + EPSILON) / (weights.abs().amax(dim=0) + EPSILON)).sqrt()
        scale /= scale.log().mean().exp()
        for layer in (encoder.own, *layers):
            layer.weight.div_(scale[:, None])
            if layer.bias is not None:
                layer.bias.div_(scale)
        for layer, places in zip(layers[1:], encoder.near[1:], strict=True):
            layer.weight *= scale.repeat(len(places))
        for head in heads:
            head.weight *= scale


def add(graph: Graph, encoder: Convolutions, ids: str, pad: int, heads: list[np.ndarray]) -> Source:
    """Add the encoder to an ONNX graph that `export.build` has begun; give its last states.

    Parameters
    ----------
    heads
        Weights of the products that read them.
    """
    graph.add("Shape", [ids], "tokens", start=1, end=2)
    graph.add("Unsqueeze", ["filled", "last"], "real")
    graph.add("Squeeze", ["tokens"], "tokens.count")
    graph.constant("origin", np.int64(0))
    graph.constant("step", np.int64(1))
    later = [
        np.split(graph.state[f"encoder.layers.{depth}.weight"].T, len(places))
        for depth, places in enumerate(encoder.near)
    ][1:]
    states = _first(graph, encoder, ids, pad, (*later, heads)[0])
    for depth, readers in enumerate((*later[1:], heads) if later else (), 1):
        states = _layer(graph, encoder, depth, states, readers)
    return states


def _first(
    graph: Graph, encoder: Convolutions, ids: str, pad: int, readers: list[np.ndarray]
) -> Source:
    """The embeddings and the first layer, which is a sum of rows of tables.

    What a word gives to a token at some place near it is a product of its embedding; the session
    computes these for the whole vocabulary, once, when it is made. To a place outside the text
    nothing is given.
    """
    places, far = encoder.near[0], _reach(encoder.near[0])
    words = graph.state["encoder.words.weight"].copy()
    words[pad] = 0
    weight, bias = (graph.state[f"encoder.layers.0.{part}"] for part in ("weight", "bias"))
    graph.add(
        "Pad", [ids, graph.constant("layer.0.pads", np.array([0, far, 0, far])), "pad"], "wide"
    )
    table = graph.table("words", words)
    parts = []
    for at, given in zip(places, np.split(weight.T, len(places)), strict=True):
        here = f"layer.0.{at}"
        rows, values = _given(graph, table, words, given, here)
        if at == 0:
            inside = (np.arange(len(words)) != pad).astype(np.float32)[:, None]
            graph.constant("layer.0.inside", inside)
            graph.add(
                "Mul", ["layer.0.inside", graph.constant("layer.0.bias", bias)], "layer.0.biases"
            )
            rows = graph.add("Add", [rows, "layer.0.biases"], f"{here}.biased")
            values = values + inside * bias
        start = graph.constant(f"{here}.start", np.array([far + at]))
        end = graph.add("Add", ["tokens", start], f"{here}.end")
        shifted = graph.add("Slice", ["wide", start, end, "one"], f"{here}.shifted")
        near = graph.add("Where", ["filled", shifted, "pad"], f"{here}.ids")
        parts.append(graph.look_up(rows, values, near, here))
    total, *others = parts
    for number, part in enumerate(others, 1):
        last = number == len(others)
        name = "layer.0.relu" if last else f"layer.0.sum.{number}"
        total = graph.sum(total, part, name, rectify=last)
    rows, values = _given(graph, table, words, graph.state["encoder.own.weight"].T, "own")
    return graph.sum(graph.look_up(rows, values, ids, "own"), total, "states.0", readers)


def _given(
    graph: Graph, table: str, words: np.ndarray, weight: np.ndarray, stem: str
) -> tuple[str, np.ndarray]:
    """What every word gives by a weight, (vocabulary, width): its name, and what it is."""
    graph.constant(f"{stem}.weight", weight)
    return graph.add("MatMul", [table, f"{stem}.weight"], f"{stem}.given"), words @ weight


def _layer(
    graph: Graph, encoder: Convolutions, depth: int, states: Source, readers: list[np.ndarray]
) -> Source:
    """A later layer: the tokens' states side by side with those near them, and a product."""
    places, far = encoder.near[depth], _reach(encoder.near[depth])
    here, name = f"layer.{depth}", f"encoder.layers.{depth}"
    weight, bias = (graph.state[f"{name}.{part}"] for part in ("weight", "bias"))
    kept = states.name
    if depth > 1:  # the first layer has left nothing outside the text
        kept = graph.add("Where", ["real", kept, states.zero], f"{here}.kept")
    pads = graph.constant(f"{here}.pads", np.array([0, far, 0, 0, far, 0]))
    graph.add("Pad", [kept, pads, states.zero], f"{here}.padded")
    graph.add("Range", ["origin", "tokens.count", "step"], f"{here}.at")
    sides = graph.constant(f"{here}.sides", np.array(places) + far)
    column = graph.add("Unsqueeze", [f"{here}.at", "last"], f"{here}.column")
    graph.add("Add", [column, sides], f"{here}.index")
    graph.add("Gather", [f"{here}.padded", f"{here}.index"], f"{here}.apart", axis=1)
    shape = graph.constant(f"{here}.shape", np.array([0, 0, weight.shape[1]]))
    graph.add("Reshape", [f"{here}.apart", shape], f"{here}.near")
    made = graph.rectified(f"{here}.near", states, weight.T, bias, f"{here}.relu")
    return graph.sum(states, made, f"states.{depth}", readers)
