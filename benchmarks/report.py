"""Pure: what was measured, as medians and ratios, and whether the targets are met; as Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.roster import PEERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.record import Part, Record

BULK: Final = "300 ms, 96 in flight, at most 300/s"
HEADINGS: Final = {
    "cold": "Cold start: a fresh process until its first edit is done",
    "warm": "One edit on an open connection",
    "read": "Reading an order and each image's name, without the network",
    "write": "Writing an order back with `to_dict`",
    "many": "Many edits at once, no ceiling",
    "bulk": "Many edits at the service's ceiling",
    "memory": "The most memory that a process holds",
    "import": "Importing, in a fresh process",
    "regenerate": "Regenerating from the contract, and comparing",
    "million": "Memory on the way through a bulk run",
}
MEASURES: Final = {
    "seconds": "",
    "median": "median",
    "p99": "99th percentile",
    "rate": "edits a second",
    "cpu": "CPU",
    "MiB": "MiB",
}
# With more columns than this a table is turned round.
_WIDEST: Final = 4
_BLOCK: Final = re.compile(r"(<!-- (bench|targets) -->\n).*?(<!-- /\2 -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, and how far apart they were."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Target:
    """What a ratio must reach."""

    what: str
    part: str
    case: str
    measure: str
    peer: str
    against: str
    limit: float
    is_most: bool = True
    """Whether the limit is the highest that is allowed, not the lowest."""
    is_aim: bool = False
    """Whether it is hoped for, not asked for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a ratio is, and whether that is enough; None if it was not measured."""

    target: Target
    ratio: Spread | None
    is_met: bool | None


TARGETS: Final = (
    Target("Cold start, https", "cold", "https", "seconds", "ours", "httpx", 1.25),
    Target("Cold start, https", "cold", "https", "seconds", "ours", "sdk", 0.5),
    Target("Cold start, http", "cold", "http", "seconds", "ours", "httpx", 1.25),
    Target("Cold start, http", "cold", "http", "seconds", "ours", "sdk", 0.5),
    Target("A warm edit", "warm", "one edit", "median", "ours", "httpx", 1.15),
    Target("A warm edit", "warm", "one edit", "median", "ours", "sdk", 0.9),
    Target("Reading 1,000 images", "read", "1,000 images", "seconds", "ours", "sdk", 0.25),
    Target("Reading 1,000 images", "read", "1,000 images", "seconds", "ours", "floor", 2.5, is_aim=True),
    Target("Bulk, edits a second", "bulk", BULK, "rate", "ours", "aiohttp", 0.97, is_most=False),
    Target("Bulk, edits a second", "bulk", BULK, "rate", "ours", "httpx_naive", 5.0, is_most=False),
    Target("Bulk, edits a second", "bulk", BULK, "rate", "ours_async", "aiohttp", 0.97, is_most=False),
    Target("Bulk, edits a second", "bulk", BULK, "rate", "ours_async", "httpx_naive", 5.0, is_most=False),
)
# The highest of the second half beside that of the first: what grows with the number of edits would show.
FLAT: Final = Target("Bulk, memory", "million", "", "MiB", "the second half", "the first half", 1.05)


def spread(values: Iterable[float]) -> Spread | None:
    """The median and the ends of some values, None if there are none."""
    found = sorted(values)
    return Spread(median(found), found[0], found[-1]) if found else None


def ratio(of: list[float], to: list[float]) -> Spread | None:
    """How many times the second the first is: round by round, because what disturbs a round disturbs both."""
    return spread(one / other for one, other in zip(of, to, strict=False))


def verdicts(record: Record) -> list[Verdict]:
    """Each target, with what was reached."""
    found = []
    for target in TARGETS:
        part = record.parts.get(target.part)
        reached = part and ratio(*(part.values(target.case, target.measure, p) for p in (target.peer, target.against)))
        found.append(_verdict(target, reached or None))
    return [*found, _verdict(FLAT, _growth(record.parts.get("million")))]


def _verdict(target: Target, reached: Spread | None) -> Verdict:
    if reached is None:
        return Verdict(target, None, None)
    enough = reached.median <= target.limit if target.is_most else reached.median >= target.limit
    return Verdict(target, reached, enough)


def _growth(part: Part | None) -> Spread | None:
    for one in part.series if part else ():
        if one.measure == "MiB" and len(one.values) > 1:
            middle = len(one.values) // 2
            return spread([max(one.values[middle:]) / max(one.values[:middle])])
    return None


def markdown(record: Record) -> str:
    """The whole record, for people."""
    machine = record.machine
    lines = [
        "# Benchmarks",
        "",
        "`make bench` made this page from results.json; benchmarks/ has how. Ratios count: times are those of one machine, and",
        "do not hold on another. A cell is the median of the rounds, the lowest and the highest, and how many times this",
        "client's it is; a ratio is the median of the rounds' ratios.",
        "",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}.",
        "The service has a core of its own, and the peers another.",
        "",
        "## Targets",
        "",
        *_targets(record),
    ]
    for name, heading in HEADINGS.items():
        if name in record.parts:
            lines += ["", f"## {heading}", "", *_part(record.parts[name])]
    lines += ["", "## Versions", "", *(_versions(peer, found) for peer, found in record.packages.items()), ""]
    return "\n".join(lines)


def _targets(record: Record) -> list[str]:
    return _table([["", "of", "to", "ratio", "target", "met"], *(_row(verdict) for verdict in verdicts(record))])


def _row(verdict: Verdict) -> list[str]:
    target, reached = verdict.target, verdict.ratio
    shown = f"{reached.median:.2f} ({reached.lowest:.2f}–{reached.highest:.2f})" if reached else "not measured"
    met = {True: "yes", False: "no", None: ""}[verdict.is_met]
    limit = f"{'at most' if target.is_most else 'at least'} {target.limit:g}{', an aim' if target.is_aim else ''}"
    return [target.what, _label(target.peer), _label(target.against), shown, limit, met]


def _part(part: Part) -> list[str]:
    lines = [f"{part.date}, commit {part.commit}."]
    for measure in MEASURES:
        series = [one for one in part.series if one.measure == measure]
        if not series:
            continue
        cases = list(dict.fromkeys(one.case for one in series))
        peers = list(dict.fromkeys(one.peer for one in series))
        cells = {(case, peer): _cell(part, case, measure, peer) for case in cases for peer in peers}
        heading = MEASURES[measure]
        if len(cases) > _WIDEST:
            rows = [[heading, *map(_label, peers)]]
            rows += [[case, *(cells[case, peer] for peer in peers)] for case in cases]
        else:
            rows = [[heading, *cases]]
            rows += [[_label(peer), *(cells[case, peer] for case in cases)] for peer in peers]
        lines += ["", *_table(rows)]
    return lines


def _cell(part: Part, case: str, measure: str, peer: str) -> str:
    values = part.values(case, measure, peer)
    found = spread(values)
    if found is None:
        return ""
    shown = _amount(found.median, measure)
    if len(values) > 1:
        shown += f" ({_amount(found.lowest, measure)}–{_amount(found.highest, measure)})"
    beside = ratio(values, part.values(case, measure, "ours")) if peer != "ours" else None
    return shown + (f" · {beside.median:.2f}×" if beside else "")


def _amount(value: float, measure: str) -> str:
    if measure in {"rate", "MiB"}:
        return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"  # noqa: PLR2004  # three digits, as everywhere
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"


def _label(peer: str) -> str:
    return PEERS.get(peer, peer)


def _table(rows: list[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "|" + "---|" * len(rows[0]), *lines[1:]]


def _versions(pins: str, packages: dict[str, str]) -> str:
    return f"- {pins}.txt: {', '.join(f'{name} {version}' for name, version in sorted(packages.items())) or 'none'}"


def summary(record: Record) -> str:
    """The figures in short: how much this client takes of what others take."""
    peers = ("sdk", "httpx", "requests_session", "aiohttp")
    rows = [["this client beside", *map(_label, peers)]]
    for what, name, case, measure in (
        ("a fresh process until its first edit, https", "cold", "https", "seconds"),
        ("an edit on an open connection", "warm", "one edit", "median"),
        ("reading an order of 1,000 images", "read", "1,000 images", "seconds"),
        ("edits a second, 96 at once, 300 ms away", "many", "300 ms, 96 in flight", "rate"),
    ):
        part = record.parts.get(name)
        cells = []
        for peer in peers:
            other = "httpx_async" if (measure, peer) == ("rate", "httpx") else peer
            found = part and ratio(*(part.values(case, measure, one) for one in ("ours", other)))
            cells.append(f"{found.median:.2f}×" if found else "")
        rows.append([what, *cells])
    return "\n".join(_table(rows)) + "\n"


def with_figures(page: str, record: Record) -> str:
    """A page with what it shows between its markers made anew: `bench` is the summary, `targets` the targets."""
    made = {"bench": summary(record), "targets": "\n".join(_targets(record)) + "\n"}
    return _BLOCK.sub(lambda found: found[1] + made[found[2]] + found[3], page)
