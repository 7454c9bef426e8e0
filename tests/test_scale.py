"""What benchmarks/scale.py works out, as against what it measures."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import tiny

from cxnlp.training import export
from cxnlp.training.convolutions import Convolutions
from cxnlp.training.network import Network


def test_the_arithmetic_of_a_transformer(benchmark: Any) -> None:
    counted = benchmark("arithmetic").count(tiny.graph())
    layer = 4 * 32 * 32 + 2 * 32 * 64  # query, key, value and mixed; wide and narrow
    heads = 32 * 84 + 32  # scores and values of 42 labels; the mean
    assert counted == (0, 2 * layer + heads, 2 * 2 * 32)
    each = [counted.of(np.array([tokens])) for tokens in (8, 16)]
    assert each == [8 * counted.float32 + 64 * 128, 16 * counted.float32 + 256 * 128]
    assert counted.of(np.array([8, 16])) == sum(each)


def test_int8_is_told_from_float32(benchmark: Any) -> None:
    draw, wide = np.random.default_rng(0), "gelu"
    graph = export.build(
        tiny.network(), 1, lambda name: draw.normal(size=(64, 64 if wide in name else 32))
    )
    counted = benchmark("arithmetic").count(graph.SerializeToString())
    # The heads of a wide network stay in float32.
    assert counted == (2 * (4 * 32 * 32 + 2 * 32 * 64), 32 * 84 + 32, 2 * 2 * 32)
    assert 0.5 < counted.int8_share(np.array([8])) < 1


def test_tables_are_not_arithmetic(benchmark: Any) -> None:
    network = Network(Convolutions(50, 24, 16, ((-1, 0, 1), (-2, 0, 2)))).eval()
    counted = benchmark("arithmetic").count(export.build(network, 1).SerializeToString())
    # The first layer is looked up; the second reads three tokens of 16.
    assert counted == (0, 3 * 16 * 16 + 16 * 84 + 16, 0)


def test_int8_layers_are_counted(benchmark: Any) -> None:
    counted = benchmark("arithmetic").count(tiny.int8(tiny.convolutions()))
    assert counted == (2 * 3 * 16 * 16 + 16 * 84, 16, 0)


def test_an_unknown_product_is_refused(benchmark: Any) -> None:
    import onnx

    graph = onnx.load_from_string(tiny.graph())
    next(node for node in graph.graph.node if node.op_type == "MatMul").op_type = "Gemm"
    with pytest.raises(ValueError, match="Gemm"):
        benchmark("arithmetic").count(graph.SerializeToString())


def test_padding_is_that_of_the_batches(benchmark: Any) -> None:
    padded = benchmark("arithmetic").padded(np.array([256, 3, 8, 9, 65]))
    assert padded.tolist() == [256, 4, 8, 12, 72]


def test_a_peak_is_of_the_work_that_is_done(benchmark: Any) -> None:
    (peak,) = benchmark("arithmetic").peaks(((8, 16, 4),), turn=2 * 8 * 16 * 4).values()
    assert peak.work % (2 * 8 * 16 * 4) == 0
    peak.run()


def test_what_is_not_measured_is_on_the_line_through_the_largest(benchmark: Any) -> None:
    extrapolate = benchmark("machine").extrapolate
    measured = {1: 5.0, 2000: 21.0, 1000: 11.0}
    assert extrapolate(measured, 2000) == 21.0
    assert extrapolate(measured, 1_000_000) == pytest.approx(10_001.0)


def test_memory_and_cores_of_a_part_of_a_run(benchmark: Any) -> None:
    watched = benchmark("watched")
    looks = [(0.0, 10.0, 0.0), (4.0, 20.0, 4.0), (5.0, 30.0, 6.0), (10.0, 25.0, 6.5)]
    assert [watched.part_of(looks, share)[1] for share in (0.1, 0.5, 0.9, 1.0)] == [10, 30, 30, 25]
    assert watched.busy(looks, 0.0, 0.5) == pytest.approx(1.2)
    assert watched.busy(looks, 0.5, 1.0) == pytest.approx(0.1)
    assert watched.busy(looks, 0.5, 0.9) == 0


def test_a_process_that_is_watched_ends(benchmark: Any) -> None:
    watched = benchmark("watched")
    looks = watched.watch([sys.executable, "-c", "import time; time.sleep(0.3)"])
    assert looks[-1][0] >= 0.3
    assert all(memory > 0 for _, memory, _ in looks)
    with pytest.raises(SystemExit, match="gave 3"):
        watched.watch([sys.executable, "-c", "raise SystemExit(3)"])


def test_halves_are_distinct_and_as_long(benchmark: Any) -> None:
    halves = benchmark("throughput_texts").halves
    texts = [f"a{n} b{n} c{n} d{n}" for n in range(20)]
    made = halves(texts, 300)
    assert len(set(made)) == len(made) == 300
    assert all(len(text.split()) == 4 for text in made)
    with pytest.raises(ValueError, match="400 distinct"):
        halves(texts, 401)


def test_comments_of_so_many_words(benchmark: Any) -> None:
    of_words = benchmark("throughput_texts").of_words
    assert of_words(["a b c", "d", "e f"], 2, 3) == ["a b", "c d", "e f"]
    with pytest.raises(ValueError, match="6 words"):
        of_words(["a b c", "d", "e f"], 2, 4)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0031, "3.1 ms"), (0.0312, "31 ms"), (0.65, "0.65 s"), (1.96, "2.0 s"), (42.4, "42 s"),
        (128, "2 min 8 s"), (3599.7, "1 h 0 min"), (4020, "1 h 7 min"),
    ],
)  # fmt: skip
def test_time_is_said_as_a_person_does(benchmark: Any, seconds: float, said: str) -> None:
    assert benchmark("scale_page").duration(seconds) == said
