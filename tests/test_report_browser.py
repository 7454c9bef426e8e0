"""The report in a browser, where one is installed: `apt-get install chromium`."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import FRAGMENTS, table

import cxnlp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def _chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert CHROMIUM is not None
    return subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-extensions", "--proxy-server=127.0.0.1:9", "--enable-logging=stderr",
            "--hide-scrollbars",
            f"--user-data-dir={folder / 'profile'}", *arguments,
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with comments that try to run."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed, so the page is not opened in a browser")
    folder = tmp_path_factory.mktemp("page")
    attack = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    said = [
        {FRAGMENTS[row % len(FRAGMENTS)][:2]: FRAGMENTS[row % len(FRAGMENTS)][3]}
        for row in range(600)
    ]
    texts = [f"{attack} {row} {' '.join(words.values())}" for row, words in enumerate(said)]
    random = np.random.default_rng(0)
    frame = table(
        said,
        texts,
        store=[f"{attack} {row % 5}" for row in range(600)],
        date=pd.Timestamp(2026, 1, 1) + pd.to_timedelta(random.integers(0, 360, 600), unit="D"),
        nps=random.integers(0, 11, 600),
    )
    cxnlp.report(frame, folder / "report.html", title="Kept")
    return folder


def _asked_for(log: Path) -> set[str]:
    """What a page made the browser fetch; what the browser wants for itself has no origin."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    starts = [event["params"] for event in events if "initiator" in event.get("params", {})]
    return {start["url"] for start in starts if start["initiator"] != "not an origin"}


def test_a_browser_runs_and_fetches_nothing(opened: Path) -> None:
    page, log = opened / "report.html", opened / "net.json"
    done = _chromium(opened, f"--log-net-log={log}", "--dump-dom", page.as_uri())
    assert "<title>Kept</title>" in done.stdout
    assert "&lt;script&gt;document.title='run'&lt;/script&gt;" in done.stdout
    assert "<script" not in done.stdout
    assert "CONSOLE" not in done.stderr
    assert _asked_for(log) == set()


def test_a_page_that_runs_and_fetches_would_be_found(opened: Path) -> None:
    page, log = opened / "bad.html", opened / "bad.json"
    page.write_text(
        "<script>console.log(1)</script><img src='http://example.invalid/x.png'>", encoding="utf-8"
    )
    done = _chromium(opened, f"--log-net-log={log}", "--dump-dom", page.as_uri())
    assert "CONSOLE" in done.stderr
    assert _asked_for(log) == {"http://example.invalid/x.png"}


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_a_browser_shows_all_of_it(opened: Path, width: int) -> None:
    """Nothing is wider than the window, and letters of charts are of a size to read."""
    kept = (opened / "report.html").read_text(encoding="utf-8")
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", kept)
    measure = """
    <script>onload = () => {
      const page = document.querySelector("iframe").contentDocument;
      for (const d of page.querySelectorAll("details")) d.open = true;
      const wide = [...page.querySelectorAll("section > *, header > *")]
        .filter((e) => e.getBoundingClientRect().right > page.documentElement.clientWidth + 0.5);
      const charts = [...page.querySelectorAll("svg")].filter((e) => e.clientWidth);
      const texts = charts.flatMap((c) => [...c.querySelectorAll("text")].map((t) => [c, t]));
      const cut = texts.filter(([c, t]) => {
        const inner = t.getBoundingClientRect(), outer = c.getBoundingClientRect();
        return inner.left < outer.left - 1 || inner.right > outer.right + 1 ||
          inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
      });
      document.title = JSON.stringify({
        over: page.documentElement.scrollWidth - page.documentElement.clientWidth,
        wide: wide.map((e) => e.tagName + " " + e.textContent.slice(0, 30)),
        charts: charts.length,
        small: Math.min(...charts.map((c) => 11 * c.getScreenCTM().a)),
        cut: cut.map(([c, t]) => t.textContent),
      });
    };</script>"""
    frame = opened / f"frame{width}.html"
    escaped = free.replace("&", "&amp;").replace('"', "&quot;")
    frame.write_text(
        f'<!DOCTYPE html><meta charset="utf-8">{measure}'
        f'<iframe srcdoc="{escaped}" style="width:{width}px;height:2000px;border:0"></iframe>',
        encoding="utf-8",
    )
    done = _chromium(opened, "--window-size=1400,2100", "--dump-dom", frame.as_uri())
    title = re.search(r"<title>(\{.*?\})</title>", done.stdout)
    assert title is not None
    found = json.loads(html.unescape(title[1]))
    assert found["over"] == 0
    assert found["wide"] == []
    assert found["charts"] == 5  # sentiment, pillars, impact, trend, groups
    assert found["small"] >= 10
    assert found["cut"] == []
