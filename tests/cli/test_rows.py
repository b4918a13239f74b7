"""CSV and JSON Lines become rows, or faults that say where something is wrong and what."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoenhance._edit import plan_edit
from autoenhance._params import BODY
from autoenhance.cli._decoding import LONGEST_ROW, Lines
from autoenhance.cli._rows import Fault, Row, Table, read_table
from autoenhance.cli._text import either
from autoenhance_api.types import UNSET, Unset

# What can be set, as the contract has it: tests of what is said of it hold when there is more.
SETTABLE = [param.keyword for param in BODY]
NO_CHANGES = f"no changes given; give {either(SETTABLE)}"
TITLES = f"the first line has to name the columns: order_id, and what to set ({', '.join(SETTABLE)})"
DEEP = 100
ID = "harbour-view-7"


def table(text: str, longest_name: int = 255) -> Table:
    # As a file gives them: CR, LF and CRLF end a line, and nothing else does.
    return read_table(Lines(io.StringIO(text, newline="")), longest_name=longest_name)


def rows(text: str, longest_name: int = 255) -> list[Row]:
    found = list(table(text, longest_name).rows)
    assert not [str(fault) for fault in found if isinstance(fault, Fault)]
    return [row for row in found if isinstance(row, Row)]


def told(text: str, longest_name: int = 255) -> list[str]:
    """The faults as the command shows them, and the lines of the rows that are good."""
    found = table(text, longest_name).rows
    return [str(fault) if isinstance(fault, Fault) else f"{fault.line} is good" for fault in found]


def row(
    line: int, order_id: str, name: str | Unset = UNSET, new: str | Unset = UNSET, other: dict[str, Any] | None = None
) -> Row:
    given = {"name": name, "new_order_id": new}
    changes: dict[str, Any] = {keyword: value for keyword, value in given.items() if not isinstance(value, Unset)}
    return Row(order_id, line=line, changes=changes, other=other or {}, **changes)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("order_id,name\na,b\n", "CSV with commas"),
        ("order_id;name\na;b\n", "CSV with semicolons"),
        ("order_id\tname\na\tb\n", "CSV with tabs"),
        # The header decides, not what stands in the rows; in quotes nothing separates.
        ('order_id;"a,b,c,d";name\na;,,,,;b\n', "CSV with semicolons"),
        ('"a;b;c","x""y;z;",order_id,name\n,,a,b\n', "CSV with commas"),
        ("a,b,c;order_id;name\n;a;b\n", "CSV with semicolons"),
        ('"Order\nnumber";"a\r\n,b,\r\nc";order_id;name\n1;2;a;b\n', "CSV with semicolons"),
        # What Excel takes for an order, and writes itself where it has to.
        ("sep=;\norder_id;name\na;b\n", "CSV with semicolons"),
        ('"sep=,"\r\norder_id,name\r\na,b', "CSV with commas"),
        ("SEP=\t\rorder_id\tname\ra\tb", "CSV with tabs"),
        ("sep=|\norder_id|name\na|b\n", "CSV with '|'"),
        ("sep=;\norder_id,x;order_id;name\n;a;b", "CSV with semicolons"),
        ('\n \n{"order_id": "a", "name": "b"}', "JSON Lines"),
        ('  {"order_id": "a", "name": "b"}', "JSON Lines"),
    ],
)
def test_the_form_is_found_out_and_said(text: str, form: str) -> None:
    """From the first line that is not blank."""
    found = table(text)
    assert found.form == form
    (one,) = found.rows
    assert isinstance(one, Row)
    assert (one.order_id, one.name) == ("a", "b")


@pytest.mark.parametrize(
    "titles",
    [
        "name,order_id,new_order_id",
        "NAME,Order_ID,New_Order_Id",
        " Name , Order ID,new order\tid ",
        "name,order-id,New--Order - ID",
        '"name","order\nid","new\n\norder id"',
    ],
)
def test_titles_may_be_written_as_people_write_them(titles: str) -> None:
    """In any order and case, with blanks or hyphens for what stands between words."""
    assert rows(f"{titles}\nb,a,c\n") == [row(1 + titles.count("\n") + 1, "a", "b", "c")]


def test_the_line_of_a_row_is_where_it_begins_in_the_file() -> None:
    """With line breaks in cells, blank lines, and every kind of line end."""
    text = '\r\norder_id,name\r\na,"1\r\n2\n3\r4"\rb,"x"\n\n\n,\n"c","\n\n"\n"d\n",e'
    assert rows(text) == [
        row(3, "a", "1\r\n2\n3\r4"),
        row(7, "b", "x"),
        row(11, "c", "\n\n"),
        row(14, "d", "e"),
    ]
    assert [one.line for one in rows('\n{"order_id":"a","name":"\\n"}\r\r\n{"order_id":"b","name":"x"}')] == [2, 4]


def test_cells_that_are_empty_are_not_given() -> None:
    """Those that are missing at the end, too; rows without anything, and cells behind the last title, are no rows."""
    text = "order_id,name,new_order_id\na,b,\nb,,c\nc,d\n,,\n , \t,\n\nd,,e,,,  \n,,,,\ne,f, \n"
    assert rows(text) == [
        row(2, "a", "b"),
        row(3, "b", new="c"),
        row(4, "c", "d"),
        row(8, "d", new="e"),
        row(10, "e", "f"),
    ]
    assert rows("new_order_id,order_id\nb,a,  ,\n") == [row(2, "a", new="b")]
    assert rows("order_id,name\na,b,  ,\n") == [row(2, "a", "b")]


def test_blanks_around_ids_go_and_names_stay_as_they_are() -> None:
    """No id can have them; what stands in a name is the name."""
    assert rows("order_id,name,new_order_id\n a\u00a0, b ,\tc \n") == [row(2, "a", " b ", "c")]
    assert rows('order_id,name\na,"  it\'s ""so""\n "\n') == [row(2, "a", '  it\'s "so"\n ')]
    assert rows('{"order_id": " a", "name": " b ", "new_order_id": "c "}') == [row(1, "a", " b ", "c")]


def test_other_columns_are_kept_as_they_stand() -> None:
    """Under their own titles; one without a title is kept where it holds something."""
    text = "Agent ,order_id,,name,ref,\nSmith,a,,b, 007 ,\n,b,x,c\n"
    assert rows(text) == [
        row(2, "a", "b", other={"Agent ": "Smith", "ref": " 007 "}),
        row(3, "b", "c", other={"Agent ": "", "ref": "", "column 3": "x"}),
    ]


def test_what_json_has_is_kept_as_it_is() -> None:
    """null is not given, an empty name is a name, and other values keep their types, their order and their keys."""
    other = {"n": None, "b": True, "i": 2**70, "f": 1.5, "l": [1, {"name": 1}], "o": {"order_id": 7, "": "é👧\0"}}
    lines = [
        {"order_id": "a", "name": "", "new_order_id": None},
        {"New Order-ID": "c", "z": 1, "order id": "a", "y": "2", "NAME": None},
        {"order_id": "a", "name": "\u2028\x00", **other},
    ]
    found = rows("\n".join(json.dumps(line) for line in lines))
    assert found == [
        row(1, "a", ""),
        row(2, "a", new="c", other={"z": 1, "y": "2"}),
        row(3, "a", "\u2028\x00", other=other),
    ]
    assert list(found[1].other) == ["z", "y"]
    twice = '{"order_id": "a", "x": 1, "name": "b", "x": 2, "in": {"name": 1, "name": 2}}'
    assert rows(twice) == [row(1, "a", "b", other={"x": 2, "in": {"name": 2}})]


def test_titles_without_rows_are_no_fault() -> None:
    """Whatever made the file found nothing to do."""
    assert list(table("order_id;name\n\n;\n").rows) == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", [f"1: it is empty; {TITLES}"]),
        ("\n \t\r\n", [f"1: it is empty; {TITLES}"]),
        ("sep=;", [f"1: it is empty; {TITLES}"]),
        (";;;\n;\n", [f"1: it is empty; {TITLES}"]),
        (
            '\n[{"order_id": "a"}]',
            ["2: it is a JSON array; JSON Lines has one object a line (jq -c '.[]' FILE makes them)"],
        ),
        (
            "a,Titel\x1b\n1,2\n",
            [
                f"1: there is no column order_id; {TITLES}; it has 'a', 'Titel\\x1b'"
            ],
        ),
        (
            ",".join("abcdefghijklmnop"),
            [
                (f"1: there is no column order_id; {TITLES}; it has 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'")
            ],
        ),
        (
            "sep=;\nOrder ID;x\n",
            [f"2: there is no column to set ({', '.join(SETTABLE)}); it has 'Order ID', 'x'"],
        ),
        ("order_id,Name,x,name\na,b\n", ["1: column 4 (name): column 2 has this title too; each needs its own"]),
        ("order_id,x,name,x,Order ID\n", [
            "1: column 4 (x): column 2 has this title too; each needs its own",
            "1: column 5 (Order ID): column 1 has this title too; each needs its own",
        ]),
        ("order_id,name,column 4,\n", ["1: column 4 (): column 3 has this title too; each needs its own"]),
        (
            'order_id,"na"me\na,b\n',
            ['1: a quote (") ends a cell in the middle; is one missing or too many? Within a cell it is written twice ("")'],
        ),
        (
            "order_id,name," + "x" * 131_073 + "\na,b\n",
            ["1: a cell has more than 131,072 characters. What comes after it was not read"],
        ),
        ('order_id,"name\na,b\n', ['1: a quote (") opens a cell in this row, and none ends it; add one behind the cell']),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_has_a_fault_and_no_rows(text: str, faults: list[str]) -> None:
    """What would be right is said, and what there is instead."""
    assert told(text) == faults


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("[", "JSON"),
        ("x" * LONGEST_ROW, "no table"),
        ("sep=;", "CSV with semicolons"),
        ("a;b", "CSV with semicolons"),
        ('a,"b\n"c', "CSV with commas"),
    ],
)
def test_what_is_no_table_has_a_form_too(text: str, form: str) -> None:
    """As far as it can be told; in a fault of it the columns have their names."""
    found = table(text)
    assert found.form == form
    assert found.labels["order_id"] == "order_id"


@pytest.mark.parametrize(
    ("cells", "faults"),
    [
        ("a", [f"2: {NO_CHANGES}"]),
        ("a,,", [f"2: {NO_CHANGES}"]),
        (",b", ["2: column 1 (Order ID): it is empty; give the id of the order"]),
        (",,,x", [
            "2: column 1 (Order ID): it is empty; give the id of the order",
            f"2: {NO_CHANGES}",
        ]),
        ("a,b,,x,y", ["2: column 5: it holds 'y', but has no title; does a cell before it need quotes?"]),
        ("a,b,,,,, y\x1b" + "z" * 99, [
            "2: column 7: it holds ' y\\x1b" + "z" * 37 + "...', but has no title; does a cell before it need quotes?"
        ]),
        ("a/b,c", [
            "2: column 1 (Order ID): it is 'a/b'; it must be one part of a path: no / \\ ? #, and not . or .."
        ]),
        ("a,,..", [
            "2: column 3 (new_order_id): it is '..'; it must be one part of a path: no / \\ ? #, and not . or .."
        ]),
        ("a\x00\x9b,b", [
            "2: column 1 (Order ID): it is 'a\\x00\\x9b'; remove the control characters and halves of surrogate pairs"
        ]),
        ("it's/" + "x" * 60 + ",b", [
            "2: column 1 (Order ID): it is 'it's/" + "x" * 35 + "...'; "
            "it must be one part of a path: no / \\ ? #, and not . or .."
        ]),
        ("x" * 256 + "," + "y" * 256 + "," + "z" * 256, [
            "2: column 1 (Order ID): it has 256 characters; at most 255 are possible",
            "2: column 2 (name): it has 256 characters; at most 255 are allowed (--max-name-length)",
            "2: column 3 (new_order_id): it has 256 characters; at most 255 are possible",
        ]),
        ('"a"b,c', [
            '2: a quote (") ends a cell in the middle; is one missing or too many? Within a cell it is written twice ("")'
        ]),
        ("a," + "y" * 131_072, ["2: column 2 (name): it has 131072 characters; at most 255 are allowed (--max-name-length)"]),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_with_a_row_is_told(cells: str, faults: list[str]) -> None:
    """With its line, its column and what would be right; the rows around it are read all the same."""
    assert told(f"Order ID,name,new_order_id,x\n{cells}\nb,c\n") == [*faults, "3 is good"]


def test_the_row_where_a_quote_is_missing_is_named() -> None:
    """Not the line where that shows, which may be far below."""
    quote = '3: a quote (") opens a cell in this row, and none ends it; add one behind the cell'
    assert told('order_id,name\na,b\nb,"c\nd,e\n\nf,g\n') == ["2 is good", quote]
    middle = (
        '2: a quote (") ends a cell in the middle; is one missing or too many? Within a cell it is written twice ("")'
    )
    assert told('order_id,name\na,"b\nc,"d"\ne,f\n') == [middle, "4 is good"]


@pytest.mark.parametrize(
    ("rest", "fault"),
    [
        ("b," + "x" * 131_073, "3: a cell has more than 131,072 characters. What comes after it was not read"),
        (
            'b,"x\n' + "y,z\n" * 40_000,
            '3: a cell has more than 131,072 characters; is a quote (") missing behind it? What comes after it was not read',
        ),
        (
            'b,"' + '","\n'.join(["x" * 100_000] * 20),
            '3: the row has 1,048,576 characters or more; is a quote (") missing behind a cell? What comes after it was not read',
        ),
    ],
)
def test_what_is_too_long_for_memory_ends_the_table(rest: str, fault: str) -> None:
    """Where it would go on is not known; that the rest was not read is said."""
    assert csv.field_size_limit() == 131_072
    assert told(f"order_id,name\na,b\n{rest}\nd,e\n") == ["2 is good", fault]


@pytest.mark.parametrize(
    "start", ["x", "{", "[", " ", "sep=;\n", '"a\n', "order_id,name\na,b\n", '{"order_id": "a", "name": "b"}\n{']
)
def test_a_line_without_an_end_is_not_read_to_its_end(start: str) -> None:
    """Whatever the file is; what is cut off there is no row."""
    endless = iter([*start.splitlines(keepends=True)[:-1], start.splitlines()[-1] + "x" * LONGEST_ROW])
    found = list(read_table(Lines(endless), longest_name=255).rows)
    assert isinstance(found[-1], Fault)
    assert found[-1].what.startswith("the row has 1,048,576 characters or more; ")


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ('{"order_id": "a"}', [f"2: {NO_CHANGES}"]),
        ('{"order_id": "a", "name": null, "x": 1}', [f"2: {NO_CHANGES}"]),
        ('{"name": "a"}', ["2: order_id: it is empty; give the id of the order"]),
        ('{"order_id": null, "name": "a"}', ["2: order_id: it is empty; give the id of the order"]),
        ('{"order_id": " ", "name": "a"}', ["2: order_id: it is empty; give the id of the order"]),
        ('{"order_id": "a", "new_order_id": ""}', ["2: new_order_id: it is empty; give the id of the order"]),
        ('{"order_id": 17, "name": 1.50, "new_order_id": false}', [
            '2: order_id: it is the number 17; put it in quotes: "17"',
            '2: name: it is the number 1.5; put it in quotes: "1.5"',
            "2: new_order_id: it is true or false; give a string",
        ]),
        ('{"order_id": "a", "name": [], "new_order_id": {}}', [
            "2: name: it is a list; give a string",
            "2: new_order_id: it is an object; give a string",
        ]),
        ('{"order_id": "a", "name": "b", "order_id": "a"}', ["2: order_id: it is there twice; give it once"]),
        ('{"order_id": "a", "name": null, "NAME": "b"}', ["2: name: it is there twice; give it once"]),
        ('{"order_id": "a", "name": 1, "name": "b"}', [
            '2: name: it is the number 1; put it in quotes: "1"',
            "2: name: it is there twice; give it once",
        ]),
        ('{"order_id": "a/", "name": "' + "b" * 256 + '"}', [
            "2: order_id: it is 'a/'; it must be one part of a path: no / \\ ? #, and not . or ..",
            "2: name: it has 256 characters; at most 255 are allowed (--max-name-length)",
        ]),
        ('{"order_id": "\\ud800", "name": "\\uDfff", "new_order_id": "\\ud83d\\ud83d\\udc67"}', [
            "2: order_id: it is '\\ud800'; remove the control characters and halves of surrogate pairs",
            "2: name: it is '\\udfff', which has half of a surrogate pair; it is not valid Unicode",
            "2: new_order_id: it is '\\ud83d👧'; remove the control characters and halves of surrogate pairs",
        ]),
        ('{"order_id": "a", "name": "b", "x": ["\\uDBFF"]}', [
            "2: it has half of a surrogate pair, which is no character; give both halves"
        ]),
        ('{"order_id": "a", "name": "b", "\\udc00": 1}', [
            "2: it has half of a surrogate pair, which is no character; give both halves"
        ]),
        ('{"order_id": "a" "name": "b"}', [
            "2: character 18: it is no JSON (Expecting ',' delimiter); each line has to be one JSON object"
        ]),
        ('{"order_id": "a"} {"order_id": "b"}', [
            "2: character 19: it is no JSON (Extra data); each line has to be one JSON object"
        ]),
        ("order_id,name", ["2: character 1: it is no JSON (Expecting value); each line has to be one JSON object"]),
        ("[1]", ["2: it is a list; each line has to be one JSON object"]),
        ("null", ["2: it is null; each line has to be one JSON object"]),
        ("7.5", ["2: it is a number; each line has to be one JSON object"]),
        ("7", ["2: it is a number; each line has to be one JSON object"]),
        ('"a"', ["2: it is a string; each line has to be one JSON object"]),
        ('{"order_id": "a", "name": "b", "x": NaN}', ["2: it cannot be read: JSON has no NaN"]),
        ('{"order_id": "a", "name": "b", "x": -Infinity}', ["2: it cannot be read: JSON has no -Infinity"]),
        ('{"order_id": "a", "name": "b", "x": 1e999}', ["2: it cannot be read: the number 1e999 is too large"]),
        ('{"order_id": "a", "name": "b", "x": ' + "1" * 5000 + "}", [
            "2: it cannot be read: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"
        ]),
        ('{"order_id": "a", "name": "b", "x": ' + "[" * 100_000, [
            "2: its lists and objects are more than 100 deep in each other"
        ]),
        ('{"order_id": "a", "name": "b", "x": ' + '[{"a":' * 50 + "1" + "}]" * 50 + "}", [
            "2: its lists and objects are more than 100 deep in each other"
        ]),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_with_a_line_of_json_is_told(line: str, faults: list[str]) -> None:
    """And the lines around it are read all the same."""
    good = '{"order_id": "a", "name": "👧\\ud83d\\udc67"}'
    assert told(f"{good}\n{line}\n{good}") == ["1 is good", *faults, "3 is good"]


@pytest.mark.parametrize(
    ("head", "good", "bad"),
    [
        ("order_id,name,x\n", "a,b,", 'a,"b"b,'),
        ("", '{"order_id": "a", "name": "b"}', '{"order_id": "a", '),
    ],
)
def test_the_limit_is_that_of_a_row_not_of_the_file(head: str, good: str, bad: str) -> None:
    """Good rows, faults and blank lines each count for themselves."""
    rest = " " * 60_000 + "\n"
    found = list(table(head + f"{good}{rest}" * 20 + f"{bad}{rest}" * 20 + rest * 20 + good).rows)
    assert [isinstance(one, Row) for one in found] == [True] * 20 + [False] * 20 + [True]


def test_lists_and_objects_may_be_as_deep_as_anybody_writes_them() -> None:
    """Many brackets beside each other are not deep."""
    deep = (
        '{"order_id": "a", "name": "b", "x": ' + "[" * (DEEP - 1) + "]" * (DEEP - 1) + ', "y": [' + "[]," * 500 + "{}]}"
    )
    assert len(rows(deep)) == 1


def test_a_longest_name_can_be_chosen() -> None:
    """In characters, not in bytes; the service declares no limit."""
    assert len(rows("order_id,name\na," + "👧" * 300, longest_name=300)) == 1
    assert told("order_id,name\na,👧👧👧👧", longest_name=3) == [
        "2: column 2 (name): it has 4 characters; at most 3 are allowed (--max-name-length)"
    ]


def test_columns_are_called_as_they_are_in_the_file() -> None:
    """So that who looks for a fault there finds it."""
    assert table(" Name ,NEW-ORDER-ID,order_id").labels == {
        "name": "column 1 (Name)",
        "new_order_id": "column 2 (NEW-ORDER-ID)",
        "order_id": "column 3 (order_id)",
    }
    assert set(table('{"order_id": "a", "name": "b"}').labels.values()) == {"order_id", *SETTABLE}
    long = "x\x1b" + "y" * 60
    (fault,) = told(f"{long},{long},order_id,name\n")
    assert fault == "1: column 2 (x\\x1b" + "y" * 38 + "...): column 1 has this title too; each needs its own"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
    | st.text(st.sampled_from(list("a/.\"',;\t\r\n {}[]:\\\x1b\0é0")), max_size=80).map("order_id;name;x\n".__add__)
    | st.text(st.sampled_from(list("a/.\"',;\t {}[]:\\\x1b\0é0")), max_size=80).map('{"order_id":"a","name":"'.__add__),
    st.integers(0, 20),
)
@example('{"order_id":"' + "\x9b" * 999 + "/", 3)
@example("order_id,name,a\n" + "\u202e" * 999 + "/,b,c,d", 3)
@example("\x1b" * 999, 3)
def test_any_text_is_rows_and_faults_that_can_be_shown(text: str, longest_name: int) -> None:
    """Nothing is raised; a fault is one line of a sane length that does nothing to a terminal."""
    before = 0
    for one in table(text, longest_name).rows:
        assert one.line >= before
        before = one.line
        if isinstance(one, Fault):
            assert len(str(one)) < 800
            assert not {unicodedata.category(character) for character in str(one)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
            assert f"{before}: " == str(one)[: len(str(before)) + 2]
        else:
            assert accepted(one.order_id, one.name, one.new_order_id)
            assert one.changes.keys() <= {*SETTABLE}
            assert isinstance(one.name, Unset) or len(one.name) <= longest_name


TEXTS = st.text(st.sampled_from("ab./\\?#% \t\n\x00\x9bé\u00a0👧2Ff"), min_size=1, max_size=8)


@given(TEXTS, TEXTS, TEXTS | st.none())
def test_the_librarys_rules_are_those_of_a_file(order_id: str, name: str, new_order_id: str | None) -> None:
    """What it would refuse is a fault, in CSV and in JSON Lines, and nothing else is."""
    line = json.dumps({"order_id": order_id, "name": name, "new_order_id": new_order_id})
    out = io.StringIO()
    titles, cells = ["order_id", "name", "new_order_id", "x"], [order_id, name, new_order_id, "x"]
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([titles, cells])
    new: str | Unset = UNSET if new_order_id is None else new_order_id.strip()
    assert isinstance(next(table(line).rows), Row) is accepted(order_id.strip(), name, new)
    # In a spreadsheet nobody sees whether a cell has blanks in it.
    assert isinstance(next(table(out.getvalue()).rows), Row) is accepted(order_id.strip(), name, new or UNSET)


def accepted(order_id: str, name: str | Unset, new_order_id: str | Unset) -> bool:
    try:
        plan_edit(order_id, {"name": name, "new_order_id": new_order_id})
    except ValueError:
        return False
    return True
