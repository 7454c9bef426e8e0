"""The page: tables, charts and sentences put into one file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from cxnlp import __version__, store
from cxnlp.errors import CxnlpError
from cxnlp.insights.excerpts import highlighted
from cxnlp.insights.reporting import parts
from cxnlp.insights.reporting.findings import findings, shape_of, weakest
from cxnlp.insights.reporting.gather import Content, Options, gather
from cxnlp.insights.reporting.parts import Table
from cxnlp.insights.reporting.words import LANGUAGES, WORDING, Words
from cxnlp.insights.scored import Scored, Source
from cxnlp.whole import check_place, whole

#: What every report holds: it may take the place of an earlier one, and of no other page.
_MARK = 'name="generator" content="cxnlp"'
_LIMITS = ("limit_use", "limit_irony", "limit_subject", "limit_sample")


def report(
    source: Source,
    path: Path | str,
    *,
    lang: str = "en",
    title: str | None = None,
    text: str | None = None,
    date: str | None = None,
    score: str | None = None,
    kind: str | None = None,
    group: str | None = None,
    sheet: str | None = None,
    model: str | Path | None = None,
    dayfirst: bool | None = None,
    least: int = 10,
    mask: bool = True,
) -> Path:
    """Write a report on scored comments: one HTML file that needs nothing else.

    Parameters
    ----------
    source
        `cxnlp.Results`, a scored table, or the path of a scored file, see `Scored.of`.
    path
        The file to write; an earlier report is replaced, any other file is not.
    lang
        ``"en"`` or ``"nl"``: the language of the report.
    title
        Its title; by default a plain one.
    text, date, score, group
        Columns with the comments, their dates, a score (NPS, CSAT, stars or a grade) and groups
        such as stores; found out by their names and contents if not given.
    sheet
        The sheet of a workbook to read; needed where several hold cells.
    kind
        Of the score, see `impact`; found out if not given.
    model
        The model that read the comments, by name or folder, for its figures; by default the
        shipped one that the readings name.
    dayfirst
        Whether 03-04-2026 is 3 April; found out if not given.
    least
        Groups of fewer comments are not shown, to protect the people in them.
    mask
        Mask personal data in quotes, see `cxnlp.insights.masking.mask`.

    Returns
    -------
    pathlib.Path
        The file that was written.

    Raises
    ------
    CxnlpError
        For a column that was named and does not exist or cannot be used, another language or
        kind, a table that was not scored, a folder that does not exist, or a file that is there
        and is no report. What was found and cannot be used, such as a score out of range, is said
        in the report.
    """
    if lang not in LANGUAGES:
        raise CxnlpError(f"There is no report in {lang!r}; give one of {', '.join(LANGUAGES)}.")
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise CxnlpError(f"The report is a page: give {path.name} the suffix .html.")
    for what, column in (("text", text), ("date", date), ("score", score), ("group", group)):
        if not isinstance(column, str | None):
            raise CxnlpError(
                f"{what} is a {type(column).__name__}; give the name of a column of a table, such "
                "as results.to_pandas().assign(nps=…)."
            )
    check_place(path, _MARK.encode())
    given = None if model is None else store.read_manifest(store.find(model))
    scored = Scored.of(source, text=text, sheet=sheet)
    content = gather(scored, Options(lang, date, score, kind, group, dayfirst, least, mask))
    page = render(content, Words(lang), title, given or _manifest(scored.model))
    with whole(path) as part:
        # Half a surrogate pair may stand in a title.
        part.write_text(page, encoding="utf-8", errors="replace")
    return path


def render(
    content: Content, words: Words, title: str | None, manifest: dict[str, Any] | None
) -> str:
    """The page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cxnlp.insights.reporting", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html.j2")
    return page.render(
        words=words,
        mark=Markup(_MARK),
        content=content,
        title=title or words("title"),
        findings=findings(content, words),
        period=_period(content, words),
        tiles=_tiles(content, words),
        languages=_languages(content, words),
        sentiment=parts.sentiment(content, words) if content.comments else None,
        parts=[
            (key, make(content, words))
            for key, make in (
                ("pillars", parts.pillars),
                ("impact", parts.impact),
                ("trend", parts.trend),
                ("groups", parts.groups),
            )
            if content.comments
        ],
        missing=lambda part: parts.missing(content, part, words),
        quotes=[_quoted(*each, words) for each in content.quotes],
        urgent=_urgent(content, words),
        more_urgent=_more_urgent(content, words),
        left_out=_left_out(content, words),
        model=_model(manifest, words),
        limits=[words(key) for key in _LIMITS],
    )


def _manifest(named: str | None) -> dict[str, Any] | None:
    """What is known of the model that the readings name."""
    if named is None:
        return None
    if named not in store.shipped_names():
        return {"name": named}
    return store.read_manifest(store.find(named))


def _period(content: Content, words: Words) -> str:
    if content.first is None or content.last is None:
        return ""
    first, last = words.day(content.first), words.day(content.last)
    return first if first == last else words("period", first=first, last=last)


def _tiles(content: Content, words: Words) -> list[tuple[str, str]]:
    """Large numbers, and what they are of."""
    tiles = [(words.number(content.comments), words.counted("comments", content.comments))]
    if content.impact is not None and content.impact.attrs["comments"]:
        kind, value = content.impact.attrs["kind"], content.impact.attrs["score"]
        if kind == "nps":
            tiles.append((words.number(value, sign=True), words("nps_tile")))
        else:
            tiles.append((words.number(value, 1), words(f"{kind}_tile")))
    if content.comments:
        for name in ("positive", "negative"):
            share = content.sentiments[name] / content.comments
            tiles.append((words.percent(share), words(f"is_{name}")))
    if content.urgent is not None:
        tiles.append((words.number(content.urgent.attrs["recent"]), words("is_urgent")))
    return tiles


def _languages(content: Content, words: Words) -> str:
    names = {"mixed": "mixed_language"}
    parts = [
        f"{words(names.get(name, name))} ({words.number(count)})"
        for name, count in sorted(content.languages.items(), key=lambda item: -item[1])
        if count
    ]
    return words("languages", list=words.join(parts)) if parts else ""


def _quoted(aspect: str, sign: str, frame: pd.DataFrame, words: Words) -> dict[str, Any]:
    head = "criticised" if sign == "negative" else "is_praised"
    return {
        "title": words(head, aspect=words.aspect(aspect)),
        "sign": sign,
        "comments": [_shown(row) for row in frame.to_dict("records")],
    }


def _shown(row: dict[Any, Any]) -> dict[str, Any]:
    # What `highlighted` gives is escaped, but for the marks that it adds.
    marked = Markup(highlighted(row["text"], row["start"], row["end"]))
    return {"text": marked, "lang": row["language"] if row["language"] in ("nl", "en") else ""}


def _urgent(content: Content, words: Words) -> list[dict[str, Any]]:
    if content.urgent is None:
        return []
    return [
        _shown(row)
        | {
            "reason": row["reason"],
            "date": words.day(row["date"]) if pd.notna(row.get("date")) else "",
        }
        for row in content.urgent.to_dict("records")
    ]


def _more_urgent(content: Content, words: Words) -> str:
    if content.urgent is None:
        return ""
    shown = len(content.urgent)
    found, recent = (content.urgent.attrs[name] for name in ("found", "recent"))
    said = [] if found == shown else [words("first_of", shown=shown, all=words.number(found))]
    if found != recent:
        said.append(words.counted("of_them_recent", recent) if recent else words("none_recent"))
    return " ".join(said)


def _left_out(content: Content, words: Words) -> list[str]:
    options, said = content.options, []
    counts = {
        "no_text": content.no_text,
        "foreign": content.languages["other"],
        "unscored": 0 if content.impact is None else content.impact.attrs["unscored"],
        "undated": 0 if content.trend is None else content.trend.attrs["undated"],
    }
    for key, count in counts.items():
        if count:
            said.append(words.counted(key, count))
    if content.impact is not None and (silent := content.impact.attrs["silent"]):
        kind = content.impact.attrs["kind"]
        every = words.number(content.impact.attrs["score_of_all"], *shape_of(kind))
        said.append(words.counted("silent", silent, score=words(f"the_{kind}"), value=every))
    hidden = content.suppressed
    if hidden.get("groups"):
        said.append(
            words.counted(
                "suppressed",
                hidden["groups"],
                column=options.group,
                least=options.least,
                comments=words.number(hidden["comments"]),
            )
        )
    if hidden.get("ungrouped"):
        said.append(words.counted("ungrouped", hidden["ungrouped"], column=options.group))
    used = [name for name in (options.date, options.score, options.group) if name]
    used = [name for name in used if name not in content.unusable]
    said.append(words("used", columns=words.join(used) or words("none")))
    said += [words("unusable", column=name, why=why) for name, why in content.unusable.items()]
    if content.quotes or (content.urgent is not None and len(content.urgent)):
        said.append(words("masked" if options.mask else "unmasked"))
    return said


def _model(manifest: dict[str, Any] | None, words: Words) -> dict[str, Any]:
    if manifest is None:
        return {"intro": words("no_model"), "table": None, "notes": []}
    rows, weak = [], ""
    for figure in manifest.get("figures", []):
        by_language = figure["report"].get("by_language", {})
        if not {"nl", "en"} & by_language.keys():
            continue  # comments in other languages say nothing of how well these are read
        parts = {"all": figure["report"]["overall"]} | by_language
        rows += [
            [f"{_named(figure['data'], words)}, {words(name)}", words.number(part["comments"])]
            + [
                words.percent(part[key]) if part.get(key) is not None else "–"
                for key in ("pillar_micro_f1", "sentiment_accuracy", "evidence_hit_rate")
            ]
            for name, part in parts.items()
            if name in ("all", "nl", "en")
        ]
        weak = weakest(figure["report"].get("by_aspect", {}), words) or weak
    head = ["measured_on", "comments_head", "f1", "accuracy", "hits"]
    notes = [words("f1_means")]
    if weak:
        notes.append(words("weakest", aspects=weak))
    intro = "model_is" if rows else "unmeasured"
    return {
        "intro": words(intro, name=manifest.get("name", "?"), version=__version__),
        "table": Table([words(key) for key in head], rows) if rows else None,
        "notes": notes if rows else [],
    }


def _named(data: str, words: Words) -> str:
    """The name of a data set in the report's language, without the file in brackets after it."""
    name = re.sub(r"\s*\([^()]*\)$", "", data)
    return words(name) if name in WORDING else name
