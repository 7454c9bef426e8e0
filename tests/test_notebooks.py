"""The notebooks run top to bottom, and what they keep is what they show."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
#: A path that starts at the root of a disk, or a home: such as a machine would leave.
MACHINE = re.compile(r"(?<![\w.<:/])/(?:home|root|tmp|usr|opt|work|Users|mnt|var)/|[A-Z]:\\\\")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def modules() -> Iterator[dict[str, ModuleType]]:
    """The scripts beside the notebooks."""
    names = ("execute", "make_feedback")
    sys.path.insert(0, str(FOLDER))
    yield {name: importlib.import_module(name) for name in names}
    sys.path.remove(str(FOLDER))
    for name in names:
        del sys.modules[name]


def _code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _kinds(notebook: nbformat.NotebookNode) -> list[list[tuple]]:
    """Of each cell of code, what kinds of things it shows."""
    return [
        [
            (output.output_type, output.get("name"), *sorted(output.get("data", ())))
            for output in cell.outputs
        ]
        for cell in _code(notebook)
    ]


@each_notebook
def test_it_runs_and_shows_what_is_kept(
    path: Path, modules: dict[str, ModuleType], tmp_path: Path
) -> None:
    """02 also holds that the planted effects are found: its last cell raises if one is not."""
    folder = tmp_path / "notebooks"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("corpus", "examples", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    ran = modules["execute"].executed(folder / path.name)
    assert _kinds(ran) == _kinds(nbformat.read(path, as_version=4))


@each_notebook
def test_what_is_kept_is_whole_small_and_clean(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = _code(notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert len(outputs) >= len(code) / 2
    assert any("image/png" in output.get("data", ()) for output in outputs)
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert path.stat().st_size < 1_000_000
    for output in outputs:
        shown = str(output.get("text", "")) + str(output.get("data", {}).get("text/html", ""))
        shown += str(output.get("data", {}).get("text/plain", ""))
        assert not MACHINE.search(shown), shown
        assert "Warning" not in shown


def test_the_figures_that_are_kept_are_those_that_the_model_carries() -> None:
    manifest = json.loads((ROOT / "models/accurate/manifest.json").read_text(encoding="utf-8"))
    notebook = nbformat.read(FOLDER / "03-trust.ipynb", as_version=4)
    shown = next(o.data["text/html"] for cell in _code(notebook) for o in cell.outputs)
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in shown.split("<tr>")]
    overall = {row[0]: row[3:6] for row in rows if row[1:2] == ["all"]}
    assert overall == {
        figure["data"]: [
            f"{figure['report']['overall'][name]:.3f}"
            for name in ("pillar_micro_f1", "pillar_macro_f1", "sentiment_accuracy")
        ]
        for figure in manifest["figures"]
    }


def test_each_is_in_the_readme_and_tells_in_prose() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) == 3
    for path in NOTEBOOKS:
        assert f"notebooks/{path.name}" in readme
        cells = nbformat.read(path, as_version=4).cells
        prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
        assert prose[0].startswith("# ")
        assert len(prose) >= len(cells) / 3
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", "\n".join(prose)):
            assert (FOLDER / target).exists(), target


def test_the_clauses_are_many_and_differ(modules: dict[str, ModuleType]) -> None:
    maker = modules["make_feedback"]
    used = [maker.CLAUSES[planted.aspect][planted.sign] for planted in maker.PLANTED]
    used += [maker.CLAUSES["loyalty"]["negative"], maker.CLAUSES["neutral"]]
    for clauses in used:
        assert len(clauses["nl"]) + len(clauses["en"]) >= 25
        assert len(clauses["en"]) >= 10
    every = [clause for clauses in used for lang in ("nl", "en") for clause in clauses[lang]]
    assert len(set(every)) == len(every)


def test_the_same_seed_makes_the_same_feedback(modules: dict[str, ModuleType]) -> None:
    make = modules["make_feedback"].make_feedback
    first, again, other = make(200, seed=3), make(200, seed=3), make(200, seed=4)
    for name in first._fields:
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))
    assert (first.comments["comment"] != other.comments["comment"]).mean() > 0.9


def test_comments_hold_what_is_said_of_them(modules: dict[str, ModuleType]) -> None:
    maker = modules["make_feedback"]
    comments, said, _ = maker.make_feedback(600, seed=1)
    clauses = {
        (aspect, sign): [c.lower() for clause in signs[sign].values() for c in clause]
        for aspect, signs in maker.CLAUSES.items()
        if aspect != "neutral"
        for sign in signs
    }
    clauses["ease", "negative"] += clauses.pop(("pickup_point", "negative"))
    typed = holds = 0
    for text, (_, row) in zip(comments["comment"].str.lower(), said.iterrows(), strict=True):
        for remark in row.dropna().items():
            typed += 1
            holds += any(clause in text for clause in clauses[remark])
    assert typed > 600
    assert 0.9 < holds / typed < 1  # the others have a typing error


def test_the_planted_effects_are_in_the_scores(
    modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where next to no answer is cut off at 0 or 10, a plain regression finds each effect."""
    maker = modules["make_feedback"]
    monkeypatch.setattr(maker, "BASE", 5.5)
    comments, said, effects = maker.make_feedback(6000, seed=2)
    planted = effects[effects["aspect"] != "loyalty"]
    remarks = zip(planted["aspect"], planted["sign"], strict=True)
    says = np.stack([np.ones(6000), *(said[aspect] == sign for aspect, sign in remarks)], axis=1)
    given = comments["nps"].notna()
    answers = comments.loc[given, "nps"].astype(float)
    fit = np.linalg.lstsq(says[given], answers, rcond=None)[0]
    assert np.abs(fit[1:] - planted["effect"]).max() < 0.25
    assert (np.sign(planted["nps_points"]) == np.sign(planted["effect"])).all()

    kiosk = (comments["store"] == maker.BAD_STORE) & (comments["date"] >= maker.BAD_SINCE)
    bad = said["ease"] == "negative"
    assert bad[kiosk].mean() > 5 * bad[~kiosk].mean()
    phone = comments["channel"] == "phone"
    late = said["time"] == "negative"
    assert late[phone].mean() > 2 * late[~phone].mean()
