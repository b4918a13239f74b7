"""A text that is not Unicode is read only if somebody says which encoding it has."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from terminal import on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal import Command

    from autoenhance.sandbox import Sandbox

TABLES: Final = Path(__file__).parent / "tables"
TEXT: Final = "Order ID;Name\r\no-1;4 Harbour View\r\no-2;Königstraße 3\r\n"
EDITS: Final = 'o-1: name "4 Harbour View"\no-2: name "Königstraße 3"\n'
NOT_UNICODE: Final = "is not UTF-8 (byte 0xf6 on line 3); as Windows-1252 it would have 'Königstraße 3'"
SAVE: Final = 'In the spreadsheet program, save the sheet as a workbook (.xlsx) or as "CSV UTF-8".'
HINT: Final = f"Hint: If that is right, give --encoding cp1252; else name its encoding. {SAVE}"


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A table in Windows-1252."""
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT.encode("cp1252"))
    return str(path)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Puts data on standard input."""
    return lambda data: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


def answered(keys: bytes) -> Callable[[str], bytes]:
    """Types these keys once, when the question is asked."""
    left = [keys]
    return lambda shown: left.pop() if "[y/N]" in shown and left else b""


def words(shown: str) -> str:
    """What is shown on a terminal, without the breaks between its lines."""
    return " ".join(shown.split())


# --- The question on a terminal ---


@pytest.mark.parametrize("keys", [b"y\n", b"Y\n", b" yes \n"])
def test_who_says_that_it_is_windows_1252_has_it_read_so(env: Mapping[str, str], file: str, keys: bytes) -> None:
    """The question shows a text that would be affected."""
    ran = on_terminal("edit-orders", file, "--dry-run", env=env, typed=answered(keys))
    shown = words(ran.out)
    assert shown.startswith(f"{file} {NOT_UNICODE}. Is that right? [y/N] ")
    assert 'o-2: name "Königstraße 3"' in shown
    assert f"{file}, CSV with semicolons, Windows-1252, 2 rows: 2 orders would be edited." in shown
    assert ran.status == 0


def test_what_was_shown_is_sent(sandbox: Sandbox, env: Mapping[str, str], file: str) -> None:
    """After the answer the edits are made."""
    sandbox.add_orders(["o-1", "o-2"])
    assert on_terminal("edit-orders", file, env=env, typed=answered(b"y\n")).status == 0
    assert (sandbox.order("o-2") or {})["name"] == "Königstraße 3"


@pytest.mark.parametrize("keys", [b"n\n", b"\n", b"yellow\n", b"\x04"], ids=["n", "Enter", "another word", "Ctrl-D"])
def test_any_other_answer_refuses_the_file(env: Mapping[str, str], file: str, keys: bytes) -> None:
    """With what was shown, and the option for a file in another encoding."""
    ran = on_terminal("edit-orders", file, "--dry-run", env=env, typed=answered(keys))
    shown = words(ran.out)
    assert shown.count("[y/N]") == 1
    assert shown.endswith(f"Error: {file} {NOT_UNICODE} {HINT}")
    assert "o-1: name" not in shown
    assert ran.status == 2


def test_nobody_is_asked_who_does_not_see_the_question(env: Mapping[str, str], file: str, tmp_path: Path) -> None:
    """The file is refused at once if standard error is no terminal."""
    with (tmp_path / "said").open("w+b") as said:
        ran = on_terminal("edit-orders", file, "--dry-run", env=env, stderr=said, typed=lambda _: b"y\n")
    assert words((tmp_path / "said").read_text("utf-8")) == f"Error: {file} {NOT_UNICODE} {HINT}"
    assert ran.status == 2


def test_a_program_is_not_asked(
    command: Command, stdin: Callable[[bytes], None], file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is refused at once if standard input is no terminal, whatever comes from it."""
    stdin(b"y\n")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ran = command("edit-orders", file, "--dry-run")
    assert words(ran.err) == f"Error: {file} {NOT_UNICODE} {HINT}"
    assert ran.status == 2


@pytest.mark.parametrize("name", ["encoding-shift-jis.csv", "encoding-mixed.csv", "binary-image.csv"])
def test_nothing_is_asked_of_a_file_that_is_not_windows_1252(env: Mapping[str, str], name: str) -> None:
    """Bytes that it does not have, letters in UTF-8, or no text: the answer could not be yes."""
    ran = on_terminal("edit-orders", str(TABLES / name), "--dry-run", env=env, typed=answered(b"y\n"))
    assert "[y/N]" not in ran.out
    assert ran.status == 2


def test_what_a_terminal_would_act_on_is_shown_as_text(command: Command, tmp_path: Path) -> None:
    """In the text that would be affected."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"order_id,name\no-1,K\x1b[31m\xf6nig\n")
    said = command("edit-orders", str(path), "--dry-run").err
    assert r"it would have 'K\x1b[31mönig'" in said
    assert "\x1b" not in said


def test_an_encoding_that_is_named_is_not_asked_about(env: Mapping[str, str], file: str) -> None:
    """On a terminal, too."""
    ran = on_terminal("edit-orders", file, "--dry-run", "--encoding", "cp1252", env=env)
    assert "[y/N]" not in ran.out
    assert 'o-2: name "Königstraße 3"' in ran.out
    assert ran.status == 0


# --- --encoding ---


@pytest.mark.parametrize("name", ["cp1252", "windows-1252", "CP1252", "latin-1", "iso8859-15"])
def test_an_encoding_may_have_any_name_that_python_knows(command: Command, file: str, name: str) -> None:
    """What is said begins with it."""
    ran = command("edit-orders", file, "--dry-run", "--encoding", name)
    assert (ran.status, ran.out) == (0, EDITS)
    assert ran.err.startswith(f"{file}, CSV with semicolons, {name}, 2 rows: ")


@pytest.mark.parametrize("name", ["klingon", "utf-9", "cp 1252", "rot13", "hex", "base64", "zip"])
def test_an_encoding_that_is_unknown_or_not_of_text_is_refused(command: Command, file: str, name: str) -> None:
    """Before anything is read; the hint has some that can be given."""
    ran = command("edit-orders", file, "--dry-run", "--encoding", name)
    line, hint = ran.err.splitlines()
    assert line.startswith(f"Error: --encoding '{name}' ")
    assert hint == "Hint: Give one that Python knows, such as cp1252, mac_roman or utf-16."
    assert (ran.status, ran.out) == (2, "")


@pytest.mark.parametrize("name", ["undefined", "idna", "punycode"])
def test_an_encoding_that_takes_no_file_is_refused(command: Command, file: str, name: str) -> None:
    """Names of hosts have encodings of their own; nothing internal of Python's is said."""
    ran = command("edit-orders", file, "--dry-run", "--encoding", name)
    assert (ran.status, ran.out) == (2, "")
    assert "UnicodeError" not in ran.err


@pytest.mark.parametrize(
    ("name", "shown", "line"), [("utf-8", "UTF-8", 3), ("ascii", "ascii", 3), ("utf-32", "utf-32", 1)]
)
def test_a_text_that_is_not_in_the_encoding_is_refused_with_its_line(
    command: Command, file: str, name: str, shown: str, line: int
) -> None:
    """If an encoding is named, no other is asked about."""
    ran = command("edit-orders", file, "--dry-run", "--encoding", name)
    assert (ran.status, ran.out) == (2, "")
    what = f"the text is not {shown} on line {line}; it is damaged, or in another encoding"
    assert ran.err == f"Error: {file}: {what}\nHint: {SAVE}\n"


# --- Standard input ---


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-16-le", "UTF-16"),
    ],
)
def test_unicode_on_standard_input_is_recognized(
    command: Command, stdin: Callable[[bytes], None], tmp_path: Path, encoding: str, shown: str
) -> None:
    """As in a file, with or without a BOM; what the locale says does not matter."""
    stdin(TEXT.encode(encoding))
    results = str(tmp_path / "results.jsonl")
    ran = command("edit-orders", "-", "--dry-run", "--results", results)
    assert (ran.status, ran.out) == (0, EDITS)
    assert ran.err.splitlines() == [
        f"standard input, CSV with semicolons, {shown}, 2 rows: 2 orders would be edited. Nothing was sent.",
        f"Results would go to {results}",
    ]


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (TEXT.encode("cp1252"), [], f"Error: standard input {NOT_UNICODE}\n{HINT}\n"),
        (TEXT.encode("cp1252"), ["--encoding", "ascii"], "Error: standard input: the text is not ascii on line 3;"),
        (b"\x1f\x8b\x08", [], "Error: standard input is compressed\nHint: "),
        (b"order_id\0name\n", [], "Error: standard input: NUL character on line 1;"),
        (b"", [], "standard input: empty; "),
        (b"order_id,name\n,a\n", [], "standard input: row 2, column A (order_id): is empty;"),
    ],
    ids=["Windows-1252", "--encoding", "gzip", "NUL", "empty", "error"],
)
def test_standard_input_is_refused_as_a_file_is(
    command: Command, stdin: Callable[[bytes], None], data: bytes, options: list[str], said: str
) -> None:
    """Under its own name."""
    stdin(data)
    ran = command("edit-orders", "-", "--dry-run", "--results", "r.jsonl", *options)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(said)


@pytest.mark.parametrize("name", ["workbook.xls", "workbook.ods"])
def test_a_workbook_may_come_from_standard_input(command: Command, stdin: Callable[[bytes], None], name: str) -> None:
    """Its bytes decide."""
    stdin((TABLES / name).read_bytes())
    ran = command("edit-orders", "-", "--dry-run", "--results", "r.jsonl")
    assert ran.status == 0
    assert ran.out.startswith('o-1: name "Königstraße 3"\n')
    assert "standard input, sheet 'Orders', " in ran.err


def test_an_encoding_holds_for_standard_input(command: Command, stdin: Callable[[bytes], None]) -> None:
    """Where nobody can be asked, --encoding says it."""
    stdin(TEXT.encode("cp1252"))
    ran = command("edit-orders", "-", "--dry-run", "--results", "r.jsonl", "--encoding", "cp1252")
    assert (ran.status, ran.out) == (0, EDITS)


def test_a_pipe_in_the_place_of_a_file_is_read(command: Command) -> None:
    """As shells make one of <(iconv ...)."""
    writer = [sys.executable, "-c", f"import sys; sys.stdout.buffer.write({TEXT.encode()!r})"]
    with subprocess.Popen(writer, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ran = command("edit-orders", f"/dev/fd/{process.stdout.fileno()}", "--dry-run")
    assert (ran.status, ran.out) == (0, EDITS)


@pytest.mark.parametrize("blank", ["\u00a0", "\t", " "])
def test_a_long_row_of_blanks_is_read_in_no_time(command: Command, tmp_path: Path, blank: str) -> None:
    """Looking for blanks before quotes takes as long as the text is, and no longer."""
    path = tmp_path / "orders.csv"
    path.write_text(f"order_id,name,Remarks\no-1,a,x{blank * 120_000}y\n", "utf-8")
    begun = time.monotonic()
    assert command("edit-orders", str(path), "--dry-run").out == 'o-1: name "a"\n'
    assert time.monotonic() - begun < 5
