"""Each file of tests/cli/tables is read, or refused, as expected.toml says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from autoenhance._params import BODY
from autoenhance.cli import _source

if TYPE_CHECKING:
    from terminal import Command

FOLDER: Final = Path(__file__).parent / "tables"
WORKBOOKS: Final = {"workbook.xls", "workbook.ods"}
"""These are for test_workbooks.py."""
EXPECTED: Final[dict[str, dict[str, Any]]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
*_FIRST, _LAST = _SETTABLE = [param.keyword for param in BODY]


def edit(order_id: str, **changes: str) -> str:
    """The line of a dry run for one edit, whose changes are in the order of the table's columns."""
    sets = [f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in changes.items()]
    return f"{order_id}: {', '.join(sets)}\n"


def filled_in(says: str) -> str:
    """What is said, with the columns of the contract."""
    any_settable = f"{', '.join(_FIRST)} or {_LAST}"
    return says.replace("{settable}", ", ".join(_SETTABLE)).replace("{any settable}", any_settable)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_table_is_read_or_refused_as_expected(command: Command, name: str) -> None:
    """The edits are on standard output, everything that is said is on standard error, and no file is written."""
    expected, path = EXPECTED[name], str(FOLDER / name)
    ran = command("edit-orders", path, "--dry-run", *expected.get("options", []))
    assert ran.err.replace(path, "FILE") == filled_in(expected["says"])
    assert ran.out == "".join(edit(**row) for row in expected.get("reads", []))
    assert ran.status == (0 if "reads" in expected else 2)
    assert not Path(f"{path}.results.jsonl").exists()


def test_every_file_has_an_expectation() -> None:
    """And every expectation has a file."""
    files = {path.name for path in FOLDER.iterdir()} - {".gitattributes", "expected.toml"}
    assert files == EXPECTED.keys() | WORKBOOKS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"order_id,name\no-1,{'a' * 140_000}\no-2,b\n",
            "row 2: a field has more than 131,072 characters; is a quote missing after it? The rows after it were not read",
        ),
        ('{"order_id": "o-1", "a": ' + "[" * 100_000, "row 1: lists and objects are nested more than 100 deep"),
    ],
    ids=["long field", "deep lists"],
)
def test_what_is_too_much_is_an_error_of_its_row(command: Command, tmp_path: Path, text: str, said: str) -> None:
    """And no more of it is read."""
    path = tmp_path / "orders"
    path.write_text(text, "utf-8")
    ran = command("edit-orders", str(path), "--dry-run")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[0] == f"{path}: {said}"


def test_a_file_that_is_too_large_is_refused(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would have to be in memory."""
    path = tmp_path / "orders.csv"
    path.write_text("order_id,name\no-1,a\n")
    monkeypatch.setattr(_source, "MOST_BYTES", 10)
    ran = command("edit-orders", str(path), "--dry-run")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"Error: {path} has more than 0 MiB\nHint: Split it into several files.")
