"""The tables, the chart and docs/performance.md have the measurements of one run of `make bench`."""
# ruff: noqa: RUF001

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import chart, report, results
from benchmarks.__main__ import PAGE
from benchmarks.peers import LABELS
from benchmarks.report import Summary, Target
from benchmarks.results import Results

ROOT = Path(__file__).parents[2]
DIRECTORY = ROOT / "benchmarks"
COMMITTED = results.from_json((DIRECTORY / "results.json").read_text("utf-8"))
MADE_UP = Results(
    date="2026-11-25",
    commit="abc123",
    machine={"cpu": "A CPU", "cores": "2 cores"},
    packages={"httpx": {"anyio": "4.16.0", "httpx": "0.28.1"}},
    measurements={
        "cold": {"ours": [0.2, 0.4, 0.3], "httpx": [0.2, 0.2, 0.3], "sdk": [0.5, 0.5, 0.5]},
        "models": {"ours": [40e-6, 42e-6, 50e-6]},
        "throughput": {"ours": [299.0, 291.0, 300.0], "aiohttp": [300.0, 300.0, 300.0]},
        "memory": {"ours": [30.0, 32.0, 32.0, 33.0], "ours_async": [30.0, 40.0, 50.0, 60.0]},
    },
)


def test_summaries_and_ratios() -> None:
    """The median and the quartiles; of ratios, round by round: a round that was slow for both changes nothing."""
    assert report.summary([3.0, 1.0, 2.0, 5.0, 4.0]) == Summary(3.0, 2.0, 4.0)
    assert report.summary([7.0]) == Summary(7.0, 7.0, 7.0)
    assert report.summary([]) is None
    assert report.ratio([1.0, 30.0, 3.0], [1.0, 30.0, 1.0]) == Summary(1.0, 1.0, 2.0)
    assert report.ratio([1.0], []) is None


@pytest.mark.parametrize(
    ("target", "median", "met"),
    [
        (Target("cold", "ours", "httpx", 1.0), 1.0, True),
        (Target("cold", "ours", "sdk", 0.5), 0.6, False),
        (Target("models", "ours", "", 42e-6), 42e-6, True),
        (Target("throughput", "ours", "", 300, is_minimum=True), 299.0, False),
        (Target("throughput", "ours", "aiohttp", 0.97, is_minimum=True), 299 / 300, True),
        (Target("memory", "ours", "its first half", 1.05), 33 / 32, True),
        (Target("memory", "ours_async", "its first half", 1.05), 1.5, False),
        (Target("warm", "ours", "httpx", 1.0), None, None),
    ],
)
def test_targets_are_compared_with_the_median(target: Target, median: float | None, met: bool | None) -> None:  # noqa: FBT001
    """With a maximum or minimum, inclusive; a target without a measurement is neither met nor missed."""
    measured = report.measured(MADE_UP, target)
    assert (measured.median if measured else None) == (pytest.approx(median) if median else None)
    assert report.is_met(target, measured) is met


def test_the_tables_have_targets_measurements_and_versions() -> None:
    """In results.md, and between the markers of a page, the rest of which is unchanged."""
    lines = report.markdown(MADE_UP).splitlines()
    for line in (
        "2026-11-25, commit abc123; A CPU, 2 cores.",
        "| Cold start, https | this client | the service's SDK | 0.60 (0.50 – 0.70) | at most 0.50 | **no** |",
        "| Warm edit | this client | httpx | not measured | at most 1.00 |  |",
        "| Reading 20 images, without decoding the JSON | this client |  | 42 µs (41 µs – 46 µs) | at most 42 µs | yes |",
        "| httpx | 200 ms | 200 ms – 250 ms | 1.00 |",
        "- httpx: anyio 4.16.0, httpx 0.28.1",
    ):
        assert line in lines
    page = report.with_tables("# Fast\n<!-- speed -->\nold\n<!-- /speed -->\nthe rest\n", MADE_UP)
    assert page.startswith("# Fast\n<!-- speed -->\n| this client in units of | the service's SDK | httpx |")
    assert "| a fresh process makes one edit, https | 0.60 | 1.00 |  |  |\n" in page
    assert page.endswith("|\n<!-- /speed -->\nthe rest\n")


def test_the_chart_has_a_bar_for_each_peer() -> None:
    """Whose length is the ratio; without a measurement there is none. The chart loads nothing."""
    drawn = chart.svg(MADE_UP)
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    labels = [LABELS[peer] for peer in ("ours", "sdk", "httpx", "ours", "aiohttp")]
    assert [text for text in texts if text in LABELS.values()] == labels
    assert "1.67×" in texts
    bars = [float(element.attrib["width"]) for element in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert bars[1] == max(bars)
    assert re.findall(r"https?://[^\"]*|url\(|href", drawn) == ["http://www.w3.org/2000/svg"]


def test_the_committed_files_are_of_one_complete_run() -> None:
    """results.md, results.svg and the tables of docs/performance.md have the values of results.json; the README has no ratio."""
    assert results.from_json(results.to_json(COMMITTED)) == COMMITTED
    assert (DIRECTORY / "results.md").read_text("utf-8") == report.markdown(COMMITTED)
    assert (DIRECTORY / "results.svg").read_text("utf-8") == chart.svg(COMMITTED)
    text = PAGE.read_text("utf-8")
    assert len(re.findall(r"<!-- (speed|targets) -->\n\|", text)) == 2
    assert report.with_tables(text, COMMITTED) == text
    assert None not in [report.measured(COMMITTED, target) for target in report.TARGETS]
    assert min(len(values) for peers in COMMITTED.measurements.values() for values in peers.values()) >= 7
    assert not re.search(r"\d×", (ROOT / "README.md").read_text("utf-8"))


def test_requirements_are_exact() -> None:
    lines = [line for pins in DIRECTORY.glob("requirements/*.txt") for line in pins.read_text("utf-8").splitlines()]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9.-]+==[0-9a-z.]+( ; .+)?", line)] == []


@pytest.mark.tools
@pytest.mark.slow
def test_two_peers_are_measured(tmp_path: Path) -> None:
    """In a quick run: this client, and decoding the JSON alone."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--peers", "ours", "json", "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "results.json").read_text("utf-8")
    measured = results.from_json(text)
    assert done.stdout == report.markdown(measured) + "\n"
    assert (tmp_path / "results.md").read_text("utf-8") == report.markdown(measured)
    assert (tmp_path / "results.svg").read_text("utf-8") == chart.svg(measured)
    assert str(ROOT) not in text
    assert set(measured.measurements) == set(report.METRICS)
    assert max(measured.values("read", "json")) < min(measured.values("read", "ours"))
    assert max(measured.values("throughput", "ours")) <= 96 / 0.3
    assert len(measured.values("memory", "ours")) == 20
