"""The progress of a run: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import os
import pty
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from bulk import write_table
from edit_server import EditServer, Request, Response
from terminal import lines_of, on_terminal

from autoenhance.cli._console import Console
from autoenhance.cli._progress import EditProgress
from autoenhance.cli._progress_display import show_progress

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Clock:
    """A time that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, as far as the progress knows."""
    made = Clock()
    # Of that module alone: an event loop would sleep for as long as its time and this one lie apart.
    monkeypatch.setattr("autoenhance.cli._progress_display.time", SimpleNamespace(monotonic=made))
    return made


# --- The text ---


def test_it_has_what_is_done_the_rate_and_the_time_left() -> None:
    """What is nothing is left out: no failures, no retries, and no time before there is a rate."""
    progress = EditProgress(2000)
    progress.start(10)
    assert progress.text(10) == "0 of 2,000, 0.0/s"
    progress.edited = 5
    assert progress.text(12) == "5 of 2,000, 2.5/s, 13 min 18 s left"
    progress.failed = 1195
    progress.retrying |= {"o-1", "o-2"}
    assert progress.text(14) == "1,200 of 2,000, 300/s, 1,195 failed, 2 retrying, 3 s left"
    progress.edited, progress.retrying = 805, set()
    assert progress.text(15) == "2,000 of 2,000, 400/s, 1,195 failed"


@pytest.mark.parametrize(
    ("tenths", "said"),
    [
        (4, "0 s"),
        (597, "1 min 00 s"),
        (35_996, "1 h 00 min"),
        (36_000_000, "1,000 h 00 min"),
    ],
)
def test_time_is_rounded_before_it_is_divided(tenths: int, said: str) -> None:
    """There is no minute of 60 seconds."""
    progress = EditProgress(10 + tenths)
    progress.start(0)
    progress.edited = 10
    assert progress.text(1).endswith(f", {said} left")


def test_the_rate_is_that_of_the_last_seconds() -> None:
    """A run that was stopped for a while by a rate limit shows how it is now; and it remembers no more than it needs."""
    progress = EditProgress(10_000)
    progress.start(0)
    for second in range(100):
        progress.edited = 10 * min(second, 50)
        assert progress.rate(second) == pytest.approx(
            0 if second in {0, *range(55, 100)} else min(10, 2 * (55 - second))
        )
    assert len(progress._lately) < 10


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (60, "1,200 of 9,000, 1,200/s, 200 failed, 1 retrying, 6 s left"),
        (56, "1,200 of 9,000, 1,200/s, 200 failed, 6 s left"),
        (44, "1,200 of 9,000, 200 failed, 6 s left"),
        (35, "1,200 of 9,000, 200 failed"),
        (3, "1,200 of 9,000"),
    ],
)
def test_where_there_is_little_room_the_less_important_is_left_out(width: int, said: str) -> None:
    """How many are done, and how many failed, are the last to go."""
    progress = EditProgress(9000)
    progress.start(0)
    progress.edited, progress.failed, progress.retrying = 1000, 200, {"o-1"}
    assert progress.text(1, width) == said


# --- Without a terminal ---


def test_without_a_terminal_there_is_a_line_every_five_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """However often it is shown."""
    progress = EditProgress(1000)
    progress.start(clock.now)
    with show_progress(progress, Console()) as display:
        for _ in range(88):
            clock.now += 0.125
            progress.edited += 1
            display.show()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["40 of 1,000, 8.0/s, 2 min 00 s left", "80 of 1,000, 8.0/s, 1 min 55 s left"]


def test_a_terminal_that_is_closed_is_no_error(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The edits of the run come back all the same."""
    person, terminal = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with show_progress(EditProgress(9), Console()) as display:
            assert HIDE in os.read(person, 4096).decode()
            os.close(person)
            for _ in range(3):
                clock.now += 1
                display.show()
        monkeypatch.undo()
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stderr.fileno())  # for what is left in its buffer


# --- On a terminal ---


def shown(env: dict[str, str], table: Path, *options: str, columns: int = 80, **variables: str) -> tuple[str, str]:
    """What is shown of a run of 60 edits, of which 12 fail, or are retried: verbatim, and as lines."""

    def respond(request: Request) -> Response:
        fails = int(request.order_id) % 5 == 0 and request.times == 1
        return Response(503 if fails else 200, {"retry-after": "0"}, after=0.3)

    write_table(table, *(f"{number},a" for number in range(60)))
    with EditServer(respond) as server:
        env = {**env, "AUTOENHANCE_BASE_URL": server.url, **variables}
        ran = on_terminal(
            "edit-orders", table.name, "--concurrency=20", *options, env=env, columns=columns, cwd=table.parent
        )
    assert ran.status in {0, 1}
    lines = lines_of(ran.out)
    assert max(map(len, lines)) <= columns
    # What was retried is done at the end.
    assert not any("retrying" in line for line in lines if "60 of 60" in line)
    return ran.out, "\n".join(lines)


def test_a_terminal_has_a_bar(env: dict[str, str], table: Path) -> None:
    """As wide as the terminal: some programs set COLUMNS to 0. It is drawn in one line, ends full, and the cursor is back."""
    raw, lines = shown(env, table, "--max-retries=0", COLUMNS="0")
    assert raw.count(HIDE) == raw.count(SHOW) == 1
    assert raw.index(HIDE) < raw.index("━") < raw.index(SHOW) < raw.index(" edited, ")
    counts = [int(count) for count in re.findall(r"━+╺?╸?━* (\d+) of 60, [^\n]*\d/s, (?:[^\n]*\d s left)?", lines)]
    assert counts == sorted(counts)
    assert len(set(counts)) >= 3
    assert counts[-1] == 60
    assert re.search(r"of 60, [\d.]+/s, \d+ failed", lines)
    # Each drawing takes the place of the last one.
    assert raw[raw.index(HIDE) : raw.index(SHOW)].count("\n") == 1


@pytest.mark.slow
def test_messages_during_the_run_stand_above_the_bar(env: dict[str, str], table: Path) -> None:
    """Whole, and the bar below them goes on."""
    lines = shown(env, table, "-v")[1].split("\n")
    told = [line for line in lines if re.match(r"order \d+: attempt 1 failed \(.*", line)]
    assert len(told) == 12
    assert any(re.search(r"━.*of 60, .*\d retrying", line) for line in lines)
    assert lines.index(told[-1]) < max(number for number, line in enumerate(lines) if "━" in line)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "variables", "never", "pattern"),
    [
        (40, {}, "\\\\u", r"━ +60 of 60"),
        (40, {"PYTHONIOENCODING": "ascii"}, r"\\u|[^\x00-\x7f]", r"-+ +60 of 60"),
        (80, {"NO_COLOR": "1"}, r"\x1b\[[0-9;]*m", r"━ 60 of 60"),
        (80, {"TERM": "dumb"}, r"\x1b", r"(?m)^\d+ of 60, [\d.]+/s, .*\d s left$"),
    ],
    ids=["narrow", "ascii", "no colour", "dumb"],
)
def test_the_bar_is_what_the_terminal_can_show(
    env: dict[str, str], table: Path, *, columns: int, variables: dict[str, str], never: str, pattern: str
) -> None:
    """Narrow, without colours, of ASCII; lines where the cursor cannot be moved."""
    rate = ["--rate=10"] if "TERM" in variables else []
    raw, lines = shown(env, table, "--max-retries=0", *rate, columns=columns, **variables)
    assert not re.search(never, raw)
    assert re.search(pattern, lines)
