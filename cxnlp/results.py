"""Columns of readings; a row is a view of them, made when asked for."""

from __future__ import annotations

import dataclasses
import html
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pyarrow as pa

from cxnlp.taxonomy import (
    ASPECTS,
    LANGUAGES,
    POLARITIES,
    POLARITY_ORDER,
    SENTIMENT_ORDER,
    SENTIMENTS,
    SIGNS,
)

if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.extensions import ExtensionArray

#: Prefix of every exported column, so that none collides with a column of the user's.
PREFIX = "cx_"
#: Names of all columns of readings that a table of results may have.
READINGS = frozenset(
    f"{PREFIX}{name}"
    for name in (
        *("language", "sentiment", "score", "no_text", "model"),
        *(f"{aspect}{what}" for aspect in ASPECTS for what in ("", "_confidence", "_evidence")),
    )
)
_SHOWN_ROWS = 20
#: In a notebook, what stands between two amounts in dollars is no formula.
_NO_FORMULAS = 'class="tex2jax_ignore mathjax_ignore"'
_COLOURS = {"positive": "#c8ecd0", "negative": "#fbd0cc"}


def polarities(decisions: np.ndarray) -> np.ndarray:
    """(..., 2) bool decisions -> (...) str, of ``cxnlp.taxonomy.POLARITIES``."""
    return np.array(POLARITIES)[codes_of(decisions)]


def codes_of(decisions: np.ndarray) -> np.ndarray:
    """(..., 2) bool decisions -> (...) int, of ``cxnlp.taxonomy.POLARITIES``; 0 for none."""
    return decisions @ np.array([1, 2])


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The words that carry a reading: ``comment[start:end] == text``."""

    text: str
    start: int
    end: int
    sign: str


@dataclasses.dataclass(frozen=True)
class AspectReading:
    """What one comment says of one aspect.

    Attributes
    ----------
    polarity
        ``"positive"``, ``"negative"`` or ``"mixed"``.
    confidence
        Calibrated probability of that polarity's sign; of the weaker one where it is mixed.
    positive, negative
        Calibrated probabilities of the two signs, each on its own.
    spans
        Evidence of each sign that was decided; empty where none was asked for.
    """

    polarity: str
    confidence: float
    positive: float
    negative: float
    spans: tuple[Evidence, ...] = ()

    @property
    def evidence(self) -> Evidence | None:
        """The evidence of the polarity; of the more probable sign where it is mixed."""
        likelier = SIGNS[int(self.negative > self.positive)]
        best = self.polarity if self.polarity in SIGNS else likelier
        return next((span for span in self.spans if span.sign == best), None)


@dataclasses.dataclass(frozen=True)
class Result:
    """What one comment says.

    Attributes
    ----------
    text
        The comment as it was passed in; None for a missing cell.
    language
        ``"nl"``, ``"en"``, ``"mixed"`` or ``"other"``.
    sentiment
        ``"negative"``, ``"neutral"``, ``"positive"`` or ``"mixed"``.
    score
        Probability of positive minus that of negative, in [-1, 1].
    aspects
        A reading of each aspect that the comment evaluates, in the taxonomy's order.
    no_text
        True for a cell with nothing to read.
    """

    text: str | None
    language: str
    sentiment: str
    score: float
    aspects: Mapping[str, AspectReading]
    no_text: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return dataclasses.asdict(self)

    def __repr__(self) -> str:
        aspects = ", ".join(f"{key} {reading.polarity}" for key, reading in self.aspects.items())
        return f"<{self.sentiment} {self.score:+.2f} [{aspects}] {_short(self.text)!r}>"

    def _repr_html_(self) -> str:
        chips = " ".join(
            f'<span style="background:{_COLOURS.get(r.polarity, "#fde9b8")};color:#222;'
            f'border-radius:4px;padding:1px 6px" title="{r.confidence:.0%}">'
            f"{html.escape(key)} {_mark(r.polarity)}</span>"
            for key, r in self.aspects.items()
        )
        return (
            f'<div {_NO_FORMULAS} style="max-width:60em;line-height:1.6">'
            f"<div>{_highlighted(self)}</div>"
            f'<div style="margin-top:4px"><b>{self.sentiment}</b> {self.score:+.2f} &nbsp;{chips}'
            "</div></div>"
        )


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Results(Sequence[Result]):
    """Readings of n comments, in the order in which they were passed in.

    Attributes
    ----------
    texts
        The comments, Arrow strings (n,); null for missing cells.
    no_text
        (n,) bool: cells with nothing to read.
    language
        (n,) str, of ``cxnlp.taxonomy.LANGUAGES``.
    sentiment_probabilities
        (n, 4) float32, columns as ``cxnlp.taxonomy.SENTIMENTS``.
    aspect_probabilities
        (n, 17, 2) float32, axes as ``cxnlp.taxonomy.ASPECTS`` and ``SIGNS``.
    decisions
        (n, 17, 2) bool: probabilities at or over their thresholds.
    evidence
        (n, 17, 2, 2) int32: start and end of the words that carry each decision, in characters of
        the comment; -1 where nothing was decided. None where it was not asked for.
    pandas_index
        The index of the pandas column that was read, for `to_pandas`; None for any other column.
    model
        The name of the model that read them; None where several did, or it is not known.
    """

    texts: pa.LargeStringArray
    no_text: np.ndarray
    language: np.ndarray
    sentiment_probabilities: np.ndarray
    aspect_probabilities: np.ndarray
    decisions: np.ndarray
    evidence: np.ndarray | None = None
    pandas_index: pd.Index | None = None
    model: str | None = None

    @property
    def sentiment(self) -> np.ndarray:
        """(n,) str, of ``cxnlp.taxonomy.SENTIMENTS``; neutral where there is no text."""
        best = self.sentiment_probabilities.argmax(axis=1)
        best = np.where(self.no_text, SENTIMENTS.index("neutral"), best)
        return np.array(SENTIMENTS)[best]

    @property
    def score(self) -> np.ndarray:
        """(n,) float32 in [-1, 1]: probability of positive minus that of negative."""
        columns = self.sentiment_probabilities
        return columns[:, SENTIMENTS.index("positive")] - columns[:, SENTIMENTS.index("negative")]

    @property
    def polarity(self) -> np.ndarray:
        """(n, 17) str: ``"none"``, ``"positive"``, ``"negative"`` or ``"mixed"``."""
        return polarities(self.decisions)

    @property
    def confidence(self) -> np.ndarray:
        """(n, 17) float32: probability of the decided sign, the weaker if mixed; NaN if none."""
        decided = np.where(self.decisions, self.aspect_probabilities, np.inf).min(axis=2)
        return np.where(np.isinf(decided), np.nan, decided).astype(np.float32)

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int | np.integer[Any]) -> Result: ...
    @overload
    def __getitem__(
        self,
        index: slice | Sequence[Any] | np.ndarray | pd.Series | pd.Index | ExtensionArray,
    ) -> Results: ...
    def __getitem__(self, index: Any) -> Result | Results:
        """One row as a `Result`; a slice, positions or a mask (read by position) as `Results`.

        Raises
        ------
        IndexError
            For a row that is not there, a mask of another length, and what is neither; a missing
            value in a mask is not taken for False.
        """
        if not isinstance(index, int | np.integer):
            if isinstance(index, slice):
                rows, positions = index, np.arange(*index.indices(len(self)))
            else:
                rows = positions = np.arange(len(self))[_positions_or_mask(index)]
            # Taken, not sliced: a slice of Arrow, pickled, would hold every comment.
            texts = self.texts.take(pa.array(positions))
            columns: dict[str, Any] = {
                name: None if column is None else column[rows]
                for name, column in vars(self).items()
                if name not in ("texts", "model")
            }
            return Results(texts=texts, **columns, model=self.model)
        index = range(len(self))[index]
        row = self[index : index + 1]
        return self._row(index, str(row.sentiment[0]), float(row.score[0]))

    def __iter__(self) -> Iterator[Result]:
        readings = zip(self.sentiment.tolist(), self.score.tolist(), strict=True)
        for index, (sentiment, score) in enumerate(readings):
            yield self._row(index, sentiment, score)

    def _row(self, index: int, sentiment: str, score: float) -> Result:
        text = self.texts[index].as_py()
        aspects = {}
        for at in np.flatnonzero(self.decisions[index].any(axis=1)):
            decided = self.decisions[index, at]
            probabilities = self.aspect_probabilities[index, at]
            aspects[ASPECTS[at]] = AspectReading(
                POLARITIES[codes_of(decided)],
                float(probabilities[decided].min()),
                positive=float(probabilities[0]),
                negative=float(probabilities[1]),
                spans=self._spans(index, int(at), text),
            )
        return Result(
            text,
            str(self.language[index]),
            sentiment,
            score,
            aspects,
            bool(self.no_text[index]),
        )

    def _spans(self, index: int, aspect: int, text: str) -> tuple[Evidence, ...]:
        if self.evidence is None:
            return ()
        found = []
        for sign, (start, end) in zip(SIGNS, self.evidence[index, aspect].tolist(), strict=True):
            if end > 0:
                found.append(Evidence(text[start:end], start, end, sign))
        return tuple(found)

    @classmethod
    def concat(cls, parts: Iterable[Results]) -> Results:
        """Join results end to end; without evidence if one of them has none."""
        parts = list(parts)
        if not parts:
            raise ValueError("there are no results to join")
        columns: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            values = [getattr(part, field.name) for part in parts]
            if field.name == "pandas_index":
                whole = all(value is not None for value in values)
                columns["pandas_index"] = values[0].append(values[1:]) if whole else None
            elif field.name == "model":
                columns["model"] = values[0] if len(set(values)) == 1 else None
            elif isinstance(values[0], pa.Array):
                columns[field.name] = pa.concat_arrays(values)
            elif all(value is not None for value in values):
                columns[field.name] = np.concatenate(values)
        return cls(**columns)

    def to_arrow(self) -> pa.Table:
        """The comments and their readings, one row each.

        Columns ``text``, ``cx_language``, ``cx_sentiment``, ``cx_score``, ``cx_no_text``, and of
        each aspect ``cx_NAME`` (polarity, null where it is not mentioned), ``cx_NAME_confidence``
        and, where it was asked for, ``cx_NAME_evidence`` (the words; of both signs, joined with
        `` | ``, where it is mixed); at last ``cx_model``, the name of the model that read them.
        """
        columns: dict[str, Any] = {
            "text": self.texts,
            f"{PREFIX}language": pa.array(self.language, pa.string()),
            f"{PREFIX}sentiment": pa.array(self.sentiment, pa.string()),
            f"{PREFIX}score": pa.array(self.score, pa.float32()),
            f"{PREFIX}no_text": pa.array(self.no_text),
        }
        names, codes = pa.array(POLARITIES, pa.string()), codes_of(self.decisions)
        absent, confidence, words = codes == 0, self.confidence, self.evidence_words
        for at, aspect in enumerate(ASPECTS):
            name = f"{PREFIX}{aspect}"
            columns[name] = names.take(pa.array(codes[:, at], mask=absent[:, at]))
            columns[f"{name}_confidence"] = pa.array(
                confidence[:, at], pa.float32(), mask=absent[:, at]
            )
            if words is not None:
                columns[f"{name}_evidence"] = pa.array(words[:, at], pa.string())
        columns[f"{PREFIX}model"] = pa.repeat(pa.scalar(self.model, pa.string()), len(self))
        return pa.table(columns)

    @property
    def evidence_words(self) -> np.ndarray | None:
        """(n, 17) object: the evidence as text, both signs joined with `` | ``; None if none."""
        if self.evidence is None:
            return None
        words = np.full((len(self), len(ASPECTS)), None, object)
        rows, aspects, signs = np.nonzero(self.evidence[..., 1] > 0)
        bounds = self.evidence[rows, aspects, signs].tolist()
        texts = self.texts.take(pa.array(rows)).to_pylist()
        for row, aspect, (start, end), text in zip(rows, aspects, bounds, texts, strict=True):
            before = words[row, aspect]
            words[row, aspect] = (f"{before} | " if before else "") + text[start:end]
        return words

    def to_pandas(self, index: pd.Index | None = None) -> pd.DataFrame:
        """The table of `to_arrow` as a data frame.

        Names become categories; sentiments and polarities are ordered from worst to best.

        Parameters
        ----------
        index
            Of the rows; else that of the pandas column which was read, so that the frame joins the
            one that it came from, where no label stands twice; of any other column they are
            numbered.
        """
        import pandas as pd

        frame = self.to_arrow().to_pandas()
        index = self.pandas_index if index is None else index
        if index is not None:
            frame.index = index
        frame[f"{PREFIX}language"] = pd.Categorical(frame[f"{PREFIX}language"], list(LANGUAGES))
        frame[f"{PREFIX}model"] = frame[f"{PREFIX}model"].astype("category")
        for column, names in (
            (f"{PREFIX}sentiment", SENTIMENT_ORDER),
            *((f"{PREFIX}{aspect}", POLARITY_ORDER) for aspect in ASPECTS),
        ):
            frame[column] = pd.Categorical(frame[column], list(names), ordered=True)
        return frame

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary of plain values for each comment."""
        return [result.to_dict() for result in self]

    def __repr__(self) -> str:
        names, counts = np.unique(self.sentiment, return_counts=True)
        tally = ", ".join(f"{c} {n}" for n, c in zip(names, counts, strict=True))
        return f"<Results of {len(self)} comments: {tally or 'none'}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'>{_highlighted(result)}</td>"
            f"<td>{result.sentiment}</td><td>{result.score:+.2f}</td>"
            f"<td style='text-align:left'>{_listed(result)}</td></tr>"
            for result in self[:_SHOWN_ROWS]
        )
        more = len(self) - _SHOWN_ROWS
        return (
            f"<table {_NO_FORMULAS}><thead><tr><th>comment</th><th>sentiment</th><th>score</th>"
            f"<th>aspects</th></tr></thead><tbody>{rows}</tbody></table>"
            + (f"<p>and {more:,} more</p>" if more > 0 else "")
        )


def _positions_or_mask(index: Any) -> np.ndarray:
    """Any column of whole numbers or of True and False, (m,) int or (n,) bool."""
    rows = np.asarray(index)
    if rows.size == 0:  # NumPy takes what is empty for floats
        rows = rows.astype(int)
    if rows.ndim != 1 or rows.dtype.kind not in "biu":
        raise IndexError(
            "give a position, a slice, positions, or a mask of True and False; fill one that has "
            "missing values, such as with mask.fillna(False).astype(bool)"
        )
    return rows


def _mark(polarity: str) -> str:
    return {"positive": "+", "negative": "−", "mixed": "±"}[polarity]


def _listed(result: Result) -> str:
    return ", ".join(f"{key} {_mark(r.polarity)}" for key, r in result.aspects.items())


def _short(text: str | None, most: int = 60) -> str:
    text = " ".join((text or "").split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _highlighted(result: Result) -> str:
    """The comment as HTML; evidence in colour, and named when pointed at."""
    text = result.text or ""
    spans = [(s, key) for key, reading in result.aspects.items() for s in reading.spans]
    cuts = sorted({0, len(text), *(s.start for s, _ in spans), *(s.end for s, _ in spans)})
    parts = []
    for start, end in itertools.pairwise(cuts):
        here = [(s.sign, key) for s, key in spans if s.start <= start and end <= s.end]
        piece = html.escape(text[start:end]).replace("\n", "<br>")
        if here:
            signs = {sign for sign, _ in here}
            colour = _COLOURS[here[0][0]] if len(signs) == 1 else "#fde9b8"
            title = ", ".join(f"{key} {_mark(sign)}" for sign, key in here)
            piece = f'<mark style="background:{colour};color:#222" title="{title}">{piece}</mark>'
        parts.append(piece)
    return "".join(parts)
