"""Files are replaced whole, or stay as they were."""

import errno
import os
from pathlib import Path

import pytest

from cxnlp.errors import FileError
from cxnlp.whole import check_place, whole


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


def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"

    def fail() -> None:
        with whole(target):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match=r"No space left.*model\.onnx"):
        fail()


def test_only_a_file_of_the_kind_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    check_place(page, b"mine")
    for held in (b"", b"this is mine"):
        page.write_bytes(held)
        check_place(page, b"mine")
    page.write_bytes(b"this is yours")
    with pytest.raises(FileError, match="holds something else"):
        check_place(page, b"mine")
    with pytest.raises(FileError, match="is a folder"):
        check_place(tmp_path, b"mine")
    with pytest.raises(FileError, match="no folder"):
        check_place(tmp_path / "none" / "page.html", b"mine")
