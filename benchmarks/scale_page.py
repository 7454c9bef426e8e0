"""The page that tells what scale.py measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MODELS = ("fast", "balanced", "accurate")


def page(figures: dict[str, Any]) -> str:
    sizes, done = figures["sizes"], figures["file"]
    trial = "A trial with small counts: its figures are rough.\n\n" if figures["quick"] else ""
    price, growth = figures["price"], figures["growth"]
    return f"""\
# How it scales

Written by `python benchmarks/scale.py` on {figures["date"]}: {figures["machine"]}.

{trial}{_first(figures)}

\\* Extrapolated, see below. The price of {price:.2f} an hour for a machine like this one, in
whatever currency, is an assumption; `--price` takes another. How true the models are is in
[baselines](baselines.md).

{_losses(figures)}

## More comments

Distinct comments of {growth["words"]:.0f} words on average, in one call of `classify`, evidence
included. One comment is read alone, by a model that is loaded.

{_growth(growth, sizes["counts"])}

Short ones, {figures["short"]["words"]:.1f} words on average:

{_growth(figures["short"], sizes["short"])}

\\* Extrapolated: on the line through the two largest counts that were measured with that model.

## Longer comments

{_lengths(figures["lengths"], sizes["lengths"])}

## Kinds of comment

{_kinds(figures["kinds"])}

## A big file on the command line

`cxnlp score big.csv -o big.parquet --model fast`, a CSV of {done["rows"]:,} distinct comments
({done["csv_mb"]:.0f} MB, {done["words"]:.0f} words on average), in a fresh process:
{duration(done["seconds"])}, {done["rows"] / done["seconds"]:,.0f} rows per second. All
{done["rows"]:,} rows came out. On average {done["cores_busy"]:.2f} of {figures["cores"]} cores were
busy (processor time over wall time).

{_memory(done)}

## The limit of the machine

{_limit(figures)}

## How it was measured

What is compared takes turns in {sizes["rounds"]} rounds, and medians are told; the million comments
and the file have one turn. Starts are medians of {sizes["starts"]} fresh processes, in turns as
well. The comments are those of the corpus in this repository; where more are needed, each is the
first half of one and the second half of another, so that all are distinct and as long as comments
are. Their words are those of the corpus, and cxnlp remembers how it cut a word: a million
comments by a million people have more words that it has not seen. Comments that are alike are read
once, which helps with real files and not here. Those of a given length are the corpus end to end,
cut anew. Memory is what is resident, looked at ten times a second. It all took
{duration(figures["took_s"])}.
"""


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> [duration(seconds) for seconds in (0.0031, 0.65, 42, 128, 4020)]
    ['3.1 ms', '0.65 s', '42 s', '2 min 8 s', '1 h 7 min']
    """
    if seconds < 0.1:
        return f"{seconds * 1000:.{seconds < 0.01:d}f} ms"
    if seconds < 9.95:
        return f"{seconds:.{2 if seconds < 1 else 1}f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    unit, (big, small) = (60, ("h", "min")) if round(seconds) >= 3600 else (1, ("min", "s"))
    whole, rest = divmod(round(seconds / unit), 60)
    return f"{whole} {big} {rest} {small}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines)


def _million(figures: dict[str, Any], model: str) -> tuple[float, str]:
    """Seconds for a million comments, or the most of a trial, and a star if extrapolated."""
    found = figures["growth"][model][str(figures["sizes"]["counts"][-1])]
    return found["seconds"], "" if found["measured"] else "\\*"


def _first(figures: dict[str, Any]) -> str:
    start, growth, done = figures["start"], figures["growth"], figures["file"]
    kinds, count = figures["kinds"], figures["sizes"]["counts"][-1]
    rows: dict[str, list[str]] = {}
    for model in MODELS:
        seconds, star = _million(figures, model)
        cost = seconds / 3600 * figures["price"]
        cells = {
            f"reviews per second (median {kinds['words']['reviews']:.0f} words)": (
                f"{1 / kinds[model]['reviews']:,.0f}"
            ),
            f"{count:,} comments of {growth['words']:.0f} words take": duration(seconds) + star,
            f"and cost, at {figures['price']:.2f} an hour": f"{cost:.4f}{star}",
            "one comment alone, model loaded": duration(growth[model]["1"]["seconds"]),
            "a bare Python starts in": duration(start["seconds"]["python"]),
            "`import cxnlp`, Python included": duration(start["seconds"]["import"]),
            "first result from a cold start": duration(start["seconds"][model]),
            "folder of the model": f"{start['folder_mb'][model]:.1f} MB",
            f"peak memory, {done['rows']:,} rows from CSV to Parquet": (
                f"{done['peak_mb']:,.0f} MB" if model == "fast" else "not measured"
            ),
        }
        for name, cell in cells.items():
            rows.setdefault(name, []).append(cell)
    return table(["", *MODELS], [[name, *cells] for name, cells in rows.items()])


def _losses(figures: dict[str, Any]) -> str:
    """What is less good than it could be, in figures; true whatever they are."""
    growth, lengths, limit = figures["growth"], figures["lengths"], figures["limit"]
    done = figures["file"]
    slow, middle, quick = (_million(figures, model)[0] for model in reversed(MODELS))
    alone = {}
    for model in MODELS:
        most = max(int(c) for c, f in growth[model].items() if c.isdigit() and f["measured"])
        alone[model] = growth[model]["1"]["seconds"] * most / growth[model][str(most)]["seconds"]
    usual, longest = figures["sizes"]["lengths"][1], figures["sizes"]["lengths"][-1]
    long = {
        model: lengths[model][str(longest)] * usual / longest / lengths[model][str(usual)]
        for model in MODELS
    }
    padding = {m: 1 - limit[m]["work_unpadded"] / limit[m]["work"] for m in MODELS}
    return f"""\
## Where it is slow

- `accurate` takes {slow / middle:.1f} times as long as `balanced`, and {slow / quick:,.0f} times as
  long as `fast`.
- A comment that is read alone takes {alone["fast"]:.1f} times as long as among many with `fast`,
  {alone["balanced"]:.1f} times with `balanced`, {alone["accurate"]:.1f} times with `accurate`: give
  many at once.
- A word of a comment of {longest} words takes {long["fast"]:.1f} times as long as one of a comment
  of {usual} with `fast`, {long["balanced"]:.1f} times with `balanced`, {long["accurate"]:.1f} times
  with `accurate`.
- The command line keeps {done["cores_busy"]:.2f} of {figures["cores"]} cores busy: what is not the
  network (the CSV, tokens, columns, the Parquet) is work for one.
- {padding["fast"]:.0%} of the arithmetic of `fast`, {padding["balanced"]:.0%} of that of `balanced`
  and {padding["accurate"]:.0%} of that of `accurate` is spent on padding; from text to columns they
  reach {limit["fast"]["all"]["share"]:.0%}, {limit["balanced"]["all"]["share"]:.0%} and
  {limit["accurate"]["all"]["share"]:.0%} of what the processor can do in int8."""


def _growth(found: dict[str, Any], counts: list[int]) -> str:
    rows = []
    for count in counts:
        cells = [f"{count:,}"]
        for model in MODELS:
            own = found[model][str(count)]
            star = "" if own["measured"] else "\\*"
            cells += [duration(own["seconds"]) + star, f"{count / own['seconds']:,.0f}{star}"]
        rows.append(cells)
    heads = [f"{model}{what}" for model in MODELS for what in ("", ", comments/s")]
    return table(["comments", *heads], rows)


def _lengths(found: dict[str, Any], lengths: list[int]) -> str:
    rows = []
    for words in lengths:
        cells = [str(words)]
        for model in MODELS:
            seconds = found[model][str(words)]
            cells += [f"{seconds * 1e6:,.0f} µs", f"{words / seconds:,.0f}"]
        rows.append(cells)
    heads = [f"{model}{what}" for model in MODELS for what in (", a comment", ", words/s")]
    return table(["words", *heads], rows)


def _kinds(found: dict[str, Any]) -> str:
    rows = [
        [kind, f"{words:.0f}", *(f"{1 / found[model][kind]:,.0f}" for model in MODELS)]
        for kind, words in found["words"].items()
    ]
    return table(["", "words (median)", *(f"{model}, comments/s" for model in MODELS)], rows)


def _memory(done: dict[str, Any]) -> str:
    memory = [f"{value:,.0f} MB" for value in done["memory_mb"].values()]
    cores = [f"{value:.2f}" for value in done["cores_until"].values()]
    head = ["of the run", *(f"{float(share):.0%}" for share in done["memory_mb"]), "end", "peak"]
    return table(
        head,
        [
            ["resident memory", *memory, "", f"{done['peak_mb']:,.0f} MB"],
            ["cores busy since the column before", *cores, ""],
        ],
    )


def _limit(figures: dict[str, Any]) -> str:
    limit = figures["limit"]
    shape, best = max(limit["peaks"].items(), key=lambda item: item[1])
    shares = {model: f"{limit[model]['network']['share']:.0%}" for model in MODELS}
    cells: dict[str, Callable[[dict[str, Any]], str]] = {
        "multiply-adds for each token": lambda own: f"{own['each_token']:,}",
        "and for each pair of tokens, in attention": lambda own: f"{own['each_pair']:,}",
        "tokens of a comment": lambda own: f"{own['tokens']:.1f}",
        "with padding": lambda own: f"{own['tokens_padded']:.1f}",
        "million multiply-adds for a comment": lambda own: f"{own['work_unpadded'] / 1e6:,.1f}",
        "those with padding": lambda own: f"{own['work'] / 1e6:,.1f}",
        "share of them in int8": lambda own: f"{own['int8_share']:.0%}",
        "comments/s, were all done at the int8 peak": lambda own: f"{own['rate_at_peak']:,.0f}",
        "comments/s of the network alone": lambda own: f"{own['network']['rate']:,.0f}",
        "its share of the peak": lambda own: f"{own['network']['share']:.0%}",
        "comments/s from text to columns": lambda own: f"{own['all']['rate']:,.0f}",
        "their share of the peak": lambda own: f"{own['all']['share']:.0%}",
    }
    rows = [[name, *(cell(limit[model]) for model in MODELS)] for name, cell in cells.items()]
    return f"""\
The first {limit["comments"]:,} comments of the corpus. The multiply-adds of all products are
counted from the graphs, attention included, look-ups not. On {figures["cores"]} cores ONNX Runtime
does {best / 1e9:,.0f} billion of them a second, uint8 with int8, in the best of
{len(limit["peaks"])} large products ({shape}).
That bounds what this arithmetic can do here. The network of `accurate` reaches
{shares["accurate"]} of it, with padding, that of `balanced` {shares["balanced"]} and that of `fast`
{shares["fast"]}; the rest goes to products in float32, to rounding, normalisation and look-ups,
which count for nothing here, and to products too small for the peak.

{table(["", *MODELS], rows)}"""
