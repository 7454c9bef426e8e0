"""Which texts are computed together: dedupe, group by length, slice. Arrays only."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

#: Padded lengths, in tokens: a text is always padded to the same one, whatever its neighbours.
LENGTHS = np.array([*range(4, 64, 4), *range(64, 128, 8), *range(128, 257, 16)])
#: Tokens in a batch on the CPU: enough to keep the cores busy, few enough to stay in the cache.
TOKENS = 1024
#: The same of a small network, whose states need less of the cache: half as many calls.
SMALL_TOKENS = 2048


def dedupe(texts: pa.LargeStringArray) -> tuple[pa.LargeStringArray, np.ndarray]:
    """Distinct texts in order of appearance, and for each row its index in them, (n,) int."""
    coded = texts.dictionary_encode()
    return coded.dictionary, coded.indices.to_numpy()


def batches(lengths: np.ndarray, tokens: int = TOKENS) -> list[tuple[int, np.ndarray]]:
    """Group rows for computation.

    A text's arithmetic depends on the shape it is computed in, if only in the last bits. Each
    text goes to the shortest of a fixed list of lengths that holds it, so the result is the same
    alone and in a million on a CPU, and little is padded.

    Parameters
    ----------
    lengths
        Tokens of each row, (n,) int, at most ``LENGTHS[-1]``.
    tokens
        In a batch, at most, padding counted.

    Returns
    -------
    Pairs (padded length, rows), longest first so that memory peaks early; every row is in one.
    """
    fit = np.searchsorted(LENGTHS, lengths)
    order = np.argsort(fit, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(fit[order])) + 1) if len(order) else []
    result: list[tuple[int, np.ndarray]] = []
    for group in reversed(groups):
        padded = int(LENGTHS[fit[group[0]]])
        size = tokens // padded
        result.extend((padded, group[at : at + size]) for at in range(0, len(group), size))
    return result
