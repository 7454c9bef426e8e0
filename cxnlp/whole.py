"""Files that are there as they were or as they will be, never in part."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from cxnlp.errors import FileError

#: The end of what is half written; a kill leaves it.
PART = ".part"


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to, which takes its place, and durably, when all is written."""
    part = path.with_name(path.name + PART)
    try:
        yield part
        sync(part)
        part.replace(path)
    except OSError as error:
        if error.errno and error.filename is None:  # as of a full disk
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        part.unlink(missing_ok=True)


def check_folder(path: Path) -> None:
    """Refuse a file to come whose folder is not there, before the work and not after it.

    Raises
    ------
    FileError
        Where it is not.
    """
    if not path.parent.is_dir():
        raise FileError(f"There is no folder {path.parent}; make it first.")


def check_place(path: Path, mark: bytes) -> None:
    """As `check_folder`; and refuse to replace what is there, but for an earlier file of the kind.

    Parameters
    ----------
    mark
        What every file of the kind holds.

    Raises
    ------
    FileError
        For a folder, and a file that holds something else.
    """
    check_folder(path)
    if path.is_dir():
        raise FileError(f"{path} is a folder; give the file another name.")
    if path.exists() and path.stat().st_size and mark not in path.read_bytes():
        raise FileError(f"{path} is there and holds something else; give another name.")


def sync(path: Path) -> None:
    """Wait until a file is on the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
