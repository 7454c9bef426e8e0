from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import tiny

import cxnlp
from cxnlp import store
from cxnlp.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    manifest = {"name": "tiny", "calibration": tiny.calibration().to_json()}
    store.write(tmp_path / "tiny", manifest, tiny.graph(), tiny.tokenizer(), "# Tiny\n")
    return tmp_path / "tiny"


def test_what_is_written_is_read(folder: Path) -> None:
    stored = store.read(folder)
    assert stored.network == tiny.graph()
    assert stored.tokenizer == tiny.tokenizer()
    assert stored.manifest["name"] == "tiny"
    assert (folder / "README.md").read_text(encoding="utf-8") == "# Tiny\n"


def test_a_folder_is_loaded_once_and_classifies(folder: Path) -> None:
    model = cxnlp.load(folder)
    assert cxnlp.load(str(folder)) is model
    assert len(cxnlp.classify(["traag maar vriendelijk"], model=folder)) == 1


def test_a_folder_that_was_trained_anew_is_loaded_anew(folder: Path) -> None:
    before = cxnlp.load(folder)
    _edit(folder, name="anew")
    os.utime(folder / store.MANIFEST, ns=(0, 0))  # clocks of file systems may be coarse
    assert cxnlp.load(folder).name == "anew"
    assert before.name == "tiny"


def _edit(folder: Path, **changes: object) -> None:
    path = folder / store.MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | changes), encoding="utf-8")


@pytest.mark.parametrize("version", [0, 1, 3, "2", None])
def test_an_unknown_format_is_refused(folder: Path, version: object) -> None:
    _edit(folder, format=version)
    with pytest.raises(ModelError, match="this cxnlp reads format 2"):
        store.read(folder)


@pytest.mark.parametrize("file", [store.NETWORK, store.TOKENIZER])
def test_a_changed_file_is_refused(folder: Path, file: str) -> None:
    with (folder / file).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ModelError, match="sha256 differs"):
        store.read(folder)


@pytest.mark.parametrize("file", [store.NETWORK, store.TOKENIZER])
def test_a_missing_file_is_refused(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ModelError, match=f"lacks {file}"):
        store.read(folder)


def test_other_labels_are_refused(folder: Path) -> None:
    labels = store.label_names()
    _edit(folder, labels=labels | {"aspects": labels["aspects"][::-1]})
    with pytest.raises(ModelError, match=r"other labels \(aspects\)"):
        store.read(folder)


def test_a_broken_manifest_is_refused(folder: Path) -> None:
    (folder / store.MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="is not JSON"):
        store.read(folder)
    (folder / store.MANIFEST).write_text("[]", encoding="utf-8")
    with pytest.raises(ModelError, match="is no manifest"):
        store.read(folder)


@pytest.mark.parametrize("key", ["files", "calibration"])
def test_a_manifest_that_lacks_something_is_refused(folder: Path, key: str) -> None:
    manifest = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
    del manifest[key]
    (folder / store.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match=f"lacks {key}"):
        store.read(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"thresholds"', '"thresholdz"'),
        ('"slope"', '"slopf"'),
        ('"slope": 1.0', '"slope": NaN'),
        ('"slope": 1.0', '"slope": null'),
        ('"language_temperature": 1.0', '"language_temperature": 0'),
        ('"sentiment_weights": [', '"sentiment_weights": [[1, 2, 3, 4],'),
        ('"labels": {', '"labels": null, "others": {'),
        ('"name": "tiny"', '"figures": [{"data": "mine"}]'),
    ],
)
def test_a_damaged_manifest_is_refused(folder: Path, old: str, new: str) -> None:
    manifest = folder / store.MANIFEST
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ModelError, match="damaged|other labels"):
        store.read(folder)


@pytest.mark.parametrize(
    ("network", "tokenizer"), [(b"no network", tiny.tokenizer()), (tiny.graph(), "no tokenizer")]
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, network: bytes, tokenizer: str) -> None:
    manifest = {"name": "tiny", "calibration": tiny.calibration().to_json()}
    store.write(tmp_path / "tiny", manifest, network, tokenizer, "")
    with pytest.raises(ModelError, match="fetch the folder anew"):
        cxnlp.load(tmp_path / "tiny")


def test_a_path_is_no_name(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(folder, tmp_path / "here" / "fast")
    monkeypatch.chdir(tmp_path / "here")
    for path in ("./fast", "fast/", "../here/fast"):
        assert store.find(path).resolve() == tmp_path / "here" / "fast"
    assert store.find("fast").resolve() != tmp_path / "here" / "fast"
    with pytest.raises(ModelError, match="No model './accurate'"):
        store.find("./accurate")


def test_what_stays_is_not_written_and_nothing_is_left_in_part(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written() -> tuple[int, int]:  # not when it was read, which reading changes
        network = (folder / store.NETWORK).stat()
        return network.st_ino, network.st_mtime_ns

    before = written()
    manifest = {"name": "other", "calibration": tiny.calibration().to_json()}
    store.write(folder, manifest, tiny.graph(), tiny.tokenizer(), "# Tiny\n")
    assert written() == before
    assert store.read(folder).manifest["name"] == "other"

    def full(path: Path, data: bytes) -> None:
        with path.open("wb") as stream:
            stream.write(data[: len(data) // 2])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        store.write(folder, manifest, tiny.graph() + b" ", tiny.tokenizer(), "# Tiny\n")
    assert store.read(folder).manifest["name"] == "other"


def test_an_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No model 'accurat': not one of .*accurate"):
        store.find("accurat")
    with pytest.raises(ModelError, match="nor a folder"):
        store.find(tmp_path)
    with pytest.raises(ModelError, match=r"A Path is that of a folder; load\('fast'\)"):
        store.find(Path("fast"))
    with pytest.raises(TypeError, match="model is None; give its name"):
        store.find(None)  # type: ignore[arg-type]
