"""What the documents promise is what happens."""

from __future__ import annotations

import doctest
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cxnlp
from cxnlp.files.labelled import EXAMPLE
from cxnlp.training import card

ROOT = Path(__file__).parent.parent
MODELS = ("accurate", "balanced", "fast")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_of_the_limits_in_the_cards_are_read_so() -> None:
    sentiments = {
        "I have been transferred five times today": "neutral",
        "Nou, dat hebben ze weer mooi voor elkaar gekregen": "positive",
        "ik ga zeker overstappen": "positive",
        "Zo'n toffe app, ik mag elke dag opnieuw inloggen": "positive",
        "Sanne liet ons een half uur staan en zei niet eens gedag": "positive",
    }
    limits = " ".join(card.LIMITS.split())
    for example, sentiment in sentiments.items():
        assert f'"{example}"' in limits
        assert cxnlp.classify([example])[0].sentiment == sentiment, example
    assert '"allerminst ondeskundig") as complaint' in limits
    read = cxnlp.classify(["allerminst ondeskundig"])[0]
    assert read.aspects["knowledge"].polarity == "negative"


def test_readme_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert attempted > 10
    assert failed == 0


def test_readme_figures_are_those_that_were_printed(benchmark: Callable[[str], Any]) -> None:
    assert benchmark("figures").filled(README) == README


@pytest.mark.parametrize("model", MODELS)
def test_the_card_is_that_of_the_manifest(model: str) -> None:
    folder = ROOT / "models" / model
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (folder / "README.md").read_text(encoding="utf-8") == card.render(manifest)
    assert manifest["figures"]


@pytest.mark.parametrize("model", MODELS)
def test_the_card_tells_what_the_recipe_tells(model: str) -> None:
    manifest = json.loads((ROOT / "models" / model / "manifest.json").read_text(encoding="utf-8"))
    recipe = tomllib.loads((ROOT / "recipes" / f"{model}.toml").read_text(encoding="utf-8"))
    assert manifest["description"] == recipe["description"]


def test_readme_shows_the_line_that_eval_reads() -> None:
    assert f"```json\n{EXAMPLE}\n```" in README


def test_links_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("*/*/README.md")]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (document.parent / target).exists(), f"{document}: {target}"


@pytest.mark.parametrize(
    ("model", "most"), [("accurate", 45e6), ("balanced", 25e6), ("fast", 15e6)]
)
def test_the_model_folders_are_small(model: str, most: float) -> None:
    folder = ROOT / "models" / model
    assert sum(path.stat().st_size for path in folder.iterdir()) < most


@pytest.mark.parametrize("model", MODELS)
def test_the_shipped_models_read_contrast_and_no_neighbours(model: str) -> None:
    text = "Heel vriendelijke mevrouw, maar drie kwartier in de wacht gehangen."
    loaded = cxnlp.load(model)
    alone = loaded.classify([text])
    assert alone[0].aspects["friendliness"].polarity == "positive"
    assert alone[0].aspects["time"].polarity == "negative"
    assert "drie kwartier" in alone[0].aspects["time"].evidence.text
    crowd = loaded.classify([f"{text} {n}" for n in range(40)] + [text, "kort", "x" * 900])
    np.testing.assert_allclose(
        crowd.aspect_probabilities[40], alone.aspect_probabilities[0], atol=1e-3
    )
