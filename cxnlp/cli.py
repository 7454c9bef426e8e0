"""The command line: `cxnlp score | report | eval | info | train`."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cxnlp.errors import CxnlpError, FileError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
ModelOption = Annotated[str, typer.Option("--model", help="A shipped model, or a model folder.")]
DeviceOption = Annotated[str, typer.Option("--device", help="cpu, or cuda for a GPU.")]
SheetOption = Annotated[
    str | None, typer.Option("--sheet", help="The sheet of an Excel file that holds several.")
]
SHOWN_BAD_ROWS = 10


def _check_file(path: Path) -> None:
    if not path.name:  # such as "." and "/", beside which nothing can be named
        raise CxnlpError(f"{path} is a folder; give a file.")


def _version(wanted: bool) -> None:
    if wanted:
        from cxnlp import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which this is.")
    ] = False,
) -> None:
    """Read Dutch and English customer feedback into CX pillars, polarity and sentiment."""


@app.command()
def score(
    source: Annotated[Path, typer.Argument(help="CSV, TSV, JSON lines, Parquet or Excel.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="By default INPUT.scored.SUFFIX.")
    ] = None,
    text: Annotated[str | None, typer.Option(help="The column with the comments.")] = None,
    sheet: SheetOption = None,
    model: ModelOption = "accurate",
    device: DeviceOption = "cpu",
    evidence: Annotated[bool, typer.Option(help="Write the words that carry a reading.")] = True,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a stopped run.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    chunk_rows: Annotated[int, typer.Option(min=1, help="Rows in memory at a time.")] = 10_000,
) -> None:
    """Score the comments of a file.

    Every column comes through, and the readings are added. The output is there when all of it
    is; a run that was stopped goes on with --resume.
    """
    _check_file(source)
    target = output or source.with_name(f"{source.stem}.scored{source.suffix}")
    try:
        # These take a while, and may be interrupted as the run may.
        from tqdm import tqdm

        from cxnlp.files import is_named, score_file
        from cxnlp.model import load

        with tqdm(unit=" rows", disable=not sys.stderr.isatty()) as bar:

            def advance(done: int, rows: int) -> None:
                bar.total = rows
                bar.update(done - bar.n)

            report = score_file(
                source,
                target,
                model=load(model, device=device),
                text=text,
                sheet=sheet,
                chunk_rows=chunk_rows,
                evidence=evidence,
                resume=resume,
                force=force,
                progress=advance,
            )
    except KeyboardInterrupt:
        _say("stopped; --resume goes on where it was")
        raise typer.Exit(130) from None
    if report.replaced:
        _say(
            f"{len(report.replaced)} columns of an earlier scoring gave way to this one: "
            f"{', '.join(_kinds(report.replaced))}"
        )
    for row in report.bad[:SHOWN_BAD_ROWS]:
        _say(f"line {row.line} cannot be read: {row.reason}")
    if report.bad_rows:
        _say(f"{report.bad_rows:,} rows cannot be read; they are kept in {report.rejects}")
    if report.bad_rows and not report.rows:
        raise FileError(
            f"None of the rows of {source} can be read, so {report.target} holds none; see above "
            "what to mend in it."
        )
    pace = (report.rows - report.resumed) / max(report.seconds, 1e-9)
    resumed = f", {report.resumed:,} of them by an earlier run" if report.resumed else ""
    _say(
        f"{report.rows:,} rows scored from column {report.text!r}{resumed}, "
        f"{pace:,.0f} per second: {report.target}"
    )
    if report.headed and text is None and not is_named(report.text):
        _say(
            f"if {report.text!r} is no name but a comment, put a line with names on top: it was "
            "not read"
        )


@app.command()
def report(
    source: Annotated[Path, typer.Argument(help="A file that `cxnlp score` wrote.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="By default INPUT.html.")
    ] = None,
    lang: Annotated[str, typer.Option(help="The language of the report: en or nl.")] = "en",
    title: Annotated[str | None, typer.Option(help="The title of the report.")] = None,
    text: Annotated[str | None, typer.Option(help="The column with the comments.")] = None,
    sheet: SheetOption = None,
    date: Annotated[str | None, typer.Option(help="The column with their dates.")] = None,
    score: Annotated[str | None, typer.Option(help="The column with NPS or another score.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="What that score is: nps, csat, stars or grade.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="The column with stores, channels, ...")] = None,
    day_first: Annotated[
        bool | None,
        typer.Option("--day-first/--month-first", help="How 03-04-2026 is meant."),
    ] = None,
    least: Annotated[int, typer.Option(min=1, help="Groups of fewer comments are left out.")] = 10,
    mask: Annotated[bool, typer.Option(help="Mask personal data in quotes.")] = True,
    model: Annotated[
        str | None,
        typer.Option(help="The model whose figures are told; by default the one that scored it."),
    ] = None,
) -> None:
    """Write a report on a scored file: one HTML page that opens anywhere, with nothing to load."""
    from cxnlp import insights

    _check_file(source)
    target = insights.report(
        source,
        output or source.with_suffix(".html"),
        lang=lang,
        title=title,
        text=text,
        sheet=sheet,
        date=date,
        score=score,
        kind=kind,
        group=group,
        dayfirst=day_first,
        least=least,
        mask=mask,
        model=model,
    )
    _say(f"written to {target} ({target.stat().st_size / 1e6:.1f} MB); open it in any browser")


@app.command("eval")
def evaluate(
    labelled: Annotated[Path, typer.Argument(help="JSON lines with labels, see the README.")],
    model: ModelOption = "accurate",
    device: DeviceOption = "cpu",
    output: Annotated[
        Path | None, typer.Option("--json", help="Where to write the metrics as JSON.")
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(help="Keep the figures in the model's manifest and card, under this name."),
    ] = None,
) -> None:
    """Measure a model on labelled comments."""
    from cxnlp import evaluation
    from cxnlp.files import read_labelled
    from cxnlp.model import load
    from cxnlp.whole import check_place, whole

    if output:
        check_place(output, mark=b'"sentiment_macro_f1"')
    data = read_labelled(labelled)
    loaded = load(model, device=device)
    guess = evaluation.readings_of(loaded.classify(data.texts, progress=sys.stderr.isatty()))
    report = evaluation.report(data.truth, guess, data.sources)
    typer.echo(evaluation.tables(report))
    if output:
        with whole(output) as part:
            part.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        _say(f"written to {output}")
    if record:
        from cxnlp.training import card

        assert loaded.folder is not None
        which = "" if model == "accurate" else f" --model {shlex.quote(model)}"
        which += "" if device == "cpu" else f" --device {device}"
        command = f"cxnlp eval {shlex.quote(str(labelled))}{which}"
        card.record(loaded.folder, record, command, report)
        _say(f"recorded in {loaded.folder}")


@app.command()
def info(model: ModelOption = "accurate") -> None:
    """Say what model is loaded, from where, and how good it is."""
    from cxnlp import __version__, store

    stored = store.read(model)
    manifest = stored.manifest
    size = sum(path.stat().st_size for path in stored.folder.iterdir() if path.is_file())
    rows: list[tuple[str, Any]] = [
        ("cxnlp", __version__),
        ("model", manifest.get("name")),
        ("folder", stored.folder),
        ("size", f"{size / 1e6:.1f} MB"),
        ("weights", f"sha256 {manifest['files'][store.NETWORK][:12]}"),
        ("format", manifest["format"]),
        ("written by", ", ".join(f"{k} {v}" for k, v in manifest.get("written_by", {}).items())),
        ("aspects", ", ".join(manifest["labels"]["aspects"])),
    ]
    for figure in manifest.get("figures", []):
        overall = figure["report"]["overall"]
        shown = ", ".join(
            f"{name.replace('_', ' ')} {value:.3f}"
            for name, value in overall.items()
            if isinstance(value, float)
        )
        rows.append((figure["data"], f"{shown}; printed by {figure['command']}"))
    for name, value in rows:
        typer.echo(f"{name + ':':12} {value}")


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="A recipe, such as recipes/accurate.toml.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Model folder; by default models/NAME.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="For checkpoints and the log; by default runs/NAME.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="Another base: a BERT-like folder or hub name.")
    ] = None,
) -> None:
    """Train a model from raw files.

    A run that was stopped goes on where it was; that of the fast model, where the teacher was.
    """
    import dataclasses
    import logging

    if not config.is_file():
        raise CxnlpError(f"There is no file {config}.")
    try:
        from cxnlp.training import distil, recipe, shorten
    except ModuleNotFoundError as error:
        raise CxnlpError(f"{error.name} is missing: pip install 'cxnlp[train]'") from None
    try:
        values = recipe.Config.resolved(config)
        kind = shorten if "layers" in values else distil if "teacher" in values else recipe
        settings = kind.Config.read(config)
    except (ValueError, KeyError, TypeError) as error:
        raise CxnlpError(f"{config} is no recipe ({error}); see recipes/accurate.toml.") from None
    if base and kind is not recipe:
        raise CxnlpError(f"{config} has a teacher and no base; leave --base out.")
    if base:
        settings = dataclasses.replace(settings, base=base)
    folder = work or Path("runs") / settings.name
    folder.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        handlers=[
            logging.StreamHandler(),
            logging.FileHandler(folder / "log.txt", encoding="utf-8"),
        ],
    )
    target = output or Path("models") / settings.name
    kind.run(settings, folder, target)
    _say(f"written to {target}")


def _kinds(names: list[str]) -> list[str]:
    """Names of readings, with one for all aspects, such as cx_*_evidence."""
    from cxnlp.results import PREFIX
    from cxnlp.taxonomy import ASPECTS

    aspect = re.compile(rf"{PREFIX}({'|'.join(ASPECTS)})(?=_|$)")
    return [*dict.fromkeys(aspect.sub(f"{PREFIX}*", name) for name in names)]


def main() -> None:
    """Run the command line; a refusal is one line and exit code 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # what it cannot show is no reason to stop
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except (CxnlpError, OSError) as error:
        _say(f"error: {error}")
        sys.exit(1)


def _say(line: str) -> None:
    typer.echo(line, err=True)
