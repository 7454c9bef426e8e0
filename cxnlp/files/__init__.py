"""Files of comments in and out: CSV, TSV, JSON lines, Parquet and Excel, in chunks, resumable."""

from cxnlp.files.columns import find_text_column as find_text_column
from cxnlp.files.columns import is_named as is_named
from cxnlp.files.columns import words_of as words_of
from cxnlp.files.frames import read_frame as read_frame
from cxnlp.files.inputs import BadRow as BadRow
from cxnlp.files.labelled import Labelled as Labelled
from cxnlp.files.labelled import read_labelled as read_labelled
from cxnlp.files.scoring import Report as Report
from cxnlp.files.scoring import score_file as score_file

__all__ = [
    "BadRow", "Labelled", "Report", "find_text_column", "is_named", "read_frame", "read_labelled",
    "score_file", "words_of",
]  # fmt: skip
