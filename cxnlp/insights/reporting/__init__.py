"""The report: one HTML page that opens in any browser, with no script and nothing to load."""

from cxnlp.insights.reporting.page import report as report

__all__ = ["report"]
