"""Write the figures of the model's manifest and of the benchmark into README.md.

    python benchmarks/figures.py

The manifest holds what `cxnlp eval ... --record` printed, throughput.json and scale.json what
throughput.py and scale.py measured; nothing in between is typed by hand. A test checks that
README.md is what this writes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def accuracy(manifests: list[dict]) -> str:
    lines = [
        "| model | comments | pillar micro-F1 | 95% | macro-F1 | sentiment accuracy | ECE "
        "| evidence | language |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    figures = [(m["name"], figure) for m in manifests for figure in m["figures"]]
    for model, figure in figures:
        slices = {"all": figure["report"]["overall"], **figure["report"]["by_language"]}
        for name in ("all", "nl", "en"):
            if name not in slices:
                continue
            values = slices[name]
            low, high = values["pillar_micro_f1_interval"]
            lines.append(
                f"| {model} | {figure['data'].split(' (')[0]}, {name} ({values['comments']:,}) | "
                f"{values['pillar_micro_f1']:.3f} | {low:.2f} to {high:.2f} | "
                f"{values['pillar_macro_f1']:.3f} | "
                f"{values['sentiment_accuracy']:.3f} | {values['ece']:.3f} | "
                f"{values['evidence_hit_rate']:.3f} | {values['language_accuracy']:.3f} |"
            )
    commands = "\n".join(f"- `{figure['command']}`" for _, figure in figures)
    return "\n".join([*lines, "", "Printed by", "", commands])


def speed(measured: dict, scale: dict) -> str:
    pipeline = "transformers pipeline, float32, batches of 32"
    rates, ratios = measured["rates"], measured["ratios"]
    one = "transformers pipeline, float32, one by one"
    machine = measured["machine"].split(", Python")[0]
    return (
        f"{rates['cxnlp, int8']:,.0f} comments per second of {measured['words']} words (median), "
        f"{machine}: {ratios[one]:.1f} times the same weights in a `transformers` pipeline "
        f"one by one, {ratios[pipeline]:.1f} times one that batches. Importing takes "
        f"{measured['import_s']:.2f} s with Python, a first result from a cold start "
        f"{measured['first_result_s']:.2f} s, and {measured['memory_comments']:,} comments "
        f"{measured['memory_mb']:.0f} MB at the peak. Measured by "
        f"`python benchmarks/throughput.py` on {measured['date']}.\n\n"
        f"`fast` reads a million comments of {scale['growth']['words']:.0f} words in "
        f"{scale['growth']['fast']['1000000']['seconds']:.0f} s there, `balanced` in some "
        f"{scale['growth']['balanced']['1000000']['seconds'] / 60:.0f} minutes and `accurate` in "
        f"{scale['growth']['accurate']['1000000']['seconds'] / 60:.0f} (both extrapolated); "
        "a CSV of a million becomes, with `fast`, "
        f"a Parquet file in {scale['file']['seconds']:.0f} s and "
        f"{scale['file']['peak_mb']:.0f} MB at the peak. "
        f"Measured by `python benchmarks/scale.py` on {scale['date']}."
    )


def filled(readme: str) -> str:
    """README.md with the figures of today."""
    manifests = [
        json.loads((ROOT / "models" / name / "manifest.json").read_text(encoding="utf-8"))
        for name in ("accurate", "balanced", "fast")
    ]
    measured = [
        json.loads((ROOT / "benchmarks" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("throughput", "scale")
    ]
    for name, text in (("figures", accuracy(manifests)), ("speed", speed(*measured))):
        pattern = rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)"
        readme = re.sub(pattern, lambda m, t=text: m[1] + t + "\n" + m[2], readme, flags=re.S)
    return readme


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
