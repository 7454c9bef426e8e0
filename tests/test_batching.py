from __future__ import annotations

import numpy as np
import pyarrow as pa

from cxnlp.batching import LENGTHS, TOKENS, batches, dedupe


def test_dedupe_keeps_the_order_of_appearance() -> None:
    distinct, index = dedupe(pa.array(["b", "a", "b", "c", "a"], pa.large_string()))
    assert distinct.to_pylist() == ["b", "a", "c"]
    assert index.tolist() == [0, 1, 0, 2, 1]


def test_every_row_is_in_one_batch_that_holds_it() -> None:
    lengths = np.random.default_rng(0).integers(2, LENGTHS[-1] + 1, 3000)
    made = batches(lengths)
    assert sorted(np.concatenate([rows for _, rows in made])) == list(range(3000))
    for padded, rows in made:
        assert lengths[rows].max() <= padded
        assert padded * len(rows) <= TOKENS


def test_the_padded_length_of_a_row_does_not_depend_on_the_others() -> None:
    lengths = np.random.default_rng(1).integers(2, LENGTHS[-1] + 1, 500)
    together = {row: padded for padded, rows in batches(lengths) for row in rows}
    for row, length in enumerate(lengths):
        ((alone, _),) = batches(np.array([length]))
        assert together[row] == alone


def test_no_rows() -> None:
    assert batches(np.zeros(0, int)) == []
