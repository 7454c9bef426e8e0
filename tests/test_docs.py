"""What the documents promise is what happens."""

from __future__ import annotations

import doctest
import json
import re
import sys
from pathlib import Path

import pytest

from cxnlp.training import card

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert attempted > 10
    assert failed == 0


def test_readme_figures_are_those_that_were_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import figures

    assert figures.filled(README) == README
    sys.modules.pop("figures")


def test_the_card_is_that_of_the_manifest() -> None:
    folder = ROOT / "models/accurate"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (folder / "README.md").read_text(encoding="utf-8") == card.render(manifest)
    assert manifest["figures"]


def test_links_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("*/*/README.md")]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (document.parent / target).exists(), f"{document}: {target}"


def test_the_model_folder_is_small() -> None:
    folder = ROOT / "models/accurate"
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 45_000_000
