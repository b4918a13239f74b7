"""Pure: the results of a run as tables, with ratios and targets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.peers import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.results import Results

METRICS: Final = {
    "cold": "Cold start, https",
    "warm": "Warm edit",
    "read": "Reading 20 images",
    "models": "Reading 20 images, without decoding the JSON",
    "throughput": "Bulk, edits per second",
    "cpu": "Bulk, CPU per edit",
    "memory": "Bulk, memory in MiB",
}
# The speed table: a metric, which of our clients, and the peer in each column.
COLUMNS: Final = ("sdk", "httpx", "requests", "aiohttp")
SPEED: Final = (
    ("a fresh process makes one edit, https", "cold", "ours", COLUMNS),
    ("an edit on an open connection", "warm", "ours", COLUMNS),
    ("the same, async", "warm", "ours_async", ("", "httpx_async", "", "aiohttp")),
    ("a response with 20 images becomes models", "read", "ours", ("sdk", "", "", "")),
    ("CPU of an edit in bulk", "cpu", "ours", ("sdk", "httpx_async", "requests", "aiohttp")),
    ("the same, async", "cpu", "ours_async", ("", "httpx_async", "", "aiohttp")),
    ("edits per second in bulk (more is better)", "throughput", "ours", ("sdk", "httpx_async", "requests", "aiohttp")),
)
_BLOCK: Final = re.compile(r"(<!-- (speed|targets) -->\n).*?(<!-- /\2 -->)", re.DOTALL)


class Summary(NamedTuple):
    """A median with its interquartile range."""

    median: float
    q1: float
    q3: float


@dataclass(frozen=True, slots=True)
class Target:
    """A limit for a metric of a peer: in units of another peer, or of the metric if there is none."""

    metric: str
    peer: str
    baseline: str
    limit: float
    is_minimum: bool = False


TARGETS: Final = (
    Target("cold", "ours", "httpx", 1.1),
    Target("cold", "ours", "sdk", 0.5),
    Target("warm", "ours", "httpx", 1.0),
    Target("warm", "ours", "sdk", 0.9),
    Target("warm", "ours_async", "httpx_async", 1.05),
    Target("read", "ours", "sdk", 0.25),
    Target("read", "ours", "json", 2.5),
    Target("models", "ours", "", 42e-6),
    Target("throughput", "ours", "", 300, is_minimum=True),
    Target("throughput", "ours_async", "", 300, is_minimum=True),
    Target("throughput", "ours", "aiohttp", 0.97, is_minimum=True),
    Target("throughput", "ours_async", "aiohttp", 0.97, is_minimum=True),
    Target("throughput", "ours", "httpx_gather", 5, is_minimum=True),
    Target("throughput", "ours_async", "httpx_gather", 5, is_minimum=True),
    Target("cpu", "ours", "httpx_async", 1.0),
    Target("cpu", "ours_async", "httpx_async", 1.0),
    Target("memory", "ours", "its first half", 1.05),
    Target("memory", "ours_async", "its first half", 1.05),
)


def summary(values: Iterable[float]) -> Summary | None:
    """The median and the quartiles of some values, None if there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    q1, _, q3 = quantiles(ordered, method="inclusive") if len(ordered) > 1 else ordered * 3
    return Summary(median(ordered), q1, q3)


def ratio(values: list[float], baseline: list[float]) -> Summary | None:
    """The ratio of two peers, round by round, because what disturbs a round disturbs both."""
    return summary(one / other for one, other in zip(values, baseline, strict=False))


def growth(samples: list[float]) -> Summary | None:
    """The most memory in the second half of a run, in units of the most in the first."""
    half = len(samples) // 2
    return summary([max(samples[half:]) / max(samples[:half])] if half else [])


def measured(results: Results, target: Target) -> Summary | None:
    """What a target is compared with, None if it was not measured."""
    values = results.values(target.metric, target.peer)
    if target.metric == "memory":
        return growth(values)
    return ratio(values, results.values(target.metric, target.baseline)) if target.baseline else summary(values)


def is_met(target: Target, reached: Summary | None) -> bool | None:
    """Whether the median reaches a target, None if it was not measured."""
    if reached is None:
        return None
    return reached.median >= target.limit if target.is_minimum else reached.median <= target.limit


def markdown(results: Results) -> str:
    """All results."""
    lines = [
        "# Benchmark results",
        "",
        "`make bench` made this page of results.json. Times hold for one machine; ratios say more. A ratio is the median of the",
        "rounds' ratios, in parentheses the interquartile range.",
        "",
        f"{results.date}, commit {results.commit}; {', '.join(results.machine.values())}.",
        "",
        "## Targets",
        "",
        *_targets(results),
    ]
    for metric, title in METRICS.items():
        rows = [["", "median", "interquartile range", "of this client"]]
        ours = results.values(metric, "ours")
        for peer, label in LABELS.items():
            values = results.values(metric, peer)
            if found := summary(values):
                low, high = _amount(metric, found.q1), _amount(metric, found.q3)
                of_ours = ratio(values, ours)
                rows.append(
                    [
                        label,
                        _amount(metric, found.median),
                        f"{low} – {high}",
                        f"{of_ours.median:.2f}" if of_ours else "",
                    ]
                )
        if len(rows) > 1:
            lines += ["", f"## {title}", "", *_table(rows)]
    lines += ["", "## Versions", ""]
    for name, packages in results.packages.items():
        lines.append(f"- {name}: {', '.join(f'{package} {version}' for package, version in packages.items())}")
    return "\n".join(lines) + "\n"


def with_tables(page: str, results: Results) -> str:
    """A page with the tables between its markers, `speed` and `targets`, made anew."""
    made: dict[str, Callable[[Results], list[str]]] = {"speed": _speed, "targets": _targets}
    return _BLOCK.sub(lambda match: match[1] + "\n".join(made[match[2]](results)) + "\n" + match[3], page)


def _speed(results: Results) -> list[str]:
    rows = [["this client in units of", *(LABELS[peer] for peer in COLUMNS)]]
    for title, metric, ours, peers in SPEED:
        found = [ratio(results.values(metric, ours), results.values(metric, peer)) for peer in peers]
        rows.append([title, *(f"{each.median:.2f}" if each else "" for each in found)])
    return _table(rows)


def _targets(results: Results) -> list[str]:
    rows = [["", "of", "in units of", "measured", "target", "met"]]
    for target in TARGETS:
        found = measured(results, target)
        # Absolute limits have the unit of their metric.
        unit = target.metric if not target.baseline else ""
        shown = (
            f"{_amount(unit, found.median)} ({_amount(unit, found.q1)} – {_amount(unit, found.q3)})"
            if found
            else "not measured"
        )
        limit = f"at {'least' if target.is_minimum else 'most'} {_amount(unit, target.limit)}"
        met = {True: "yes", False: "**no**", None: ""}[is_met(target, found)]
        baseline = LABELS.get(target.baseline, target.baseline)
        rows.append([METRICS[target.metric], LABELS[target.peer], baseline, shown, limit, met])
    return _table(rows)


def _amount(metric: str, value: float) -> str:
    """A value of a metric with its unit, or a ratio."""
    if not metric:
        return f"{value:.2f}"
    if metric in {"throughput", "memory"}:
        return f"{value:.4g}"
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} µs"  # noqa: PLR2004  # 1 ms


def _table(rows: list[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]
