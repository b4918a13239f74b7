"""What came of an edit is one line of JSON that says all of it, and a part of the line is never taken for one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from records import NOON, edited, failed

from autoenhance.cli._record import Record, as_time, is_torn, line_of, record_of
from autoenhance.cli._text import printable_json

EDITED = edited()
FAILED = failed(changes={"new_order_id": "b-2"})


def test_a_line_reads_like_this() -> None:
    """In an order that does not change, with null where there is nothing."""
    assert line_of(EDITED).decode() == (
        '{"order_id": "a-1", "status": "edited", "error": null, "error_type": null, "status_code": 200, "attempts": 1, '
        '"seconds": 0.25, "finished_at": "2026-11-25T12:00:00.123Z", "service": "https://api.autoenhance.ai", '
        '"row": 2, "line": 2, '
        '"changes": {"name": "12 Acacia Avenue"}, "columns": {"agent": "Zoë"}}\n'
    )
    failed = json.loads(line_of(replace(FAILED, columns={})))
    assert list(failed.items())[:6] == [
        ("order_id", "a-2"),
        ("status", "failed"),
        ("error", "There is no order 'a-2'."),
        ("error_type", "NotFoundError"),
        ("status_code", 404),
        ("attempts", 1),
    ]
    assert (failed["seconds"], failed["changes"], failed["columns"]) == (0.25, {"new_order_id": "b-2"}, {})


def test_a_time_is_written_as_utc() -> None:
    """Times can then be compared as text."""
    noon = datetime(2026, 11, 25, 21, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=9)))
    assert as_time(noon) == NOON


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Straße 東京 👩\u200d👧", "Straße 東京 👩\u200d👧"),
        ('a"b\\', r"a\"b\\"),
        ("a\nb\r\x1b\x00", r"a\nb\r\u001b\u0000"),
        ("\x7f\x85\x9b\u2028\u202e", r"\u007f\u0085\u009b\u2028\u202e"),
        ("\ud800 \udfff", r"\ud800 \udfff"),
    ],
)
def test_a_name_is_readable_and_harms_no_terminal(name: str, shown: str) -> None:
    """A record is one line for every program, also for those that end lines where Unicode does."""
    line = line_of(replace(EDITED, changes={"name": name}, columns={name: name})).decode()
    assert f'"name": "{shown}"' in line
    assert len(line.splitlines()) == 1
    assert json.loads(line)["changes"] == {"name": name}
    assert json.loads(line)["columns"] == {name: name}


# Halves of surrogate pairs too, but none that would be a pair: JSON makes one character of these.
TEXT = st.text(st.characters(exclude_categories=()), max_size=12).filter(
    lambda text: not re.search("[\ud800-\udbff][\udc00-\udfff]", text)
)
NUMBERS = st.integers(0, 10**6)
VALUES = TEXT | st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(TEXT)
RECORD = st.builds(
    Record,
    order_id=TEXT,
    status=st.sampled_from(["edited", "failed"]),
    error=st.none() | TEXT,
    error_type=st.none() | TEXT,
    status_code=st.none() | NUMBERS,
    attempts=NUMBERS,
    seconds=NUMBERS.map(lambda number: number / 1000),
    finished_at=st.datetimes(timezones=st.just(UTC)).map(as_time),
    service=TEXT,
    row=NUMBERS,
    line=NUMBERS,
    changes=st.dictionaries(TEXT, VALUES | st.dictionaries(TEXT, VALUES)),
    columns=st.dictionaries(TEXT, VALUES),
)


@given(RECORD)
@example(EDITED)
@example(replace(EDITED, columns={"a": {"b": [{}, [], "}]", "\\"]}, "c": "{"}))
@example(replace(EDITED, changes={"a": {"b": [{}, [], "}]", "\\"]}, "c": "{"}, columns={}))
def test_every_record_is_read_as_it_was_written_and_a_part_of_it_is_known_as_one(record: Record) -> None:
    """However long the part is; the whole line is none."""
    line = line_of(record)
    assert record_of(line) == record
    assert printable_json(line.decode()).encode() == line
    whole = line.removesuffix(b"\n")
    assert record_of(whole) == record
    assert not is_torn(whole)
    for length in range(len(whole)):
        assert is_torn(line[:length])
