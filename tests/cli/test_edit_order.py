"""`autoenhance edit-order` edits an order and prints it, or prints the cURL command that edits it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from edit_server import EditServer, Response
from hypothesis import given
from hypothesis import strategies as st
from odd_servers import unreachable
from terminal import Ran, process, started

from autoenhance.cli._curl import as_curl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal import Command

    from autoenhance.sandbox import Sandbox

JSON = {"content-type": "application/json"}
FIRST = "3f0c1a52-7f0e-4a1e-9a55-0c6f1f0d2b11"


def edit(order_id: str = "harbour-view-7", name: str = "a") -> tuple[str, ...]:
    return "edit-order", order_id, f"--name={name}"


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this process."""

    def set_zone(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


# --- The order, as a table ---


def test_the_order_is_printed_in_local_time(command: Command, in_zone: Callable[[str], None]) -> None:
    """Name, status, times and each image with its status."""
    in_zone("Asia/Tokyo")
    ran = command(*edit(FIRST, "12 Acacia Avenue"))
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:4] == [
        f"Order     {FIRST}",
        "Name      12 Acacia Avenue",
        "Status    processed",
        "Created   2026-05-04 18:12 JST",
    ]
    assert lines[5:] == [
        "",
        "Image            Status     Reason",
        "---------------  ---------  ----------------------------",
        "front.jpg        processed  -",
        "living-room.jpg  processed  -",
        "kitchen.jpg      processed  -",
        "garden.jpg       error      The image could not be read.",
    ]


def test_an_order_with_a_new_id_and_without_images(command: Command, sandbox: Sandbox) -> None:
    ran = command("edit-order", "harbour-view-7", "--new-order-id", "harbour-view-8")
    assert ran.status == 0
    assert "Order     harbour-view-8\n" in ran.out
    assert ran.out.endswith("Images    none\n")
    assert sandbox.order("harbour-view-7") is None


def test_a_sparse_response_is_printed(command: Command, sandbox: Sandbox, in_zone: Callable[[str], None]) -> None:
    """Nulls, missing fields, invalid times, and times that the local time zone cannot represent."""
    in_zone("America/New_York")
    body = b'{"name": null, "created_at": "a while ago", "last_updated_at": "0001-01-01T00:00:00Z"}'
    sandbox.answer_next(200, headers=JSON, body=body)
    ran = command(*edit())
    assert ran.status == 0
    lines = [line.split(maxsplit=1) for line in ran.out.splitlines()]
    assert lines[:4] == [["Order", "-"], ["Name", "-"], ["Status", "-"], ["Created", "a while ago"]]
    assert lines[4][0] == "Changed"


def test_control_characters_are_escaped(command: Command, sandbox: Sandbox) -> None:
    """And bidirectional controls, in names, ids and reasons; other scripts and emoji are not."""
    images = [{"image_name": "a\x1b]0;owned\x07.jpg", "status": "odd\x9b2J", "status_reason": "\u202eevil"}]
    sandbox.add_order({"order_id": "odd", "images": images})
    ran = command(*edit("odd", "\x1b[31mred\n[bold]:smile: 👩\u200d👧 שלום 東京\u3000\u2028\u2066\ufeff\x7f\x00"))
    assert ran.status == 0
    name = r"\x1b[31mred\n[bold]:smile: 👩" + "\u200d👧 שלום 東京\u3000" + r"\u2028\u2066\ufeff\x7f\x00"
    assert f"Name      {name}\n" in ran.out
    assert r"a\x1b]0;owned\x07.jpg  odd\x9b2J  \u202eevil" in ran.out


def test_long_names_are_wrapped(command: Command, sandbox: Sandbox) -> None:
    """At 80 columns; 300 images are 300 rows."""
    name = "".join(chr(97 + number % 26) for number in range(200))
    image = {"status": "processed", "status_reason": "no reason " * 20}
    sandbox.add_order({"order_id": "long", "images": [{"image_name": f"{n}-{name}", **image} for n in range(300)]})
    lines = command(*edit("long", name)).out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(line[10:] for line in lines[1:5]).startswith(name)
    assert sum("processed" in line for line in lines) == 300
    assert sum(set(line) == {"-", " "} for line in lines) == 1


# --- The name ---


@pytest.mark.parametrize("name", ["", " ", "\u00a0\u200b"])
def test_an_empty_name_needs_allow_empty_name(command: Command, sandbox: Sandbox, name: str) -> None:
    """A variable of a shell script may be empty by mistake."""
    before = sandbox.order("harbour-view-7")
    assert command(*edit(name=name)).problem()[0] == "--name is empty"
    assert sandbox.order("harbour-view-7") == before
    assert "Name      -\n" in command(*edit(name=""), "--allow-empty-name").out
    assert (sandbox.order("harbour-view-7") or {})["name"] == ""


def test_a_name_that_is_too_long_is_refused(command: Command, sandbox: Sandbox) -> None:
    """With the same limit as in a table; an option changes it."""
    line, hint = command(*edit(name="a" * 256)).problem()
    assert line == "--name has 256 characters; at most 255 are allowed"
    assert hint.startswith("Give a larger --max-name-length ")
    assert command(*edit(name="a" * 256), "--max-name-length", "256").status == 0
    assert (sandbox.order("harbour-view-7") or {})["name"] == "a" * 256


# --- --json ---


def test_json_is_the_raw_response(env: dict[str, str], sandbox: Sandbox) -> None:
    """With its spaces and escapes, and without a line break at the end."""
    body = b'{ "name":"caf\\u00e9 \xc3\xa9",\r\n "order_id" : "x", "new": [1.0, 1e2] }'
    sandbox.answer_next(200, headers=JSON, body=body)
    ran = process(*edit(), "--json", env=env)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, body, b"")


# --- Retries and errors ---


@pytest.mark.parametrize(
    ("options", "status", "output"),
    [
        ("--max-retries=0 -v", 1, r"Error: order .*: service unavailable \(503\).*\nHint: .*\n"),
        ("--max-retries=1", 0, ""),
        ("-v", 0, r"order harbour-view-7: attempt 1 failed \(status 503\), next in .*\n"),
    ],
)
def test_retries(command: Command, sandbox: Sandbox, options: str, status: int, output: str) -> None:
    """-v reports each of them."""
    sandbox.answer_next(503, headers={"retry-after": "0"})
    ran = command(*edit(), *options.split())
    assert ran.status == status
    assert re.fullmatch(output, ran.err)


def test_timeout(command: Command) -> None:
    with EditServer(lambda _: Response(held=True)) as server:
        ran = command(*edit(), "--timeout=0.1", "--max-retries=0", "--base-url", server.url)
    assert (ran.status, "0.1" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("code", "status", "hint"),
    [
        (302, 1, "Check --base-url"),
        (400, 1, "Check --base-url"),
        (401, 3, "Check the key in AUTOENHANCE_API_KEY"),
        (403, 3, "Check what the API key's account may do."),
        (404, 1, "Check the id"),
        (409, 1, "Choose another --new-order-id."),
        (422, 1, "Correct the values that the service rejected."),
        (429, 1, "Retry in a moment"),
        (500, 1, "Retry later"),
    ],
)
def test_error_responses(command: Command, sandbox: Sandbox, code: int, status: int, hint: str) -> None:
    """Its message is in the error, in one line and escaped; there is nothing on standard output, also with --json."""
    body = b'{"message": "Line one\\nline two \\u001b[31m\\u202e"}'
    sandbox.answer_next(code, headers={**JSON, "location": "/x"}, body=body)
    ran = command(*edit(), "--max-retries", "0", "--json")
    line, advice = ran.problem(status)
    assert (f"({code})" in line, advice[: len(hint)]) == (True, hint)
    # The library's advice names arguments of Python.
    assert not re.search("\x1b|api_key=", ran.err)


def test_without_a_response_the_status_is_1(command: Command, sandbox: Sandbox) -> None:
    """Nor a success that is not an order."""
    with unreachable() as url:
        line, hint = command(*edit(), "--base-url", url, "--max-retries", "0").problem(1)
    assert hint == "Check the network, and --base-url or AUTOENHANCE_BASE_URL."
    assert "base_url" not in line
    sandbox.answer_next(200, body=b"[]", headers=JSON)
    assert command(*edit()).problem(1)[1] == "The service accepted the edit; do not repeat it."


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--name=a", "Rerunning the command is harmless."),
        ("--new-order-id=b", "Look under 'harbour-view-7' and under 'b'."),
    ],
)
def test_ctrl_c_says_that_the_edit_may_have_happened(env: dict[str, str], option: str, hint: str) -> None:
    """With exit status 3, in one line and a hint."""
    with EditServer(lambda _: Response(held=True)) as server:
        slow = {**env, "AUTOENHANCE_BASE_URL": server.url}
        with started("edit-order", "harbour-view-7", option, env=slow) as running:
            server.wait_for(lambda: bool(server.requests), seconds=20)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=20)
    assert err.count("\n") == 2
    line, advice = Ran(running.returncode, out, err).problem(3)
    assert (line, advice[: len(hint)]) == ("stopped before the response came; the edit may have happened", hint)


# --- --curl ---


@pytest.mark.parametrize(
    "name",
    [
        "it's \"quoted\" and 'quoted'",
        "$HOME `id` $(id) \\ \\n !! * ? [a-z] {a,b} ~ # & | ; < > %s %",
        "one\ntwo\r\n\tthree \x00\x1b[31m\x7f\x9b Café 東京 👩\u200d👧 שלום \u202eevil\u2028",
        "@/etc/passwd",
        "",
        "-o/tmp/x",
        "a" * 5000,
    ],
    ids=range(7),
)
def test_the_curl_command_makes_the_edit(command: Command, sandbox: Sandbox, env: dict[str, str], name: str) -> None:
    """Run verbatim by bash, with any name. The command itself sends no request."""
    if not shutil.which("curl") or not shutil.which("bash"):
        pytest.skip("curl or bash is not installed")
    before = sandbox.order("harbour-view-7")
    printed = command(*edit(name=name), "--curl", "--allow-empty-name", "--max-name-length", "5000")
    assert (printed.status, printed.err) == (0, "")
    assert sandbox.order("harbour-view-7") == before
    assert sandbox.api_key not in printed.out
    done = subprocess.run(["bash", "-c", printed.out], env=env, capture_output=True, text=True, check=False)  # noqa: S607
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["name"] == name == (sandbox.order("harbour-view-7") or {})["name"]


def test_the_curl_command_is_readable(command: Command, sandbox: Sandbox) -> None:
    """With an option a line, and the version that the environment sets; it needs no key."""
    variables = {"AUTOENHANCE_API_KEY": None, "AUTOENHANCE_API_VERSION": "2025-08-31"}
    ran = command("edit-order", "a b{1}", "--new-order-id", "c", "--timeout", "2.5", "--curl", **variables)
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
    # In an IPv6 address, curl would expand the brackets.
    assert "--globoff" in command(*edit(), "--curl", "--base-url", "http://[::1]:8000").out


def test_the_curl_command_is_the_same_in_ascii(env: dict[str, str]) -> None:
    """Other characters are escaped as in JSON."""
    printed = process(*edit(name="Café 👧"), "--curl", env={**env, "PYTHONIOENCODING": "ascii"})
    assert printed.returncode == 0
    assert rb'{"name": "Caf\u00e9 \ud83d\udc67"}' in printed.stdout


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_name_is_quoted_for_the_shell(name: str) -> None:
    """A shell reads it verbatim, and the command has no control characters."""
    printed = as_curl("x", {"name": name}, base_url="http://127.0.0.1:8000", timeout=30, ascii_only=False)
    arguments = shlex.split(printed)
    assert json.loads(arguments[arguments.index("--data") + 1]) == {"name": name}
    assert not {character for character in printed if character < " " or "\x7f" <= character <= "\x9f"} - {"\n"}
