"""What `make bench` says follows from what it measured, and the README says nothing else."""
# ruff: noqa: RUF001  # the signs are what is meant

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import picture, record, report
from benchmarks.__main__ import PAGE
from benchmarks.parts import ALONE, IMPORTS, PARTS
from benchmarks.record import Part, Record, Series
from benchmarks.roster import PEERS
from benchmarks.sample import content

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "benchmarks"
RESULTS = FOLDER / "results.json"

MADE_UP = Record(
    machine={"cpu": "A CPU", "cores": "2", "system": "Linux x86_64", "python": "3.11.7"},
    packages={"floor": {}, "httpx": {"httpx": "0.28.1", "anyio": "4.16.0"}},
    parts={
        "cold": Part(
            "2026-11-25",
            "abc123",
            [
                Series("https", "seconds", "ours", [0.2, 0.4, 0.3]),
                Series("https", "seconds", "httpx", [0.2, 0.2, 0.3]),
                Series("https", "seconds", "sdk", [0.5, 0.5, 0.5]),
            ],
        ),
        "bulk": Part(
            "2026-11-25",
            "abc123",
            [
                Series(report.BULK, "rate", "ours", [299.0, 291.0, 300.0]),
                Series(report.BULK, "rate", "aiohttp", [300.0, 300.0, 300.0]),
                Series(report.BULK, "rate", "httpx_naive", [20.0, 25.0, 30.0]),
                Series(report.BULK, "cpu", "ours", [0.0005, 0.0005, 0.0005]),
            ],
        ),
        "million": Part("2026-11-25", "abc123", [Series("1,000,000 edits", "MiB", "ours", [30.0, 32.0, 32.0, 33.0])]),
    },
)


def of(verdicts: list[report.Verdict], part: str, against: str, peer: str = "ours") -> report.Verdict:
    (found,) = (one for one in verdicts if _key(one.target)[:3] == (part, peer, against) and one.target.case != "http")
    return found


def _key(target: report.Target) -> tuple[str, str, str]:
    return target.part, target.peer, target.against


def test_a_spread_is_the_median_and_the_ends() -> None:
    """Whatever the order of the rounds; of nothing there is none."""
    assert report.spread([3.0, 1.0, 2.0]) == report.Spread(2.0, 1.0, 3.0)
    assert report.spread([4.0, 1.0]) == report.Spread(2.5, 1.0, 4.0)
    assert report.spread([]) is None


def test_ratios_are_made_round_by_round() -> None:
    """A round that was slow for both changes nothing; the ratio of the medians would be 3."""
    assert report.ratio([1.0, 30.0, 3.0], [1.0, 30.0, 1.0]) == report.Spread(1.0, 1.0, 3.0)
    assert report.ratio([1.0], []) is None


def test_targets_are_judged_by_the_median_of_the_ratios() -> None:
    """At most and at least, the limit itself included; what was not measured is neither met nor missed."""
    verdicts = report.verdicts(MADE_UP)
    assert of(verdicts, "cold", "httpx").ratio == report.Spread(1.0, 1.0, 2.0)
    assert of(verdicts, "cold", "httpx").is_met
    to_sdk = of(verdicts, "cold", "sdk").ratio
    assert to_sdk
    assert (to_sdk.median, to_sdk.lowest, to_sdk.highest) == pytest.approx((0.6, 0.4, 0.8))
    assert of(verdicts, "cold", "sdk").is_met is False
    assert of(verdicts, "bulk", "aiohttp").is_met
    assert of(verdicts, "bulk", "httpx_naive").is_met
    assert of(verdicts, "bulk", "aiohttp", "ours_async").is_met is None
    assert of(verdicts, "read", "sdk").ratio is None


def test_a_rate_below_its_target_is_missed() -> None:
    """A target at least is missed from below."""
    slow = Series(report.BULK, "rate", "ours", [280.0, 290.0, 290.9])
    part = MADE_UP.parts["bulk"]
    verdicts = report.verdicts(replace(MADE_UP, parts={"bulk": replace(part, series=[slow, *part.series[1:]])}))
    assert of(verdicts, "bulk", "aiohttp").is_met is False


def test_memory_is_flat_if_the_second_half_holds_no_more_than_the_first() -> None:
    """5 % more is allowed; what grows with each edit is not."""
    assert report.verdicts(MADE_UP)[-1].ratio == report.Spread(33 / 32, 33 / 32, 33 / 32)
    assert report.verdicts(MADE_UP)[-1].is_met
    growing = Part("", "", [Series("1,000,000 edits", "MiB", "ours", [30.0, 40.0, 50.0, 60.0])])
    assert report.verdicts(replace(MADE_UP, parts={"million": growing}))[-1].is_met is False


def test_the_page_says_what_was_measured() -> None:
    """The whole page of a made-up record."""
    shown = report.markdown(MADE_UP)
    assert "A CPU, 2 cores, Linux x86_64, Python 3.11.7." in shown
    lines = shown.splitlines()
    for line in (
        "| Cold start, https | this client | the service's SDK | 0.60 (0.40–0.80) | at most 0.5 | no |",
        "| Cold start, http | this client | httpx | not measured | at most 1.25 |  |",
        "| Bulk, edits a second | this client | httpx, all at once | 11.64 (10.00–14.95) | at least 5 | yes |",
        "| Bulk, memory | the second half | the first half | 1.03 (1.03–1.03) | at most 1.05 | yes |",
        "2026-11-25, commit abc123.",
        "| this client | 300 ms (200 ms–400 ms) |",
        "| httpx | 200 ms (200 ms–300 ms) · 1.00× |",
        "| this client | 299 (291–300) |",
        "| this client | 500 µs (500 µs–500 µs) |",
        "- floor.txt: none",
        "- httpx.txt: anyio 4.16.0, httpx 0.28.1",
    ):
        assert line in lines


def test_pages_get_what_was_measured() -> None:
    """What stands between the markers is made anew, and the rest is left alone."""
    before = "# Fast\n<!-- bench -->\nold, 7.00× as fast\n<!-- /bench -->\nthe rest\n"
    after = report.with_figures(before, MADE_UP)
    assert after.startswith("# Fast\n<!-- bench -->\n| this client beside | the service's SDK | httpx |")
    assert "| a fresh process until its first edit, https | 0.60× | 1.00× |  |  |\n" in after
    assert after.endswith("<!-- /bench -->\nthe rest\n")
    assert "7.00" not in after
    assert report.with_figures(after, MADE_UP) == after
    assert report.with_figures("no markers\n", MADE_UP) == "no markers\n"
    targets = report.with_figures("<!-- targets -->\n<!-- /targets -->\n", MADE_UP)
    assert "| Cold start, https | this client | the service's SDK | 0.60 (0.40–0.80) | at most 0.5 | no |\n" in targets
    assert targets.endswith(" |\n<!-- /targets -->\n")


def test_the_picture_shows_each_peer_beside_this_client() -> None:
    """A bar for each, as long as its ratio is large; what was not measured has no panel. It fetches nothing."""
    drawn = picture.svg(MADE_UP)
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text in PEERS.values()] == [
        *(PEERS[peer] for peer in ("ours", "sdk", "httpx")),
        *(PEERS[peer] for peer in ("ours", "httpx_naive", "aiohttp")),
    ]
    assert {"1.00×", "1.67×", "0.09×"} <= set(texts)
    bars = [float(element.attrib["width"]) for element in root.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert bars[1] == max(bars[:3])
    assert re.findall(r"https?://[^\"]*|url\(|href", drawn) == ["http://www.w3.org/2000/svg"]


def test_a_record_is_read_as_it_was_written() -> None:
    """Nothing is lost in results.json, which has a series on each line."""
    text = record.write(MADE_UP)
    assert record.read(text) == MADE_UP
    assert sum('"values"' in line for line in text.splitlines()) == text.count('"values"')


def test_a_part_that_is_measured_anew_replaces_that_part() -> None:
    """The others stay, but only beside what the same machine did with the same packages."""
    newer = replace(MADE_UP, parts={"cold": Part("2026-12-01", "def456", [])})
    assert MADE_UP.updated(newer).parts == {**MADE_UP.parts, **newer.parts}
    assert MADE_UP.updated(replace(newer, machine={**newer.machine, "cores": "8"})).parts == newer.parts
    assert MADE_UP.updated(replace(newer, packages={})).parts == newer.parts


def test_the_page_and_the_picture_are_those_of_the_results() -> None:
    """results.md and results.svg are made from results.json, and that from whole runs."""
    found = record.read(RESULTS.read_text("utf-8"))
    assert (FOLDER / "results.md").read_text("utf-8") == report.markdown(found)
    assert (FOLDER / "results.svg").read_text("utf-8") == picture.svg(found)
    assert set(found.parts) == set(PARTS)
    assert min(len(one.values) for one in found.parts["cold"].series) >= 7


def test_figures_on_the_page_are_those_of_the_results() -> None:
    """What is between its markers is what results.json says; the README has no ratio."""
    text = PAGE.read_text("utf-8")
    assert len(re.findall(r"<!-- (bench|targets) -->\n\|", text)) == 2
    assert report.with_figures(text, record.read(RESULTS.read_text("utf-8"))) == text
    assert not re.search(r"\d×", (ROOT / "README.md").read_text("utf-8"))


def test_pins_are_exact() -> None:
    """Each line of each peer's pins is one version, and nothing says from where or by whom it was fetched."""
    lines = [line for pins in FOLDER.glob("requirements/*.txt") for line in pins.read_text("utf-8").splitlines()]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9.-]+==[0-9a-z.]+( ; .+)?", line)] == []


def test_every_peer_gets_the_same_order() -> None:
    """It has as many images as are asked for, and all that the page lists for an image."""
    order = json.loads(content(3))
    assert len(order["images"]) == order["total_images"] == 3
    assert len(order["images"][0]) == 23


@pytest.mark.tools
@pytest.mark.slow
def test_two_peers_are_measured(tmp_path: Path) -> None:
    """A tiny run from the environments to the files: this client beside a bare socket."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1", "--peers", "ours,floor"]
    command += ["--only", "cold,warm,read,write,bulk,import,million", "--edits", "200", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    found = record.read((tmp_path / "results.json").read_text("utf-8"))
    assert said == report.markdown(found) + "\n"
    assert (tmp_path / "results.md").read_text("utf-8") == report.markdown(found)
    assert (tmp_path / "results.svg").read_text("utf-8") == picture.svg(found)
    assert str(ROOT) not in (tmp_path / "results.json").read_text("utf-8")
    for part, case in (("cold", "https"), ("cold", "http"), ("read", "10,000 images")):
        (ours,), (floor,) = (found.parts[part].values(case, "seconds", peer) for peer in ("ours", "floor"))
        assert 0 < floor < ours
    (rate,) = found.parts["bulk"].values(report.BULK, "rate", "ours")
    assert 0 < rate <= 310
    assert len(found.parts["million"].values("200 edits", "MiB", "ours")) == 20


def test_an_import_is_that_of_the_peer() -> None:
    """The folder that `make bench` runs in has a package of the name of the SDK's; nobody imports that one."""
    assert all(code[:2] == ("-P", "-c") for code in IMPORTS.values())
    code = "import importlib.util as u; print(u.find_spec('benchmarks'))"
    said = subprocess.run([sys.executable, *ALONE, code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said == "None\n"
