"""The model: texts in, columns out."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cxnlp import batching, store, text
from cxnlp.calibration import Calibration
from cxnlp.encoder import Encoder, Outputs, Windows
from cxnlp.errors import CxnlpError, ModelError
from cxnlp.results import Results
from cxnlp.taxonomy import ASPECTS, LANGUAGES, SENTIMENTS, SIGNS

#: Distinct texts in work at a time: bounds the memory, leaves enough to group by length. At most
#: one for each token of a batch, where the encoder takes larger ones.
CHUNK = 4096


class Model:
    """Reads comments; make one with `cxnlp.load`, share it between threads, reuse it.

    Attributes
    ----------
    name, folder, device
        What was loaded, from where, and where it computes.
    manifest
        Its description: labels, thresholds, training recipe, figures.
    """

    def __init__(
        self,
        encoder: Encoder,
        calibration: Calibration,
        manifest: dict[str, Any] | None = None,
        folder: Path | None = None,
    ) -> None:
        self._encoder = encoder
        self._calibration = calibration
        self.manifest = manifest or {}
        self.folder = folder
        self.name = self.manifest.get("name", "unnamed")
        self.device = encoder.device

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled, for another process, it is the folder that is loaded there; no weights."""
        if self.folder is None:
            raise TypeError("This model has no folder; write it to one and load it from there.")
        shipped = self.folder.parent in store.HOMES
        where = self.folder.name if shipped else self.folder
        return functools.partial(load, where, threads=self._encoder.threads, device=self.device), ()

    def __repr__(self) -> str:
        return f"<cxnlp.Model {self.name!r} from {self.folder}>"

    def classify(
        self, texts: Iterable[Any], *, evidence: bool = True, progress: bool = False
    ) -> Results:
        """Read comments.

        Parameters
        ----------
        texts
            Strings, or missing cells (None, NaN), in any iterable or column; not one bare string.
        evidence
            Also find the words that carry each reading.
        progress
            Show a progress bar on standard error.

        Returns
        -------
        Results
            One row for each text, in their order.

        Raises
        ------
        TypeError
            For a bare string, a table, or a cell that is not text, with its position.
        """
        read = self._classify(text.to_column(texts), evidence, progress)
        return dataclasses.replace(read, pandas_index=text.index_of(texts))

    def _classify(
        self, column: pa.LargeStringArray, evidence: bool, progress: bool = False
    ) -> Results:
        bare = text.without_markup(column)
        readable = text.holds_text(bare)
        distinct, index = batching.dedupe(bare.filter(pa.array(readable)))
        parts = []
        with _progress(len(distinct), progress) as bar:
            for part in self._chunks(distinct):
                parts.append(self._read(part, evidence))
                bar.update(len(part))
        blank = _blank(pa.nulls(1, pa.large_string()), evidence)
        # Row 0 stands for every cell without text.
        rows = np.zeros(len(column), np.int64)
        rows[readable] = index + 1
        read = Results.concat([blank, *parts])[rows]
        return Results(
            column,
            ~readable,
            read.language,
            read.sentiment_probabilities,
            read.aspect_probabilities,
            read.decisions,
            read.evidence,
            model=self.name,
        )

    def stream(
        self, texts: Iterable[Any], *, batch_size: int = 1024, evidence: bool = True
    ) -> Iterator[Results]:
        """Read an iterable of any length in bounded memory.

        Parameters
        ----------
        texts, evidence
            As `classify` takes them.
        batch_size
            Comments in each of the `Results` that are given.

        Raises
        ------
        TypeError, ValueError
            As `classify` does, and for a `batch_size` under 1.
        """
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ValueError(f"batch_size is {batch_size!r}; give a whole number of 1 or more")
        text.check_column(texts)
        return self._stream(iter(texts), text.index_of(texts), batch_size, evidence)

    def _stream(
        self, cells: Iterator[Any], index: Any, size: int, evidence: bool
    ) -> Iterator[Results]:
        for first in itertools.count(0, size):
            batch = list(itertools.islice(cells, size))
            if not batch:
                return
            read = self._classify(text.to_column(batch, first), evidence)
            part = None if index is None else index[first : first + size]
            yield dataclasses.replace(read, pandas_index=part)

    def embed(self, texts: Iterable[Any]) -> np.ndarray:
        """Vectors of comments for search and clustering, (n, width) float32; zeros if no text.

        The width is 384 for `accurate` and `balanced`, 112 for `fast`.
        """
        column = text.without_markup(text.to_column(texts))
        readable = text.holds_text(column)
        distinct, index = batching.dedupe(column.filter(pa.array(readable)))
        parts = []
        for part in self._chunks(distinct) or [distinct]:  # of no text too, there is a width
            windows = self._encoder.tokenize(part)
            parts.append(_weighted(self._encoder.embed(windows), windows, len(part)))
        pooled = np.concatenate(parts)
        embeddings = np.zeros((len(column), pooled.shape[1]), np.float32)
        embeddings[readable] = pooled[index]
        return embeddings

    def _chunks(self, texts: pa.LargeStringArray) -> list[pa.LargeStringArray]:
        """Slices of texts, each to be in memory at a time."""
        size = max(CHUNK, self._encoder.tokens)
        return [texts.slice(start, size) for start in range(0, len(texts), size)]

    def _read(self, texts: pa.LargeStringArray, evidence: bool) -> Results:
        """Read distinct texts, all of which hold text."""
        windows = self._encoder.tokenize(texts)
        calibration, count = self._calibration, len(texts)

        def decide(logits: np.ndarray) -> np.ndarray:
            return calibration.decide(calibration.aspects(logits))

        outputs = self._encoder.read(windows, decide if evidence else None)
        by_window = calibration.aspects(outputs.aspects)
        starts = np.searchsorted(windows.text, np.arange(count))
        aspects = np.maximum.reduceat(by_window, starts) if count else by_window
        decisions = calibration.decide(aspects)
        language = _weighted(calibration.language(outputs.language), windows, count)
        return Results(
            texts,
            np.zeros(count, bool),
            np.array(LANGUAGES)[language.argmax(axis=1)],
            calibration.sentiment(_weighted(outputs.sentiment, windows, count), aspects),
            aspects,
            decisions,
            _evidence(windows, outputs, by_window, decisions) if evidence else None,
        )


def _weighted(values: np.ndarray, windows: Windows, count: int) -> np.ndarray:
    """Mean over each text's windows, weighted by their length; (count, ...) float32."""
    weight = np.maximum(windows.length, 1).astype(np.float32)
    total = np.zeros((count, *values.shape[1:]), np.float32)
    np.add.at(total, windows.text, values * weight[:, None])
    return total / np.bincount(windows.text, weight, count)[:, None].astype(np.float32)


def _evidence(
    windows: Windows, outputs: Outputs, by_window: np.ndarray, decisions: np.ndarray
) -> np.ndarray:
    """Character offsets of each decision's words, (texts, 17, 2, 2) int32; -1 if it has none."""
    evidence = np.full((*decisions.shape, 2), -1, np.int32)
    assert windows.pieces is not None
    assert outputs.spans is not None
    lengths = windows.pieces.lengths
    rows, aspects, signs = np.nonzero(decisions & (lengths > 0)[:, None, None])
    # The window in which the aspect and sign is most probable holds the evidence.
    window_starts = np.searchsorted(windows.text, np.arange(len(decisions) + 1))
    several = np.diff(window_starts) > 1
    best = window_starts[rows]
    for at in np.flatnonzero(several[rows]):
        own = slice(window_starts[rows[at]], window_starts[rows[at] + 1])
        best[at] += by_window[own, aspects[at], signs[at]].argmax()
    # A window of nothing but marks has no words to point at: stay inside the text.
    begin = windows.first[best]
    tokens = outputs.spans[best, aspects, signs] + windows.start[best, None]
    first, last = np.clip(tokens, begin[:, None], (begin + lengths[rows] - 1)[:, None]).T
    starts, ends = windows.pieces.characters(rows, first, last)
    evidence[rows, aspects, signs] = np.column_stack([starts, ends])
    return evidence


def _blank(texts: pa.LargeStringArray, evidence: bool) -> Results:
    """Rows for cells with nothing to read."""
    count, shape = len(texts), (len(texts), len(ASPECTS), len(SIGNS))
    return Results(
        texts,
        np.ones(count, bool),
        np.full(count, "other"),
        np.zeros((count, len(SENTIMENTS)), np.float32),
        np.zeros(shape, np.float32),
        np.zeros(shape, bool),
        np.full((*shape, 2), -1, np.int32) if evidence else None,
    )


def _progress(total: int, shown: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, unit=" distinct comments", disable=not shown)


_loading = threading.Lock()


def load(
    model: str | Path = "accurate", *, threads: int | None = None, device: str = "cpu"
) -> Model:
    """Load a model once; later calls with the same arguments give the same object.

    One that was trained anew since is loaded anew.

    Parameters
    ----------
    model
        The name of a model that is shipped, or a model folder.
    threads
        For the network on the CPU; by default one for each core.
    device
        "cpu", or "cuda" for a GPU (``pip install 'cxnlp[gpu]'``). The labels are the same but for
        a few at their thresholds: the GPU computes in half precision.

    Raises
    ------
    cxnlp.errors.ModelError
        Where there is no such model, or it is damaged or of another format.
    cxnlp.errors.DeviceError
        Where there is no such device, or a package that it needs is missing.
    ValueError
        For a number of threads under 1.
    """
    if threads is not None and (not isinstance(threads, int | np.integer) or threads < 1):
        raise ValueError(f"threads is {threads!r}; give a whole number of 1 or more, or None")
    with _loading:
        folder = store.find(model).resolve()
        return _load(folder, (folder / store.MANIFEST).stat().st_mtime_ns, threads, device)


@functools.lru_cache(maxsize=4)
def _load(folder: Path, _written: int, threads: int | None, device: str) -> Model:
    stored = store.read(folder)
    try:
        encoder = Encoder(stored.tokenizer, stored.network, threads, device)
    except CxnlpError:
        raise
    except Exception as error:  # tokenizers and onnxruntime raise what they like
        raise ModelError(
            f"{folder} has a network or a tokenizer that cannot be used here ({error}); fetch the "
            "folder anew, or train it anew."
        ) from error
    calibration = Calibration.from_json(stored.manifest["calibration"])
    return Model(encoder, calibration, stored.manifest, stored.folder)


def classify(
    texts: Iterable[Any],
    model: str | Path | Model = "accurate",
    *,
    evidence: bool = True,
    progress: bool = False,
    device: str | None = None,
) -> Results:
    """Read comments with a model by name, on a device; see `Model.classify` and `load`.

    >>> import cxnlp
    >>> result = cxnlp.classify(["Vriendelijk geholpen, maar drie kwartier in de wacht."])[0]
    >>> result.aspects["friendliness"].polarity, result.aspects["time"].polarity
    ('positive', 'negative')
    >>> result.aspects["time"].evidence.text
    'drie kwartier'
    """
    if not isinstance(model, Model):
        model = load(model, device=device or "cpu")
    elif device not in (None, model.device):
        raise ValueError(
            f"the model is on {model.device!r} already; use cxnlp.load(..., device={device!r})"
        )
    return model.classify(texts, evidence=evidence, progress=progress)
