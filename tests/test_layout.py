"""The architecture, as the files state it."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cxnlp

PACKAGE = Path(cxnlp.__file__).parent
#: Each module imports only from those before it.
ORDER = (
    "errors", "whole", "taxonomy", "text", "tokens", "firstnames", "batching", "calibration",
    "store", "pieces", "accelerated", "encoder", "results", "model", "evaluation", "files",
    "insights", "training", "cli",
)  # fmt: skip


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("cxnlp.")}
    return found & set(ORDER)


def test_every_module_has_its_place() -> None:
    names = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert names | packages == set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_from_those_before_it(name: str) -> None:
    path = PACKAGE / f"{name}.py"
    paths = [path] if path.exists() else sorted((PACKAGE / name).rglob("*.py"))
    allowed = set(ORDER[: ORDER.index(name)]) | ({name} if len(paths) > 1 else set())
    for path in paths:
        assert _imports(path) <= allowed, path


def test_exports_are_pinned() -> None:
    assert sorted(cxnlp.__all__) == [
        "Model", "Results", "classify", "load", "report", "tokenize",
    ]  # fmt: skip
    for name in cxnlp.__all__:
        assert getattr(cxnlp, name) is not None
    assert set(cxnlp.__all__) <= set(dir(cxnlp))
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        cxnlp.predict  # noqa: B018


def _python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_importing_is_light() -> None:
    code = "import sys, cxnlp; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = set(_python(code).split())
    heavy = {"torch", "spacy", "numpy", "pandas", "pyarrow", "onnxruntime", "transformers"}
    assert not loaded & heavy


@pytest.mark.parametrize("name", ["errors.CxnlpError", "insights.pillars", "taxonomy.ASPECTS"])
def test_these_modules_come_with_the_package(name: str) -> None:
    assert name.split(".")[0] in dir(cxnlp)
    _python(f"import cxnlp; cxnlp.{name}")


def test_without_the_packages_of_the_report_only_calling_it_is_refused() -> None:
    code = """
import sys, pydoc
sys.modules["matplotlib"] = sys.modules["scipy"] = None
import cxnlp
from cxnlp import *
pydoc.render_doc(cxnlp)
for refused in (report, cxnlp.report, cxnlp.insights.pillars):
    try:
        refused([], "report.html")
    except cxnlp.errors.CxnlpError as error:
        assert "pip install 'cxnlp[report]'" in str(error)
    else:
        raise AssertionError(refused)
"""
    _python(code)


def test_classifying_needs_neither_torch_nor_spacy() -> None:
    code = "import sys, cxnlp.model, cxnlp.cli; print(*sys.modules)"
    loaded = {name.split(".")[0] for name in _python(code).split()}
    assert not loaded & {"torch", "spacy", "transformers", "datasets"}


def test_importing_takes_under_a_fifth_of_a_second() -> None:
    def once() -> float:
        code = "import time; t = time.perf_counter(); import cxnlp; print(time.perf_counter() - t)"
        return float(_python(code))

    started = time.monotonic()
    assert min(once() for _ in range(3)) < 0.2
    assert time.monotonic() - started < 30


def test_no_pickle() -> None:
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert "import pickle" not in source
        assert "joblib" not in source
        assert "torch.load" not in source or "weights_only=True" in source
