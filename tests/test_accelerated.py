"""Torch computes what ONNX Runtime does; here mostly on the CPU, where a GPU is, there as well."""

from __future__ import annotations

import copy
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pyarrow as pa
import pytest
import tiny
import torch
from onnx import helper

import cxnlp
from cxnlp import accelerated, batching, store
from cxnlp.encoder import Encoder, session
from cxnlp.errors import DeviceError, ModelError
from cxnlp.model import Model
from cxnlp.results import Results
from cxnlp.training import export

COMMENTS = Path(__file__).parent.parent / "examples" / "comments.csv"
#: Share of decisions that is the same on every device.
ALIKE = 0.995
#: Two sentiments whose probabilities differ by less may change places: what one device rounds up to
#: another byte than the other, every later layer sees. Of 400 comments, 3 did in half precision.
TIED = 0.15


GRAPHS = {
    "transformer": tiny.graph,
    "transformer, int8": lambda: tiny.int8(tiny.network()),
    "convolutions": lambda: export.build(tiny.convolutions(), 1).SerializeToString(),
    "convolutions, int8": lambda: tiny.int8(tiny.convolutions()),
}
NAMES = ["aspects", "sentiment", "language", "attention", "embedding"]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Where other programs use the cores, several would mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=GRAPHS)
def graph(request: pytest.FixtureRequest) -> bytes:
    return GRAPHS[request.param]()


def _ids() -> np.ndarray:
    ids = np.random.default_rng(1).integers(4, 40, (12, 24))
    ids[5:, 17:] = 1
    ids[9:, 3:] = 1
    return ids


def _differences(graph: bytes, precision: torch.dtype) -> dict[str, float]:
    """Of each output, relative to its largest number."""
    feeds = {"input_ids": _ids()}
    plain = session(graph)
    found = accelerated.Session(graph, "cpu", precision).run(NAMES, feeds)
    wanted = plain.run(NAMES, feeds)
    for left, right in zip(found, wanted, strict=True):
        assert left.dtype == right.dtype
        assert left.shape == right.shape
    return {
        name: float(np.abs(left - right).max() / np.abs(right).max())
        for name, left, right in zip(NAMES, found, wanted, strict=True)
    }


def test_torch_gives_what_onnx_runtime_gives(graph: bytes) -> None:
    assert max(_differences(graph, torch.float32).values()) < 1e-4


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16], ids=str)
def test_in_half_precision_it_is_close(graph: bytes, precision: torch.dtype) -> None:
    found = _differences(graph, precision)
    assert max(found.values()) < 0.04


def test_outputs_may_be_asked_for_in_any_order_and_number(graph: bytes) -> None:
    session, feeds = accelerated.Session(graph, "cpu", torch.float32), {"input_ids": _ids()}
    together = dict(zip(NAMES, session.run(NAMES, feeds), strict=True))
    for names in (["embedding"], ["attention", "aspects"], NAMES):
        for name, values in zip(names, session.run(names, feeds), strict=True):
            np.testing.assert_array_equal(values, together[name])
    assert session.width == together["embedding"].shape[1]


def test_all_that_is_computed_is_on_the_device(graph: bytes) -> None:
    """The meta device has no numbers: fetching one, or mixing it with the CPU's, is an error."""
    session = accelerated.Session(graph, "meta", torch.float16)
    with torch.inference_mode():
        found = session._compute(NAMES, {"input_ids": torch.from_numpy(_ids()).to("meta")})
    assert {value.device.type for value in found} == {"meta"}
    assert {value.dtype for value in found} == {torch.float32}


def test_the_largest_sum_does_not_overflow_half_precision() -> None:
    x, weight = torch.full((1, 4096), 255, dtype=torch.uint8), torch.full((4096, 1), 127)
    units = accelerated._in_units(weight, precision=torch.float16)
    factor = accelerated._factor(torch.tensor(1.0), torch.ones(1))
    zero = torch.tensor(0, dtype=torch.uint8)
    found = accelerated._product(x, units, factor, zero, torch.zeros(1))
    assert found.item() == pytest.approx(255 * 127 * 4096, rel=1e-3)


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Erf", ["input_ids"], ["y"]),
        helper.make_node("Softmax", ["input_ids"], ["y"], rows=3),
        helper.make_node("Softmax", ["input_ids", "input_ids"], ["y"]),
        helper.make_node("MultiHeadAttention", ["a", "b", "c", "bias", "mask"], ["y"], num_heads=2),
    ],
    ids=lambda node: node.op_type,
)
def test_what_is_not_known_is_refused_when_loading(node: onnx.NodeProto) -> None:
    model = onnx.load_from_string(tiny.graph())
    model.graph.node.append(node)
    with pytest.raises(ModelError, match=f"'y' is a {node.op_type} .* only the device 'cpu'"):
        accelerated.Session(model.SerializeToString(), "cpu", torch.float32)


def _on(session: accelerated.Session, model: Model) -> Model:
    """The same model, with its network in this session and batches as large as a device's."""
    encoder = copy.copy(model._encoder)
    encoder._session, encoder._at_once, encoder.tokens = session, 1, accelerated.TOKENS
    return Model(encoder, model._calibration)


def _alike(found: Results, wanted: Results) -> None:
    assert (found.decisions == wanted.decisions).mean() >= ALIKE
    differ = found.sentiment != wanted.sentiment
    second, first = np.sort(wanted.sentiment_probabilities, axis=1)[:, -2:].T
    assert (first - second < TIED)[differ].all()
    assert differ.mean() < 0.06
    assert (found.language == wanted.language).mean() >= ALIKE
    both = found.decisions & wanted.decisions
    assert both.sum() > 20
    assert both.sum() > 0.94 * (found.decisions | wanted.decisions).sum()
    assert (found.evidence[both] == wanted.evidence[both]).mean() > 0.9


HALF = (torch.float16, torch.bfloat16)  # which a processor may only emulate, slowly


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        *((name, torch.float32) for name in ("fast", "balanced", "accurate")),
        *((name, precision) for name in ("fast", "balanced") for precision in HALF),
    ],
    ids=str,
)
def test_labels_are_the_same(name: str, precision: torch.dtype) -> None:
    with COMMENTS.open(encoding="utf-8") as stream:
        texts = [row["comment"] for row in csv.DictReader(stream)][:40]
    model = cxnlp.load(name)
    session = accelerated.Session(store.read(name).network, "cpu", precision)
    other = _on(session, model)
    _alike(other.classify(texts), model.classify(texts))
    few = texts[:5]
    found, wanted = other.embed(few), model.embed(few)
    assert np.linalg.norm(found - wanted) < 0.1 * np.linalg.norm(wanted)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", ["fast", "balanced", "accurate"])
def test_labels_are_the_same_on_a_gpu(name: str) -> None:
    with COMMENTS.open(encoding="utf-8") as stream:
        texts = [row["comment"] for row in csv.DictReader(stream)]
    _alike(cxnlp.classify(texts, name, device="cuda"), cxnlp.classify(texts, name))


def test_batches_are_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        accelerated, "on_cuda", lambda g: accelerated.Session(g, "cpu", torch.float32)
    )
    encoder = Encoder(tiny.tokenizer(), tiny.graph(), device="cuda")
    windows = encoder.tokenize(pa.array(["traag"] * 2000, pa.large_string()))
    ((_, ids),) = encoder.batches(windows)
    assert batching.TOKENS < ids.size <= accelerated.TOKENS


def test_devices_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceError, match="no device 'tpu'; give 'cpu' or 'cuda'"):
        Encoder(tiny.tokenizer(), tiny.graph(), device="tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="finds no CUDA device"):
        Encoder(tiny.tokenizer(), tiny.graph(), device="cuda")
    with pytest.raises(ValueError, match=r"on 'cpu' already; use cxnlp.load\(..., device='cuda'\)"):
        cxnlp.classify(["traag"], tiny.model(), device="cuda")


@pytest.mark.parametrize("package", ["torch", "onnx"])
def test_a_package_that_is_missing_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cxnlp, "accelerated")
    monkeypatch.delitem(sys.modules, "cxnlp.accelerated")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DeviceError, match=rf"{package} is missing.*pip install 'cxnlp\[gpu\]'"):
        Encoder(tiny.tokenizer(), tiny.graph(), device="cuda")
