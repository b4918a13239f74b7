"""`python -m autoenhance.sandbox` and `autoenhance sandbox` serve until they are stopped, or say why they cannot."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import sys
import threading
from typing import TYPE_CHECKING

import httpx
import pytest
from terminal import SCRIPT, started

from autoenhance.cli import main
from autoenhance.sandbox import Sandbox
from autoenhance.sandbox import __main__ as program
from autoenhance.sandbox._foreground import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPTIONS = ["--port=0", "--db=orders.sqlite3", "--latency=0.01-0.02", "--fail-rate=0.001", "--seed=5", "--rate-limit=1"]
WITH_TABLE = [SCRIPT, "sandbox", "--orders", "orders.csv", "--max-name-length", "500"]


@pytest.mark.posix("signals")
@pytest.mark.parametrize(
    ("command", "number", "order_ids"),
    [
        ([sys.executable, "-W", "error", "-m", "autoenhance.sandbox"], signal.SIGTERM, ".*, (harbour-view-7)"),
        (WITH_TABLE, signal.SIGINT, "o-0, (o-1), .*, and 33 more"),
    ],
)
def test_it_serves_until_it_is_stopped(command: list[str], number: int, order_ids: str, tmp_path: Path) -> None:
    """It prints its URL and key, as lines for a shell, and what it simulates; it ends without a message."""
    table = "order_id;name\n" + "".join(f"o-{n};{'a' * 500}\n" for n in range(40))
    (tmp_path / "orders.csv").write_text(table)
    with started(*OPTIONS, command=command, cwd=tmp_path) as process:
        lines = [process.stdout.readline() for _ in range(7)]  # type: ignore[union-attr]
        exported = dict(re.findall(r"^export (\w+)=(\S+)$", "".join(lines), re.MULTILINE))
        listed = re.fullmatch(f"Orders: {order_ids}\n", lines[5])
        assert listed
        url = f"{exported['AUTOENHANCE_BASE_URL']}/v3/orders/{listed[1]}"
        with httpx.Client(headers={"x-api-key": exported["AUTOENHANCE_API_KEY"]}) as http:
            assert {http.patch(url, json={"name": "a"}).status_code for _ in range(9)} == {200, 429}
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert lines[6].endswith(": latency 0.01 to 0.02 s, fail rate 0.001, seed 5\n")
    with Sandbox(db=tmp_path / "orders.sqlite3") as kept:
        assert (kept.order(listed[1]) or {})["name"] == "a"


@pytest.mark.parametrize(
    "option", ["port=99999", "port=USED", "db=.", "latency=fast", "latency=2-1", "fail-rate=2", "rate-limit=0"]
)
def test_an_invalid_option_is_one_line(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And exit status 2. If a port is in use, it says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert program.main(["--port=0", f"--{option.replace('USED', port)}"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.partition(": ")[0]) == ("", "Error")
    hint = "" if "USED" not in option else "Hint: --port 0 chooses a free one.\n"
    assert re.fullmatch(rf"Error: cannot start the sandbox: .+\n{hint}", err)
    assert bool(hint) == (f"port {port} is in use" in err)


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        ("id,name\no-1,a\n", ["orders.csv: no column order_id; ", "1 error; the sandbox did not start"]),
        ("order_id,name\n,a\n", ["orders.csv: row 2, column A (order_id): ", "1 error; the sandbox did not start"]),
        ("order_id,name\na/b,c\n", ["'a/b'"]),
        (None, ["orders.csv' cannot be read: "]),
    ],
)
def test_a_table_with_errors_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, errors: list[str]
) -> None:
    """A sandbox with fewer orders than there are rows does not start, and is not left running."""
    table = tmp_path / "orders.csv"
    if content is not None:
        table.write_text(content)
    before = threading.active_count()
    assert main(["sandbox", "--port", "0", "--orders", str(table)]) == 2
    assert threading.active_count() == before
    out, err = capsys.readouterr()
    assert (out, "Traceback" in err) == ("", False)
    assert all(error in err for error in errors)


def test_orders_that_cannot_be_stored_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """As when another program has locked the database; the sandbox is not left running."""

    def order_ids() -> Iterator[str]:
        yield "o-1"
        raise sqlite3.OperationalError("database is locked")

    before = threading.active_count()
    assert serve(port=0, order_ids=order_ids()) == 2
    assert threading.active_count() == before
    assert capsys.readouterr() == ("", "Error: cannot start the sandbox: database is locked\n")


def test_the_command_has_the_same_errors(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid option, or the extra that is missing."""
    for error in (
        "Error: cannot start the sandbox: 'fast' is not a latency",
        "run pip install '.[sandbox]' in the checkout",
    ):
        assert main(["sandbox", "--latency", "fast"]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n"), error in err) == ("", 1, True)
        monkeypatch.setitem(sys.modules, "autoenhance.sandbox._server", None)
