"""Python streams that are no files, as notebooks and Celery have, take what the command says."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autoenhance.cli import main

if TYPE_CHECKING:
    from terminal import Command

    from autoenhance.sandbox import Sandbox


class TextOnly:
    """A stream that takes text, and has nothing else of a file."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        """Nothing is kept back."""


class Streams:
    """Runs the command with such streams."""

    def __init__(self) -> None:
        self.out, self.err = TextOnly(), TextOnly()

    def __call__(self, *arguments: str, out: object = None) -> int:
        # Here and not in a fixture: pytest puts its own streams in their place when a test begins.
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sys, "stdout", out or self.out)
            patched.setattr(sys, "stderr", self.err)
            return main(arguments)


@pytest.fixture
def run(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Streams:
    """The command, with the sandbox in the place of the service."""
    monkeypatch.setenv("AUTOENHANCE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("AUTOENHANCE_BASE_URL", sandbox.url)
    return Streams()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_order_is_shown(run: Streams, options: tuple[str, ...]) -> None:
    """As a table, and as the raw response."""
    assert run("edit-order", "harbour-view-7", "--name", "Königstraße", *options) == 0
    assert run.err.text == ""
    assert (json.loads(run.out.text)["name"] if options else run.out.text.split("\n")[1]).endswith("Königstraße")


def test_a_table_is_edited(run: Streams, tmp_path: Path) -> None:
    """With its summary, and a dry run before it."""
    table = tmp_path / "orders.csv"
    table.write_text("order_id,name\nharbour-view-7,é\n", "utf-8")
    assert run("edit-orders", str(table), "--dry-run") == 0
    assert run.out.text == 'harbour-view-7: name "é"\n'
    assert run("edit-orders", str(table)) == 0
    assert "1 edited, 0 failed" in run.err.text
    run.out.text = ""
    assert run("results", f"{table}.results.jsonl") == 0
    assert run.out.text.startswith("order_id\tname\tstatus")


def closed() -> io.StringIO:
    """A stream that its owner has closed."""
    stream = io.StringIO()
    stream.close()
    return stream


class OddEncoding(TextOnly):
    """A stream whose encoding Python does not know."""

    encoding = "no-such"


@pytest.mark.parametrize("out", [object(), closed(), io.BytesIO(), OddEncoding()], ids=lambda out: type(out).__name__)
def test_an_output_that_takes_nothing_is_found_out_before_anything_is_sent(
    run: Streams, sandbox: Sandbox, out: object
) -> None:
    """Nobody wonders whether the edit was done."""
    before = sandbox.order("harbour-view-7")
    assert run("edit-order", "harbour-view-7", "--name", "a", out=out) == 2
    assert run.err.text.startswith("Error: standard output cannot be written; nothing was sent\n")
    assert sandbox.order("harbour-view-7") == before


@pytest.mark.parametrize("err", [closed(), io.TextIOWrapper(io.BytesIO(), encoding="cp1252")], ids=["closed", "cp1252"])
def test_a_log_that_cannot_be_written_fails_no_edit(run: Streams, sandbox: Sandbox, tmp_path: Path, err: Any) -> None:
    """Retries are reported while the library makes them; what cannot be told is left out, or escaped."""
    wanted = {f"日-{number}": f"{number} Acacia Avenue" for number in range(9)}
    sandbox.add_orders(wanted)
    sandbox.answer_next(503, headers={"content-type": "application/json"}, body=b"{}", times=3)
    table = tmp_path / "orders.csv"
    table.write_text("order_id,name\n" + "".join(f"{order_id},{name}\n" for order_id, name in wanted.items()), "utf-8")
    run.err = err
    assert run("edit-orders", str(table), "-v", "--max-retries", "4") == 0
    assert {order_id: (sandbox.order(order_id) or {})["name"] for order_id in wanted} == wanted
    if not err.closed:
        err.seek(0)
        assert r"order \u65e5-" in err.read()


def test_whatever_ends_a_run_the_edits_in_flight_are_recorded(
    run: Streams, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A display that breaks is no reason to lose them."""
    sandbox.add_orders(f"o-{number}" for number in range(200))
    table = tmp_path / "orders.csv"
    table.write_text("order_id,name\n" + "".join(f"o-{number},a\n" for number in range(200)), "utf-8")
    shown = iter(range(3))

    def breaks(_: object) -> None:
        if next(shown, None) is None:
            raise RuntimeError("broken")

    monkeypatch.setattr("autoenhance.cli._progress_display.ProgressDisplay.show", breaks)
    assert run("edit-orders", str(table)) == 1
    lines = Path(f"{table}.results.jsonl").read_text("utf-8").splitlines()
    done = [number for number in range(200) if (sandbox.order(f"o-{number}") or {})["name"] == "a"]
    assert len(lines) == len(done) < 200


@pytest.mark.parametrize("columns", ["0", "", "x", "-1", "9" * 30])
def test_a_width_that_is_none_is_not_used(command: Command, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """Some programs set COLUMNS to 0; an order is shown all the same, and an error is a whole line."""
    monkeypatch.setenv("COLUMNS", columns)
    assert "Name      a\n" in command("edit-order", "harbour-view-7", "--name", "a").out
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert command("edit-order", "").err.startswith("Error: no changes given\n")
