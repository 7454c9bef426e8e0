"""An ONNX graph under construction: nodes, constants, and products in float32 or int8.

Activations are quantised with *static* scales, so a comment's result cannot depend on its
neighbours; channels whose range differs much are first evened out against the weights that read
them (SmoothQuant, Xiao et al. 2023), with the strength that reproduces each product best on real
comments.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MICROSOFT = "com.microsoft"
#: A float model tells under this key the tensors that its products read.
READS = "reads"
#: Strengths of the smoothing that are tried: 0 leaves the channels as they are.
STRENGTHS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
#: For channels that are even already.
AS_IT_IS = (0.0,)
#: Shares of the observed range that are kept; what lies outside is clipped.
CLIPS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclasses.dataclass(frozen=True)
class Scales:
    """How inputs are quantised: ``round(x / smooth / scale) + zero``, as uint8."""

    smooth: np.ndarray | None
    scale: float
    zero: int


@dataclasses.dataclass(frozen=True)
class Source:
    """A tensor that flows, in float32 or quantised.

    Attributes
    ----------
    name, zero, scale
        Of the tensor, of the constant that stands for zero in it, and of that of its scale; no
        scale in float32.
    smooth
        What its channels were divided by, (channels,) float32; None where they were not.
    """

    name: str
    zero: str = ""
    scale: str = ""
    smooth: np.ndarray | None = None

    def scaled(self, weight: np.ndarray) -> np.ndarray:
        """The weight that makes up for the evening of the channels."""
        return weight if self.smooth is None else weight * self.smooth[:, None]


def quantise(
    weights: list[np.ndarray], inputs: np.ndarray, strengths: Sequence[float] = STRENGTHS
) -> Scales:
    """Choose the scales of inputs that products with these weights read.

    Parameters
    ----------
    weights
        Matrices (inputs, outputs) float32.
    inputs
        Rows that reach them on real comments, (rows, inputs) float32.
    strengths
        Of the smoothing, to choose from.
    """
    joint = np.concatenate(weights, axis=1)
    wanted = inputs @ joint
    peak_in, peak_weight = np.abs(inputs).max(axis=0) + 1e-6, np.abs(joint).max(axis=1) + 1e-6
    best: tuple[float, Scales] | None = None
    for strength in strengths:
        smooth = (peak_in**strength / peak_weight ** (1 - strength)) if strength else None
        if smooth is not None:
            smooth = (smooth / np.exp(np.log(smooth).mean())).astype(np.float32)
        x = inputs if smooth is None else inputs / smooth
        w = joint if smooth is None else joint * smooth[:, None]
        w_int, w_scale = int8(w)
        for clip in CLIPS:
            low, high = clip * float(x.min()), clip * float(x.max())
            scale, zero = uint8(low, high)
            x_int = np.clip(np.round(x / scale) + zero, 0, 255) - zero
            error = float(
                np.mean((x_int @ w_int.astype(np.float32) * (scale * w_scale) - wanted) ** 2)
            )
            if best is None or error < best[0]:
                best = error, Scales(smooth, scale, zero)
    assert best is not None
    return best[1]


def uint8(low: float, high: float) -> tuple[float, int]:
    """Scale and zero point that map this range, and zero, to all of uint8."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255 or 1.0
    return scale, int(np.clip(round(-low / scale), 0, 255))


def int8(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 with one scale for each output; at most 127, as ONNX Runtime wants."""
    scale = (np.abs(weight).max(axis=0) / 127 + 1e-12).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale


class Graph:
    """Nodes and constants, with the weights that they are made of.

    Parameters
    ----------
    state
        The network's weights by name, float32.
    samples
        Gives rows that reach a product on real comments, by the name of its input; where it is
        given the products and the embeddings become int8.
    """

    def __init__(
        self, state: dict[str, np.ndarray], samples: Callable[[str], np.ndarray] | None
    ) -> None:
        self.state, self.samples = state, samples
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.reads: list[str] = []

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

    def linear(self, reads: str, names: Sequence[str], outputs: Sequence[str]) -> None:
        """Linear layers, by the names of their weights, that read the same tensor."""
        weights = [self.state[f"{name}.weight"].T for name in names]
        source = self.source(reads, weights, outputs[0])
        for name, weight, output in zip(names, weights, outputs, strict=True):
            self.product(source.name, source, weight, self.state[f"{name}.bias"], output)

    def source(self, reads: str, weights: list[np.ndarray], stem: str) -> Source:
        """A tensor as products with these weights take it: quantised, where the graph is int8."""
        self.reads.append(reads)
        if self.samples is None:
            return Source(reads, self._nothing())
        scales = quantise(weights, self.samples(reads))
        even = reads
        if scales.smooth is not None:
            inverse = self.constant(f"{stem}.smooth", (1 / scales.smooth).astype(np.float32))
            even = self.add("Mul", [reads, inverse], f"{stem}.even")
        scale, zero = self._scale(stem, scales.scale, scales.zero)
        name = self.add("QuantizeLinear", [even, scale, zero], f"{stem}.int8")
        return Source(name, zero, scale, scales.smooth)

    def product(
        self, reads: str, source: Source, weight: np.ndarray, bias: np.ndarray, output: str
    ) -> str:
        """``reads @ weight + bias``; reads `source`, or several tensors like it, side by side."""
        biases = self.constant(f"{output}.bias", bias)
        if not source.scale:
            weights = self.constant(f"{output}.weight", weight)
            return self.add(
                "Add", [self.add("MatMul", [reads, weights], f"{output}.sum"), biases], output
            )
        weights, scales, _ = self._int8(source, weight, output)
        inputs = [reads, weights, source.scale, scales, source.zero, "", biases]
        return self.add("MatMulIntegerToFloat", inputs, output, MICROSOFT)

    def rectified(
        self, reads: str, source: Source, weight: np.ndarray, bias: np.ndarray, output: str
    ) -> Source:
        """``relu(reads @ weight + bias)``, quantised where `source` is."""
        self.reads.append(output)
        if self.samples is None:
            wide = self.product(reads, source, weight, bias, f"{output}.wide")
            return Source(self.add("Relu", [wide], output), self._nothing())
        weights, scales, factor = self._int8(source, weight, output)
        assert np.abs(bias / factor).max() < 2**31, output
        count = np.round(bias / factor).astype(np.int32)
        flat, place = (
            self.constant(f"{output}.{name}", np.array(value))
            for name, value in (("flat", [-1, len(weight)]), ("width", [weight.shape[1]]))
        )
        held = self._held(output)
        inputs = [
            self.add("Reshape", [reads, flat], f"{output}.reads"), source.scale, source.zero,
            weights, scales, self.constant(f"{output}.zeros", np.zeros(len(bias), np.int8)),
            self.constant(f"{output}.bias", count), held.scale, held.zero,
        ]  # fmt: skip
        self.add("QGemm", inputs, f"{output}.rows", MICROSOFT)
        self.add("Shape", [reads], f"{output}.outer", start=0, end=-1)
        self.add("Concat", [f"{output}.outer", place], f"{output}.shape", axis=0)
        self.add("Reshape", [f"{output}.rows", f"{output}.shape"], output)
        return held

    def sum(
        self,
        one: Source,
        other: Source,
        output: str,
        readers: list[np.ndarray] | None = None,
        rectify: bool = False,
    ) -> Source:
        """``one + other``, of which `rectify` leaves what is positive, quantised where they are.

        Parameters
        ----------
        readers
            Weights of the products that read the sum: its scale is the one that suits them. By
            default it holds all that was seen.
        """
        self.reads.append(output)
        if self.samples is None:
            both = f"{output}.both" if rectify else output
            self.add("Add", [one.name, other.name], both)
            return Source(self.add("Relu", [both], output) if rectify else both, self._nothing())
        held = self._held(output, readers)
        inputs = [name for each in (one, other) for name in (each.name, each.scale, each.zero)]
        self.add("QLinearAdd", [*inputs, held.scale, held.zero], output, MICROSOFT)
        return held

    def floats(self, source: Source, output: str) -> str:
        """The tensor in float32."""
        if not source.scale:
            return source.name
        return self.add("DequantizeLinear", [source.name, source.scale, source.zero], output)

    def _nothing(self) -> str:
        return self.constant("nothing", np.float32(0))

    def _scale(self, stem: str, scale: float, zero: int) -> tuple[str, str]:
        return (
            self.constant(f"{stem}.scale", np.float32(scale)),
            self.constant(f"{stem}.zero", np.uint8(zero)),
        )

    def _held(self, name: str, readers: list[np.ndarray] | None = None) -> Source:
        """How a tensor of that name, of which there are samples, is held in uint8."""
        assert self.samples is not None
        rows = self.samples(name)
        if readers is None:
            scale, zero = uint8(float(rows.min()), float(rows.max()))
        else:
            chosen = quantise(readers, rows, AS_IT_IS)
            scale, zero = chosen.scale, chosen.zero
        names = self._scale(name, scale, zero)
        return Source(name, names[1], names[0])

    def _int8(self, source: Source, weight: np.ndarray, output: str) -> tuple[str, str, np.ndarray]:
        """A weight that reads `source` in int8, its scales, and what one is worth in a sum."""
        rounded, scale = int8(source.scaled(weight))
        return (
            self.constant(f"{output}.weight", rounded),
            self.constant(f"{output}.weight_scale", scale),
            scale * self.constants[source.scale],
        )

    def normalise(self, reads: str, name: str, output: str, epsilon: float) -> str:
        """A layer normalisation, by the name of its weights."""
        return self.add(
            "LayerNormalization",
            [
                reads,
                self.constant(f"{output}.gain", self.state[f"{name}.weight"]),
                self.constant(f"{output}.shift", self.state[f"{name}.bias"]),
            ],
            output,
            axis=-1,
            epsilon=epsilon,
        )

    def embed(self, ids: str, name: str) -> str:
        """Rows of the embeddings of that name, (batch, tokens, width)."""
        words = self.state[f"{name}.weight"]
        if self.samples is None:
            return self.add("Gather", [self.constant("words", words), ids], "word")
        rounded, scale = self._rounded("words", words)
        self.add("Gather", [rounded, ids], "word.int8")
        self.add("Cast", ["word.int8"], "word.cast", to=TensorProto.FLOAT)
        self.add("Gather", [scale, ids], "word.scale")
        return self.add("Mul", ["word.cast", "word.scale"], "word")

    def table(self, name: str, rows: np.ndarray) -> str:
        """A constant matrix in float32, kept in int8 with a scale for each row."""
        if self.samples is None:
            return self.constant(name, rows)
        rounded, scale = self._rounded(f"{name}.int8", rows)
        self.add("Cast", [rounded], f"{name}.cast", to=TensorProto.FLOAT)
        return self.add("Mul", [f"{name}.cast", scale], name)

    def look_up(self, table: str, rows: np.ndarray, ids: str, output: str) -> Source:
        """Rows, by their ids, of a matrix that the session computes when it is made.

        In an int8 graph that matrix is held in uint8 with one scale: a quarter of the memory to
        reach into.

        Parameters
        ----------
        rows
            What the matrix is, about: tells its range.
        """
        if self.samples is None:
            return Source(self.add("Gather", [table, ids], output), self._nothing())
        step, origin = uint8(float(rows.min()), float(rows.max()))
        scale, zero = self._scale(output, step, origin)
        self.add("QuantizeLinear", [table, scale, zero], f"{output}.held")
        return Source(self.add("Gather", [f"{output}.held", ids], output), zero, scale)

    def _rounded(self, name: str, rows: np.ndarray) -> tuple[str, str]:
        """Rows in int8 and the scale of each, (rows, 1), as constants."""
        rounded, scale = int8(rows.T)
        return self.constant(name, rounded.T), self.constant(f"{name}.scale", scale[:, None])

    def model(self, inputs: list, outputs: list) -> onnx.ModelProto:
        """The whole, checked."""
        constants = [
            numpy_helper.from_array(np.asarray(array, order="C"), name)
            for name, array in self.constants.items()
        ]
        model = helper.make_model(
            helper.make_graph(self.nodes, "cxnlp", inputs, outputs, constants),
            opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)],
            ir_version=10,
            producer_name="cxnlp",
        )
        if self.samples is None:
            helper.set_model_props(model, {READS: " ".join(dict.fromkeys(self.reads))})
        onnx.checker.check_model(model)
        return model
