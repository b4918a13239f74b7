"""`--curl` prints a command that makes the same edit, whatever stands in it."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal import process

from autoenhance.cli._curl import as_curl

if TYPE_CHECKING:
    from terminal import Command

    from autoenhance.sandbox import Sandbox

NASTY = [
    "12 Acacia Avenue",
    "it's \"quoted\" and 'quoted'",
    "$HOME `id` $(id) \\ \\n !! * ? [a-z] {a,b} ~ # & | ; < > %s %",
    "one\ntwo\r\n\tthree \x00\x1b[31m\x7f\x9b",
    "Café 東京 👩\u200d👧 שלום \u202eevil\u2028",
    "@/etc/passwd",
    "",
    "-o/tmp/x",
    "a" * 5000,
]


LIMITS = ("--allow-empty-name", "--max-name-length", "5000")


@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_the_printed_command_makes_the_edit(command: Command, sandbox: Sandbox, env: dict[str, str], name: str) -> None:
    """bash and curl run it as it stands, and the order has the name to the letter."""
    if not shutil.which("curl") or not shutil.which("bash"):
        pytest.skip("curl or bash is not installed")
    before = sandbox.order("harbour-view-7")
    printed = command("edit-order", "harbour-view-7", f"--name={name}", "--curl", *LIMITS)
    assert (printed.status, printed.err) == (0, "")
    assert sandbox.order("harbour-view-7") == before
    assert sandbox.api_key not in printed.out
    done = subprocess.run(["bash", "-c", printed.out], env=env, capture_output=True, text=True, check=False)  # noqa: S607
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["name"] == name
    assert (sandbox.order("harbour-view-7") or {})["name"] == name


def test_the_command_reads_well(command: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One option a line; a version is asked for if the environment says so; no key is needed."""
    monkeypatch.delenv("AUTOENHANCE_API_KEY")
    monkeypatch.setenv("AUTOENHANCE_API_VERSION", "2025-08-31")
    ran = command("edit-order", "a b{1}", "--new-order-id", "c", "--timeout", "2.5", "--curl")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "printf 'x-api-key: %s\\n' \"$AUTOENHANCE_API_KEY\" |",
        f"  curl {sandbox.url}/v3/orders/a%20b%7B1%7D \\",
        "    --request PATCH \\",
        "    --header @- \\",
        "    --header 'content-type: application/json' \\",
        "    --header 'x-api-version: 2025-08-31' \\",
        """    --data '{"order_id": "c"}' \\""",
        "    --fail-with-body --silent --show-error \\",
        "    --max-time 2.5",
    ]


def test_an_address_in_brackets_is_no_pattern() -> None:
    """curl would take [::1] for one in some places, and {a,b} in all."""
    assert "--globoff" in curl("a", base_url="http://[::1]:8000")
    assert "--globoff" not in curl("a", base_url="http://127.0.0.1:8000")


def test_a_terminal_without_unicode_gets_the_same_edit(env: dict[str, str]) -> None:
    """What its encoding does not have is escaped as JSON escapes it."""
    ascii_only = {**env, "PYTHONIOENCODING": "ascii"}
    printed = process("edit-order", "harbour-view-7", "--name", "Café 👧", "--curl", env=ascii_only)
    assert printed.returncode == 0
    assert rb'{"name": "Caf\u00e9 \ud83d\udc67"}' in printed.stdout


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_name_survives_the_shells_quoting(name: str) -> None:
    """Read as a shell reads it, the body is the name; and no character that acts on a terminal is printed."""
    printed = curl(name)
    words = shlex.split(printed)
    assert json.loads(words[words.index("--data") + 1]) == {"name": name}
    assert not {character for character in printed if character < " " or "\x7f" <= character <= "\x9f"} - {"\n"}


def curl(name: str, base_url: str = "http://127.0.0.1:8000") -> str:
    return as_curl("x", {"name": name}, base_url=base_url, timeout=30, ascii_only=False)
