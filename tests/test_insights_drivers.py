from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from chance import chance
from sklearn.linear_model import Ridge, RidgeCV

from cxnlp.errors import CxnlpError
from cxnlp.insights import Scored, drivers, impact
from cxnlp.taxonomy import ASPECTS

NAMES = ("impact", "gained", "lost", "praise_effect", "complaint_effect")


def plain_score(scores: list[float], kind: str) -> float:
    """Of NPS as it is defined, in points; else the mean."""
    if kind == "nps":
        promoters, detractors = sum(s >= 9 for s in scores), sum(s <= 6 for s in scores)
        return 100 * (promoters - detractors) / len(scores)
    return sum(scores) / len(scores)


def plain_estimates(
    decisions: np.ndarray, scores: list[float], kind: str, ridge: float
) -> dict[str, list[float]]:
    """The five numbers of each aspect, one comment after another."""
    overall = plain_score(scores, kind)
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for at in range(17):
        for name, test in (("impact", any), ("gained", lambda d: d[0]), ("lost", lambda d: d[1])):
            others = [s for d, s in zip(decisions, scores, strict=True) if not test(d[at])]
            found[name].append(overall - plain_score(others, kind) if others else np.nan)
    points = [plain_score([s], kind) for s in scores]
    effects = Ridge(ridge).fit(decisions.reshape(-1, 34).astype(float), points).coef_
    found["praise_effect"], found["complaint_effect"] = (
        effects[::2].tolist(),
        effects[1::2].tolist(),
    )
    return found


def counted(scored: Scored, scores: pd.Series) -> tuple[np.ndarray, list[float]]:
    rows = [r for r in range(len(scored)) if not scored.no_text[r] and not np.isnan(scores[r])]
    return scored.decisions[rows], [float(scores[r]) for r in rows]


@pytest.mark.parametrize("kind", ["nps", "csat", "stars", "grade"])
def test_estimates(kind: str) -> None:
    scored = chance(500, seed=1)
    scores = scored.extra["nps"]
    scores = {"nps": scores, "grade": np.maximum(scores, 1) - 0.5 * (scores > 3)}.get(
        kind, 1 + scores * 0.4
    )
    frame = impact(scored, scores, kind, replicates=20)
    decisions, given = counted(scored, scores)
    points = [plain_score([s], kind) for s in given]
    order = np.random.default_rng(0).permutation(len(points))
    ridge = RidgeCV(np.logspace(-1, 1.5, 11)).fit(
        decisions.reshape(-1, 34)[order].astype(float), np.array(points)[order]
    )
    expected = plain_estimates(decisions, given, kind, ridge.alpha_)
    assert list(frame["aspect"]) == list(ASPECTS)
    assert frame["mentions"].tolist() == decisions.any(axis=2).sum(axis=0).tolist()
    assert frame["share"].tolist() == pytest.approx(frame["mentions"] / len(given))
    for at, row in frame.iterrows():
        praised, criticised = decisions[:, at].sum(axis=0)
        assert (row["praised"], row["criticised"]) == (praised, criticised)
        least = {"impact": row["mentions"], "gained": praised, "praise_effect": praised}
        assert row["enough"] == (10 <= row["mentions"] <= len(given) - 10)
        for name in NAMES:
            if 10 <= least.get(name, criticised) <= len(given) - 10:
                assert row[name] == pytest.approx(expected[name][at], abs=1e-8)
                assert row[f"{name}_low"] <= row[f"{name}_high"]
            else:
                assert np.isnan([row[name], row[f"{name}_low"], row[f"{name}_high"]]).all()
    assert frame[list(NAMES)].isna().any(axis=None)
    assert frame.attrs == {
        "kind": kind,
        "score": pytest.approx(plain_score(given, kind)),
        "comments": len(given),
        "no_text": scored.no_text.sum(),
        "unscored": sum(
            np.isnan(s) and not silent for s, silent in zip(scores, scored.no_text, strict=True)
        ),
        "silent": sum(
            silent and not np.isnan(s) for s, silent in zip(scores, scored.no_text, strict=True)
        ),
        "score_of_all": pytest.approx(plain_score([s for s in scores if not np.isnan(s)], kind)),
        "varies": True,
    }


def test_a_sample_is_estimated_as_if_its_comments_were_written_out() -> None:
    scored = chance(300, seed=2)
    decisions, given = counted(scored, scored.extra["nps"])
    points = np.array([plain_score([s], "nps") for s in given])
    counts, terms = drivers._distinct(decisions.reshape(-1, 34), points)
    assert counts.sum() == len(given) > len(counts)
    weights = np.random.default_rng(0).poisson(counts)
    found = drivers._estimates(weights[None] @ terms, 3.0)[0]
    kinds = pd.DataFrame(decisions.reshape(-1, 34)).assign(points=points)
    # In the order of `_distinct`: by the bits of the aspects, the last of them highest.
    kinds = kinds.sort_values([*range(33, -1, -1), "points"]).drop_duplicates()
    written = kinds.loc[kinds.index.repeat(weights)]
    nps = written["points"].map({100: 10, 0: 8, -100: 3}).tolist()
    expected = plain_estimates(written[range(34)].to_numpy().reshape(-1, 17, 2), nps, "nps", 3.0)
    for at, name in enumerate(NAMES):
        assert found[:, at] == pytest.approx(expected[name], nan_ok=True, abs=1e-8)


def test_effects_drawn_to_a_point_are_those_of_scores_without_it() -> None:
    scored = chance(300, seed=2)
    decisions, given = counted(scored, scored.extra["nps"])
    said, points = decisions.reshape(-1, 34), np.array(given)
    toward = np.random.default_rng(0).normal(0, 1, 34)
    counts, terms = drivers._distinct(said, points)
    found = drivers._estimates(counts[None] @ terms, 3.0, toward[None])[0, :, 3:].ravel()
    expected = toward + Ridge(3.0).fit(said.astype(float), points - said @ toward).coef_
    assert found == pytest.approx(expected)


def test_the_ridge_is_noise_over_effects() -> None:
    random = np.random.default_rng(0)
    said = random.random((5000, 34)) < 0.1
    points = said @ random.normal(0, 0.4, 34) + random.normal(0, 1, 5000)
    ridge, spread = drivers._ridge(said, points, seed=0)
    assert ridge in np.logspace(-1, 1.5, 11)
    assert spread**2 * ridge == pytest.approx(1, rel=0.05)
    assert 0.2 < spread < 0.8


def test_intervals_are_those_of_a_plain_bootstrap() -> None:
    scored = chance(400, seed=3)
    decisions, given = counted(scored, scored.extra["nps"])
    frame = impact(scored, "nps", replicates=2000)
    random = np.random.default_rng(9)
    draws = {name: [] for name in NAMES[:3]}
    for _ in range(600):
        rows = random.integers(0, len(given), len(given))
        points = np.array([plain_score([given[r]], "nps") for r in rows])
        for name, marks in (
            ("impact", decisions[rows].any(axis=2)),
            ("gained", decisions[rows, :, 0]),
            ("lost", decisions[rows, :, 1]),
        ):
            draws[name].append([points.mean() - points[~marks[:, at]].mean() for at in range(17)])
    for name, values in draws.items():
        low, high = np.quantile(values, [0.025, 0.975], axis=0)
        known = frame[name].notna().to_numpy()
        width = frame[f"{name}_high"] - frame[f"{name}_low"]
        assert (width / (high - low))[known].between(0.8, 1.25).all()
        shift = (frame[f"{name}_high"] + frame[f"{name}_low"] - low - high) / 2 / (high - low)
        assert shift[known].abs().max() < 0.1


@pytest.mark.parametrize("noise", [0.3, 1.2])
def test_known_effects_are_found(noise: float) -> None:
    covered = []
    for seed in range(8):
        scored = chance(600, seed=seed, no_text=0)
        random = np.random.default_rng(seed + 100)
        effects = random.normal(0, 0.3, (17, 2))
        grades = np.tensordot(scored.decisions, effects, 2) + random.normal(0, noise, 600)
        frame = impact(scored, pd.Series(np.clip(5.5 + grades, 1, 10), name="cijfer"))
        for sign, name in enumerate(("praise_effect", "complaint_effect")):
            known = frame[name].notna()
            assert np.corrcoef(frame[name][known], effects[known, sign])[0, 1] > 0.4
            truth = effects[:, sign]
            inside = (frame[f"{name}_low"] <= truth) & (truth <= frame[f"{name}_high"])
            covered += inside[known].tolist()
    assert len(covered) > 200
    assert 0.9 < np.mean(covered) < 0.99


def test_the_same_seed_gives_the_same_intervals_in_any_order() -> None:
    scored = chance(300, seed=5)
    mixed = scored[np.random.default_rng(0).permutation(300)]
    once = impact(scored, "nps", replicates=50)
    pd.testing.assert_frame_equal(once, impact(mixed, "nps", replicates=50))
    other = impact(scored, "nps", replicates=50, seed=1)
    assert not np.allclose(once["impact_low"], other["impact_low"], equal_nan=True)


def test_many_distinct_comments_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    scored = chance(200, seed=6)
    whole = impact(scored, "nps", replicates=30)
    monkeypatch.setattr(drivers, "_BLOCK", 1000)
    pd.testing.assert_frame_equal(whole, impact(scored, "nps", replicates=30))


def test_kinds_are_found_out() -> None:
    scored = chance(4, no_text=0)

    def kind(values: list[object], name: str | None = None) -> str:
        return impact(scored, pd.Series(values, name=name)).attrs["kind"]

    assert kind([0, 3, 9, 10]) == "nps"
    assert kind([1, 3, 5, None]) == "csat"
    assert kind([1, 7.5, 5, 9]) == "grade"
    assert kind(["8", "9,0", "", "10"], "NPS score") == "nps"
    assert kind([8, 9, 7, 10], "Rapportcijfer") == "grade"
    assert kind([4, 4, 4, 5], "Sterren") == "stars"
    assert kind([4, 4, 4, 5], "star_rating") == "stars"
    assert kind([0, 9, 10, 8], "score_start") == kind([0, 9, 10, 8], "upgrade score") == "nps"
    with pytest.raises(CxnlpError, match="may be NPS or grades; say kind='nps' or kind='grade'"):
        kind([8, 9, 7, 10])
    with pytest.raises(CxnlpError, match="a scale of 1 to 5 with a 0 where no score was"):
        kind([0, 3, 5, 4])


@pytest.mark.parametrize(
    ("values", "kind", "why"),
    [
        ([1, 2, 11, 3], None, "Row 3 has the score '11.?0?', which no scale .* has; mend it"),
        ([1, 11, 2, 3], "nps", r"Row 2 has the score '11', which is not within 0 to 10 \(nps\)"),
        ([0, 1, 2, 3], "csat", r"Row 1 has the score '0', which is not within 1 to 5 \(csat\)"),
        ([8, 8, 8, -1], "nps", "Row 4"),
        ([8, 8.5, 8, 8], "nps", "Row 2 has the score '8.5', but NPS is a whole number"),
        ([True, False, True, True], "nps", "Row 1 has the score 'True', which is not a number"),
        (
            ["8", "tien", "7", ""],
            "nps",
            "Row 2 .* 'tien', .*; make it one, or leave the cell empty",
        ),
        ([8, 8, 8, 8], "ces", "kind is 'ces'; give one of nps, csat, stars, grade"),
        ([8, 8], "nps", "2 scores for 4 rows"),
        ("cijfer", "nps", "no column 'cijfer' for the scores. Columns: nps, date, store"),
    ],
)
def test_scores_that_cannot_be(values: object, kind: str | None, why: str) -> None:
    with pytest.raises(CxnlpError, match=why):
        impact(chance(4), values, kind)


def test_no_replicates() -> None:
    with pytest.raises(CxnlpError, match="replicates is 0; give 1 or more"):
        impact(chance(4), [8, 8, 8, 8], "nps", replicates=0)


@pytest.mark.parametrize(
    ("rows", "scores"),
    [(0, []), (1, [9]), (30, [7] * 30), (30, [None] * 30), (15, list(range(11)) + [9] * 4)],
    ids=["no rows", "one comment", "constant", "no scores", "few"],
)
def test_too_few_to_say_anything(rows: int, scores: list[object]) -> None:
    frame = impact(chance(rows, no_text=0), pd.Series(scores, dtype=float), "nps")
    assert len(frame) == 17
    assert not frame["enough"].any()
    assert frame[list(NAMES)].isna().all(axis=None)
    assert frame["impact_low"].isna().all()


def test_samples_of_few_comments_may_hold_none() -> None:
    frame = impact(chance(4, no_text=0), [0, 9, 10, 5], "nps", least=1, replicates=2000)
    assert frame["enough"].any()
    assert frame.loc[frame["enough"], ["impact_low", "impact_high"]].notna().all(axis=None)


def test_rows_without_text_only() -> None:
    frame = impact(chance(40, no_text=1), "nps")
    assert not frame["enough"].any()
    assert frame["share"].isna().all()
    assert np.isnan(frame.attrs["score"])
