"""Read Dutch and English customer feedback into CX pillars, polarity and sentiment.

>>> import cxnlp
>>> results = cxnlp.classify(["Heel vriendelijk, maar drie kwartier in de wacht."])
>>> results[0].aspects["time"].polarity
'negative'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxnlp import errors as errors
    from cxnlp import insights as insights
    from cxnlp import taxonomy as taxonomy
    from cxnlp.insights.reporting import report as report
    from cxnlp.model import Model as Model
    from cxnlp.model import classify as classify
    from cxnlp.model import load as load
    from cxnlp.results import Results as Results
    from cxnlp.tokens import tokenize as tokenize

__version__ = "0.1.0"
__all__ = ["Model", "Results", "classify", "load", "report", "tokenize"]

#: Loaded when first used, so that importing cxnlp costs next to nothing.
_HOMES = {
    "Model": "cxnlp.model",
    "Results": "cxnlp.results",
    "classify": "cxnlp.model",
    "load": "cxnlp.model",
    "report": "cxnlp.insights",
    "tokenize": "cxnlp.tokens",
}
_MODULES = ("errors", "insights", "taxonomy")

if not TYPE_CHECKING:  # which would take any name for one that is there

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return import_module(f"cxnlp.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'cxnlp' has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES, "__version__"])
