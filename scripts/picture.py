"""`make pictures`: draws docs/bulk-running.svg and docs/bulk-done.svg, screenshots of `autoenhance edit-orders`.

It runs the command against the sandbox, in a terminal of 80 columns, and draws the screen.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from io import StringIO
from pathlib import Path
from typing import Final

import openpyxl
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

from autoenhance.sandbox import Sandbox

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs"
COLUMNS: Final = 80
ROWS: Final = 16
COMMAND: Final = ("edit-orders", "renames.xlsx")
# Rich's own template loads its fonts from the web; this one loads nothing.
SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{{label}}">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: {char_height}px;
  line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
<rect width="{width}" height="{height}" rx="8" fill="#292929"/>
<g transform="translate({terminal_x}, 24)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    """Draw both pictures."""
    names = ["12 Acacia Avenue", "3 Harbour View", "Flat 2, Mill Lane", "The Old Rectory"]
    rows = [(f"order-{number}", f"{names[number % 4]} ({number})") for number in range(1, 1001)]
    rows.insert(100, ("order-no-more", "Nowhere"))
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(latency=(0.1, 0.2), fail_rate=0.05, seed=7, rate_limit=None) as sandbox,
    ):
        workbook = openpyxl.Workbook()
        workbook.active.title = "Renames"
        for row in [("Order ID", "Name"), *rows]:
            workbook.active.append(row)
        workbook.save(Path(folder) / "renames.xlsx")
        sandbox.add_orders(f"order-{number}" for number in range(1, 1001))
        running, done = screens(folder, sandbox)
    draw(running, "bulk-running", "autoenhance edit-orders while it runs")
    draw(done, "bulk-done", "autoenhance edit-orders when it is done")


def screens(folder: str, sandbox: Sandbox) -> tuple[list[Text], list[Text]]:
    """Run the command, and return its screen during the run and at the end."""
    command = [str(Path(sys.executable).parent / "autoenhance"), *COMMAND]
    variables = {"AUTOENHANCE_API_KEY": sandbox.api_key, "AUTOENHANCE_BASE_URL": sandbox.url, "TERM": "xterm-256color"}
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    stream.feed(b"$ autoenhance " + " ".join(COMMAND).encode() + b"\r\n")
    running: list[Text] = []
    env = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS"}}
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=folder, env={**env, **variables}
    ):
        os.close(terminal)
        while True:
            try:
                output = os.read(controller, 4096)
            except OSError:  # the command has closed its terminal
                break
            stream.feed(output)
            if not running and re.search(r"(?m)\b[67]\d\d of .* failed, .* retrying, ", "\n".join(screen.display)):
                running = lines_of(screen)
    os.close(controller)
    return running, lines_of(screen)


def lines_of(screen: pyte.Screen) -> list[Text]:
    """Return the lines of a screen, without the empty ones at the bottom."""
    lines = []
    for number in range(ROWS):
        line = Text(no_wrap=True)
        for column in range(COLUMNS):
            cell = screen.buffer[number][column]
            colour = (
                None if cell.fg == "default" else f"#{cell.fg}" if re.fullmatch("[0-9a-f]{6}", cell.fg) else cell.fg
            )
            line.append(cell.data, Style(color=colour, bold=cell.bold))
        line.rstrip()
        lines.append(line)
    while not lines[-1].plain:
        lines.pop()
    return lines


def draw(lines: list[Text], name: str, label: str) -> None:
    """Write the lines of a terminal as an SVG picture to docs/."""
    console = Console(width=COLUMNS, record=True, file=StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, soft_wrap=True)
    svg = console.export_svg(title="", code_format=SVG, unique_id=name)
    (FOLDER / f"{name}.svg").write_text(svg.replace("{label}", label), "utf-8")


if __name__ == "__main__":
    main()
