"""What goes wrong is one line, a hint, and an exit status."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from odd_servers import nobody
from terminal import Terminal

from autoenhance import errors
from autoenhance.cli._error_messages import error_message
from autoenhance.cli._text import printable, printable_json

if TYPE_CHECKING:
    from terminal import Command

    from autoenhance.sandbox import Sandbox


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["edit-order"], "Missing argument 'ORDER_ID'"),
        (["edit-order", "x"], "no changes given"),
        (["edit-order", "x", "--name"], "Option '--name' requires an argument."),
        (["edit-order", "x", "--nam", "a"], "No such option: --nam"),
        (["edit"], "No such command 'edit'"),
        (["edit-order", "x", "--name", "a", "--json", "--curl"], "--json and --curl cannot be used together"),
        (["edit-order", "x", "--name", "a", "--timeout", "0"], "--timeout 0 is invalid"),
        (["edit-order", "x", "--name", "a", "--timeout", "nan"], "--timeout nan is invalid"),
        (["edit-order", "x", "--name", "a", "--timeout", "soon"], "Invalid value for '--timeout'"),
        (["edit-order", "x", "--name", "a", "--max-retries", "-1"], "Invalid value for '--max-retries'"),
        (["edit-order", "", "--name", "a"], "ORDER_ID is empty; give the id of the order"),
        (["edit-order", "a/b", "--name", "a"], "ORDER_ID is 'a/b'; it must be one part of a path"),
        (["edit-order", "a\nb\x1b", "--name", "a"], r"ORDER_ID is 'a\nb\x1b'; remove the control characters"),
        (["edit-order", "x", "--new-order-id", "."], "--new-order-id is '.'"),
        (["edit-order", "x", "--name", "\udcff"], r"--name is '\udcff', which has half of a surrogate pair"),
        (["edit-order", "x", "--name", "a", "--base-url", "x"], "--base-url (or AUTOENHANCE_BASE_URL) is no URL"),
        (["edit-order", "x", "--name", "a", "--base-url", "http://a.example"], "over http to this machine"),
        (["edit-order", "x", "y", "--name", "a"], "Got unexpected extra argument"),
        (["edit-orders", "x.csv", "--rate", "0"], "--rate is 0.0; it must be above 0"),
        (["edit-orders", "x.csv", "--timeout", "0"], "--timeout 0 is invalid"),
        (["edit-orders", "x.csv", "--shard", "3/2"], "--shard '3/2' is invalid"),
        (["edit-orders", "x.csv"], "'x.csv' cannot be read: No such file or directory"),
    ],
)
def test_bad_input_is_status_2_and_nothing_is_sent(command: Command, arguments: list[str], said: str) -> None:
    """Each has its line, and a hint that helps on."""
    ran = command(*arguments)
    assert (ran.status, ran.out) == (2, "")
    line, hint = ran.err.splitlines()
    assert line.startswith("Error: ")
    assert said in line
    assert hint.startswith("Hint: ")


REFUSALS: list[tuple[int, int, str]] = [
    (400, 1, "Check --base-url"),
    (401, 3, "Check the key in AUTOENHANCE_API_KEY"),
    (403, 3, "Check what the key's account may do."),
    (404, 1, "Check the id"),
    (409, 1, "Choose another --new-order-id."),
    (422, 1, "Correct what the service does not accept."),
    (429, 1, "Try again in a moment"),
    (500, 1, "Try again later"),
    (302, 1, "Check --base-url"),
]


@pytest.mark.parametrize(("answered", "status", "hint"), REFUSALS)
def test_a_refusal_has_its_status_and_its_hint(
    command: Command, sandbox: Sandbox, answered: int, status: int, hint: str
) -> None:
    """What the service says is in the line, in one line, and nothing that a terminal would act on."""
    body = b'{"message": "Line one\\nline two \\u001b[31m\\u202e"}'
    sandbox.answer_next(answered, headers={"content-type": "application/json", "location": "/x"}, body=body)
    ran = command("edit-order", "x", "--name", "a", "--max-retries", "0")
    assert (ran.status, ran.out) == (status, "")
    line, said = ran.err.splitlines()
    assert f"({answered} " in line
    assert "\x1b" not in line
    # The advice of the library is about arguments of Python.
    assert "api_key=" not in line
    assert said.startswith(f"Hint: {hint}")


def test_no_answer_is_status_1(command: Command, sandbox: Sandbox) -> None:
    """Nobody there, nobody in time, or an answer that is no order."""
    with nobody() as url:
        ran = command("edit-order", "x", "--name", "a", "--base-url", url, "--max-retries", "0")
    assert ran.status == 1
    assert ran.err.endswith("Hint: Check the network, and --base-url or AUTOENHANCE_BASE_URL.\n")
    assert "base_url" not in ran.err
    sandbox.answer_next(200, body=b"[]", headers={"content-type": "application/json"})
    ran = command("edit-order", "x", "--name", "a")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.endswith("Hint: The edit was accepted; do not repeat it to find out.\n")


def test_every_error_of_the_library_has_a_hint() -> None:
    """A new one gets that of its parents."""
    for name in errors.__all__:
        problem = error_message(getattr(errors, name)("A sentence."))
        assert problem.line == "A sentence."
        assert problem.hint
        assert problem.exit_status == (3 if name in {"AuthenticationError", "PermissionDeniedError"} else 1)


@pytest.mark.parametrize(
    ("error", "line"), [(RuntimeError("odd"), "RuntimeError: odd"), (httpx.ReadError(""), "ReadError")]
)
def test_what_nobody_expected_is_one_line_too(error: Exception, line: str) -> None:
    """With a hint at -v."""
    problem = error_message(error)
    assert (problem.line, problem.exit_status, problem.is_unexpected) == (line, 1, True)
    assert "-v" in problem.hint


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 東京 שלום é\u00a0\u3000", "plain 東京 שלום é\u00a0\u3000"),
        ("👩\u200d👧 \u200c", "👩\u200d👧 \u200c"),
        ("\x1b\x00\x7f\x9b\n\t", r"\x1b\x00\x7f\x9b\n\t"),
        ("\u202e\u2066\ufeff\u2028\ud800", r"\u202e\u2066\ufeff\u2028\ud800"),
    ],
)
def test_text_for_a_terminal_shows_what_it_would_act_on(text: str, shown: str) -> None:
    """Scripts and emoji stay as they are."""
    assert printable(text) == shown


def test_json_for_a_terminal_means_the_same() -> None:
    """Escaped as JSON escapes it; white space between tokens stays."""
    import json

    document: dict[str, Any] = {"a": "\x7f\x9b\u202e\U000e0041 é👧"}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    assert printable_json(text) == '{\n "a": "\\u007f\\u009b\\u202e\\udb40\\udc41 é👧"\n}'
    assert json.loads(printable_json(text)) == document


def test_what_is_said_fits_the_terminal_that_shows_it(env: dict[str, str]) -> None:
    """Broken between words, at the width of standard error: standard output may be no terminal at all."""
    with Terminal("edit-order", "nope", "--name", "a", env=env, columns=40, stdout=subprocess.DEVNULL) as terminal:
        assert terminal.end() == 1
    lines = terminal.shown.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[:2] == ["Error: The service refused to edit order", "  'nope' (404 Not Found)."]
