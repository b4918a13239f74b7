"""docs/errors.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from autoenhance import Autoenhance, AutoenhanceError, errors
from autoenhance._retry import FIRST_BACKOFF, LONGEST_BACKOFF, RETRIED_STATUSES
from autoenhance._settings import DEFAULT_MAX_RESPONSE_BYTES, DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = (Path(__file__).parent.parent / "docs/errors.md").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_error_has_a_row_and_every_row_an_error() -> None:
    """The table is complete."""
    assert sorted(row[0].strip("`") for row in table("Which error says so")) == errors.__all__


class Broken(httpx.SyncByteStream):
    """A body that breaks off."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"{"
        raise httpx.ReadError("no")


def edit(
    status: int | Exception | Broken, body: dict[str, str], headers: dict[str, str] | None = None
) -> AutoenhanceError:
    """The error of an edit whose every attempt ends in one way."""

    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(status, Exception):
            raise status
        if isinstance(status, Broken):
            return httpx.Response(200, stream=status)
        return httpx.Response(status, headers=headers)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http, pytest.raises(AutoenhanceError) as caught:
        Autoenhance("key", http_client=http, max_retries=1).edit_order("order", extra_body=body)
    return caught.value


@pytest.mark.parametrize("row", [row for row in table("Which error says so") if row[1].startswith(tuple("45"))])
def test_a_status_is_the_error_that_the_table_says(row: list[str]) -> None:
    """The statuses in the second column lead to the class in the first."""
    first, _, last = row[1].partition(" to ")
    for status in range(int(first), int(last or first) + 1):
        error = edit(status, {"name": "a"}, {"retry-after": "9999"})
        assert type(error).__name__ == row[0].strip("`")


def outcomes(what: str) -> list[tuple[int | Exception | Broken, dict[str, str]]]:
    """What a row of the second table describes."""
    if what == "no connection":
        return [(httpx.ConnectError("no"), {}), (httpx.ConnectTimeout("no"), {}), (httpx.PoolTimeout("no"), {})]
    if what.startswith("the connection broke"):
        return [(httpx.ReadError("no"), {}), (httpx.ReadTimeout("no"), {}), (httpx.RemoteProtocolError("no"), {})]
    if what == "any other status":
        return [(status, {}) for status in range(300, 600) if status not in RETRIED_STATUSES]
    if what == "a success that broke off":
        return [(Broken(), {})]
    if what == "a success that cannot be read":
        return [(200, {}), (204, {})]
    first, last = re.match(r"(\d+)(?: to (\d+))?", what).groups()  # type: ignore[union-attr]  # all others are statuses
    headers = {"retry-after": "0"} if "Retry-After" in what else {}
    return [(status, headers) for status in range(int(first), int(last or first) + 1)]


@pytest.mark.parametrize("row", table("What is retried"), ids=lambda row: row[0])
def test_what_is_retried_is_what_the_table_says(row: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a new name, and for another id."""
    monkeypatch.setattr("autoenhance._call.random.random", lambda: 0.0)
    for status, headers in outcomes(row[0]):
        for body, says in (({"name": "a"}, row[1]), ({"order_id": "other"}, row[2])):
            assert edit(status, body, headers).attempts == {"retried": 2, "not retried": 1}[says], (status, body)


def test_every_retried_status_is_in_the_table() -> None:
    """No status is retried that the table leaves out."""
    rows = [row[0] for row in table("What is retried") if row[0][0].isdigit()]
    assert {status for row in rows for status, _ in outcomes(row)} == RETRIED_STATUSES


def test_the_figures_are_the_codes() -> None:
    """Defaults and limits in the text are those in the code."""
    assert f"`max_retries` times ({DEFAULT_MAX_RETRIES})" in TEXT
    assert f"up to {FIRST_BACKOFF} s, 1 s, 2 s, 4 s and then {LONGEST_BACKOFF:g} s" in TEXT
    assert f"({DEFAULT_TIMEOUT:g} s by default)" in TEXT
    assert f"`max_response_bytes` ({DEFAULT_MAX_RESPONSE_BYTES // 2**20} MiB)" in TEXT
