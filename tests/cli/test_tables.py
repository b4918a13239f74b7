"""Tables of text: each file of tests/cli/tables is read, or refused, as expected.toml says; encodings and standard input."""

from __future__ import annotations

import io
import json
import os
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from terminal import on_terminal

from autoenhance._params import BODY
from autoenhance.cli import _source

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal import Command, Ran

    from autoenhance.sandbox import Sandbox

    Read = Callable[..., Ran]

FOLDER: Final = Path(__file__).parent / "tables"
EXPECTED: Final[dict[str, dict[str, Any]]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
*_FIRST, _LAST = _SETTABLE = [param.keyword for param in BODY]
TERMINALS: Final = "stdin stderr"
TEXT: Final = "Order ID;Name\r\no-1;4 Harbour View\r\no-2;Königstraße 3\r\n"
EDITS: Final = 'o-1: name "4 Harbour View"\no-2: name "Königstraße 3"\n'
NOT_UNICODE: Final = "is not UTF-8 (byte 0xf6 on line 3); decoded as Windows-1252 it has 'Königstraße 3'"
SAVE: Final = 'In the spreadsheet program, save the sheet as a workbook (.xlsx) or as "CSV UTF-8".'
HINT: Final = f"Hint: If that is right, give --encoding cp1252; else name its encoding. {SAVE}"


# --- The files of tests/cli/tables ---


@pytest.fixture
def read(command: Command, monkeypatch: pytest.MonkeyPatch) -> Read:
    """A dry run, with data on standard input; standard input and standard error may be terminals."""

    def run(file: str, *options: str, data: bytes = b"", terminals: str = "") -> Ran:
        stdin = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
        monkeypatch.setattr(stdin, "isatty", lambda: "stdin" in terminals)
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: "stderr" in terminals)
        return command("edit-orders", file, "--dry-run", *options)

    return run


def edit(order_id: str, **changes: str) -> str:
    """The line of a dry run for one edit, whose changes are in the order of the table's columns."""
    sets = [f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in changes.items()]
    return f"{order_id}: {', '.join(sets)}\n"


def filled_in(says: str) -> str:
    """The output, with the columns of the contract."""
    any_settable = f"{', '.join(_FIRST)} or {_LAST}"
    return says.replace("{settable}", ", ".join(_SETTABLE)).replace("{any settable}", any_settable)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_table_is_read_or_refused_as_expected(read: Read, name: str) -> None:
    """The edits are on standard output, all messages are on standard error, and no file is written."""
    expected, path = EXPECTED[name], str(FOLDER / name)
    ran = read(path, *expected.get("options", []))
    assert ran.err.replace(path, "FILE") == filled_in(expected["says"])
    assert ran.out == "".join(edit(**row) for row in expected.get("reads", []))
    assert ran.status == (0 if "reads" in expected else 2)
    assert not Path(f"{path}.results.jsonl").exists()


def test_every_file_has_an_expectation() -> None:
    """And vice versa; test_workbooks.py reads the workbooks."""
    files = {path.name for path in FOLDER.iterdir()} - {".gitattributes", "expected.toml"}
    assert {name for name in files if not name.startswith(("workbook.", "encrypted."))} == EXPECTED.keys()


# --- Files that are too large ---


LONG = f"order_id,name\no-1,{'a' * 140_000}\no-2,b\n"
DEEP = '{"order_id": "o-1", "a": ' + "[" * 100_000


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (LONG, "row 2: a field has more than 131,072 characters; is a quote missing after it? The rows after it were"),
        (DEEP, "row 1: lists and objects are nested more than 100 deep"),
    ],
    ids=["long field", "deep lists"],
)
def test_a_row_that_is_too_large_is_an_error(read: Read, table: Path, text: str, error: str) -> None:
    """The rows after it are not read."""
    table.write_text(text, "utf-8")
    ran = read(str(table))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"{table}: {error}")


def test_a_file_that_is_too_large_is_refused(read: Read, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be read into memory."""
    table.write_text("order_id,name\no-1,a\n")
    monkeypatch.setattr(_source, "MAX_BYTES", 10)
    line, hint = read(str(table)).problem()
    assert line == f"{table} has more than 0 MiB"
    assert hint.startswith("Split it into several files.")


@pytest.mark.parametrize("blank", ["\u00a0", "\t", " "])
def test_a_row_with_many_blanks_is_read_in_linear_time(read: Read, table: Path, blank: str) -> None:
    table.write_text(f"order_id,name,Remarks\no-1,a,x{blank * 120_000}y\n", "utf-8")
    begun = time.monotonic()
    assert read(str(table)).out == 'o-1: name "a"\n'
    assert time.monotonic() - begun < 5


# --- Encodings that are not Unicode ---


@pytest.fixture
def file(table: Path) -> str:
    """A table in Windows-1252."""
    table.write_bytes(TEXT.encode("cp1252"))
    return str(table)


def unwrapped(text: str) -> str:
    """The text of a terminal, without line breaks."""
    return " ".join(text.split())


def test_a_question_shows_the_text_as_windows_1252(sandbox: Sandbox, env: dict[str, str], file: str) -> None:
    """On a terminal; after a yes, the edits are made."""
    sandbox.add_orders(["o-1", "o-2"])
    ran = on_terminal("edit-orders", file, env=env, prompt=r"\[y/N\]", keys="y\n")
    shown = unwrapped(ran.out)
    assert shown.startswith(f"{file} {NOT_UNICODE}. Is that right? [y/N] ")
    assert f"{file}, CSV with semicolons, Windows-1252, 2 rows: editing 2 orders." in shown
    assert (ran.status, (sandbox.order("o-2") or {})["name"]) == (0, "Königstraße 3")


@pytest.mark.parametrize(
    ("keys", "terminals", "is_yes"),
    [
        *((keys, TERMINALS, True) for keys in (b"y\n", b" YES \n")),
        *((keys, TERMINALS, False) for keys in (b"n\n", b"\n", b"yellow\n", b"")),
        (b"y\n", "stdin", False),
        (b"y\n", "stderr", False),
    ],
)
def test_the_file_is_read_only_after_a_yes(read: Read, file: str, *, keys: bytes, terminals: str, is_yes: bool) -> None:
    """Else it is refused, and the hint names the option. The question is asked only where it is shown."""
    ran = read(file, data=keys, terminals=terminals)
    errors = unwrapped(ran.err)
    assert errors.count("[y/N]") == (terminals == TERMINALS)
    assert (ran.status, ran.out) == ((0, EDITS) if is_yes else (2, ""))
    assert is_yes or errors.endswith(f"Error: {file} {NOT_UNICODE} {HINT}")


@pytest.mark.parametrize("name", ["encoding-shift-jis.csv", "encoding-mixed.csv", "binary-image.csv"])
def test_there_is_no_question_if_it_is_not_windows_1252(read: Read, name: str) -> None:
    """It has other bytes, some UTF-8, or no text."""
    ran = read(str(FOLDER / name), data=b"y\n", terminals=TERMINALS)
    assert (ran.status, "[y/N]" in ran.err) == (2, False)


def test_the_question_has_no_control_characters(read: Read, table: Path) -> None:
    table.write_bytes(b"order_id,name\no-1,K\x1b[31m\xf6nig\n")
    errors = read(str(table)).err
    assert (r"it has 'K\x1b[31mönig'" in errors, "\x1b" in errors) == (True, False)


@pytest.mark.parametrize("name", ["cp1252", "windows-1252", "CP1252", "latin-1", "iso8859-15"])
def test_encoding_takes_any_name_that_python_knows(read: Read, file: str, name: str) -> None:
    """Which the output has; there is no question."""
    ran = read(file, "--encoding", name, data=b"n\n", terminals=TERMINALS)
    assert (ran.status, ran.out) == (0, EDITS)
    assert unwrapped(ran.err).startswith(f"{file}, CSV with semicolons, {name}, 2 rows: ")


@pytest.mark.parametrize(
    ("name", "error", "hint"),
    [
        *(
            (name, f"--encoding '{name}' ", "Give one that ")
            for name in ("klingon", "utf-9", "cp 1252", "rot13", "zip")
        ),
        # Encodings with errors of their own.
        *((name, "", "") for name in ("undefined", "idna", "punycode")),
        ("utf-8", "FILE: the text is not UTF-8 on line 3; it is damaged, or in another encoding", SAVE),
        ("utf-32", "FILE: the text is not utf-32 on line 1; it is damaged, or in another encoding", SAVE),
    ],
)
def test_a_wrong_encoding_is_refused(read: Read, file: str, name: str, error: str, hint: str) -> None:
    """If it is unknown, or not an encoding of text, the hint has examples."""
    line, advice = read(file, "--encoding", name).problem()
    assert line.replace(file, "FILE").startswith(error)
    assert advice.startswith(hint)
    assert "UnicodeError" not in line


def test_a_workbook_has_no_encoding(read: Read) -> None:
    line, hint = read(str(FOLDER / "workbook.ods"), "--encoding", "cp1252").problem()
    assert (line.partition(".ods")[2], hint) == (" is a workbook, and has no encoding", "Leave out --encoding.")


# --- Standard input ---

STDIN = ["-", "--results", "r.jsonl"]


@pytest.mark.parametrize(
    ("encoding", "options", "shown"),
    [
        ("utf-8", [], "UTF-8"),
        ("utf-8-sig", [], "UTF-8"),
        *((f"utf-16{order}", [], "UTF-16") for order in ("", "-be", "-le")),
        ("cp1252", ["--encoding", "cp1252"], "cp1252"),
    ],
)
def test_a_table_may_come_from_standard_input(read: Read, encoding: str, options: list[str], shown: str) -> None:
    """With or without a byte order mark, whatever the locale."""
    ran = read(*STDIN, *options, data=TEXT.encode(encoding))
    assert (ran.status, ran.out) == (0, EDITS)
    assert ran.err.splitlines() == [
        f"standard input, CSV with semicolons, {shown}, 2 rows: 2 orders would be edited. Nothing was sent.",
        "Results would go to r.jsonl",
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (TEXT.encode("cp1252"), f"Error: standard input {NOT_UNICODE}\n{HINT}\n"),
        (b"\x1f\x8b\x08", "Error: standard input is compressed\nHint: "),
        (b"order_id\0name\n", "Error: standard input: NUL character on line 1;"),
        (b"", "standard input: empty; "),
        (b"order_id,name\n,a\n", "standard input: row 2, column A (order_id): is empty;"),
    ],
    ids=["Windows-1252", "gzip", "NUL", "empty", "error"],
)
def test_an_error_of_standard_input_names_it(read: Read, data: bytes, error: str) -> None:
    ran = read(*STDIN, data=data)
    assert (ran.status, ran.out, ran.err[: len(error)]) == (2, "", error)


@pytest.mark.parametrize("name", ["workbook.xls", "workbook.ods"])
def test_a_workbook_may_come_from_standard_input(read: Read, name: str) -> None:
    """It is recognized by its bytes."""
    ran = read(*STDIN, data=(FOLDER / name).read_bytes())
    assert (ran.status, ran.out.splitlines()[0]) == (0, 'o-1: name "Königstraße 3"')
    assert "standard input, sheet 'Orders', " in ran.err


def test_a_table_may_be_a_pipe(read: Read) -> None:
    """As shells make one of <(iconv ...)."""
    reads, writes = os.pipe()
    os.write(writes, TEXT.encode())
    os.close(writes)
    ran = read(f"/dev/fd/{reads}")
    os.close(reads)
    assert (ran.status, ran.out) == (0, EDITS)
