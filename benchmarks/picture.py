"""Pure: the record as a picture. It fetches nothing, and is the same in light and dark."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from benchmarks.report import BULK, ratio
from benchmarks.roster import PEERS

if TYPE_CHECKING:
    from benchmarks.record import Part, Record

WIDTH: Final = 720
_LEFT: Final = 190
_LONGEST: Final = 440
_BAR: Final = 15
_STEP: Final = 21
# The part, the case, the measure, and what stands above; a longer bar is worse but for rates.
PANELS: Final = (
    ("cold", "https", "seconds", "A fresh process until its first edit is done, https (shorter is better)"),
    ("warm", "one edit", "median", "One edit on an open connection (shorter is better)"),
    ("read", "1,000 images", "seconds", "Reading an order of 1,000 images (shorter is better)"),
    ("bulk", BULK, "rate", "Edits a second, 300 ms away, 96 at once, at most 300 (longer is better)"),
)


def svg(record: Record) -> str:
    """The picture: in each panel a bar for each peer, and how many times this client's it is."""
    drawn: list[str] = []
    top = 18
    for name, case, measure, title in PANELS:
        bars = _bars(record.parts.get(name), case, measure)
        if not bars:
            continue
        drawn.append(f'<text x="16" y="{top + 12}" class="title">{escape(title)}</text>')
        top += 24
        highest = max(bars.values())
        for peer, value in bars.items():
            drawn += _bar(peer, value, value / highest * _LONGEST, top)
            top += _STEP
        top += 14
    label = "This client beside what else there is, in units of this client"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" aria-label="{label}">',
            "<style>",
            "text { font: 13px system-ui, sans-serif; fill: #1f2937; } .title { font-weight: 600; }",
            ".ours { fill: #2563eb; } .other { fill: #94a3b8; }",
            "</style>",
            f'<rect width="{WIDTH}" height="{top}" rx="8" fill="#ffffff"/>',
            *drawn,
            "</svg>",
            "",
        ]
    )


def _bars(part: Part | None, case: str, measure: str) -> dict[str, float]:
    """Each peer beside ours, ours first and then as they come."""
    bars = {}
    for peer in PEERS if part else ():
        assert part is not None  # noqa: S101  # there are no peers without it
        found = ratio(part.values(case, measure, peer), part.values(case, measure, "ours"))
        if found:
            bars[peer] = found.median
    return bars


def _bar(peer: str, value: float, length: float, top: int) -> list[str]:
    kind = "ours" if peer.startswith("ours") else "other"
    return [
        f'<text x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(PEERS[peer])}</text>',
        f'<rect x="{_LEFT}" y="{top}" width="{length:.1f}" height="{_BAR}" rx="2" class="{kind}"/>',
        f'<text x="{_LEFT + length + 6:.1f}" y="{top + 12}">{value:.2f}×</text>',
    ]
