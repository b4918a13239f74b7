"""`autoenhance edit-order` edits an order and shows what came of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from terminal import process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal import Command

    from autoenhance.sandbox import Sandbox

JSON = {"content-type": "application/json"}
FIRST = "3f0c1a52-7f0e-4a1e-9a55-0c6f1f0d2b11"


@pytest.fixture
def _far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_far_east")
def test_the_order_is_shown_as_a_table_in_local_time(command: Command, sandbox: Sandbox) -> None:
    """Name, status, times and each image with its status, within 80 columns."""
    ran = command("edit-order", FIRST, "--name", "12 Acacia Avenue")
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
    assert (sandbox.order(FIRST) or {})["name"] == "12 Acacia Avenue"


def test_an_order_with_a_new_id_and_no_images(command: Command, sandbox: Sandbox) -> None:
    """The order is shown under its new id; that there are no images is said."""
    ran = command("edit-order", "harbour-view-7", "--new-order-id", "harbour-view-8")
    assert ran.status == 0
    assert "Order     harbour-view-8\n" in ran.out
    assert ran.out.endswith("Images    none\n")
    assert sandbox.order("harbour-view-7") is None


@pytest.mark.parametrize("name", ["", " ", "\u00a0\u200b"])
def test_an_empty_name_is_sent_only_if_that_is_meant(command: Command, sandbox: Sandbox, name: str) -> None:
    """A variable of a shell script may be empty, and a name that is gone cannot be had back."""
    before = sandbox.order("harbour-view-7")
    ran = command("edit-order", "harbour-view-7", "--name", name)
    assert (ran.status, ran.out, ran.err.splitlines()[0]) == (2, "", "Error: --name is empty")
    assert sandbox.order("harbour-view-7") == before
    assert "Name      -\n" in command("edit-order", "harbour-view-7", "--name", "", "--allow-empty-name").out
    assert (sandbox.order("harbour-view-7") or {})["name"] == ""


def test_a_name_that_is_too_long_is_refused(command: Command, sandbox: Sandbox) -> None:
    """At the same limit as in a table, which an option changes."""
    ran = command("edit-order", "harbour-view-7", "--name", "a" * 256)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("Error: --name has 256 characters; at most 255 are allowed\nHint: --max-name-length ")
    assert command("edit-order", "harbour-view-7", "--name", "a" * 256, "--max-name-length", "256").status == 0
    assert (sandbox.order("harbour-view-7") or {})["name"] == "a" * 256


def test_what_a_terminal_would_act_on_is_shown_as_text(command: Command, sandbox: Sandbox) -> None:
    """Escape codes, line breaks and turned directions in names, ids and reasons; scripts and emoji stay."""
    images = [{"image_name": "a\x1b]0;owned\x07.jpg", "status": "odd\x9b2J", "status_reason": "\u202eevil"}]
    sandbox.add_order({"order_id": "o\x7f", "images": images})
    sandbox.add_order({**(sandbox.order("o\x7f") or {}), "order_id": "odd"})
    ran = command("edit-order", "odd", "--name", "\x1b[31mred\n[bold]:smile: 👩\u200d👧 שלום 東京\u2028\x00")
    assert ran.status == 0
    assert r"Name      \x1b[31mred\n[bold]:smile: 👩" + "\u200d👧 שלום 東京" + r"\u2028\x00" + "\n" in ran.out
    assert r"a\x1b]0;owned\x07.jpg  odd\x9b2J  \u202eevil" in ran.out


def test_long_names_are_shown_whole(command: Command, sandbox: Sandbox) -> None:
    """On more lines, none beyond 80 columns, and 300 images are 300 rows."""
    name = "".join(chr(97 + number % 26) for number in range(200))
    image = {"status": "processed", "status_reason": "no reason " * 20}
    images = [{"image_name": f"{number}-{name}", **image} for number in range(300)]
    sandbox.add_order({"order_id": "long", "images": images})
    lines = command("edit-order", "long", "--name", name).out.splitlines()
    assert max(map(len, lines)) <= 80
    shown = "".join(line[10:] for line in lines[1:5])
    assert shown.startswith(name)
    assert sum("processed" in line for line in lines) == 300
    assert sum(set(line) == {"-", " "} for line in lines) == 1


def test_an_answer_with_hardly_anything_in_it_is_shown(
    command: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nulls, fields left out, times that nothing can read, and times out of any time zone's reach."""
    body = b'{"name": null, "created_at": "a while ago", "last_updated_at": "0001-01-01T00:00:00Z"}'
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        sandbox.answer_next(200, headers=JSON, body=body)
        ran = command("edit-order", "x", "--name", "y")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert ran.status == 0
    lines = [line.split(maxsplit=1) for line in ran.out.splitlines()]
    assert lines[:4] == [["Order", "-"], ["Name", "-"], ["Status", "-"], ["Created", "a while ago"]]
    assert lines[4][0] == "Changed"


def test_json_is_what_the_service_sent_to_the_byte(env: dict[str, str], sandbox: Sandbox) -> None:
    """Spaces, escapes, and no line break at the end: as it came, and nothing else."""
    body = b'{ "name":"caf\\u00e9 \xc3\xa9",\r\n "order_id" : "x", "new": [1.0, 1e2] }'
    sandbox.answer_next(200, headers=JSON, body=body)
    ran = process("edit-order", "x", "--name", "y", "--json", env=env)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, body, b"")


def test_json_in_a_pipe_and_a_table_in_a_pipe_have_no_escape_codes(env: dict[str, str]) -> None:
    """Even where the environment asks for colour, and where the encoding is poor."""
    forced = {**env, "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "PYTHONIOENCODING": "ascii"}
    ran = process("edit-order", FIRST, "--name", "Café", env=forced)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"Name      Caf\\xe9\n" in ran.stdout
    assert b"\x1b" not in ran.stdout


def test_options_reach_the_library(command: Command, sandbox: Sandbox) -> None:
    """--max-retries and --timeout are the call's; -v tells of retries, and nothing else does."""
    sandbox.answer_next(503, times=2)
    quiet = command("edit-order", "harbour-view-7", "--name", "a", "--max-retries", "1")
    assert quiet.status == 1
    assert quiet.err.startswith("Error: The service failed to edit order 'harbour-view-7' (503 Service Unavailable).")
    sandbox.answer_next(503)
    told = command("edit-order", "harbour-view-7", "--name", "a", "-v")
    assert told.status == 0
    assert told.err.startswith("order harbour-view-7: attempt 1 failed (status 503), next in ")
    assert told.err.count("\n") == 1


def test_json_of_a_refusal_leaves_standard_output_empty(command: Command) -> None:
    """A program reads an order there, or nothing."""
    ran = command("edit-order", "nope", "--name", "a", "--json")
    assert (ran.status, ran.out) == (1, "")


def test_json_can_be_read(command: Command) -> None:
    """As a program does it."""
    assert json.loads(command("edit-order", "harbour-view-7", "--name", "a", "--json").out)["name"] == "a"
