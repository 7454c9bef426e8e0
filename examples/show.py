"""Print a scored file for the eye: what was praised, what was criticised, and some comments."""

from __future__ import annotations

import sys

import pandas as pd

from cxnlp.taxonomy import ASPECTS


def main(path: str) -> None:
    """Print the scored file at `path`."""
    scored = pd.read_csv(path, dtype=str, keep_default_na=False)
    counts = pd.DataFrame(
        {
            polarity: [int((scored[f"cx_{aspect}"] == polarity).sum()) for aspect in ASPECTS]
            for polarity in ("positive", "negative", "mixed")
        },
        index=ASPECTS,
    )
    print(f"\n{len(scored)} comments: {scored['cx_sentiment'].value_counts().to_dict()}\n")
    print(counts.to_string(), "\n")
    for _, row in scored[scored["comment"].str.len() > 20].head(12).iterrows():
        found = [
            f"{aspect} {row[f'cx_{aspect}']} ({row[f'cx_{aspect}_evidence']})"
            for aspect in ASPECTS
            if row[f"cx_{aspect}"]
        ]
        print(f"{' '.join(row['comment'].split())[:100]!r}")
        print(f"    {row['cx_sentiment']} {row['cx_score']}; {'; '.join(found) or 'no aspects'}")


if __name__ == "__main__":
    main(sys.argv[1])
