"""Score a file of comments: chunk by chunk, resumable, all or nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.ipc
from filelock import FileLock, Timeout

from cxnlp import __version__
from cxnlp.errors import FileError
from cxnlp.files import cells, inputs, outputs
from cxnlp.files.cells import Chunk
from cxnlp.files.inputs import BadRow, Excel, Input, open_input
from cxnlp.files.outputs import Layout
from cxnlp.files.sniff import ONE_COLUMN
from cxnlp.files.survey import survey
from cxnlp.results import PREFIX, READINGS, Results
from cxnlp.whole import PART, check_folder, sync, whole

OUTPUTS: dict[str, Callable[[Path, Layout, outputs.Pairs], None]] = {
    ".csv": outputs.write_csv,
    ".tsv": outputs.write_csv,
    ".txt": outputs.write_csv,
    ".jsonl": outputs.write_jsonl,
    ".ndjson": outputs.write_jsonl,
    ".parquet": outputs.write_parquet,
    ".xlsx": outputs.write_excel,
}
#: Cells in memory at a time: fewer rows are taken of a wide file.
CHUNK_CELLS = 500_000
#: Rows that cannot be read are all kept in a file, the first of them in the report.
BAD_ROWS = 1000
FINGERPRINT_BYTES = 1 << 20
#: In the folder of a run that is not whole: what it was asked, and what it holds while it runs.
JOURNAL, LOCK = "journal.json", "lock"
#: Columns that every scoring has written.
_ALWAYS = frozenset(f"{PREFIX}{name}" for name in ("language", "sentiment", "score"))
_OURS = re.compile(
    rf"(?:lock|\d+\.arrow|journal\.json|rejects\.jsonl|whole\.\w+)(?:{re.escape(PART)})?"
)


class Classifier(Protocol):
    """What scores: a `cxnlp.Model`, or anything that reads comments as it does."""

    name: str
    device: str
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
    headed
        Whether the names of its columns are a line of the input.
    replaced
        Columns of an earlier scoring that gave way; also those that were not written anew.
    bad, bad_rows
        The first rows that could not be read, and how many there are in all.
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
    headed: bool
    replaced: list[str]
    bad: list[BadRow]
    bad_rows: int
    seconds: float


def score_file(
    source: Path | str,
    target: Path | str,
    *,
    model: Classifier,
    text: str | None = None,
    sheet: str | None = None,
    chunk_rows: int = 10_000,
    evidence: bool = True,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[int, int], Any] = lambda done, rows: None,
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
    sheet
        The sheet of a workbook to read; needed where several hold cells.
    chunk_rows
        Rows in memory at a time; fewer of a file with very many columns.
    evidence
        Also write the words that carry each reading.
    resume
        Go on where an interrupted run with the same input, model and options stopped; it keeps
        its own `chunk_rows`.
    force
        Replace an output, or what an interrupted run left.
    progress
        Called after each chunk with the number of rows that are done, and of all rows.

    Raises
    ------
    FileError
        For a file that cannot be read or written as asked; says what to do.
    ValueError
        For a `chunk_rows` under 1.
    """
    if chunk_rows < 1:
        raise ValueError(f"chunk_rows is {chunk_rows!r}; give a whole number of 1 or more")
    started = time.monotonic()
    source, target = Path(source), _behind(Path(target))
    inputs.check_name(target)
    table, write = open_input(source, sheet), _writer(target)
    work = target.with_name(target.name + ".partial")
    _check_target(source, target, work, resume, force)
    free = not target.exists()
    stamp = _stamp(source)
    found = survey(table, text, target)
    fresh = _readings(model.classify([], evidence=evidence)).schema
    if found.text in READINGS:
        raise FileError(
            f"Column {found.text!r} would give way to the readings; give it another name."
        )
    given = [name for name in found.kinds if name in READINGS]
    if given and not _ALWAYS.issubset(given):
        raise FileError(
            f"Columns of {source} would give way to the readings ({', '.join(given)}), though no "
            "earlier scoring wrote them; give them other names."
        )
    kept = {name: kinds for name, kinds in found.kinds.items() if name not in READINGS}
    if target.suffix.lower() == ".xlsx":
        outputs.check_excel_sheet(found.rows, len(kept) + len(fresh), target)
    chunk_rows = max(1, min(chunk_rows, CHUNK_CELLS // len(found.kinds)))
    journal = _journal(table, stamp, model, found.text, chunk_rows, evidence)
    with _claimed(work, resume or force):
        chunk_rows = _start(work, journal, resume)["options"]["chunk_rows"]

        rows = resumed = 0
        output = work / f"whole{target.suffix}"
        with _Rejects(work / "rejects.jsonl") as rejects:

            def pairs() -> outputs.Pairs:
                """Chunks with their readings, which are kept as they come."""
                nonlocal rows, resumed
                for number, chunk in enumerate(_chunks(table, stamp, chunk_rows, rejects.add)):
                    piece = work / f"{number:06}.arrow"
                    readings = _kept(piece, len(chunk), fresh)
                    if readings is None:
                        values = [cells.flat(value) for value in cells.column(chunk, found.text)]
                        readings = _readings(model.classify(values, evidence=evidence))
                        _keep(piece, readings)
                    else:
                        resumed += len(chunk)
                    rows += len(chunk)
                    yield chunk, readings
                    progress(rows, found.rows)

            write(output, Layout(table, kept, fresh), pairs())
        sync(output)
        if free and target.exists():
            raise FileError(
                f"{target} was written by another run meanwhile; replace it with --resume, which "
                f"has all of the readings, or delete {work}."
            )
        rejected = _rejected(target)
        if rejects.count:
            os.replace(rejects.path, rejected)
        else:
            rejected.unlink(missing_ok=True)  # of an earlier run
        os.replace(output, target)
        _clear(work)
    with contextlib.suppress(OSError):  # another run has begun in it
        work.rmdir()
    return Report(
        target,
        rejected if rejects.count else None,
        rows,
        resumed,
        found.text,
        table.encoding,
        table.delimiter if table.delimiter != ONE_COLUMN else None,
        table.headed,
        given,
        rejects.first,
        rejects.count,
        time.monotonic() - started,
    )


class _Rejects:
    """Rows that cannot be read, written down as they come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.first: list[BadRow] = []
        self.count = 0

    def __enter__(self) -> _Rejects:
        self._file = self.path.open("wb")
        return self

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def add(self, row: BadRow) -> None:
        self._file.write(cells.json_line(dataclasses.asdict(row)))
        self.count += 1
        if self.count <= BAD_ROWS:
            self.first.append(row)


def _rejected(target: Path) -> Path:
    return target.with_name(target.name + ".rejects.jsonl")


def _stamp(source: Path) -> tuple[int, int]:
    """What tells that a file was changed: its size and time."""
    status = source.stat()
    return status.st_size, status.st_mtime_ns


def _chunks(
    table: Input, stamp: tuple[int, int], size: int, reject: inputs.Reject
) -> Iterator[Chunk]:
    """Chunks of an input that stays the same from the first reading to the last."""
    for chunk in itertools.chain(table.chunks(size, reject), [None]):
        if _stamp(table.path) != stamp:
            raise FileError(
                f"{table.path} was changed while it was read; begin anew with --force when it is "
                "complete."
            )
        if chunk is not None:
            yield chunk


def _writer(target: Path) -> Callable[[Path, Layout, outputs.Pairs], None]:
    write = OUTPUTS.get(target.suffix.lower())
    if write is None:
        raise FileError(f"Cannot write {target.name}: give one of {', '.join(OUTPUTS)}.")
    check_folder(target)
    return write


def _check_target(source: Path, target: Path, work: Path, resume: bool, force: bool) -> None:
    if resume and force:
        raise FileError("--resume goes on and --force begins anew; give one of them.")
    for path in (target, _rejected(target)):  # both are replaced
        if path.exists() and path.samefile(source):
            raise FileError(f"{path} is the input; give the output another name.")
    if target.is_dir():
        raise FileError(f"{target} is a folder; give the output another name.")
    if work.exists() and not _is_ours(work):
        raise FileError(
            f"{work} is in the way and was not left by cxnlp; move it, or give the output another "
            "name."
        )
    if work.exists() and not (resume or force):
        raise FileError(
            f"{work} was left by a run that was interrupted; go on with --resume, or begin anew "
            "with --force."
        )
    for path, what in ((target, "is whole"), (_rejected(target), "holds what a run rejected")):
        if path.exists() and not (work.exists() or force):
            raise FileError(f"{path} exists and {what}; replace it with --force.")


def _behind(target: Path) -> Path:
    """What a link points to: that is written, and the link stays."""
    if not target.is_symlink():
        return target
    real = Path(os.path.realpath(target))
    if real.is_symlink() or real.suffix.lower() != target.suffix.lower():
        raise FileError(f"{target} is a link to {real}; give the file itself as the output.")
    return real


def _is_ours(work: Path) -> bool:
    """Whether a run that was interrupted has left this folder: with a journal, or what we write."""
    if not work.is_dir():
        return False
    names = {path.name for path in work.iterdir()}
    return JOURNAL in names or all(map(_OURS.fullmatch, names))


def _journal(
    table: Input,
    stamp: tuple[int, int],
    model: Classifier,
    text: str,
    chunk_rows: int,
    evidence: bool,
) -> dict[str, Any]:
    """What must be the same for an interrupted run to go on."""
    with table.path.open("rb") as stream:
        start = hashlib.sha256(stream.read(FINGERPRINT_BYTES)).hexdigest()
    return {
        "input": {"bytes": stamp[0], "changed": stamp[1], "start": start},
        "model": {
            "name": model.name,
            **{part: model.manifest.get(part) for part in ("files", "calibration")},
            "version": __version__,
        },
        "options": {
            "sheet": table.sheet if isinstance(table, Excel) else None,
            "text": text,
            "chunk_rows": chunk_rows,
            "evidence": evidence,
            "device": model.device,
        },
    }


@contextlib.contextmanager
def _claimed(work: Path, again: bool) -> Iterator[None]:
    """The folder of a run, made or found `again`, and locked against other runs till the end."""
    try:
        work.mkdir()
    except FileExistsError:
        if not again:
            raise FileError(
                f"{work} is of another run, which began meanwhile; let it end."
            ) from None
    try:
        with FileLock(work / LOCK, timeout=0):  # which a kill releases
            yield
            with contextlib.suppress(OSError):  # Windows deletes no open file
                (work / LOCK).unlink()
    except Timeout:
        raise FileError(
            f"{work} is of a run that is still going; let it end, or stop it."
        ) from None
    except OSError as error:
        raise FileError(
            f"{error}, while writing in {work}. What is done is kept; mend that, and go on with "
            "--resume."
        ) from None


def _start(work: Path, journal: dict[str, Any], resume: bool) -> dict[str, Any]:
    """Begin a run, or go on with an earlier one, and give its journal."""
    note = work / JOURNAL
    if resume and note.exists():
        try:
            before = json.loads(note.read_text(encoding="utf-8"))
        except ValueError:
            before = None
        if not _is_journal(before):
            raise FileError(f"{note} is damaged; begin anew with --force.")
        _check_same(before, journal, work)
        return before
    _clear(work)
    with whole(note) as path:
        path.write_text(json.dumps(journal, indent=1), encoding="utf-8")
    return journal


def _clear(work: Path) -> None:
    """Leave nothing of a run but its lock."""
    for path in work.iterdir():
        if path.name != LOCK:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _is_journal(before: Any) -> bool:
    try:
        held = "input" in before and "name" in before["model"]
        return held and before["options"]["chunk_rows"] > 0
    except (TypeError, KeyError):
        return False


def _check_same(before: dict[str, Any], journal: dict[str, Any], work: Path) -> None:
    """Refuse to go on with another input, model or options than before."""
    begun, given = (
        {"model": run["model"]["name"], **run["options"], "chunk_rows": None}  # is taken over
        for run in (before, journal)
    )
    another = [part for part in ("input", "model") if before[part] != journal[part]]
    changed = [name for name in given if begun.get(name) != given[name]]
    if changed and "input" not in another:
        was, now = (
            " ".join(_flag(name, run.get(name)) for name in changed) for run in (begun, given)
        )
        raise FileError(
            f"Cannot go on: the run which left {work} was begun with {was}, not {now}. Give that, "
            "or begin anew with --force."
        )
    if another:
        raise FileError(
            f"Cannot go on: another {' and '.join(another)} than that of the run which left "
            f"{work}. Begin anew with --force."
        )


def _flag(name: str, value: Any) -> str:
    """An option as it is given on the command line."""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    return f"--{name} {shlex.quote(str(value))}"


def _readings(results: Results) -> pa.Table:
    return results.to_arrow().drop_columns("text")


def _kept(piece: Path, rows: int, schema: pa.Schema) -> pa.Table | None:
    """The readings of a chunk, if they are there; those that a bad disk has damaged are not."""
    try:
        with pa.OSFile(str(piece)) as file:
            readings = pa.ipc.open_file(file).read_all()
    except (OSError, pa.ArrowException):
        return None
    return readings if len(readings) == rows and readings.schema.equals(schema) else None


def _keep(piece: Path, readings: pa.Table) -> None:
    with whole(piece) as path, pa.ipc.new_file(path, readings.schema) as writer:
        writer.write_table(readings)
