"""How far a run has got: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import os
import pty
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from bulk import numbered, results_in, rows_of, write_table
from terminal import Terminal, lines_of, process

from autoenhance.cli._progress_display import show_progress
from autoenhance.cli._progress import EditProgress
from autoenhance.cli._console import Console
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    # Of that module alone: the sandbox's event loop would sleep for as long as its time and this one lie apart.
    monkeypatch.setattr("autoenhance.cli._progress_display.time", SimpleNamespace(monotonic=made))
    return made


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """A sandbox that takes its time, and fails now and then."""
    with Sandbox(latency=0.3, fail_rate=0.2, seed=4) as made:
        yield made


# --- What is said ---


def test_it_says_how_much_how_fast_and_how_long() -> None:
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
        (594, "59 s"),
        (597, "1 min 00 s"),
        (1196, "2 min 00 s"),
        (35_994, "59 min 59 s"),
        (35_996, "1 h 00 min"),
        (72_000, "2 h 00 min"),
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
    """A run that was stopped for a while by a rate limit says how it is now; and it remembers no more than it needs."""
    progress = EditProgress(10_000)
    progress.start(0)
    for second in range(100):
        progress.edited = 10 * min(second, 50)
        assert progress.rate(second) == pytest.approx(0 if second in {0, *range(55, 100)} else min(10, 2 * (55 - second)))
    assert len(progress._lately) < 10


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (60, "1,200 of 9,000, 1,200/s, 200 failed, 1 retrying, 6 s left"),
        (56, "1,200 of 9,000, 1,200/s, 200 failed, 6 s left"),
        (44, "1,200 of 9,000, 200 failed, 6 s left"),
        (35, "1,200 of 9,000, 200 failed"),
        (25, "1,200 of 9,000"),
        (3, "1,200 of 9,000"),
    ],
)
def test_where_there_is_little_room_the_less_important_is_left_out(width: int, said: str) -> None:
    """How many are done, and how many failed, are the last to go."""
    progress = EditProgress(9000)
    progress.start(0)
    progress.edited, progress.failed, progress.retrying = 1000, 200, {"o-1"}
    assert progress.text(1, width) == said


# --- Where no terminal is ---


def test_without_a_terminal_there_is_a_line_every_five_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """However often it is asked to show it."""
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


@pytest.mark.parametrize("variable", [{"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}, {"COLUMNS": "40"}])
def test_a_file_is_no_terminal(env: dict[str, str], sandbox: Sandbox, tmp_path: Path, variable: dict[str, str]) -> None:
    """Whatever the environment says: there are no escape codes in a log."""
    wanted = numbered(sandbox, 3)
    table = write_table(tmp_path / "orders.csv", *rows_of(wanted))
    ran = process("edit-orders", table, env={**env, **variable})
    assert ran.returncode == 0
    assert b"\x1b" not in ran.stderr
    assert ran.stderr.count(b"\n") == 3


def test_a_closed_standard_error_is_shown_nothing(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing comes of it."""
    monkeypatch.setattr(sys, "stderr", None)
    with show_progress(EditProgress(9), Console()) as display:
        clock.now += 60
        display.show()


# --- On a terminal ---


def test_a_terminal_that_is_closed_is_shown_nothing(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no error of the run, whose edits come back all the same."""
    person, terminal = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    progress = EditProgress(9)
    with os.fdopen(terminal, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with show_progress(progress, Console()) as display:
            assert HIDE in os.read(person, 4096).decode()
            os.close(person)
            for _ in range(3):
                clock.now += 1
                display.show()
        monkeypatch.undo()
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stderr.fileno())  # for what is left in its buffer


def on_terminal(
    env: dict[str, str], slow: Sandbox, path: Path, *options: str, columns: int = 80, **variables: str
) -> str:
    """What is shown of a run of 60 edits, of which some fail."""
    wanted = numbered(slow, 60)
    write_table(path / "o.csv", *rows_of(wanted))
    with Terminal(
        "edit-orders",
        "o.csv",
        "--concurrency=20",
        *options,
        env={**env, "AUTOENHANCE_BASE_URL": slow.url, **variables},
        columns=columns,
        cwd=path,
    ) as terminal:
        assert terminal.end() in {0, 1}
    assert {line["order_id"] for line in results_in(path / "o.csv.results.jsonl")} == set(wanted)
    lines = lines_of(terminal.shown)
    assert max(map(len, lines)) <= columns
    # What was tried again is done at the end.
    assert not any("retrying" in line for line in lines if "60 of 60" in line)
    return terminal.shown


def test_a_width_that_is_none_is_not_used(env: dict[str, str], slow: Sandbox, tmp_path: Path) -> None:
    """Some programs set COLUMNS to 0; the bar is as wide as the terminal."""
    shown = on_terminal(env, slow, tmp_path, "--max-retries=0", COLUMNS="0")
    assert re.search(r"of 60, [\d.]+/s, \d+ failed", "\n".join(lines_of(shown)))


def test_a_terminal_has_a_bar(env: dict[str, str], slow: Sandbox, tmp_path: Path) -> None:
    """With what is done, how fast, and the time left; it is drawn in one line, ends full, and the cursor is back."""
    shown = on_terminal(env, slow, tmp_path, "--max-retries=0")
    assert shown.count(HIDE) == shown.count(SHOW) == 1
    assert shown.index(HIDE) < shown.index("━") < shown.index(SHOW) < shown.index(" edited, ")
    drawn = re.findall(r"━+╺?╸?━* (\d+) of 60, [^\n]*\d/s, (?:[^\n]*\d s left)?", "\n".join(lines_of(shown)))
    counts = list(map(int, drawn))
    assert counts == sorted(counts)
    assert len(set(counts)) >= 3
    assert counts[-1] == 60
    assert re.search(r"of 60, [\d.]+/s, \d+ failed", "\n".join(lines_of(shown)))
    # Each drawing takes the place of the last one.
    bar = shown[shown.index(HIDE) : shown.index(SHOW)]
    assert bar.count("\n") == 1


@pytest.mark.slow
def test_what_is_told_meanwhile_stands_above_the_bar(env: dict[str, str], slow: Sandbox, tmp_path: Path) -> None:
    """Whole, and the bar below it goes on."""
    lines = lines_of(on_terminal(env, slow, tmp_path, "-v", "--max-retries=9"))
    told = [line for line in lines if re.match(r"order o-\d+: attempt \d+ failed \(.*", line)]
    assert len(told) > 5
    assert any(re.search(r"━.*of 60, .*\d retrying", line) for line in lines)
    assert lines.index(told[-1]) < max(number for number, line in enumerate(lines) if "━" in line)


@pytest.mark.slow
def test_a_narrow_terminal_has_a_bar_too(env: dict[str, str], slow: Sandbox, tmp_path: Path) -> None:
    """In one line, with what there is room for."""
    shown = on_terminal(env, slow, tmp_path, "--max-retries=0", columns=40)
    assert re.search(r"━ +60 of 60", "\n".join(lines_of(shown)))
    bar = shown[shown.index(HIDE) : shown.index(SHOW)]
    assert bar.count("\n") == 1


@pytest.mark.slow
def test_no_color_means_no_colours(env: dict[str, str], slow: Sandbox, tmp_path: Path) -> None:
    """The bar is drawn, and says the same."""
    shown = on_terminal(env, slow, tmp_path, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*m", shown)
    assert "━ 60 of 60" in "\n".join(lines_of(shown))


@pytest.mark.slow
@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_has_lines(
    env: dict[str, str], slow: Sandbox, tmp_path: Path, term: str
) -> None:
    """And no escape codes at all."""
    shown = on_terminal(env, slow, tmp_path, "--rate=8", TERM=term)
    assert "\x1b" not in shown
    assert re.search(r"^\d+ of 60, [\d.]+/s, .*\d s left$", "\n".join(lines_of(shown)), re.MULTILINE)


@pytest.mark.slow
def test_a_terminal_of_ascii_has_a_bar_of_ascii(env: dict[str, str], slow: Sandbox, tmp_path: Path) -> None:
    """Nothing is shown as the number of a character."""
    shown = on_terminal(env, slow, tmp_path, columns=40, PYTHONIOENCODING="ascii")
    assert shown.isascii()
    assert "\\u" not in shown
    assert re.search(r"-+ +60 of 60", "\n".join(lines_of(shown)))
