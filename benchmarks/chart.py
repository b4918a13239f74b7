"""Pure: the results of a run as a bar chart. It loads nothing, and looks the same in light and dark mode."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from benchmarks.peers import LABELS
from benchmarks.report import ratio

if TYPE_CHECKING:
    from benchmarks.results import Results

WIDTH: Final = 720
_LEFT: Final = 200
_LONGEST: Final = 430
_STEP: Final = 21
PANELS: Final = {
    "cold": "A fresh process makes one edit over https: time",
    "warm": "One edit on an open connection: time",
    "read": "A response with 20 images becomes models: time",
    "throughput": "Many edits, 300 ms away, 96 in flight: edits per second (more is better)",
}


def svg(results: Results) -> str:
    """A panel for each metric, with a bar for each peer in units of this client."""
    drawn: list[str] = []
    top = 18
    for metric, title in PANELS.items():
        ratios = {peer: ratio(results.values(metric, peer), results.values(metric, "ours")) for peer in LABELS}
        bars = {peer: found.median for peer, found in ratios.items() if found}
        if not bars:
            continue
        drawn.append(f'<text x="16" y="{top + 12}" class="title">{escape(title)}</text>')
        top += 24
        for peer, value in bars.items():
            length = value / max(bars.values()) * _LONGEST
            kind = "ours" if peer.startswith("ours") else "other"
            drawn += [
                f'<text x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(LABELS[peer])}</text>',
                f'<rect x="{_LEFT}" y="{top}" width="{length:.1f}" height="15" rx="2" class="{kind}"/>',
                f'<text x="{_LEFT + length + 6:.1f}" y="{top + 12}">{value:.2f}×</text>',
            ]
            top += _STEP
        top += 14
    label = "This client and its alternatives, in units of this client"
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
