"""Draw wrong decisions of a model to read, and put what was found into its card.

    python benchmarks/errors.py draw FILE       # 200 wrong decisions on the dev comments, to read
    python benchmarks/errors.py record FILE     # the same file with causes filled in
    python benchmarks/errors.py card            # counts of corpus/errors.json, into the card

A person reads the drawn file and gives each decision one of the causes of `corpus/errors.json`;
`record` keeps there what was found, without the texts, and `card` renders it. The file that is
drawn holds customers' texts: keep it out of the repository.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

import cxnlp
from cxnlp import store
from cxnlp.evaluation import readings_of
from cxnlp.files import read_labelled
from cxnlp.taxonomy import ASPECTS
from cxnlp.training import card
from cxnlp.training.corpus import key_of

ROOT = Path(__file__).parent.parent
DEV = (ROOT.parent / "shared" / "feedback" / "dev.jsonl", ROOT / "corpus" / "dev.jsonl")
KEPT = ROOT / "corpus" / "errors.json"
MODEL, DRAWN = "accurate", 200


def draw(path: Path) -> None:
    """Write a random sample of the wrong decisions, one JSON line each, with room for a cause."""
    wrong = []
    for file in DEV:
        data = read_labelled(file)
        results = cxnlp.load(MODEL).classify(data.texts)
        said, truth = readings_of(results).aspects, data.truth.aspects
        for row, aspect, sign in zip(*np.nonzero(said != truth), strict=True):
            wrong.append(
                {
                    "text": data.texts[row],
                    "aspect": ASPECTS[aspect] + "+-"[sign],
                    "wrong": "invented" if said[row, aspect, sign] else "missed",
                    "labelled": _marks(truth[row]),
                    "read": _marks(said[row]),
                    "cause": "",
                }
            )
    chosen = np.random.default_rng(0).permutation(len(wrong))[:DRAWN]
    lines = (json.dumps(wrong[at], ensure_ascii=False) + "\n" for at in chosen)
    path.write_text("".join(lines), encoding="utf-8")
    print(f"{len(wrong)} decisions are wrong; {len(chosen)} of them are in {path}")


def _marks(decisions: np.ndarray) -> str:
    pairs = zip(*np.nonzero(decisions), strict=True)
    return " ".join(ASPECTS[aspect] + "+-"[sign] for aspect, sign in pairs)


def record(path: Path) -> None:
    """Keep the causes, with a key in place of each text."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    with path.open(encoding="utf-8") as lines:
        kept["read"] = [
            {"key": key_of(r["text"]), **{name: r[name] for name in ("aspect", "wrong", "cause")}}
            for r in map(json.loads, lines)
        ]
    unknown = {r["cause"] for r in kept["read"]} - set(kept["causes"])
    if unknown:
        raise SystemExit(f"{KEPT} does not name the causes {sorted(unknown)}")
    text = json.dumps(kept, ensure_ascii=False, indent=1)
    KEPT.write_text(text + "\n", encoding="utf-8")


def render() -> None:
    """Counts and examples, into the manifest and the card of the model."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    if not kept["read"]:
        raise SystemExit(f"{KEPT} holds no errors that were read; draw and record some first")
    causes = [
        {"cause": name, **said, "count": sum(r["cause"] == name for r in kept["read"])}
        for name, said in kept["causes"].items()
    ]
    card.keep(
        store.find(MODEL),
        errors={
            "read": len(kept["read"]),
            "missed": sum(r["wrong"] == "missed" for r in kept["read"]),
            "causes": sorted(causes, key=lambda cause: -int(cause["count"])),
        },
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["draw", file]:
            draw(Path(file))
        case ["record", file]:
            record(Path(file))
        case ["card"]:
            render()
        case _:
            raise SystemExit(__doc__)
