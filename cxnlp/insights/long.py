"""The long format that BI tools like: one row per comment and aspect that it evaluates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from cxnlp.insights.scored import Scored, Source
from cxnlp.insights.tables import aspect_columns
from cxnlp.results import PREFIX, polarities
from cxnlp.taxonomy import LANGUAGES, POLARITY_ORDER, SENTIMENT_ORDER


def to_long(source: Source) -> pd.DataFrame:
    """One row per comment and aspect that it evaluates; comments that evaluate none have none.

    Nothing is left out or masked: it holds what the table holds, personal data included.

    Parameters
    ----------
    source
        Results, a scored table, or the path of a scored file.

    Returns
    -------
    pandas.DataFrame
        The other columns of the table, under their own names (but for those named as below, which
        give way), and

        ``cx_row``
            The comment: its row, from 0.
        ``cx_text``
            The comment itself; missing where no column is clearly the comments'.
        ``cx_language``, ``cx_sentiment``, ``cx_score``
            Of the comment as a whole, as in `Results.to_arrow`.
        ``cx_aspect``, ``cx_aspect_group``
            As in ``cxnlp.taxonomy``, in its order.
        ``cx_polarity``
            negative, mixed or positive, in that order.
        ``cx_confidence``
            Probability of that polarity, of the weaker sign where it is mixed.
        ``cx_evidence``
            The words that say so, of both signs joined with `` | `` where it is mixed; missing
            where none were written.
    """
    scored = Scored.of(source)
    rows, aspects = np.nonzero(scored.mentions)
    polarity = polarities(scored.decisions[rows, aspects])
    none = pd.Series(None, range(len(rows)), dtype="str")
    texts, words = scored.texts, scored.words
    columns = {
        "row": rows,
        "text": none if texts is None else texts.take(pa.array(rows)).to_pandas(),
        "language": pd.Categorical(scored.language[rows], list(LANGUAGES)),
        "sentiment": pd.Categorical(scored.sentiment[rows], list(SENTIMENT_ORDER), ordered=True),
        "score": scored.score[rows],
        **aspect_columns(aspects),
        "polarity": pd.Categorical(polarity, list(POLARITY_ORDER), ordered=True),
        "confidence": scored.confidence[rows, aspects],
        "evidence": none if words is None else pd.Series(words[rows, aspects], dtype="str"),
    }
    own = pd.DataFrame({f"{PREFIX}{name}": values for name, values in columns.items()})
    extra = scored.extra.drop(columns=own.columns, errors="ignore")
    return pd.concat([extra.iloc[rows].reset_index(drop=True), own], axis=1)
