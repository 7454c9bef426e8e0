from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from chance import chance
from test_insights_intervals import plain_fisher, plain_net, plain_wilson

from cxnlp.errors import CxnlpError
from cxnlp.insights import Scored, compare, pillars, trend
from cxnlp.insights.shrinkage import shrunk_net
from cxnlp.taxonomy import ASPECTS, GROUPS, TAXONOMY

PAIR = ("positive", "negative")


def plain_counts(scored: Scored, rows: list[int], aspect: int) -> dict[str, int]:
    """Comments by what they say of an aspect, one after another."""
    counts = {"none": 0, "positive": 0, "negative": 0, "mixed": 0}
    for row in rows:
        if not scored.no_text[row]:
            plus, minus = scored.decisions[row, aspect]
            counts["mixed" if plus and minus else "positive" if plus else
                   "negative" if minus else "none"] += 1  # fmt: skip
    return counts


def check(row: pd.Series, counts: dict[str, int]) -> None:
    """A row of a table against its counts."""
    total = sum(counts.values())
    mentions = total - counts["none"]
    assert (row["comments"], row["mentions"]) == (total, mentions)
    assert [row[name] for name in (*PAIR, "mixed")] == [counts[name] for name in (*PAIR, "mixed")]
    for name, count in (("share", mentions), *((f"{n}_share", counts[n]) for n in PAIR)):
        assert row[name] == pytest.approx(count / total)
        low, high = plain_wilson(count, total)
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx((low, high))
    net = plain_net(*counts.values())
    assert (row["net"], row["net_low"], row["net_high"]) == pytest.approx(net, abs=1e-9)
    assert row["net"] == pytest.approx(row["positive_share"] - row["negative_share"])


def plain_corrected(p: list[float]) -> list[float]:
    order = sorted(range(len(p)), key=p.__getitem__)
    found, least = [0.0] * len(p), 1.0
    for rank in range(len(p), 0, -1):
        least = min(least, p[order[rank - 1]] * len(p) / rank)
        found[order[rank - 1]] = least
    return found


def plain_p(here: dict[str, int], there: dict[str, int]) -> float:
    totals = sum(here.values()), sum(there.values())
    tests = [
        plain_fisher(here[n] + here["mixed"], totals[0], there[n] + there["mixed"], totals[1])
        for n in PAIR
    ]
    return min(1, 2 * min(tests))


def test_pillars() -> None:
    scored = chance(300)
    frame = pillars(scored)
    assert list(frame["aspect"]) == list(ASPECTS)
    assert list(frame["aspect"].cat.categories) == list(ASPECTS)
    assert list(frame["aspect_group"]) == [aspect.group for aspect in TAXONOMY]
    assert list(frame["aspect_group"].cat.categories) == list(GROUPS)
    assert frame.attrs == {"no_text": scored.no_text.sum()}
    for at, row in frame.iterrows():
        check(row, plain_counts(scored, list(range(300)), at))
    assert frame["mixed"].any()


@pytest.mark.parametrize("by", ["month", "week", "quarter", "year", "day"])
def test_trend(by: str) -> None:
    scored = chance(250, seed=1)
    scored.extra.loc[[3, 5, 8], "date"] = pd.NaT
    days = [None if pd.isna(day) else day.date() for day in scored.extra["date"]]
    names = {
        "day": lambda d: f"{d}",
        "week": lambda d: d.isocalendar()[:2],
        "month": lambda d: (d.year, d.month),
        "quarter": lambda d: (d.year, (d.month + 2) // 3),
        "year": lambda d: d.year,
    }
    periods: dict[object, list[int]] = {}
    for row, day in sorted(enumerate(days), key=lambda pair: str(pair[1])):
        if day is not None and not scored.no_text[row]:
            periods.setdefault(names[by](day), []).append(row)
    frame = trend(scored, "date", by)
    assert len(frame) == 17 * len(periods)
    assert frame.attrs == {"undated": (~scored.no_text[[3, 5, 8]]).sum(), "unreadable": 0}
    before: list[dict[str, int]] = []
    p: list[float] = []
    for position, rows in enumerate(periods.values()):
        part = frame.iloc[17 * position : 17 * position + 17]
        assert part["period"].iloc[0].start_time.date() <= days[rows[0]]
        assert days[rows[-1]] <= part["period"].iloc[0].end_time.date()
        here = [plain_counts(scored, rows, at) for at in range(17)]
        for at, (_, row) in enumerate(part.iterrows()):
            check(row, here[at])
            if before:
                p.append(plain_p(here[at], before[at]))
                earlier = frame.iloc[17 * (position - 1) + at]
                assert row["net_change"] == pytest.approx(row["net"] - earlier["net"])
                assert row["share_change"] == pytest.approx(row["share"] - earlier["share"])
        before = here
    assert frame[["p", "share_change", "net_change"]].iloc[:17].isna().all(axis=None)
    assert frame["p"].iloc[17:].tolist() == pytest.approx(plain_corrected(p))
    assert frame["stands_out"].equals(frame["p"] < 0.05)


def test_a_change_stands_out_and_noise_does_not() -> None:
    scored = chance(4000, seed=2)
    assert not trend(scored, "date")["stands_out"].any()
    june = scored.extra["date"] >= "2026-05-01"
    scored.decisions[june.to_numpy() & ~scored.no_text, ASPECTS.index("ease"), 1] |= (
        np.random.default_rng(0).random((june & ~scored.no_text).sum()) < 0.15
    )
    found = trend(scored, "date").query("stands_out")
    assert list(found["aspect"]) == ["ease"]
    assert list(found["period"].astype(str)) == ["2026-05"]
    assert found["net_change"].item() < -0.1


def test_dates_of_a_trend() -> None:
    scored = chance(60)
    dutch = scored.extra["date"].dt.strftime("%d-%m-%Y")
    assert trend(scored, dutch).equals(trend(scored, "date"))
    assert trend(scored, dutch.tolist()).equals(trend(scored, scored.extra["date"].to_numpy()))
    dutch[scored.no_text.argmin()] = "vorige week"
    assert trend(scored, dutch).attrs == {"undated": 1, "unreadable": 1}
    early = scored[(scored.extra["date"].dt.day <= 12).to_numpy()]
    unclear = early.extra["date"].dt.strftime("%d-%m-%Y")
    with pytest.raises(CxnlpError, match="say dayfirst="):
        trend(early, unclear)
    assert trend(early, unclear, dayfirst=True).equals(trend(early, "date"))
    with pytest.raises(CxnlpError, match="by is 'fortnight'; give one of day, week, month"):
        trend(scored, "date", "fortnight")
    with pytest.raises(CxnlpError, match="no column 'datum' for the dates"):
        trend(scored, "datum")


def test_one_period() -> None:
    scored = chance(40)
    frame = trend(scored, ["2026-01-31"] * 40)
    assert len(frame) == 17
    assert frame["share"].equals(pillars(scored)["share"])
    assert frame["p"].isna().all()
    assert not frame["stands_out"].any()


def plain_shrunk(values: list[list[int]]) -> list[tuple[float, float, float]]:
    """Groups of +1, 0 and -1 per comment, by the sums of squares of an analysis of variance."""
    n = [len(group) for group in values]
    total, groups = sum(n), len(values)
    means = [sum(group) / len(group) for group in values]
    mean = sum(map(sum, values)) / total
    within = sum((x - m) ** 2 for g, m in zip(values, means, strict=True) for x in g)
    within /= total - groups
    apart = sum(k * (m - mean) ** 2 for k, m in zip(n, means, strict=True))
    between = (apart - (groups - 1) * within) / (total - sum(k * k for k in n) / total)
    said = [sum(map(abs, group)) / len(group) for group in values]
    usual = sum(sum(map(abs, group)) for group in values) / total
    found = []
    if between <= 0:
        half = 1.959964 * (within / total) ** 0.5
        return [(mean, mean - half, mean + half)] * groups
    belief = [k / (k + within / between) for k in n]
    mean = sum(z * m for z, m in zip(belief, means, strict=True)) / sum(belief)
    for k, z, m, often in zip(n, belief, means, said, strict=True):
        middle = z * m + (1 - z) * mean
        own = z * often + (1 - z) * usual - middle**2 + 0.5 / k
        half = (z**2 * own / k + (1 - z) ** 2 * (between + between / sum(belief))) ** 0.5
        half *= 1.959964
        found.append((middle, max(-1, middle - half), min(1, middle + half)))
    return found


def test_compare() -> None:
    scored = chance(400, seed=3)
    scored.extra.loc[:20, "store"] = [" Assen ", "", None] * 7
    names = [
        str(name).strip() if isinstance(name, str) and name.strip() else None
        for name in scored.extra["store"]
    ]
    stores = {
        name: [at for at in range(400) if names[at] == name and not scored.no_text[at]]
        for name in sorted({name for name in names if name})
    }
    shown = [name for name, rows in stores.items() if len(rows) >= 30]
    assert 2 <= len(shown) < len(stores)
    frame = compare(scored, "store", least=30)
    assert list(frame["group"].unique()) == shown
    hidden = sum(len(rows) for name, rows in stores.items() if name not in shown)
    assert frame.attrs == {
        "suppressed": {"groups": len(stores) - len(shown), "comments": hidden},
        "ungrouped": sum(name is None and not scored.no_text[at] for at, name in enumerate(names)),
    }
    p = []
    for at in range(17):
        signs = [
            [
                int(scored.decisions[r, at, 0]) - int(scored.decisions[r, at, 1])
                for r in stores[name]
            ]
            for name in shown
        ]
        for name, shrunk in zip(shown, plain_shrunk(signs), strict=True):
            row = frame[(frame["group"] == name) & (frame["aspect"] == ASPECTS[at])].squeeze()
            here = plain_counts(scored, stores[name], at)
            check(row, here)
            others = [r for other in shown if other != name for r in stores[other]]
            there = plain_counts(scored, others, at)
            net, rest = plain_net(*here.values()), plain_net(*there.values())
            low = net[0] - rest[0] - ((net[0] - net[1]) ** 2 + (rest[2] - rest[0]) ** 2) ** 0.5
            high = net[0] - rest[0] + ((net[2] - net[0]) ** 2 + (rest[0] - rest[1]) ** 2) ** 0.5
            found = row["difference"], row["difference_low"], row["difference_high"]
            assert found == pytest.approx((net[0] - rest[0], low, high), abs=1e-9)
            found = row["shrunk"], row["shrunk_low"], row["shrunk_high"]
            assert found == pytest.approx(shrunk, abs=1e-6)
            p.append((shown.index(name), at, plain_p(here, there)))
    expected = plain_corrected([value for *_, value in sorted(p)])
    assert frame["p"].tolist() == pytest.approx(expected)
    assert frame["stands_out"].equals(frame["p"] < 0.05)


def test_a_small_store_does_not_top_the_list() -> None:
    scored = chance(4000, seed=4, no_text=0)
    time = ASPECTS.index("time")
    random = np.random.default_rng(0)
    stores = np.array([f"store {at:02}" for at in range(20)])[random.integers(0, 20, 4000)]
    best = stores == "store 07"
    scored.decisions[best, time, 0] = random.random(best.sum()) < 0.3
    stores[:3] = "tiny"
    scored.decisions[:3, time] = [True, False]
    frame = compare(scored, stores, least=1).query("aspect == 'time'").set_index("group")
    assert frame["net"].idxmax() == "tiny"
    assert frame["shrunk"].idxmax() == "store 07"
    assert frame.loc["store 07", "stands_out"]
    assert frame.loc["store 07", "difference_low"] > 0
    hidden = compare(scored, stores)
    assert "tiny" not in set(hidden["group"])
    assert hidden.attrs["suppressed"] == {"groups": 1, "comments": 3}


def test_shrunk_intervals_hold_the_truth() -> None:
    random = np.random.default_rng(5)
    sizes = random.integers(10, 200, 60)
    praise = np.clip(random.normal(0.3, 0.08, 60), 0.01, 0.6)
    hits = []
    for _ in range(100):
        plus = random.binomial(sizes, praise)
        minus = random.binomial(sizes - plus, 0.2)
        counts = np.stack([sizes - plus - minus, plus, minus, 0 * plus], axis=-1)[:, None]
        shrunk, low, high = shrunk_net(counts)
        truth = praise - (1 - praise) * 0.2
        hits.append(np.mean((low[:, 0] <= truth) & (truth <= high[:, 0])))
        raw = (plus - minus) / sizes
        assert np.mean((shrunk[:, 0] - truth) ** 2) < np.mean((raw - truth) ** 2)
    assert 0.92 < np.mean(hits) < 0.98


def test_shrunk_intervals_of_what_few_say_hold_the_truth_of_the_worst() -> None:
    random = np.random.default_rng(5)
    everyone, worst = [], []
    for _ in range(200):
        sizes, truth = random.integers(10, 60, 25), random.beta(2, 18, 25)
        minus = random.binomial(sizes, truth)
        counts = np.stack([sizes - minus, 0 * minus, minus, 0 * minus], axis=-1)[:, None]
        shrunk, low, high = (column[:, 0] for column in shrunk_net(counts))
        held = (low <= -truth) & (-truth <= high)
        everyone.append(held.mean())
        worst.append(held[shrunk.argmin()])
    assert 0.92 < np.mean(everyone) < 0.97
    assert np.mean(worst) > 0.85  # of all groups' variance alike: 0.75


def test_a_difference_does_not_tell_a_group_that_is_hidden() -> None:
    scored = chance(100, no_text=0)
    stores = pd.Series(["A"] * 60 + ["B"] * 37 + ["C"] * 3)
    frame, without = compare(scored, stores), compare(scored, stores.where(stores != "C"))
    pd.testing.assert_frame_equal(frame, without)
    alone = compare(scored, stores.where(stores != "B"))
    assert alone["difference"].isna().all()


def test_groups_of_one_member() -> None:
    scored = chance(30, no_text=0)
    alone = compare(scored, ["A"] * 29 + ["B"])
    assert set(alone["group"]) == {"A"}
    assert alone["shrunk"].tolist() == pytest.approx(alone["net"].tolist())
    everyone = compare(scored, range(30))
    assert everyone.empty
    assert "shrunk" in everyone
    assert everyone.attrs["suppressed"] == {"groups": 30, "comments": 30}
    singles = compare(scored, range(30), least=1)
    assert len(singles) == 30 * 17
    assert np.isfinite(singles["shrunk"]).all()
    one = compare(scored, [7] * 30)
    assert one["difference"].isna().all()
    assert not one["stands_out"].any()
    assert one["group"].tolist() == [7] * 17


def test_groups_of_lists() -> None:
    with pytest.raises(CxnlpError, match="The groups are lists"):
        compare(chance(2), [["A"], ["B"]])


def test_numbers_among_the_names_of_groups() -> None:
    mixed = compare(chance(80, no_text=0), pd.Series([101, "Web", " Web ", " "] * 20, dtype=object))
    assert mixed["group"].unique().tolist() == [101, "Web"]
    assert mixed["comments"].unique().tolist() == [20, 40]
    assert mixed.attrs["ungrouped"] == 20


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["A", "B", " A", None] * 10).dictionary_encode(),
        pa.array([dt.date(2026, 3, 1), dt.date(2026, 3, 2), None, None] * 10),
        pa.array([Decimal("1.5"), Decimal("2.5"), None, None] * 10),
    ],
    ids=["dictionary", "dates", "decimals"],
)
def test_groups_of_arrow_types(values: pa.Array) -> None:
    groups = pd.Series(pd.arrays.ArrowExtensionArray(values))
    frame = compare(chance(40, no_text=0), groups)
    assert frame["group"].nunique() == 2
    assert frame.attrs["ungrouped"] == sum(value is None for value in values.to_pylist())


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_no_comments(rows: int) -> None:
    scored = chance(rows, no_text=1)
    frame = pillars(scored)
    assert len(frame) == 17
    assert (frame[["comments", "mentions"]] == 0).all(axis=None)
    assert frame[["share", "net", "net_low"]].isna().all(axis=None)
    assert frame.attrs == {"no_text": rows}
    for empty in (trend(scored, "date"), compare(scored, "store")):
        assert empty.empty
        assert {"aspect", "net", "stands_out"} <= set(empty)


def test_one_comment() -> None:
    scored = chance(1, no_text=0)
    for frame in (pillars(scored), trend(scored, "date"), compare(scored, "store", least=1)):
        assert len(frame) == 17
        assert set(frame["comments"]) == {1}
        assert frame["share"].isin([0, 1]).all()


def test_tables_take_results_and_files_too(tmp_path: object) -> None:
    from conftest import FakeModel

    results = FakeModel().classify(["vriendelijk", "traag", "traag maar vriendelijk", None])
    results.to_pandas().to_csv(tmp_path / "scored.csv", index=False)
    for source in (results, results.to_arrow(), tmp_path / "scored.csv"):
        frame = pillars(source).set_index("aspect")
        assert frame.loc["time", "share"] == pytest.approx(2 / 3)


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, cxnlp.insights; print({'sklearn', 'statsmodels', 'pandas'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
