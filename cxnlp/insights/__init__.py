"""From scored comments to what to do on Monday: tables, impact, quotes, the report."""

from cxnlp.insights.scored import Scored as Scored

__all__ = ["Scored"]
