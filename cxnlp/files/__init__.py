"""Files of comments in and out: CSV, TSV, JSON lines, Parquet and Excel, in chunks, resumable."""

from cxnlp.files.inputs import BadRow as BadRow
from cxnlp.files.labelled import Labelled as Labelled
from cxnlp.files.labelled import read_labelled as read_labelled
from cxnlp.files.scoring import Report as Report
from cxnlp.files.scoring import score_file as score_file

__all__ = ["BadRow", "Labelled", "Report", "read_labelled", "score_file"]
