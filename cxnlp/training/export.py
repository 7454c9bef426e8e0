"""The trained network as an ONNX graph, in float32 or in int8.

The graph is built node by node from the weights, so that what runs is known: one input, batch
invariant, biases folded into the int8 products. Activations are quantised with *static* scales, so
a comment's result cannot depend on its neighbours; channels whose range differs much are first
evened out against the weights that read them (SmoothQuant, Xiao et al. 2023), with the strength
that reproduces each product best on real comments.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from cxnlp.training.network import WIDTHS, Network

MICROSOFT = "com.microsoft"
#: Strengths of the smoothing that are tried: 0 leaves the channels as they are.
STRENGTHS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
#: Shares of the observed range that are kept; what lies outside is clipped.
CLIPS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclasses.dataclass(frozen=True)
class Linear:
    """An int8 product: ``(quantise(x / smooth) - zero) @ weight * scales + bias``."""

    weight: np.ndarray
    weight_scale: np.ndarray
    smooth: np.ndarray | None
    scale: float
    zero: int


def quantise(weights: list[np.ndarray], inputs: np.ndarray, smoothable: bool) -> list[Linear]:
    """Choose the scales of products that read the same inputs.

    Parameters
    ----------
    weights
        Matrices (inputs, outputs) float32.
    inputs
        Rows that reach them on real comments, (rows, inputs) float32.
    smoothable
        Whether the inputs may be multiplied channel by channel.
    """
    joint = np.concatenate(weights, axis=1)
    wanted = inputs @ joint
    peak_in, peak_weight = np.abs(inputs).max(axis=0) + 1e-6, np.abs(joint).max(axis=1) + 1e-6
    best: tuple[float, np.ndarray | None, float, int] | None = None
    for strength in STRENGTHS if smoothable else (0.0,):
        smooth = (peak_in**strength / peak_weight ** (1 - strength)) if strength else None
        if smooth is not None:
            smooth = (smooth / np.exp(np.log(smooth).mean())).astype(np.float32)
        x = inputs if smooth is None else inputs / smooth
        w = joint if smooth is None else joint * smooth[:, None]
        w_int, w_scale = _int8(w)
        for clip in CLIPS:
            low, high = clip * float(x.min()), clip * float(x.max())
            scale = (high - low) / 255
            zero = int(np.clip(round(-low / scale), 0, 255))
            x_int = np.clip(np.round(x / scale) + zero, 0, 255) - zero
            error = float(
                np.mean((x_int @ w_int.astype(np.float32) * (scale * w_scale) - wanted) ** 2)
            )
            if best is None or error < best[0]:
                best = error, smooth, scale, zero
    assert best is not None
    _, smooth, scale, zero = best
    chosen = []
    for weight in weights:
        w_int, w_scale = _int8(weight if smooth is None else weight * smooth[:, None])
        chosen.append(Linear(w_int, w_scale, smooth, scale, zero))
    return chosen


def _int8(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 with one scale for each output; at most 127, so sums of pairs cannot wrap."""
    scale = (np.abs(weight).max(axis=0) / 127 + 1e-12).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale


class _Graph:
    """Nodes and constants under construction."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def constant(self, name: str, value: Any) -> str:
        array = np.asarray(value)
        assert name not in self.constants or np.array_equal(self.constants[name], array), name
        self.constants[name] = array
        return name

    def add(
        self, kind: str, inputs: list[str], output: str, domain: str = "", **options: Any
    ) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **options))
        return output


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
    graph = _Graph()
    state = {k: v.detach().float().numpy() for k, v in network.state_dict().items()}
    config = network.encoder.config
    epsilon = float(config.layer_norm_eps)

    def linear(reads: str, names: list[str], outputs: list[str], smoothable: bool) -> None:
        weights = [state[f"{name}.weight"].T for name in names]
        biases = [state[f"{name}.bias"] for name in names]
        if samples is None:
            for weight, bias, output in zip(weights, biases, outputs, strict=True):
                product = graph.add(
                    "MatMul",
                    [reads, graph.constant(f"{output}.weight", weight)],
                    f"{output}.product",
                )
                graph.add("Add", [product, graph.constant(f"{output}.bias", bias)], output)
            return
        chosen = quantise(weights, samples(reads), smoothable)
        first, stem = chosen[0], outputs[0]
        quantised = reads
        if first.smooth is not None:
            inverse = graph.constant(f"{stem}.smooth", (1 / first.smooth).astype(np.float32))
            quantised = graph.add("Mul", [reads, inverse], f"{stem}.even")
        scale = graph.constant(f"{stem}.scale", np.float32(first.scale))
        zero = graph.constant(f"{stem}.zero", np.uint8(first.zero))
        quantised = graph.add("QuantizeLinear", [quantised, scale, zero], f"{stem}.int8")
        for made, bias, output in zip(chosen, biases, outputs, strict=True):
            graph.add(
                "MatMulIntegerToFloat",
                [
                    quantised,
                    graph.constant(f"{output}.weight", made.weight),
                    scale,
                    graph.constant(f"{output}.weight_scale", made.weight_scale),
                    zero,
                    "",
                    graph.constant(f"{output}.bias", bias),
                ],
                output,
                MICROSOFT,
            )

    def normalise(reads: str, name: str, output: str) -> str:
        return graph.add(
            "LayerNormalization",
            [
                reads,
                graph.constant(f"{output}.gain", state[f"{name}.weight"]),
                graph.constant(f"{output}.shift", state[f"{name}.bias"]),
            ],
            output,
            axis=-1,
            epsilon=epsilon,
        )

    ids = "input_ids"
    graph.constant("pad", np.int64(pad))
    graph.add("Equal", [ids, "pad"], "padding")
    graph.add("Not", ["padding"], "filled")
    graph.add("Cast", ["filled"], "mask", to=TensorProto.INT32)

    words = state["encoder.embeddings.word_embeddings.weight"]
    if samples is None:
        graph.add("Gather", [graph.constant("words", words), ids], "word")
    else:
        rows, row_scale = _int8(words.T)
        graph.add(
            "Gather", [graph.constant("words", np.ascontiguousarray(rows.T)), ids], "word.int8"
        )
        graph.add("Cast", ["word.int8"], "word.cast", to=TensorProto.FLOAT)
        graph.add("Gather", [graph.constant("words.scale", row_scale[:, None]), ids], "word.scale")
        graph.add("Mul", ["word.cast", "word.scale"], "word")
    places = state["encoder.embeddings.position_embeddings.weight"]
    places = places + state["encoder.embeddings.token_type_embeddings.weight"][0]
    graph.add("Shape", [ids], "tokens", start=1, end=2)
    graph.constant("zero", np.array([0]))
    graph.add("Slice", [graph.constant("places", places[:WINDOW]), "zero", "tokens"], "place")
    graph.add("Add", ["word", "place"], "embedded")
    states = normalise("embedded", "encoder.embeddings.LayerNorm", "states.0")

    for depth in range(config.num_hidden_layers):
        name, here = f"encoder.encoder.layer.{depth}", f"layer.{depth}"
        linear(
            states,
            [f"{name}.attention.self.{part}" for part in ("query", "key", "value")],
            [f"{here}.{part}" for part in ("query", "key", "value")],
            smoothable=True,
        )
        graph.add(
            "MultiHeadAttention",
            [f"{here}.query", f"{here}.key", f"{here}.value", "", "mask"],
            f"{here}.attended",
            MICROSOFT,
            num_heads=config.num_attention_heads,
        )
        linear(
            f"{here}.attended",
            [f"{name}.attention.output.dense"],
            [f"{here}.mixed"],
            smoothable=True,
        )
        graph.add("Add", [f"{here}.mixed", states], f"{here}.sum")
        middle = normalise(f"{here}.sum", f"{name}.attention.output.LayerNorm", f"{here}.middle")
        linear(middle, [f"{name}.intermediate.dense"], [f"{here}.wide"], smoothable=True)
        graph.add("Gelu", [f"{here}.wide"], f"{here}.gelu", MICROSOFT)
        linear(f"{here}.gelu", [f"{name}.output.dense"], [f"{here}.narrow"], smoothable=True)
        graph.add("Add", [f"{here}.narrow", middle], f"{here}.total")
        states = normalise(f"{here}.total", f"{name}.output.LayerNorm", f"states.{depth + 1}")

    _add_heads(graph, state, states)
    width = config.hidden_size
    shapes: list[tuple[str, list[str | int | None]]] = [
        ("aspects", ["batch", WIDTHS[0]]),
        ("sentiment", ["batch", WIDTHS[1]]),
        ("language", ["batch", WIDTHS[2]]),
        ("attention", ["batch", WIDTHS[0], "tokens"]),
        ("embedding", ["batch", width]),
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes
    ]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "cxnlp",
            [helper.make_tensor_value_info(ids, TensorProto.INT64, ["batch", "tokens"])],
            outputs,
            [
                numpy_helper.from_array(np.asarray(a, order="C"), n)
                for n, a in graph.constants.items()
            ],
        ),
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=10,
        producer_name="cxnlp",
    )
    onnx.checker.check_model(model)
    return model


#: Positions that are kept; longer texts are read in windows.
WINDOW = 256


def _add_heads(graph: _Graph, state: dict[str, np.ndarray], states: str) -> None:
    """Label attention over the last states, and their mean as the embedding."""
    labels = sum(WIDTHS)
    weights = np.concatenate([state["head.query.weight"], state["head.value.weight"]]).T
    biases = np.concatenate([state["head.query.bias"], state["head.value.bias"]])
    graph.add("MatMul", [states, graph.constant("head.weight", weights)], "head.product")
    graph.add("Add", ["head.product", graph.constant("head.bias", biases)], "head.tokens")
    graph.add("Transpose", ["head.tokens"], "head.labels", perm=[0, 2, 1])
    graph.constant("head.halves", np.array([labels, labels]))
    graph.nodes.append(
        helper.make_node("Split", ["head.labels", "head.halves"], ["scores", "values"], axis=1)
    )
    graph.add("Cast", ["filled"], "filled.float", to=TensorProto.FLOAT)
    graph.add("Unsqueeze", ["filled.float", graph.constant("one", np.array([1]))], "kept")
    graph.add("Sub", ["kept", graph.constant("unit", np.float32(1))], "outside")
    graph.add("Mul", ["outside", graph.constant("far", np.float32(1e4))], "barred")
    graph.add("Add", ["scores", "barred"], "open")
    graph.add("Softmax", ["open"], "looks", axis=-1)
    graph.add("Mul", ["looks", "values"], "weighed")
    graph.constant("last", np.array([-1]))
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
    graph.add("MatMul", ["kept", states], "total")
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
    import onnxruntime

    produced = {node.input[0] for node in float_model.graph.node if node.op_type == "MatMul"}
    known = {o.name for o in float_model.graph.output}
    wanted = sorted(produced - known - {"kept"})
    tapped = onnx.ModelProto()
    tapped.CopyFrom(float_model)
    tapped.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in wanted
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        tapped.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    kept: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    tokens = sum(int((ids != pad).sum()) for ids in batches)
    draw = np.random.default_rng(0)
    for ids in batches:
        filled = np.flatnonzero(ids != pad)
        share = draw.random(len(filled)) < rows / tokens
        for name, values in zip(wanted, session.run(wanted, {"input_ids": ids}), strict=True):
            kept[name].append(values.reshape(-1, values.shape[-1])[filled[share]])
    rows_of = {name: np.concatenate(parts) for name, parts in kept.items()}
    return rows_of.__getitem__
