from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import openpyxl
import pytest
import tiny
from conftest import FakeModel

from cxnlp import __version__, cli, store
from cxnlp.model import load as real_load
from cxnlp.training import card

LABELLED = {
    "id": "1", "source": "shop", "lang": "nl", "text": "veel te traag", "sentiment": "negative",
    "aspects": {"time": ["-", "traag"]},
}  # fmt: skip


@pytest.fixture(autouse=True)
def fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeModel, "folder", None)
    plain = FakeModel.classify
    monkeypatch.setattr(
        FakeModel,
        "classify",
        lambda self, texts, *, evidence=True, progress=False: plain(self, texts, evidence=evidence),
    )
    monkeypatch.setattr("cxnlp.model.load", lambda name, device: FakeModel())


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["cxnlp", *map(str, words)])
    with pytest.raises(SystemExit) as done:
        cli.main()
    return int(done.value.code or 0)


@pytest.fixture
def comments(tmp_path: Path) -> Path:
    path = tmp_path / "comments.csv"
    path.write_text("id;comment\n1;traag\n2;te;veel\n3;vriendelijk\n", encoding="utf-8")
    return path


def test_score(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run(monkeypatch, "score", comments) == 0
    scored = comments.with_name("comments.scored.csv")
    assert scored.read_text(encoding="utf-8").count("\n") == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "line 3 cannot be read: 3 fields where the header has 2" in printed.err
    assert "2 rows scored from column 'comment'" in printed.err
    assert str(scored) in printed.err
    assert "%" not in printed.err  # no progress bar in a pipe


def test_progress_on_a_terminal(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(monkeypatch, "score", comments, "--chunk-rows", "1") == 0
    assert "2/2" in capsys.readouterr().err


def test_a_file_of_which_no_row_can_be_read_fails(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    comments.write_text("id,comment\n1,te,veel\n", encoding="utf-8")
    assert run(monkeypatch, "score", comments) == 1
    *_, kept, last = capsys.readouterr().err.splitlines()
    assert "comments.scored.csv.rejects.jsonl" in kept
    assert last.startswith(f"error: None of the rows of {comments} can be read")
    assert comments.with_name("comments.scored.csv").is_file()
    comments.write_text("id,comment\n", encoding="utf-8")
    assert run(monkeypatch, "score", comments, "--force") == 0


def test_a_name_that_may_be_a_comment_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "a.csv"
    rows = "heel lang gewacht aan de balie\nsnel en vriendelijk geholpen\n"
    hints = []
    names = (
        "Duurde veel te lang allemaal", "Goede service", "Wat vond u van ons bezoek?", "comment",
    )  # fmt: skip
    for name in names:
        path.write_text(f"{name}\n{rows}", encoding="utf-8")
        assert run(monkeypatch, "score", path, "--force") == 0
        hints.append("put a line with names on top" in capsys.readouterr().err)
    assert hints == [True, True, False, False]
    keyed = tmp_path / "a.jsonl"
    for klacht in ("heel lang gewacht aan de balie", "x1"):
        keyed.write_text(json.dumps({"klacht": klacht}) + "\n", encoding="utf-8")
        run(monkeypatch, "score", keyed, "--force")
        assert "put a line with names on top" not in capsys.readouterr().err


def test_columns_that_give_way_are_named(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    run(monkeypatch, "score", comments)
    scored = comments.with_name("comments.scored.csv")
    assert run(monkeypatch, "score", scored, "--no-evidence") == 0
    kinds = "cx_language, cx_sentiment, cx_score, cx_no_text, cx_*, cx_*_confidence, cx_*_evidence"
    kinds += ", cx_model"
    assert f"56 columns of an earlier scoring gave way to this one: {kinds}\n" in (
        capsys.readouterr().err
    )


def test_a_refusal_is_one_line(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for words in (
        ["score", comments, "--text", "remark"],
        ["score", comments.with_name("none.csv")],
        ["score", "."],
        ["report", "/"],
        ["eval", comments.with_name("none.jsonl")],
        ["train", comments.with_name("none.toml")],
        ["info", "--model", "none"],
    ):
        assert run(monkeypatch, *words) == 1
        printed = capsys.readouterr().err
        assert printed.startswith("error: ")
        assert printed.count("\n") == 1


@pytest.mark.parametrize(
    "recipe",
    [
        "name = [",
        'name = "x"',
        'teacher = "fast"\nname = "x"',
        'layers = [1]\nname = "x"',
        'name = "x"\ndev = ["dev.jsonl"]',
        'name = "x"\nneutral = "neutral.jsonl"',
        'name = "x"\ndev = ["d.jsonl"]\nneutral = "n.jsonl"\npublic = "p.jsonl"',
        'name = "x"\ndev = ["d"]\nneutral = "n"\nstages = [{name = "s", epochs = "four", '
        "learning_rate = 1e-4, head_learning_rate = 1e-3}]",
    ],
)
def test_a_faulty_recipe_is_refused_in_a_line(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(recipe, encoding="utf-8")
    assert run(monkeypatch, "train", path) == 1
    printed = capsys.readouterr().err
    assert "is no recipe" in printed
    assert printed.count("\n") == 1


def test_a_wrong_option(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    assert run(monkeypatch, "score", "a.csv", "--chunk-rows", "0") == 2
    assert "chunk-rows" in capsys.readouterr().err


def test_an_interruption_says_how_to_go_on(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("cxnlp.model.load", lambda name, device: FakeModel(fail_at_call=2))
    assert run(monkeypatch, "score", comments, "--chunk-rows", "1") == 130
    assert "--resume" in capsys.readouterr().err
    monkeypatch.setattr("cxnlp.model.load", lambda name, device: FakeModel())
    assert run(monkeypatch, "score", comments, "--chunk-rows", "1", "--resume") == 0
    assert "1 of them by an earlier run" in capsys.readouterr().err


def test_a_full_disk_says_how_to_go_on(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cxnlp.model.load", lambda name, device: FakeModel())
    monkeypatch.setattr("cxnlp.files.scoring._keep", full)
    assert run(monkeypatch, "score", comments) == 1
    printed = capsys.readouterr().err
    assert "No space left on device, while writing" in printed
    assert "go on with --resume" in printed


def test_an_interruption_of_the_start_says_so_too(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    slow = types.ModuleType("tqdm")
    slow.__getattr__ = interrupted
    monkeypatch.setitem(sys.modules, "tqdm", slow)
    assert run(monkeypatch, "score", comments) == 130
    assert capsys.readouterr().err == "stopped; --resume goes on where it was\n"


def test_report(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    run(monkeypatch, "score", comments)
    scored, page = comments.with_name("comments.scored.csv"), comments.with_name("page.html")
    assert run(monkeypatch, "report", scored, "-o", page, "--lang", "nl", "--title", "Proef") == 0
    assert "<h1>Proef</h1>" in page.read_text(encoding="utf-8")
    assert f"written to {page} (" in capsys.readouterr().err
    assert run(monkeypatch, "report", scored) == 0
    assert scored.with_suffix(".html").is_file()


def test_a_sheet_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path, scored = tmp_path / "comments.xlsx", tmp_path / "comments.scored.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["shop"])
    data = book.create_sheet("Data")
    data.append(["comment"])
    data.append(["traag"])
    book.save(path)
    assert run(monkeypatch, "score", path) == 1
    assert "(Sheet, Data); say which with --sheet NAME" in capsys.readouterr().err
    assert run(monkeypatch, "score", path, "--sheet", "Data") == 0
    book = openpyxl.load_workbook(scored)
    book.create_sheet("Notes").append(["checked"])
    book.save(scored)
    assert run(monkeypatch, "report", scored) == 1
    assert run(monkeypatch, "report", scored, "--sheet", "Sheet") == 0


def test_report_refuses_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "comments.csv"
    for text, why in (
        ("id,comment\n1,traag\n", "score it first"),
        ("a,b\n1,2,3\n", "cannot be read"),
        ("comment\ntraag\nsnel\n", "score it first"),
    ):
        path.write_text(text, encoding="utf-8")
        assert run(monkeypatch, "report", path) == 1
        printed = capsys.readouterr().err
        assert printed.startswith("error: ")
        assert why in printed
        assert printed.count("\n") == 1


def test_eval(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "labelled.jsonl"
    other = LABELLED | {"source": "bank", "text": "prima", "sentiment": "positive", "aspects": {}}
    path.write_text(json.dumps(LABELLED) + "\n" + json.dumps(other) + "\n", encoding="utf-8")
    assert run(monkeypatch, "eval", path, "--json", tmp_path / "out.json") == 0
    printed = capsys.readouterr().out
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert report["overall"]["pillar_micro_f1"] == 1
    assert report["overall"]["sentiment_accuracy"] == 0.5
    assert report["overall"]["evidence_hit_rate"] == 1
    assert set(report["by_source"]) == {"shop", "bank"}
    assert report["by_aspect"]["time"]["support"] == 1
    for row in ("all", "nl", "shop", "time"):
        assert any(line.startswith(row) for line in printed.splitlines()), row
    path.write_text(json.dumps(other | {"text": "de winkel"}) + "\n", encoding="utf-8")
    for _ in range(2):  # of no aspect there is no F1
        assert run(monkeypatch, "eval", path, "--json", tmp_path / "out.json") == 0


def test_eval_does_not_write_over_its_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps(LABELLED) + "\n", encoding="utf-8")
    for output, why in (
        (path, "holds something else"),
        (tmp_path / "no" / "out.json", "no folder"),
    ):
        assert run(monkeypatch, "eval", path, "--json", output) == 1
        printed = capsys.readouterr()
        assert why in printed.err
        assert printed.out == ""
    assert json.loads(path.read_text(encoding="utf-8")) == LABELLED


def test_the_device_is_passed_on(
    comments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def load(name: str, device: str) -> FakeModel:
        asked.append(device)
        return FakeModel()

    monkeypatch.setattr("cxnlp.model.load", load)
    labelled = tmp_path / "labelled.jsonl"
    labelled.write_text(json.dumps(LABELLED) + "\n", encoding="utf-8")
    for words in (["score", comments], ["eval", labelled]):
        assert run(monkeypatch, *words, "--device", "cuda") == 0
    assert asked == ["cuda", "cuda"]


def test_a_device_that_is_not_there_is_one_line(
    comments: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("cxnlp.model.load", real_load)
    assert run(monkeypatch, "score", comments, "--device", "tpu") == 1
    assert capsys.readouterr().err == "error: There is no device 'tpu'; give 'cpu' or 'cuda'.\n"


def test_figures_that_a_set_is_too_small_for_are_no_json_nan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps(LABELLED | {"aspects": {}, "source": None}) + "\n")
    assert run(monkeypatch, "eval", path, "--json", tmp_path / "out.json") == 0
    written = (tmp_path / "out.json").read_text(encoding="utf-8")
    report = json.loads(written, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert "evidence_hit_rate" not in report["overall"]
    assert capsys.readouterr().out.splitlines()[1].split()[-2] == "-"


def test_eval_records_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "my tiny"
    quantisation = dict.fromkeys(
        ("float32_micro_f1", "int8_micro_f1", "agreement", "agreement_where_either_decides",
         "sentiment_agreement"), 1.0,
    )  # fmt: skip
    manifest = {
        "name": "tiny", "calibration": tiny.calibration().to_json(), "figures": [],
        "quantisation": quantisation, "description": "Nothing.", "recipe": {"base": "invented"},
    }  # fmt: skip
    store.write(folder, manifest, tiny.graph(), tiny.tokenizer(), "")
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps(LABELLED) + "\n", encoding="utf-8")
    monkeypatch.setattr("cxnlp.model.load", real_load)
    for _ in range(2):  # a second record replaces the first
        assert run(monkeypatch, "eval", path, "--model", folder, "--record", "invented") == 0
    (figure,) = store.read(folder).manifest["figures"]
    assert figure["data"] == "invented"
    assert f"--model '{folder}' --record invented" in figure["command"]
    assert "fine-tuned from `invented`, with" in (folder / "README.md").read_text(encoding="utf-8")
    card.keep(
        folder,
        behaviour={"irony": [1, 3], "plain": [2, 2]},
        invariance={
            "kinds": {"address": [9, 3, 10]},
            "shifts": {"Dutch, men": 0.0, "Polish, men": -0.01},
        },
        errors={"read": 2, "missed": 1, "causes": [
            {"cause": "irony", "count": 2, "what": "meant otherwise", "example": "fijn hoor"}
        ]},
    )  # fmt: skip
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "### invented" in text
    assert "| all | 3 | 5 |" in text
    assert "9 of 10 pairs" in text
    assert "6 of 7 alike" in text
    assert "| address | 9 | 3 | 10 |" in text
    assert "| Polish, men | -0.010 |" in text
    assert "1 missed an aspect" in text
    assert "| irony | 2 | meant otherwise | fijn hoor |" in text


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_the_package_can_be_run() -> None:
    command = [sys.executable, "-m", "cxnlp", "--version"]
    assert subprocess.check_output(command, text=True) == f"{__version__}\n"


def test_help_is_light() -> None:
    code = "import sys; import cxnlp.cli; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "spacy", "pandas", "onnxruntime", "pyarrow"} & set(done.stdout.split())


@pytest.mark.parametrize("command", ["score", "report", "eval", "info", "train"])
def test_every_command_has_help(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run(monkeypatch, command, "--help") == 0
    assert "Usage" in capsys.readouterr().out
