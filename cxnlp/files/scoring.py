"""Score a file of comments: chunk by chunk, resumable, all or nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.ipc

from cxnlp.errors import FileError
from cxnlp.files import cells, inputs, outputs
from cxnlp.files.cells import Chunk
from cxnlp.files.columns import find_text_column
from cxnlp.files.inputs import BadRow, Input, open_input
from cxnlp.files.outputs import Layout
from cxnlp.results import Results

OUTPUTS: dict[str, Callable[[Path, Layout, outputs.Pairs], None]] = {
    ".csv": outputs.write_csv,
    ".tsv": outputs.write_csv,
    ".txt": outputs.write_csv,
    ".jsonl": outputs.write_jsonl,
    ".ndjson": outputs.write_jsonl,
    ".parquet": outputs.write_parquet,
    ".xlsx": outputs.write_excel,
}
#: Rows from which the text column is found out.
SAMPLE_ROWS = 1000
FINGERPRINT_BYTES = 1 << 20


class Classifier(Protocol):
    """What scores: a `cxnlp.Model`, or anything that reads comments as it does."""

    name: str
    manifest: dict[str, Any]

    def classify(self, texts: Any, *, evidence: bool = True) -> Results:
        """Read comments."""


@dataclasses.dataclass(frozen=True)
class Report:
    """What was done with a file.

    Attributes
    ----------
    target, rejects
        The output, and the file of rows that could not be read; None where all could.
    rows
        Scored and written; `resumed` of them by an earlier run.
    text
        The column that was read.
    encoding, delimiter
        Of a text file, as found out.
    replaced
        Columns of an earlier scoring that gave way.
    bad
        The rows that could not be read.
    seconds
        That it took.
    """

    target: Path
    rejects: Path | None
    rows: int
    resumed: int
    text: str
    encoding: str | None
    delimiter: str | None
    replaced: list[str]
    bad: list[BadRow]
    seconds: float


def score_file(
    source: Path | str,
    target: Path | str,
    *,
    model: Classifier,
    text: str | None = None,
    chunk_rows: int = 10_000,
    evidence: bool = True,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[int], Any] = lambda rows: None,
) -> Report:
    """Read the comments of a file and write all of its columns with the readings beside them.

    Until all is done the output does not exist: the readings of each finished chunk are kept in
    ``TARGET.partial/``, and a run that was interrupted goes on from there with `resume`.

    Parameters
    ----------
    source, target
        Files whose suffixes tell their formats, see ``inputs.INPUTS`` and ``OUTPUTS``.
    text
        The column to read; found out by its name or its contents if not given.
    chunk_rows
        Rows in memory at a time.
    evidence
        Also write the words that carry each reading.
    resume
        Go on where an interrupted run with the same input, model and options stopped.
    force
        Replace an output, or what an interrupted run left.
    progress
        Called with the number of rows after each chunk.

    Raises
    ------
    FileError
        For a file that cannot be read or written as asked; says what to do.
    """
    started = time.monotonic()
    source, target = Path(source), Path(target)
    table, write = open_input(source), _writer(target)
    work = target.with_name(target.name + ".partial")
    _check_target(source, target, work, resume, force)
    name, columns = _text_column(table, text)
    _start(work, _journal(table, model, name, chunk_rows, evidence), resume)

    bad: list[BadRow] = []
    kinds: dict[str, set[type]] = {column: set() for column in columns}
    rows = resumed = pieces = 0
    for pieces, chunk in enumerate(table.chunks(chunk_rows, bad.append), 1):
        _note_kinds(kinds, chunk)
        if target.suffix == ".xlsx":
            outputs.check_excel_sheet(rows + len(chunk), len(kinds), target)
            for at, row in enumerate(cells.rows(chunk), rows + 1):
                outputs.check_excel_row(row, at, source)
        piece = _piece(work, pieces)
        if piece.exists():
            resumed += len(chunk)
        else:
            values = [cells.flat(value) for value in cells.column(chunk, name)]
            _keep(piece, _readings(model.classify(values, evidence=evidence)))
        rows += len(chunk)
        progress(len(chunk))
    if not pieces:
        _keep(_piece(work, 0), _readings(model.classify([], evidence=evidence)))

    first = _piece(work, min(pieces, 1))
    fresh = _load(first).schema
    replaced = [column for column in kinds if column in fresh.names]
    kept = {column: kinds[column] for column in kinds if column not in fresh.names}
    if target.suffix == ".xlsx":
        outputs.check_excel_sheet(rows, len(kept) + len(fresh), target)
    whole = work / f"whole{target.suffix}"
    write(whole, Layout(table, kept, fresh), _pairs(table, work, chunk_rows))
    rejects = _write_rejects(target, work, bad)
    os.replace(whole, target)
    shutil.rmtree(work)
    return Report(
        target,
        rejects,
        rows,
        resumed,
        name,
        table.encoding,
        table.delimiter if table.delimiter != inputs.ONE_COLUMN else None,
        replaced,
        bad,
        time.monotonic() - started,
    )


def _writer(target: Path) -> Callable[[Path, Layout, outputs.Pairs], None]:
    write = OUTPUTS.get(target.suffix.lower())
    if write is None:
        raise FileError(f"Cannot write {target.name}: give one of {', '.join(OUTPUTS)}.")
    if not target.parent.is_dir():
        raise FileError(f"There is no folder {target.parent}; make it first.")
    return write


def _check_target(source: Path, target: Path, work: Path, resume: bool, force: bool) -> None:
    if resume and force:
        raise FileError("--resume goes on and --force begins anew; give one of them.")
    if target.exists() and target.samefile(source):
        raise FileError(f"{target} is the input; give the output another name.")
    if force:
        shutil.rmtree(work, ignore_errors=True)
    elif work.exists() and not resume:
        raise FileError(
            f"{work} was left by a run that was interrupted; go on with --resume, or begin anew "
            "with --force."
        )
    elif target.exists() and not work.exists():
        raise FileError(f"{target} exists and is whole; replace it with --force.")


def _text_column(table: Input, wanted: str | None) -> tuple[str, list[str]]:
    """The column of the comments, and all columns as the first rows have them."""
    chunk = next(table.chunks(SAMPLE_ROWS, lambda row: None), [])
    columns = list(dict.fromkeys([*table.columns, *(k for row in cells.rows(chunk) for k in row)]))
    values = functools.partial(cells.column, chunk)
    return find_text_column(columns, values, table.path.name, wanted), columns


def _journal(
    table: Input, model: Classifier, text: str, chunk_rows: int, evidence: bool
) -> dict[str, Any]:
    """What must be the same for an interrupted run to go on."""
    with table.path.open("rb") as stream:
        start = hashlib.sha256(stream.read(FINGERPRINT_BYTES)).hexdigest()
    status = table.path.stat()
    return {
        "input": {"bytes": status.st_size, "changed": status.st_mtime_ns, "start": start},
        "model": {"name": model.name, "files": model.manifest.get("files", {})},
        "options": {"text": text, "chunk_rows": chunk_rows, "evidence": evidence},
    }


def _start(work: Path, journal: dict[str, Any], resume: bool) -> None:
    note = work / "journal.json"
    if resume and note.exists():
        before = json.loads(note.read_text(encoding="utf-8"))
        changed = [part for part in journal if before.get(part) != journal[part]]
        if changed:
            raise FileError(
                f"Cannot go on: another {' and '.join(changed)} than that of the run which left "
                f"{work}. Begin anew with --force."
            )
        return
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    with _whole(note) as path:
        path.write_text(json.dumps(journal, indent=1), encoding="utf-8")


def _note_kinds(kinds: dict[str, set[type]], chunk: Chunk) -> None:
    if isinstance(chunk, pa.Table):
        return
    for row in chunk:
        for column, value in row.items():
            found = kinds.setdefault(column, set())
            if value is not None:
                found.add(cells.kind(value))


def _readings(results: Results) -> pa.Table:
    return results.to_arrow().drop_columns("text")


def _piece(work: Path, number: int) -> Path:
    return work / f"{number:06}.arrow"


def _keep(piece: Path, readings: pa.Table) -> None:
    with _whole(piece) as path, pa.ipc.new_file(path, readings.schema) as writer:
        writer.write_table(readings)


def _load(piece: Path) -> pa.Table:
    with pa.OSFile(str(piece)) as file:
        return pa.ipc.open_file(file).read_all()


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A path to write to, which is put in place, and durably, only when all is written."""
    unfinished = path.with_name(path.name + ".unfinished")
    yield unfinished
    with unfinished.open("rb+") as stream:
        os.fsync(stream.fileno())
    os.replace(unfinished, path)


def _pairs(table: Input, work: Path, chunk_rows: int) -> Iterator[tuple[Chunk, pa.Table]]:
    for number, chunk in enumerate(table.chunks(chunk_rows, lambda row: None), 1):
        yield chunk, _load(_piece(work, number))


def _write_rejects(target: Path, work: Path, bad: list[BadRow]) -> Path | None:
    path = target.with_name(target.name + ".rejects.jsonl")
    if not bad:
        path.unlink(missing_ok=True)  # of an earlier run
        return None
    with (work / path.name).open("wb") as stream:
        stream.writelines(cells.json_line(dataclasses.asdict(row)) for row in bad)
    os.replace(work / path.name, path)
    return path
