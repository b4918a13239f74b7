"""A sheet holds all good rows of a file on disk, knows which are finished, and says what is wrong with the others."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tracemalloc
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoenhance.cli._problems import CommandError
from autoenhance.cli._rows import Row
from autoenhance.cli._sheet import Shard, Sheet, parse_shard
from autoenhance_api.types import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CLASH = "an order can be in a file once"
TAKEN = "give an id that no other row has"


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str | bytes], str]:
    """Makes a file with this in it."""

    def make(content: str | bytes) -> str:
        path = tmp_path / "orders.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return make


def read(source: str) -> Sheet:
    return Sheet.read(source, longest_name=255)


def ids(rows: Iterator[Row]) -> list[str]:
    return [row.order_id for row in rows]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        # Excel, "CSV UTF-8", where lists have semicolons.
        (
            (
                b"\xef\xbb\xbfOrder ID;Name;Agent\r\nharbour-view-7;Caf\xc3\xa9 \x22\xe2\x82\xac\x22;Smith\r\n"
                b'quay-9;"1; ""Quay""\n2";\r\n'
            ),
            "CSV with semicolons, UTF-8",
        ),
        # Excel, "CSV", in western Europe: with empty rows at the end, and without their cells.
        (
            (
                b"Order ID;Name;Agent\r\nharbour-view-7;Caf\xe9 \x22\x80\x22;Smith\r\n"
                b'quay-9;"1; ""Quay""\n2";\r\n;;\r\n;\r\n\r\n'
            ),
            "CSV with semicolons, Windows-1252",
        ),
        # Excel, "Unicode Text".
        (
            b"\xff\xfe"
            + 'Order ID\tName\tAgent\r\nharbour-view-7\t"Café ""€"""\tSmith\r\nquay-9\t"1; ""Quay""\n2"\t\r\n'.encode(
                "utf-16-le"
            ),
            "CSV with tabs, UTF-16",
        ),
        # LibreOffice, as it proposes, and with all text cells in quotes.
        (
            'Order ID,Name,Agent\nharbour-view-7,"Café ""€""",Smith\nquay-9,"1; ""Quay""\n2",\n'.encode(),
            "CSV with commas, UTF-8",
        ),
        (
            '"Order ID","Name","Agent"\n"harbour-view-7","Café ""€""","Smith"\n"quay-9","1; ""Quay""\n2",\n'.encode(),
            "CSV with commas, UTF-8",
        ),
        # A program.
        (
            (
                b'{"order_id": "harbour-view-7", "name": "Caf\\u00e9 \\"\xe2\x82\xac\\"", "Agent": "Smith"}\n'
                b'{"order_id": "quay-9", "name": "1; \\"Quay\\"\\n2", "Agent": ""}\n'
            ),
            "JSON Lines, UTF-8",
        ),
    ],
)
def test_a_file_as_programs_write_it_is_read(file: Callable[[str | bytes], str], content: bytes, form: str) -> None:
    """In whichever form, the rows are the same."""
    with read(file(content)) as sheet:
        assert (sheet.form, sheet.count, sheet.faults, sheet.fault_count) == (form, 2, [], 0)
        assert sheet.name.endswith("orders.csv")
        first, second = sheet.pending()
    assert (first.order_id, first.name, first.other) == ("harbour-view-7", 'Café "€"', {"Agent": "Smith"})
    assert (second.order_id, second.name, second.other) == ("quay-9", '1; "Quay"\n2', {"Agent": ""})
    assert first.new_order_id is second.new_order_id is UNSET


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
# Small accented letters, behind which nothing in Windows-1252 looks like UTF-8.
LATIN = st.text("abZ ,;\t\"'\r\n=àéöüÿß", min_size=1, max_size=12)


@given(
    st.lists(NAMES, max_size=8).map(lambda names: (names, ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]))
    | st.lists(LATIN, max_size=8).map(lambda names: (names, ["cp1252"])),
    st.sampled_from(",;\t"),
    st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\n"), (csv.QUOTE_ALL, "\r")]),
)
def test_what_the_csv_module_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    written: tuple[list[str], list[str]],
    delimiter: str,
    style: tuple[int, str],
) -> None:
    """Whatever is in a name, in each encoding, with each separator and line end."""
    names, encodings = written
    text = io.StringIO()
    quoting, end = style
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]  # one of its constants
    writer.writerow(["order_id", "a\nb", "name"])
    writer.writerows([f"o-{number}", f" {name} ", name] for number, name in enumerate(names))
    path = tmp_path_factory.getbasetemp() / "written.csv"
    for encoding in encodings:
        path.write_bytes(text.getvalue().encode(encoding))
        with read(str(path)) as sheet:
            assert sheet.faults == []
            back = [(row.order_id, row.name, row.other) for row in sheet.pending()]
        assert back == [(f"o-{number}", name, {"a\nb": f" {name} "}) for number, name in enumerate(names)]


def test_rows_come_back_as_they_were_read(file: Callable[[str | bytes], str]) -> None:
    """In the order of the file, with everything that stood there; what is not given stays apart from what is empty."""
    other: dict[str, Any] = {"z": None, "a": [1, 1.5, {"b": True}], "é\0": "\u2028", "n": 2**70}
    lines = [
        {"order_id": "b", "name": "", **other},
        {"order_id": "a", "new_order_id": "c"},
        {"order_id": "é", "name": "x\0y", "new_order_id": "é"},
    ]
    changes: dict[str, Any] = {"name": "x\0y", "new_order_id": "é"}
    with read(file("\n\n".join(map(json.dumps, lines)))) as sheet:
        rows = list(sheet.pending())
    assert rows == [
        Row("b", line=1, name="", changes={"name": ""}, other=other),
        Row("a", line=3, new_order_id="c", changes={"new_order_id": "c"}, other={}),
        Row("é", line=5, changes=changes, other={}, **changes),
    ]
    assert list(rows[0].other) == list(other)


@pytest.mark.parametrize(
    ("rows", "faults", "good"),
    [
        # The same order twice: the first stays.
        (["a,1,", "b,2,", "a,3,", "a,4,"], [
            f"4: column 1 (order_id): it is 'a', as on line 2; {CLASH}",
            f"5: column 1 (order_id): it is 'a', as on line 2; {CLASH}",
        ], "ab"),
        # A new id that an order has, wherever it stands: nobody knows which would be edited.
        (["a,,b", "b,2,", "c,3,"], [
            f"2: column 3 (new_order_id): it is 'b', which is the order on line 3; {TAKEN}"
        ], "bc"),
        (["b,1,", "a,,b"], [f"3: column 3 (new_order_id): it is 'b', which is the order on line 2; {TAKEN}"], "b"),
        (["a,,b", "b,,a", "c,,d"], [
            f"2: column 3 (new_order_id): it is 'b', which is the order on line 3; {TAKEN}",
            f"3: column 3 (new_order_id): it is 'a', which is the order on line 2; {TAKEN}",
        ], "c"),
        (["b,1,", "a,,b", "b,2,"], [
            f"3: column 3 (new_order_id): it is 'b', which is the order on line 2; {TAKEN}",
            f"4: column 1 (order_id): it is 'b', as on line 2; {CLASH}",
        ], "b"),
        # Two orders that would get one id.
        (["a,,z", "b,,y", "c,,z", "d,,z"], [
            f"4: column 3 (new_order_id): it is 'z', as on line 2; {TAKEN}",
            f"5: column 3 (new_order_id): it is 'z', as on line 2; {TAKEN}",
        ], "ab"),
        # An order that keeps its id takes none away; but it has it.
        (["a,1,a", "b,,b", "c,,d"], [], "abc"),
        (["a,1,a", "b,,a"], [f"3: column 3 (new_order_id): it is 'a', which is the order on line 2; {TAKEN}"], "a"),
        (["a,,z", "b,,z", "z,,z"], [
            f"2: column 3 (new_order_id): it is 'z', which is the order on line 4; {TAKEN}",
            f"3: column 3 (new_order_id): it is 'z', which is the order on line 4; {TAKEN}",
            f"3: column 3 (new_order_id): it is 'z', as on line 2; {TAKEN}",
        ], "z"),
        # Everything at once.
        (["a,1,", "b,,z", "a,,b", "a,,z"], [
            f"4: column 1 (order_id): it is 'a', as on line 2; {CLASH}",
            f"4: column 3 (new_order_id): it is 'b', which is the order on line 3; {TAKEN}",
            f"5: column 1 (order_id): it is 'a', as on line 2; {CLASH}",
            f"5: column 3 (new_order_id): it is 'z', as on line 3; {TAKEN}",
        ], "ab"),
        # Small and capital letters are two.
        (["a,1,", "A,2,", "b,,B"], [], "aAb"),
    ],
)  # fmt: skip
def test_rows_that_are_in_each_others_way_are_faults(
    file: Callable[[str | bytes], str], rows: list[str], faults: list[str], good: str
) -> None:
    """Each names the line of the other row; the other stays."""
    with read(file("\n".join(["order_id,name,new_order_id", *rows]))) as sheet:
        assert [str(fault) for fault in sheet.faults] == faults
        assert sheet.fault_count == len(faults)
        assert sheet.count == len(good)
        assert ids(sheet.pending()) == list(good)
        assert all(
            row.line == 2 + rows.index(next(one for one in rows if one[0] == row.order_id)) for row in sheet.pending()
        )


def test_json_lines_that_are_in_each_others_way_are_faults(file: Callable[[str | bytes], str]) -> None:
    """There the columns have no number; an id is cut where it is long."""
    long = "x" * 50
    with read(file(f'{{"order_id": "{long}", "name": "1"}}\n{{"ORDER_ID": "{long}", "name": "2"}}')) as sheet:
        assert [str(fault) for fault in sheet.faults] == [
            f"2: order_id: it is '{'x' * 40}...', as on line 1; {CLASH}",
        ]


def test_the_first_faults_are_kept_in_the_order_of_the_file_and_all_are_counted(
    file: Callable[[str | bytes], str],
) -> None:
    """Those of a row by itself, and those of two rows, which are found later."""
    rows = [f"{number},," if number % 2 else f"{number - number % 4},a," for number in range(100)]
    with read(file("\n".join(["order_id,name,new_order_id", *rows]))) as sheet:
        assert sheet.count == 25
        assert sheet.fault_count == 75
        assert [fault.line for fault in sheet.faults] == [2 + number for number in range(27) if number % 4][:20]
        assert {fault.column for fault in sheet.faults} == {"", "column 1 (order_id)"}


@pytest.mark.parametrize("clash", ["", "b,x\n"])
def test_no_more_faults_are_kept_than_anybody_reads(file: Callable[[str | bytes], str], clash: str) -> None:
    """However many there are, of whichever kind."""
    with read(file("order_id,name\na,x\nb,x\n" + "a,\n" * 50 + clash)) as sheet:
        assert [fault.line for fault in sheet.faults] == list(range(4, 24))
        assert sheet.fault_count == 50 + bool(clash)


def test_the_first_of_many_rows_in_each_others_way_are_kept(file: Callable[[str | bytes], str]) -> None:
    """In the order of the file, not of what is wrong with them."""
    with read(file("order_id,new_order_id\na,b\nb,b\nc,d\ne,d\n" + "c,x\n" * 50)) as sheet:
        assert [fault.line for fault in sheet.faults[:3]] == [2, 5, 6]
        assert len(sheet.faults) == 20


def test_a_file_that_is_no_table_is_a_sheet_of_faults(file: Callable[[str | bytes], str]) -> None:
    """Told in one way with all others."""
    with read(file("a,b\n1,2\n")) as sheet:
        assert (sheet.count, sheet.fault_count, list(sheet.pending())) == (0, 1, [])
        assert str(sheet.faults[0]).startswith("1: there is no column order_id; ")
        assert sheet.form == "CSV with commas, UTF-8"


@pytest.mark.parametrize(
    ("told", "finished"),
    [
        ([], False),
        ([("a", {"name": "x"}, True)], True),
        ([("a", {"name": "x"}, False)], False),
        # Another edit than the one that is asked for now.
        ([("a", {"name": "y"}, True)], False),
        ([("a", {"name": "X"}, True)], False),
        ([("a", {}, True)], False),
        ([("a", {"name": "x", "new_order_id": "b"}, True)], False),
        ([("b", {"name": "x"}, True)], False),
        # The latest counts.
        ([("a", {"name": "x"}, True), ("a", {"name": "x"}, False)], False),
        ([("a", {"name": "x"}, False), ("a", {"name": "x"}, True)], True),
        ([("a", {"name": "x"}, True), ("a", {"name": "y"}, True)], False),
        ([("a", {"name": "x"}, True), ("b", {"name": "y"}, False)], True),
        # What no row can have.
        ([("a", {"name": "x"}, True), ("a", {"name": "\ud800"}, True)], False),
        ([("a", {"name": "x"}, True), ("\ud800", {"name": "x"}, False)], True),
    ],
)
def test_a_row_is_finished_if_the_latest_of_its_order_says_so(
    file: Callable[[str | bytes], str],
    told: list[Any],
    finished: bool,  # noqa: FBT001  # a parameter of the table
) -> None:
    """Done, with just these changes."""
    with read(file("order_id,name\na,x\nc,x\n")) as sheet:
        for order_id, changes, done in told:
            sheet.settle(order_id, changes, done=done)
        assert ids(sheet.pending()) == (["c"] if finished else ["a", "c"])
        assert (sheet.done_count(), sheet.pending_count()) == (int(finished), 2 - finished)
        assert sheet.count == 2


def test_an_empty_name_and_none_are_two_things(file: Callable[[str | bytes], str]) -> None:
    """The one is sent, the other is not; a new id counts likewise."""
    with read(file('{"order_id":"a","name":""}\n{"order_id":"b","new_order_id":"c"}')) as sheet:
        sheet.settle("a", {}, done=True)
        sheet.settle("b", {"name": "", "new_order_id": "c"}, done=True)
        assert ids(sheet.pending()) == ["a", "b"]
        sheet.settle("a", {"name": ""}, done=True)
        sheet.settle("b", {"new_order_id": "c"}, done=True)
        assert ids(sheet.pending()) == []


def test_shards_are_a_partition_that_stays_the_same(file: Callable[[str | bytes], str]) -> None:
    """Every n-th good row, whether finished or not: another run with other results has the same shards."""
    good = [f"o-{number}" for number in range(11)]
    text = "\n".join(["order_id,name", *(f"{order_id},x\n{order_id},again\n/,x" for order_id in good)])
    with read(file(text)) as sheet:
        assert sheet.count == 11
        for _ in range(2):
            shards = [ids(sheet.pending(Shard(number, 3))) for number in (1, 2, 3)]
            left = [order_id for order_id in good if order_id not in {"o-0", "o-4"} or not sheet.done_count()]
            assert shards == [[order_id for order_id in good[start::3] if order_id in left] for start in range(3)]
            assert [sheet.pending_count(Shard(number, 3)) for number in (1, 2, 3)] == list(map(len, shards))
            done = [sheet.done_count(Shard(number, 3)) for number in (1, 2, 3)]
            assert done == [4 - len(shards[0]), 4 - len(shards[1]), 0]
            assert ids(sheet.pending(Shard(1, 1))) == left
            assert ids(sheet.pending(Shard(12, 12))) == []
            sheet.settle("o-0", {"name": "x"}, done=True)
            sheet.settle("o-4", {"name": "x"}, done=True)


@pytest.mark.parametrize(("text", "shard"), [("1/1", Shard(1, 1)), ("2/8", Shard(2, 8)), ("100/100", Shard(100, 100))])
def test_a_shard_is_k_of_n(text: str, shard: Shard) -> None:
    """As other tools write it."""
    assert parse_shard(text) == shard


@pytest.mark.parametrize(
    "text", ["", "2", "/", "0/8", "9/8", "-1/8", "1/0", "a/b", "1/2/3", " 1/2", "1/2\n", "1.0/2", "\u0661/\u0662", "1/1" + "0" * 20]
)  # fmt: skip
def test_what_is_no_shard_is_refused(text: str) -> None:
    """With an example of one."""
    with pytest.raises(CommandError) as raised:
        parse_shard(text)
    assert str(raised.value) == f"--shard is {text!r}."
    assert raised.value.hint == "Give K/N with K from 1 to N, such as 2/8."


def test_rows_are_taken_one_at_a_time_in_any_thread_while_others_are_settled(
    file: Callable[[str | bytes], str],
) -> None:
    """A bulk run takes a row when it has a place for it; the file may be gone by then."""
    path = file("order_id,name\n" + "".join(f"{number},x\n" for number in range(5000)))
    with read(path) as sheet:
        os.remove(path)  # noqa: PTH107  # a string
        rows = sheet.pending()
        taken = [next(rows)]
        sheet.settle("3", {"name": "x"}, done=True)
        sheet.settle("4999", {"name": "x"}, done=True)
        thread = Thread(target=lambda: taken.extend(rows))
        thread.start()
        thread.join()
        assert ids(iter(taken)) == [str(number) for number in range(4999) if number != 3]
        assert sheet.done_count() == 2


@pytest.mark.parametrize("source", ["-", "pipe"])
def test_what_can_be_read_only_once_is_a_sheet_too(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Standard input, and what a shell makes of <(...)."""
    reads, writes = os.pipe()
    os.write(writes, b"order_id;name\na;\xe9\n")
    os.close(writes)
    with open(reads, "rb") as stream:  # noqa: PTH123  # a descriptor
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        with read(f"/dev/fd/{reads}" if source == "pipe" else "-") as sheet:
            assert [row.name for row in sheet.pending()] == ["é"]
            assert sheet.name == (f"/dev/fd/{reads}" if source == "pipe" else "standard input")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """With its name and the reason; nothing is left open."""
    with pytest.raises(CommandError, match=r"^The file '.*' cannot be read: Is a directory\.$"):
        read(str(tmp_path))


def test_a_sheet_that_was_closed_has_no_rows(file: Callable[[str | bytes], str]) -> None:
    """They were removed from the disk, and none is in memory."""
    with read(file("order_id,name\na,x\n")) as sheet:
        assert sheet.pending_count() == 1
    with pytest.raises(CommandError, match="closed"):
        list(sheet.pending())


FULL = """
import resource, sys
from autoenhance.cli._problems import CommandError
from autoenhance.cli._sheet import Sheet
before = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
try:
    Sheet.read(sys.argv[1], longest_name=255)
except CommandError as error:
    print(error, error.hint)
# For the files of who watches the test.
resource.setrlimit(resource.RLIMIT_FSIZE, before)
"""


def test_a_full_disk_is_told_of(file: Callable[[str | bytes], str]) -> None:
    """SQLite's words, and what helps; the process is given little of the disk."""
    path = file("order_id,name,other\n" + "".join(f"{number},x,{'y' * 100_000}\n" for number in range(200)))
    command = [sys.executable, "-W", "error", "-c", FULL, path]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("The rows cannot be kept in a temporary file: d")
    assert ran.stdout.endswith(". Make room there, or set TMPDIR to a folder that has some.\n")
    assert ran.stderr == ""


MEMORY = """
import resource, sys
from autoenhance.cli._sheet import Sheet
with Sheet.read(sys.argv[1], longest_name=255) as sheet:
    for row in sheet.pending():
        sheet.settle(row.order_id, row.changes, done=True)
    print(sheet.done_count(), sheet.fault_count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def large(count: int) -> Iterator[str]:
    """A third of its rows are good, each has a new id, and the others are faults of both kinds."""
    yield "order_id,name,new_order_id,other\n"
    for number in range(0, count, 3):
        yield f"{number},x,n-{number},{'y' * 1000}\n{number},z\n{number},\n"


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Python's does not, with rows and faults ten times as many."""

    def peak(count: int) -> int:
        with (tmp_path / "large.csv").open("w") as opened:
            opened.writelines(large(count))
        tracemalloc.start()
        try:
            with read(opened.name) as sheet:
                assert sheet.fault_count == 2 * sum(1 for _ in sheet.pending())
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small = peak(1_500)
    assert peak(15_000) - small < 50_000


@pytest.mark.thorough
def test_memory_of_the_process_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Nor does what SQLite takes, with a database that is many times as large as its cache, and all rows settled."""

    def peak(count: int) -> float:
        with (tmp_path / "large.csv").open("w") as opened:
            opened.writelines(large(count))
        # A child's peak begins with what its parent takes, so that the parent is a small shell.
        command = ["/bin/sh", "-c", '"$@" && true', "sh", sys.executable, "-c", MEMORY, opened.name]
        done, faults, resident = map(int, subprocess.run(command, capture_output=True, check=True).stdout.split())
        assert faults == 2 * done
        # In MB; macOS counts in bytes.
        return resident / (2**20 if sys.platform == "darwin" else 2**10)

    small = peak(20_000)
    # What is sorted for an index takes at most as much as the cache, 8 MB.
    assert peak(200_000) - small < 10
