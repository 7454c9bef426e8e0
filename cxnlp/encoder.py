"""Texts to token ids to the network's outputs, on ONNX Runtime, or on torch where asked."""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pyarrow as pa
from tokenizers import Tokenizer

from cxnlp import batching
from cxnlp.errors import DeviceError
from cxnlp.pieces import Cutter, Pieces
from cxnlp.taxonomy import ASPECTS, LANGUAGES, SENTIMENTS, SIGNS

#: Tokens of text that fit into one window, the two marks around them not counted.
WINDOW = int(batching.LENGTHS[-1]) - 2
#: The evidence is the run of tokens around the peak with at least this share of its attention;
#: of shares from 0.0005 to 0.3 this one gave spans most like the annotators' on the dev comments,
#: over all models.
RUN = 0.0015
#: Tokens of these marks part the clauses of a comment; evidence lies within one.
PARTS = ".,;!?…"
#: A network of fewer bytes reads several batches at once, each on one core: its products are too
#: small to be shared. A larger one shares them, and so reads one comment sooner.
SMALL = 16_000_000


def session(network: bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    """A network on so many threads of the CPU (0: one a core), exact on every processor.

    An x86 processor without VNNI would add pairs of products in 16 bits, which overflow: of 925
    decisions that `accurate` made on comments of the corpus, 64 were others. Told to be exact, ONNX
    Runtime takes a fifth more time there.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = False  # shapes differ from batch to batch
    options.log_severity_level = 3
    if not has_vnni():  # with it the results would be the same, at half the speed from 1.30 on
        options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


@functools.cache
def has_vnni() -> bool:
    """Whether the processor is known to add products of int8 in 32 bits; Linux alone tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            return "vnni" in next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return False


@dataclasses.dataclass(frozen=True)
class Windows:
    """Texts as token ids, cut into windows; a text of usual length is one window.

    Attributes
    ----------
    ids
        Token ids of all texts, end to end, (tokens,) int64.
    start, length
        Of each window in `ids`, (windows,) int.
    text
        Index of each window's text, (windows,) int, ascending.
    first
        Where its text starts in `ids`, (windows,) int.
    pieces
        What knows the characters of the tokens; None for ids that are of no text.
    """

    ids: np.ndarray
    start: np.ndarray
    length: np.ndarray
    text: np.ndarray
    first: np.ndarray
    pieces: Pieces | None


@dataclasses.dataclass(frozen=True)
class Outputs:
    """What the network says of each window.

    Attributes
    ----------
    aspects, sentiment, language
        Logits, (windows, 17, 2), (windows, 4) and (windows, 4) float32.
    spans
        First and last token of the evidence, counted from the window's start,
        (windows, 17, 2, 2) int32, of the labels for which it is wanted; None if for none.
    """

    aspects: np.ndarray
    sentiment: np.ndarray
    language: np.ndarray
    spans: np.ndarray | None


class Encoder:
    """Tokenizer and network; safe to share between threads.

    Parameters
    ----------
    tokenizer, network
        Contents of `tokenizer.json` and `model.onnx`.
    threads
        For the network on the CPU; by default one for each core.
    device
        "cpu", or "cuda" for half precision on the current CUDA device.

    Attributes
    ----------
    device, threads
        As they were given.
    tokens
        That are read at once, at most, padding counted.

    Raises
    ------
    cxnlp.errors.DeviceError
        For another device, one that is not there, or where a package for it is missing.
    """

    def __init__(
        self, tokenizer: str, network: bytes, threads: int | None = None, device: str = "cpu"
    ) -> None:
        cut = Tokenizer.from_str(tokenizer)
        cut.no_padding()
        cut.no_truncation()
        self._cutter = Cutter(cut)
        self.device, self.threads = device, threads
        if device == "cpu":
            threads, small = threads or _cores(), len(network) < SMALL
            self._at_once = threads if small else 1
            self._session: Any = session(network, threads // self._at_once)
            self._width: int = self._session.get_outputs()[-1].shape[-1]
            self.tokens = batching.SMALL_TOKENS if small else batching.TOKENS
        else:
            accelerated = _accelerated(device)
            self._at_once = 1  # a device is busy with one batch
            self._session = accelerated.on_cuda(network)
            self._width = self._session.width
            self.tokens = accelerated.TOKENS
        vocabulary = cut.get_vocab()
        pieces = sorted(vocabulary, key=vocabulary.__getitem__)
        self._ends_sentence = np.array([piece.endswith((".", "!", "?", "…")) for piece in pieces])
        marks = ("<s>", "</s>", "<pad>")
        self._bos, self._eos, self._pad = (vocabulary[mark] for mark in marks)
        parts = [bool(piece.strip("▁")) and not piece.strip("▁" + PARTS) for piece in pieces]
        self._barred = np.isin(pieces, marks) | parts

    def tokenize(self, texts: pa.LargeStringArray) -> Windows:
        """Texts -> token ids in windows; long texts are cut after a sentence where that can be."""
        pieces = self._cutter(texts)
        ids, lengths = pieces.ids, pieces.lengths
        start = np.cumsum(lengths) - lengths
        parts = [
            np.column_stack([start, lengths, np.arange(len(lengths)), start])[lengths <= WINDOW]
        ]
        for text in np.flatnonzero(lengths > WINDOW):
            bounds = self._cut(ids, int(start[text]), int(lengths[text]))
            parts.append(
                np.column_stack(
                    np.broadcast_arrays(bounds[:-1], np.diff(bounds), text, start[text])
                )
            )
        table = np.concatenate(parts)
        table = table[np.lexsort((table[:, 0], table[:, 2]))]
        start, length, text, first = table.T
        return Windows(ids, start, length, text, first, pieces)

    def _cut(self, ids: np.ndarray, start: int, length: int) -> np.ndarray:
        """Bounds of the windows of one long text, as positions in `ids`."""
        bounds = [start]
        while start + length - bounds[-1] > WINDOW:
            at = bounds[-1]
            ends = np.flatnonzero(self._ends_sentence[ids[at + WINDOW // 2 : at + WINDOW]])
            bounds.append(at + (WINDOW // 2 + int(ends[-1]) + 1 if len(ends) else WINDOW))
        return np.array([*bounds, start + length])

    def read(
        self, windows: Windows, decide: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> Outputs:
        """Run the network over windows.

        Parameters
        ----------
        decide
            Tells from logits (n, 17, 2) of which labels the evidence is wanted, (n, 17, 2) bool;
            None for none.
        """
        names = ["aspects", "sentiment", "language"] + ["attention"] * (decide is not None)
        count = len(windows.start)
        aspects = np.empty((count, len(ASPECTS), len(SIGNS)), np.float32)
        sentiment = np.empty((count, len(SENTIMENTS)), np.float32)
        language = np.empty((count, len(LANGUAGES)), np.float32)
        spans = np.full((count, len(ASPECTS), len(SIGNS), 2), -1, np.int32)

        def read(batch: tuple[np.ndarray, np.ndarray]) -> None:
            rows, ids = batch
            found = self._session.run(names, {"input_ids": ids})
            aspects[rows] = found[0].reshape(-1, len(ASPECTS), len(SIGNS))
            sentiment[rows], language[rows] = found[1:3]
            if decide is not None:
                row, aspect, sign = np.nonzero(decide(aspects[rows]))
                attention = found[3][row, aspect * len(SIGNS) + sign]
                spans[rows[row], aspect, sign] = _spans(self._barred[ids][row], attention)

        self._each(read, windows)
        return Outputs(aspects, sentiment, language, spans if decide is not None else None)

    def embed(self, windows: Windows) -> np.ndarray:
        """Mean of the network's last states of each window, (windows, width) float32."""
        embeddings = np.empty((len(windows.start), self._width), np.float32)

        def read(batch: tuple[np.ndarray, np.ndarray]) -> None:
            rows, ids = batch
            (embeddings[rows],) = self._session.run(["embedding"], {"input_ids": ids})

        self._each(read, windows)
        return embeddings

    def _each(
        self, read: Callable[[tuple[np.ndarray, np.ndarray]], None], windows: Windows
    ) -> None:
        """Call `read` with every batch of the windows; on all cores where that is faster."""
        batches: Iterable[tuple[np.ndarray, np.ndarray]] = self.batches(windows)
        if self._at_once > 1:
            batches = list(batches)
            if len(batches) > 1:
                with ThreadPoolExecutor(self._at_once) as pool:
                    for _ in pool.map(read, batches):
                        pass
                return
        for batch in batches:
            read(batch)

    def batches(self, windows: Windows) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Windows as the network's inputs: their indices, and token ids (batch, tokens) int64."""
        tokens = np.append(windows.ids, self._pad)  # for a last text that has no tokens
        for padded, rows in batching.batches(windows.length + 2, self.tokens):
            column = np.arange(padded)
            length = windows.length[rows, None]
            take = windows.start[rows, None] + np.clip(column - 1, 0, np.maximum(length - 1, 0))
            ids: np.ndarray = np.where(column <= length, tokens[take], self._pad)
            ids[:, 0] = self._bos
            ids[column == length + 1] = self._eos
            yield rows, ids


def _spans(barred: np.ndarray, attention: np.ndarray) -> np.ndarray:
    """First and last token of the words at the peak of each label's attention, (labels, 2).

    Parameters
    ----------
    barred, attention
        Of one window for each label, (labels, tokens) bool and float32: where no evidence can
        be.
    """
    tokens = np.arange(attention.shape[1], dtype=np.int16)
    attention = np.where(barred, np.float32(-1), attention)
    peak = attention.argmax(axis=1)[:, None]
    strong = attention >= RUN * np.take_along_axis(attention, peak, axis=1)
    # Bridge up to two weak tokens, an article or a preposition: "kwartier in de wacht".
    joined = strong.copy()
    joined[:, 1:] |= strong[:, :-1]
    joined[:, :-1] |= strong[:, 1:]
    joined &= ~barred
    # The nearest tokens that are not joined bound the run; it ends with strong ones.
    peak = peak.astype(np.int16)
    left = np.where(joined | (tokens >= peak), np.int16(-1), tokens).max(axis=1)[:, None]
    right = np.where(joined | (tokens <= peak), tokens[-1] + 1, tokens).min(axis=1)[:, None]
    run = strong & (tokens > left) & (tokens < right)
    first, last = run.argmax(axis=1), len(tokens) - 1 - run[:, ::-1].argmax(axis=1)
    return np.stack([first, last], axis=1) - 1  # the mark before the text not counted


def _cores(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Cores that this process may use, which in a container may be fewer than there are.

    `quota` is where Linux says how long the processes of a container may compute in a period.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    try:
        most, period = map(int, quota.read_text().split())
    except (OSError, ValueError):  # there is none, or it is "max"
        return cores
    return max(1, min(cores, math.ceil(most / period)))


def _accelerated(device: str) -> ModuleType:
    """The module for other devices than the CPU, imported only where it is needed."""
    if device != "cuda":
        raise DeviceError(f"There is no device {device!r}; give 'cpu' or 'cuda'.")
    try:
        from cxnlp import accelerated
    except ModuleNotFoundError as error:
        raise DeviceError(
            f"{error.name} is missing, which device 'cuda' needs: pip install 'cxnlp[gpu]'"
        ) from None
    except (ImportError, OSError) as error:  # a library of CUDA that is not there
        raise DeviceError(f"torch, which device 'cuda' needs, does not load: {error}") from error
    return accelerated
