"""From scored comments to what to do on Monday: tables, impact, quotes, the report."""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from cxnlp.errors import CxnlpError

if TYPE_CHECKING:
    from cxnlp.insights.drivers import impact as impact
    from cxnlp.insights.long import to_long as to_long
    from cxnlp.insights.quoting import quotes as quotes
    from cxnlp.insights.reporting import report as report
    from cxnlp.insights.scored import Scored as Scored
    from cxnlp.insights.tables import compare as compare
    from cxnlp.insights.tables import pillars as pillars
    from cxnlp.insights.tables import trend as trend
    from cxnlp.insights.urgency import urgent as urgent

__all__ = [
    "Scored", "compare", "impact", "pillars", "quotes", "report", "to_long", "trend", "urgent",
]  # fmt: skip

#: Loaded when first used; statsmodels and scikit-learn take a second. No module has the name of
#: what it gives: importing it would put the module in the place of the function.
_HOMES = {
    "Scored": "scored",
    "compare": "tables",
    "impact": "drivers",
    "pillars": "tables",
    "quotes": "quoting",
    "report": "reporting",
    "to_long": "long",
    "trend": "tables",
    "urgent": "urgency",
}


if not TYPE_CHECKING:  # which would take any name for one that is there

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'cxnlp.insights' has no attribute {name!r}")
        try:
            value = getattr(import_module(f"cxnlp.insights.{_HOMES[name]}"), name)
        except ModuleNotFoundError as error:  # help() and hasattr() look; only a call is refused
            return functools.partial(_refuse, error.name)
        globals()[name] = value
        return value


def _refuse(package: str, *_args: Any, **_named: Any) -> NoReturn:
    raise CxnlpError(f"{package} is missing: pip install 'cxnlp[report]'")
