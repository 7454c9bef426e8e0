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
        w_int, w_scale = int8(w)
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
        w_int, w_scale = int8(weight if smooth is None else weight * smooth[:, None])
        chosen.append(Linear(w_int, w_scale, smooth, scale, zero))
    return chosen


def int8(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 with one scale for each output; at most 127, so sums of pairs cannot wrap."""
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

    def linear(
        self, reads: str, names: Sequence[str], outputs: Sequence[str], smoothable: bool = True
    ) -> None:
        """Linear layers, by the names of their weights, that read the same tensor."""
        weights = [self.state[f"{name}.weight"].T for name in names]
        biases = [self.state[f"{name}.bias"] for name in names]
        if self.samples is None:
            for weight, bias, output in zip(weights, biases, outputs, strict=True):
                product = self.add(
                    "MatMul", [reads, self.constant(f"{output}.weight", weight)], f"{output}.sum"
                )
                self.add("Add", [product, self.constant(f"{output}.bias", bias)], output)
            return
        chosen = quantise(weights, self.samples(reads), smoothable)
        first, stem = chosen[0], outputs[0]
        quantised = reads
        if first.smooth is not None:
            inverse = self.constant(f"{stem}.smooth", (1 / first.smooth).astype(np.float32))
            quantised = self.add("Mul", [reads, inverse], f"{stem}.even")
        scale = self.constant(f"{stem}.scale", np.float32(first.scale))
        zero = self.constant(f"{stem}.zero", np.uint8(first.zero))
        quantised = self.add("QuantizeLinear", [quantised, scale, zero], f"{stem}.int8")
        for made, bias, output in zip(chosen, biases, outputs, strict=True):
            self.add(
                "MatMulIntegerToFloat",
                [
                    quantised,
                    self.constant(f"{output}.weight", made.weight),
                    scale,
                    self.constant(f"{output}.weight_scale", made.weight_scale),
                    zero,
                    "",
                    self.constant(f"{output}.bias", bias),
                ],
                output,
                MICROSOFT,
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
        rows, scale = int8(words.T)
        table = self.constant("words", np.ascontiguousarray(rows.T))
        self.add("Gather", [table, ids], "word.int8")
        self.add("Cast", ["word.int8"], "word.cast", to=TensorProto.FLOAT)
        self.add("Gather", [self.constant("words.scale", scale[:, None]), ids], "word.scale")
        return self.add("Mul", ["word.cast", "word.scale"], "word")

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
        onnx.checker.check_model(model)
        return model
