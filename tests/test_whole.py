"""Files are replaced whole, or stay as they were."""

from pathlib import Path

import pytest

from cxnlp.whole import whole


def test_a_file_takes_its_place_when_all_is_written(tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"
    with whole(target) as part:
        part.write_bytes(b"new")
        assert not target.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert target.read_bytes() == b"new"


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"
    target.write_bytes(b"old")

    def fail() -> None:
        with whole(target) as part:
            part.write_bytes(b"ne")
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert target.read_bytes() == b"old"
