"""The trained network as an ONNX graph, in float32 or in int8.

The graph is built node by node from the weights, so that what runs is known: one input, batch
invariant, biases folded into the int8 products.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper

from cxnlp.encoder import session
from cxnlp.training.convolutions import Convolutions
from cxnlp.training.convolutions import add as add_convolutions
from cxnlp.training.graph import MICROSOFT, READS, Graph, Source
from cxnlp.training.network import WIDTHS, Network

#: Positions that are kept; longer texts are read in windows.
WINDOW = 256
IDS = "input_ids"


def build(
    network: Network, pad: int, samples: Callable[[str], np.ndarray] | None = None
) -> onnx.ModelProto:
    """The network as an ONNX model.

    Input ``input_ids`` (batch, tokens) int64, padded with `pad`. Outputs ``aspects`` (batch, 34),
    ``sentiment`` (batch, 4), ``language`` (batch, 4): logits; ``attention`` (batch, 34, tokens) of
    the aspects; ``embedding`` (batch, width). All float32.

    Parameters
    ----------
    samples
        Gives rows that reach a product on real comments, by the name of its input; where it is
        given the products and the embeddings become int8.
    """
    state = {k: v.detach().float().numpy() for k, v in network.state_dict().items()}
    graph = Graph(state, samples)
    graph.constant("pad", np.int64(pad))
    graph.constant("zero", np.array([0]))
    graph.constant("one", np.array([1]))
    graph.constant("last", np.array([-1]))
    graph.add("Equal", [IDS, "pad"], "padding")
    graph.add("Not", ["padding"], "filled")
    graph.add("Cast", ["filled"], "filled.float", to=TensorProto.FLOAT)
    weights, biases = (
        np.concatenate([state[f"head.{part}.{kind}"] for part in ("query", "value")])
        for kind in ("weight", "bias")
    )
    if isinstance(network.encoder, Convolutions):
        states = add_convolutions(graph, network.encoder, IDS, pad, [weights.T])
    else:  # the heads of a wide network cost next to nothing, and are left in float32
        states = Source(_add_transformer(graph, network))
    _add_heads(graph, states, weights.T, biases)
    shapes: list[tuple[str, list[str | int | None]]] = [
        ("aspects", ["batch", WIDTHS[0]]),
        ("sentiment", ["batch", WIDTHS[1]]),
        ("language", ["batch", WIDTHS[2]]),
        ("attention", ["batch", WIDTHS[0], "tokens"]),
        ("embedding", ["batch", network.encoder.config.hidden_size]),
    ]
    return graph.model(
        [helper.make_tensor_value_info(IDS, TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes],
    )


def _add_transformer(graph: Graph, network: Network) -> str:
    """The BERT encoder; gives the name of its last states."""
    state, config = graph.state, network.encoder.config
    epsilon = float(config.layer_norm_eps)
    graph.add("Cast", ["filled"], "mask", to=TensorProto.INT32)
    word = graph.embed(IDS, "encoder.embeddings.word_embeddings")
    places = state["encoder.embeddings.position_embeddings.weight"]
    places = places + state["encoder.embeddings.token_type_embeddings.weight"][0]
    graph.add("Shape", [IDS], "tokens", start=1, end=2)
    graph.add("Slice", [graph.constant("places", places[:WINDOW]), "zero", "tokens"], "place")
    graph.add("Add", [word, "place"], "embedded")
    states = graph.normalise("embedded", "encoder.embeddings.LayerNorm", "states.0", epsilon)
    for depth in range(config.num_hidden_layers):
        name, here = f"encoder.encoder.layer.{depth}", f"layer.{depth}"
        parts = ("query", "key", "value")
        graph.linear(
            states,
            [f"{name}.attention.self.{part}" for part in parts],
            [f"{here}.{part}" for part in parts],
        )
        graph.add(
            "MultiHeadAttention",
            [f"{here}.query", f"{here}.key", f"{here}.value", "", "mask"],
            f"{here}.attended",
            MICROSOFT,
            num_heads=config.num_attention_heads,
        )
        graph.linear(f"{here}.attended", [f"{name}.attention.output.dense"], [f"{here}.mixed"])
        graph.add("Add", [f"{here}.mixed", states], f"{here}.sum")
        middle = graph.normalise(
            f"{here}.sum", f"{name}.attention.output.LayerNorm", f"{here}.middle", epsilon
        )
        graph.linear(middle, [f"{name}.intermediate.dense"], [f"{here}.wide"])
        graph.add("Gelu", [f"{here}.wide"], f"{here}.gelu", MICROSOFT)
        graph.linear(f"{here}.gelu", [f"{name}.output.dense"], [f"{here}.narrow"])
        graph.add("Add", [f"{here}.narrow", middle], f"{here}.total")
        states = graph.normalise(
            f"{here}.total", f"{name}.output.LayerNorm", f"states.{depth + 1}", epsilon
        )
    return states


def _add_heads(graph: Graph, states: Source, weights: np.ndarray, biases: np.ndarray) -> None:
    """Label attention over the last states, and their mean as the embedding."""
    labels = sum(WIDTHS)
    graph.product(states.name, states, weights, biases, "head")
    graph.add("Transpose", ["head"], "head.labels", perm=[0, 2, 1])
    graph.constant("head.halves", np.array([labels, labels]))
    graph.nodes.append(
        helper.make_node("Split", ["head.labels", "head.halves"], ["scores", "values"], axis=1)
    )
    graph.add("Unsqueeze", ["filled.float", "one"], "kept")
    graph.add("Sub", ["kept", graph.constant("unit", np.float32(1))], "outside")
    graph.add("Mul", ["outside", graph.constant("far", np.float32(1e4))], "barred")
    graph.add("Add", ["scores", "barred"], "open")
    graph.add("Softmax", ["open"], "looks", axis=-1)
    graph.add("Mul", ["looks", "values"], "weighed")
    graph.add("ReduceSum", ["weighed", "last"], "logits", keepdims=0)
    graph.constant("widths", np.array(WIDTHS))
    graph.nodes.append(
        helper.make_node(
            "Split", ["logits", "widths"], ["aspects", "sentiment", "language"], axis=1
        )
    )
    graph.add(
        "Slice",
        ["looks", "zero", graph.constant("aspects.end", np.array([WIDTHS[0]])), "one"],
        "attention",
    )
    graph.add("MatMul", ["kept", graph.floats(states, "states")], "total")
    graph.add("ReduceSum", ["kept", "last"], "count", keepdims=1)
    graph.add("Div", ["total", "count"], "mean")
    graph.add("Squeeze", ["mean", "one"], "embedding")


def sampler(
    float_model: onnx.ModelProto, batches: list[np.ndarray], pad: int, rows: int = 2500
) -> Callable[[str], np.ndarray]:
    """Run the float model over real comments and keep what flows into its products.

    Parameters
    ----------
    batches
        Token ids, (batch, tokens) int64 each.
    rows
        Kept of each tensor, spread evenly over all tokens.

    Returns
    -------
    A function from a tensor's name to its rows, (rows, channels) float32.
    """
    (wanted,) = (prop.value.split() for prop in float_model.metadata_props if prop.key == READS)
    tapped = onnx.ModelProto()
    tapped.CopyFrom(float_model)
    tapped.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in wanted
    )
    tapping = session(tapped.SerializeToString())
    kept: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    tokens = sum(int((ids != pad).sum()) for ids in batches)
    draw = np.random.default_rng(0)
    for ids in batches:
        filled = np.flatnonzero(ids != pad)
        share = draw.random(len(filled)) < rows / tokens
        for name, values in zip(wanted, tapping.run(wanted, {"input_ids": ids}), strict=True):
            kept[name].append(values.reshape(-1, values.shape[-1])[filled[share]])
    rows_of = {name: np.concatenate(parts) for name, parts in kept.items()}
    return rows_of.__getitem__
