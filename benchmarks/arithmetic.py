"""How much arithmetic a network does for a comment, and how much the machine can do in a second."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from cxnlp import batching

#: Rows, inputs and outputs of the int8 products that are tried for the peak: about those of the
#: models, and larger ones.
SHAPES = ((1024, 384, 128), (1024, 384, 1536), (1024, 1536, 384), (2048, 1024, 1024))
#: Multiply-adds of a turn of such a product, on each core.
TURN = 10_000_000_000


class Arithmetic(NamedTuple):
    """Multiply-adds of a network's products."""

    int8: int
    """For each token."""
    float32: int
    """For each token."""
    attention: int
    """For each pair of tokens of a text, in float32."""

    def of(self, lengths: np.ndarray) -> int:
        """Of texts, or windows, of so many tokens, (n,) int."""
        lengths = lengths.astype(np.int64)
        linear = (self.int8 + self.float32) * lengths.sum()
        return int(linear + self.attention * (lengths**2).sum())

    def int8_share(self, lengths: np.ndarray) -> float:
        """Part of it that is done in int8."""
        return self.int8 * int(lengths.sum()) / self.of(lengths)


def count(network: bytes) -> Arithmetic:
    """Multiply-adds of the products in an ONNX graph that `cxnlp.training.export` built.

    Elementwise work, look-ups and softmax are left out, and so are products of constants: the
    session computes them once, when it is made. What reads only a constant's rows is a look-up.

    Raises
    ------
    ValueError
        For a product that it does not know how to count.
    """
    graph = onnx.load_from_string(network).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    read = {value.name for value in graph.input} - shapes.keys()  # all that depends on the text
    embedding = next(value for value in graph.output if value.name == "embedding")
    width = embedding.type.tensor_type.shape.dim[-1].dim_value
    int8 = float32 = attention = 0
    for node in graph.node:
        if not read & set(node.input):
            continue
        read |= set(node.output)
        if node.op_type == "MatMulIntegerToFloat":
            int8 += int(np.prod(shapes[node.input[1]]))
        elif node.op_type == "QGemm":
            int8 += int(np.prod(shapes[node.input[3]]))
        elif node.op_type == "MatMul" and node.input[1] in shapes:
            float32 += int(np.prod(shapes[node.input[1]]))
        elif node.op_type == "MatMul":  # the sum of the states, one product for each of them
            float32 += width
        elif node.op_type == "MultiHeadAttention":  # queries with keys, and weights with values
            attention += 2 * width
        elif "MatMul" in node.op_type or node.op_type in ("Gemm", "Conv", "Einsum", "Attention"):
            raise ValueError(f"{node.op_type} is a product that is not counted")
    return Arithmetic(int8, float32, attention)


def padded(lengths: np.ndarray) -> np.ndarray:
    """Tokens that are computed for windows of so many, marks included, (n,) int both."""
    computed = np.empty_like(lengths)
    for length, rows in batching.batches(lengths):
        computed[rows] = length
    return computed


class Peak(NamedTuple):
    """A large int8 product, as the models do it, side by side on all cores."""

    run: Callable[[], object]
    work: int
    """Multiply-adds of a run."""


def peaks(shapes: tuple[tuple[int, int, int], ...] = SHAPES, turn: int = TURN) -> dict[str, Peak]:
    """What to time to know the int8 peak of the machine, by name."""
    cores = os.cpu_count() or 1
    found = {}
    for rows, inputs, outputs in shapes:
        each = rows * inputs * outputs
        times = max(1, round(turn / each))
        run = functools.partial(_on_all_cores, *_product(rows, inputs, outputs), times, cores)
        found[f"{rows:,} × {inputs:,} × {outputs:,}"] = Peak(run, each * times * cores)
    return found


def _on_all_cores(
    session: onnxruntime.InferenceSession, rows: np.ndarray, times: int, cores: int
) -> None:
    def work(_: int) -> None:
        for _ in range(times):
            session.run(None, {"rows": rows})

    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, range(cores)))


def _product(
    rows: int, inputs: int, outputs: int
) -> tuple[onnxruntime.InferenceSession, np.ndarray]:
    """A session with one product of uint8 rows and int8 weights, and its rows."""
    draw = np.random.default_rng(0)
    constants = {
        "weight": draw.integers(-127, 128, (inputs, outputs)).astype(np.int8),
        "scale": np.float32(0.01),
        "weight_scale": np.full(outputs, 0.01, np.float32),
        "zero": np.uint8(128),
    }
    names = ["rows", "weight", "scale", "weight_scale", "zero"]
    model = helper.make_model(
        helper.make_graph(
            [helper.make_node("MatMulIntegerToFloat", names, ["out"], domain="com.microsoft")],
            "product",
            [helper.make_tensor_value_info("rows", TensorProto.UINT8, [rows, inputs])],
            [helper.make_tensor_value_info("out", TensorProto.FLOAT, [rows, outputs])],
            [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)],
        ir_version=10,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # each core has its own product, and waits for no other
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session, draw.integers(0, 256, (rows, inputs)).astype(np.uint8)
