"""The network of a model, `model.onnx`, computed by torch: on a CUDA device in half precision.

The graph stays the only description of the network. It is read node by node, what depends on
constants only is computed once, and the rest is what `Session.run` does. Imported only where a
device other than the CPU is asked for: it needs torch and onnx.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor
from torch.nn import functional

from cxnlp.errors import DeviceError, ModelError

#: Tokens in a batch: enough to keep a device busy, few enough for a small one's memory.
TOKENS = 32_768
#: Weights of int8 products are multiplied by this. All of -127..127 times it are exact in half
#: precision, as are quantised inputs, and sums of up to 33,000 products do not overflow.
UNIT = 2.0**-14


@dataclasses.dataclass(frozen=True)
class Step:
    """A call, with the names of the tensors that it reads and gives; "" is one left out."""

    function: Callable[..., Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: dict[str, Any]

    def __call__(self, values: dict[str, Tensor]) -> None:
        made = self.function(*map(values.get, self.inputs), **self.options)
        values.update(zip(self.outputs, made if isinstance(made, tuple) else (made,), strict=True))


class Session:
    """What the encoder uses of an `onnxruntime.InferenceSession`; safe to share between threads.

    Products of integers and attention are computed in `precision`. All else is in float32: the
    sums that flow from layer to layer, their normalisation, and the softmax of the heads, whose
    masks are -1e4. How a product is rounded may depend on how many rows it has, so probabilities
    may differ in their last digits with the other comments of a batch.

    Parameters
    ----------
    network
        Contents of `model.onnx`.
    device
        Where torch computes.
    precision
        `torch.float16`, `torch.bfloat16` or `torch.float32`.

    Attributes
    ----------
    width
        Of the last output, the embedding.

    Raises
    ------
    cxnlp.errors.ModelError
        Where the graph holds an operator that is not known here.
    """

    def __init__(self, network: bytes, device: str, precision: torch.dtype) -> None:
        graph = onnx.load_from_string(network).graph
        self._device = torch.device(device)
        self.width: int = graph.output[-1].type.tensor_type.shape.dim[-1].dim_value
        known = {tensor.name: self._placed(tensor) for tensor in graph.initializer}
        self._steps: list[Step] = []
        with torch.inference_mode():
            for node in graph.node:
                for step in _steps(node, precision):
                    if set(step.inputs) <= known.keys() | {""}:
                        step(known)
                    else:
                        self._steps.append(step)
        used = {name for step in self._steps for name in step.inputs}
        self._constants = {name: value for name, value in known.items() if name in used}

    def _placed(self, tensor: onnx.TensorProto) -> Tensor:
        value = torch.from_numpy(np.array(numpy_helper.to_array(tensor)))
        # Numbers, shapes and axes are read by this program: on the device it would wait for them.
        ours = value.ndim == 0 or value.dtype == torch.int64
        return value if ours else value.to(self._device)

    def run(self, names: Sequence[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Compute the outputs of these names.

        Parameters
        ----------
        feeds
            ``input_ids``, (batch, tokens) int64.
        """
        inputs = {name: torch.from_numpy(array).to(self._device) for name, array in feeds.items()}
        with torch.inference_mode():
            return [value.cpu().numpy() for value in self._compute(names, inputs)]

    def _compute(self, names: Sequence[str], inputs: dict[str, Tensor]) -> list[Tensor]:
        values = self._constants | inputs
        for step, last in self._plan(names):
            step(values)
            for name in last:
                values.pop(name, None)
        return [values[name] for name in names]

    def _plan(self, names: Sequence[str]) -> list[tuple[Step, set[str]]]:
        """Steps that lead to these outputs, each with the tensors that it is the last to read."""
        wanted = set(names)
        plan = []
        for step in reversed(self._steps):
            if wanted.intersection(step.outputs):
                plan.append((step, set(step.inputs) - wanted))
                wanted.update(step.inputs)
        return plan[::-1]


def on_cuda(network: bytes) -> Session:
    """The contents of `model.onnx` on the current CUDA device, in half precision.

    Raises
    ------
    cxnlp.errors.DeviceError
        Where torch finds no such device.
    cxnlp.errors.ModelError
        As `Session` does.
    """
    if not torch.cuda.is_available():
        raise DeviceError(
            f"torch {torch.__version__} finds no CUDA device; "
            "install a CUDA build of torch and a driver, or leave the device 'cpu'."
        )
    return Session(network, "cuda", torch.float16)


def _steps(node: onnx.NodeProto, precision: torch.dtype) -> list[Step]:
    """The calls that a node stands for."""
    output = node.output[0]
    options = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    match node.op_type, *node.input:
        case "MatMulIntegerToFloat", reads, weight, scale, scales, zero, "", bias:
            # In three, so that two are of constants: the weight as it is multiplied, its scale.
            units, factor = f"{output}.units", f"{output}.factor"
            steps = [
                Step(_in_units, (weight,), (units,), {"precision": precision}),
                Step(_factor, (scale, scales), (factor,), {}),
                Step(_product, (reads, units, factor, zero, bias), (output,), options),
            ]
        case "QGemm", reads, scale, zero, weight, scales, zeros, bias, held, nothing:
            product = helper.make_node(
                "MatMulIntegerToFloat",
                [reads, f"{output}.centred", scale, scales, zero, "", f"{output}.bias"],
                [f"{output}.float"],
            )
            steps = [
                Step(_centred, (weight, zeros), (f"{output}.centred",), {}),
                Step(_bias, (bias, scale, scales), (f"{output}.bias",), options),
                *_steps(product, precision),
                Step(_quantize, (f"{output}.float", held, nothing), (output,), {}),
            ]
        case "MultiHeadAttention", query, key, value, "", mask:
            options["precision"] = precision
            steps = [Step(_attention, (query, key, value, mask), (output,), options)]
        case kind, *inputs if kind in OPERATORS:
            steps = [Step(OPERATORS[kind], tuple(inputs), tuple(node.output), options)]
        case _:
            raise _unknown(node)
    try:
        for step in steps:
            inspect.signature(step.function).bind(*step.inputs, **step.options)
    except TypeError:
        raise _unknown(node) from None
    return steps


def _unknown(node: onnx.NodeProto) -> ModelError:
    options = ", ".join(each.name for each in node.attribute) or "none"
    return ModelError(
        f"The network's node {node.output[0]!r} is a {node.op_type} of {len(node.input)} tensors "
        f"with the options {options}, which only the device 'cpu' computes."
    )


def _centred(weight: Tensor, zeros: Tensor) -> Tensor:
    return weight.short() - zeros.short()


def _in_units(weight: Tensor, *, precision: torch.dtype) -> Tensor:
    return weight.to(precision) * UNIT


def _factor(scale: Tensor, scales: Tensor) -> Tensor:
    return scale * scales / UNIT


def _bias(bias: Tensor, scale: Tensor, scales: Tensor) -> Tensor:
    return bias * (scale * scales)


def _product(x: Tensor, weight: Tensor, factor: Tensor, zero: Tensor, bias: Tensor) -> Tensor:
    # Differences of bytes and weights in units are exact; only their sum is rounded.
    return (x.to(weight.dtype) - zero) @ weight * factor + bias


def _quantize(x: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    bounds = torch.iinfo(zero.dtype)
    rounded = torch.round(x / scale) + zero  # half to even
    return rounded.clamp(bounds.min, bounds.max).to(zero.dtype)


def _dequantize(x: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    return (x.float() - zero) * scale


def _quantized_sum(
    one: Tensor, one_scale: Tensor, one_zero: Tensor,
    other: Tensor, other_scale: Tensor, other_zero: Tensor,
    scale: Tensor, zero: Tensor,
) -> Tensor:  # fmt: skip
    both = _dequantize(one, one_scale, one_zero) + _dequantize(other, other_scale, other_zero)
    return _quantize(both, scale, zero)


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    num_heads: int,
    precision: torch.dtype,
) -> Tensor:
    """Of (batch, tokens, width) float32 with a mask (batch, tokens) that is 0 at the padding."""
    query, key, value = (
        part.to(precision).unflatten(-1, (num_heads, -1)).transpose(1, 2)
        for part in (query, key, value)
    )
    attended = functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask[:, None, None, :].bool()
    )
    return attended.transpose(1, 2).flatten(2).float()


def _normalise(
    x: Tensor, gain: Tensor, shift: Tensor, *, axis: int = -1, epsilon: float = 1e-5
) -> Tensor:
    return functional.layer_norm(x, x.shape[axis:], gain, shift, epsilon)


def _cast(x: Tensor, *, to: int) -> Tensor:
    return x.to(torch.from_numpy(np.empty(0, helper.tensor_dtype_to_np_dtype(to))).dtype)


def _gather(x: Tensor, index: Tensor, *, axis: int = 0) -> Tensor:
    rows = x.index_select(axis, index.flatten().to(x.device))
    return rows.unflatten(axis, index.shape)


def _slice(x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None) -> Tensor:
    along = range(len(starts)) if axes is None else axes.tolist()
    for axis, start, end in zip(along, starts.tolist(), ends.tolist(), strict=True):
        x = x[(slice(None),) * (axis % x.ndim) + (slice(start, end),)]
    return x


def _split(x: Tensor, sizes: Tensor, *, axis: int = 0) -> tuple[Tensor, ...]:
    return x.split(sizes.tolist(), axis)


def _pad(x: Tensor, pads: Tensor, value: Tensor | None = None) -> Tensor:
    # ONNX tells all that is put before, then all behind; torch in pairs, from the last axis on.
    pairs = pads.reshape(2, -1).T.flip(0).flatten().tolist()
    return functional.pad(x, pairs, value=0 if value is None else value.item())


def _reshape(x: Tensor, shape: Tensor) -> Tensor:
    return x.reshape([size or x.shape[axis] for axis, size in enumerate(shape.tolist())])


def _unsqueeze(x: Tensor, axes: Tensor) -> Tensor:
    (axis,) = axes.tolist()
    return x.unsqueeze(axis)


def _squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    return x.squeeze() if axes is None else x.squeeze(axes.tolist())


def _sum(x: Tensor, axes: Tensor, *, keepdims: int = 1) -> Tensor:
    return x.sum(axes.tolist(), keepdim=bool(keepdims))


def _shape(x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    return torch.tensor(x.shape[start:end])


def _range(start: Tensor, end: Tensor, step: Tensor) -> Tensor:
    return torch.arange(start.item(), end.item(), step.item())


#: What `cxnlp.training` writes, by the names of ONNX and of com.microsoft; their arguments are the
#: node's inputs, their keywords its attributes.
OPERATORS: dict[str, Callable[..., Any]] = {
    "Add": operator.add,
    "Cast": _cast,
    "Concat": lambda *parts, axis: torch.cat(parts, axis),
    "DequantizeLinear": _dequantize,
    "Div": operator.truediv,
    "Equal": operator.eq,
    "Gather": _gather,
    "Gelu": lambda x: functional.gelu(x),
    "LayerNormalization": _normalise,
    "MatMul": operator.matmul,
    "Mul": operator.mul,
    "Not": operator.invert,
    "Pad": _pad,
    "QLinearAdd": _quantized_sum,
    "QuantizeLinear": _quantize,
    "Range": _range,
    "ReduceSum": _sum,
    "Relu": lambda x: x.relu(),
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Softmax": lambda x, *, axis=-1: x.softmax(axis),
    "Split": _split,
    "Squeeze": _squeeze,
    "Sub": operator.sub,
    "Transpose": lambda x, *, perm: x.permute(perm),
    "Unsqueeze": _unsqueeze,
    "Where": lambda condition, x, y: torch.where(condition, x, y),
}
