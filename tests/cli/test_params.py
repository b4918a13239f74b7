"""What an edit can set, as the contract has it: options, columns, and values of every type from text and from JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sample_contract
from sample_contract import FIELDS

from autoenhance._params import BODY
from autoenhance.cli._header import COLUMNS
from autoenhance.cli._text import option_name, printable
from autoenhance.cli._values import is_text, read_json, read_text
from autoenhance_api.edit_order_params import PARAMS, Param

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from terminal import Command

MAIN = "import sys; from autoenhance.cli import main; sys.exit(main())"


def by_keyword(param: Param) -> str:
    return param.keyword


# --- The contract as it is ---


@pytest.mark.parametrize("param", PARAMS, ids=by_keyword)
def test_every_parameter_is_an_option(command: Command, param: Param) -> None:
    """With the first sentence of its description in the contract."""
    _, _, shown = command("edit-order", "--help").out.partition(f"\n  {option_name(param.keyword)} ")
    assert " ".join(param.description.partition(". ")[0].split()) in " ".join(shown.split())


@pytest.mark.parametrize("param", BODY, ids=by_keyword)
@pytest.mark.parametrize("separator", ["_", "-", " ", " - ", "\t"])
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_every_field_is_a_column_however_people_write_it(
    command: Command, table: Path, param: Param, separator: str, case: Callable[[str], str]
) -> None:
    """In any case, with blanks, dashes or underscores between its words, in CSV and in JSON Lines; the help names it."""
    assert ("order_id", *(param.keyword for param in BODY)) == COLUMNS
    assert f"({', '.join(COLUMNS[1:])})" in " ".join(command("edit-orders", "--help").out.split())
    title = f" {case(param.keyword).replace('_', separator)} "
    # An error of a value has its column.
    for text, place in (
        (f"order_id;{title}\na;\x01\n", f"row 2, column B ({printable(title.strip())})"),
        (json.dumps({"order_id": "a", title: "\x01"}), f"row 1, {param.keyword}"),
    ):
        table.write_text(text, "utf-8")
        ran = command("edit-orders", str(table), "--dry-run")
        assert ran.err.startswith(f"{table}: {place}: control character '\\x01'")


@pytest.mark.parametrize("param", [param for param in PARAMS if is_text(param)], ids=by_keyword)
def test_the_text_of_a_string_is_its_value(param: Param) -> None:
    """Whatever it looks like."""
    for text in ("", "7", "true", "null", '"a"', "-x", "--json", "é👧"):
        assert read_text(param, text) == read_json(param, text) == text


@pytest.mark.parametrize("name", ["-x", "--json", "--", "null"])
def test_a_value_may_look_like_something_else(command: Command, name: str) -> None:
    """An option, or what JSON calls nothing."""
    for arguments in (["--name", name], [f"--name={name}"]):
        ran = command("edit-order", "harbour-view-7", *arguments, "--json")
        assert (ran.status, ran.err) == (0, "")
        assert json.loads(ran.out)["name"] == name


# --- A contract with values of every type ---


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of this contract."""
    return sample_contract.make(tmp_path_factory.mktemp("sample"))


def cli(package: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    done = sample_contract.run(package, ["-c", MAIN, *arguments], **environment)
    return done.returncode, done.stdout, done.stderr


READ = """
import json, sys
from autoenhance._edit import plan_edit
from autoenhance._params import BY_KEYWORD
from autoenhance.cli._values import read_json, read_text

def read(form, keyword, given):
    param = BY_KEYWORD["sample_" + keyword]
    try:
        value = {"text": read_text, "json": read_json}[form](param, given)
    except ValueError as error:
        return str(error)
    sent = plan_edit("x", {param.keyword: value}).body[param.wire_name]
    assert read_json(param, json.loads(json.dumps(sent))) == value, (keyword, given)
    return [sent]

print(json.dumps([read(*case) for case in json.load(sys.stdin)]))
"""
NOON, NOON_SENT = "2026-05-04T12:00:00Z", "2026-05-04T12:00:00+00:00"
AN_ID = "3f0c1a52-7f0e-4a1e-9a55-0c6f1f0d2b11"
STYLES = "one of 'bright', 'natural'"
A_TIME = "a time such as 2026-05-04T18:12:00Z"
LIST = "a JSON list, each item of which is"
# What stands in a cell or an option, and what is sent.
TEXTS: list[tuple[str, str, Any]] = [
    ("note", "", ""),
    ("note", " 007 ", " 007 "),
    ("style", " bright ", "bright"),
    ("level", "30", 30),
    ("count", " 7 ", 7),
    ("count", "-7", -7),
    ("limit", "7", 7),
    ("ratio", "1.50", 1.5),
    ("ratio", "2", 2),
    ("ratio", "1e2", 100.0),
    ("urgent", "TRUE", True),
    ("urgent", "no", False),
    ("time", NOON, NOON_SENT),
    ("time", "2026-05-04 12:00", NOON_SENT),
    ("date", "2026-05-04", "2026-05-04"),
    ("uuid", f" {AN_ID.upper()} ", AN_ID),
    ("tags", '["a", "é", ""]', ["a", "é", ""]),
    ("tags", "[]", []),
    ("styles", '["bright"]', ["bright"]),
    ("times", f'["{NOON}"]', [NOON_SENT]),
    ("window", f'{{"start": "{NOON}", "z": [1]}}', {"start": NOON, "z": [1]}),
    ("windows", f'[{{"start": "{NOON}"}}]', [{"start": NOON}]),
    ("labels", '{"é": "b"}', {"é": "b"}),
    ("anything", "[1, null, {}]", [1, None, {}]),
    ("anything", '"7"', "7"),
]
# What is in a JSON Lines file, and is sent as it is.
SAME: list[tuple[str, Any]] = [
    ("note", "null"), ("style", "natural"), ("level", 2), ("count", 7), ("ratio", 1), ("urgent", False),
    ("date", "2026-05-04"), ("uuid", AN_ID), ("tags", ["a"]), ("styles", ["natural", "bright"]), ("labels", {}),
    ("window", {"start": NOON, "who": "é"}), ("windows", [{"start": NOON}]),
    ("anything", "7"), ("anything", "a"), ("anything", False),
]  # fmt: skip
AS_JSON: list[tuple[str, Any, Any]] = [
    *((name, value, value) for name, value in SAME),
    ("level", "2", 2),
    ("count", "7", 7),
    ("urgent", "yes", True),
    ("time", NOON, NOON_SENT),
    ("tags", '["a"]', ["a"]),
    ("times", [NOON], [NOON_SENT]),
]
BAD: list[tuple[str, str, Any, str]] = [
    ("text", "style", "birght", f"'birght' is not {STYLES}; did you mean 'bright'?"),
    ("text", "style", "", f"'' is not {STYLES}"),
    ("text", "level", "4", "'4' is not one of 1, 2, 30"),
    ("text", "level", "300", "'300' is not one of 1, 2, 30; did you mean '30'?"),
    ("text", "count", "7.0", "'7.0' is not a whole number"),
    ("text", "count", "true", "'true' is not a whole number"),
    ("text", "count", "0" + "1" * 9000, "'0" + "1" * 39 + "...' is not a whole number"),
    ("text", "count", "1" * 9000, "'" + "1" * 40 + "...' is not a whole number"),
    ("text", "limit", "null", "'null' is not a whole number"),
    ("text", "ratio", "NaN", "'NaN' is not a number"),
    ("text", "ratio", "1e999", "'1e999' is not a number"),
    ("text", "ratio", "1,5", "'1,5' is not a number"),
    ("text", "urgent", "maybe", "'maybe' is not true or false"),
    ("text", "time", "2026-05-04", f"'2026-05-04' is not {A_TIME}"),
    ("text", "time", "noon\x1b", rf"'noon\x1b' is not {A_TIME}"),
    ("text", "date", "2026-13-04", "'2026-13-04' is not a date such as 2026-05-04"),
    ("text", "uuid", AN_ID[1:], f"'{AN_ID[1:]}' is not a UUID"),
    ("text", "tags", "a, b", f"'a, b' is not {LIST} a string"),
    ("text", "tags", "[1]", f"'[1]' is not {LIST} a string"),
    ("text", "tags", r'["\ud800"]', rf"""'["\ud800"]' is not {LIST} a string"""),
    ("text", "styles", '["birght"]', f"""'["birght"]' is not {LIST} one of 'bright', 'natural'"""),
    ("text", "times", '["noon"]', f"""'["noon"]' is not {LIST} {A_TIME}"""),
    ("text", "window", "{}", "'{}' is not a JSON object; it has no 'start'"),
    ("text", "window", '{"start": 1}', """'{"start": 1}' is not a JSON object; a value in it is invalid"""),
    ("text", "windows", "[{}]", f"'[{{}}]' is not {LIST} a JSON object; it has no 'start'"),
    ("text", "labels", "[]", "'[]' is not a JSON object"),
    ("text", "anything", "a", "'a' is not JSON"),
    ("text", "anything", "[" * 200 + "]" * 200, "'" + "[" * 40 + "...' is not JSON"),
    ("text", "anything", "[" * 99999, "'" + "[" * 40 + "...' is not JSON"),
    ("json", "style", "birght", f"'birght' is not {STYLES}; did you mean 'bright'?"),
    ("json", "style", 5, f"5 is not {STYLES}"),
    ("json", "level", True, "true is not one of 1, 2, 30"),
    ("json", "count", 7.0, "7.0 is not a whole number"),
    ("json", "count", True, "true is not a whole number"),
    ("json", "count", "x", "'x' is not a whole number"),
    ("json", "urgent", 1, "1 is not true or false"),
    ("json", "time", 1, f"1 is not {A_TIME}"),
    ("json", "date", {}, "{} is not a date such as 2026-05-04"),
    ("json", "uuid", 1, "1 is not a UUID"),
    ("json", "tags", ["a", None], f'["a", null] is not {LIST} a string'),
    ("json", "tags", {"a": "b"}, f'{{"a": "b"}} is not {LIST} a string'),
    ("json", "window", [], "[] is not a JSON object"),
    ("json", "window", {"a\x1b": "x" * 99}, '{"a\\u001b": "' + "x" * 27 + "... is not a JSON object; it has no 'start'"),
]  # fmt: skip
CASES: list[tuple[str, str, Any, Any]] = [
    *(("text", name, given, [sent]) for name, given, sent in TEXTS),
    *(("json", name, given, [sent]) for name, given, sent in AS_JSON),
    *BAD,
]


@pytest.fixture(scope="module")
def outcomes(package: Path) -> list[Any]:
    """What becomes of each case, in one process: what is sent, in a list, or the error."""
    done = sample_contract.run(package, ["-c", READ], json.dumps([case[:3] for case in CASES]))
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


@pytest.mark.tools
@pytest.mark.parametrize(
    "number", range(len(CASES)), ids=[f"{form}-{name}-{str(given)[:20]}" for form, name, given, _ in CASES]
)
def test_values_of_every_type_are_read_or_refused(outcomes: list[Any], number: int) -> None:
    """From text and from JSON; what is sent is read again as the same value, and an error says what would be right."""
    assert outcomes[number] == CASES[number][-1]
    assert {f"sample_{name}" for _, name, *_ in CASES} == FIELDS.keys()


@pytest.mark.tools
def test_options_say_what_they_take(package: Path) -> None:
    """All values if they are known, else of which kind one is."""
    status, out, err = cli(package, "edit-order", "--help")
    assert (status, err) == (0, "")
    for option in (
        "note TEXT", "style [bright|natural]", "level [1|2|30]", "count NUMBER", "ratio NUMBER", "time TIME", "date DATE",
        "urgent [true|false]", "tags JSON", "window JSON", "anything JSON", "sort [created_at|name]",
    ):  # fmt: skip
        assert f"  --sample-{option}" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.tools
@pytest.mark.parametrize(
    ("option", "said"),
    [
        (
            "--sample-style=birght",
            "Invalid value for '--sample-style': 'birght' is not one of 'bright', 'natural'; did you",
        ),
        ("--sample-sort=nmae", "is not one of 'created_at', 'name'; did you mean 'name'?"),
        ("--sample-sort=name", "no changes given"),
    ],
)
def test_a_bad_option_is_status_2_and_nothing_is_sent(package: Path, option: str, said: str) -> None:
    """Before a key is looked for."""
    status, out, err = cli(package, "edit-order", "x", option, AUTOENHANCE_BASE_URL="http://127.0.0.1:9")
    assert (status, out) == (2, "")
    line, hint = err.splitlines()
    assert said in line
    assert hint.startswith("Hint: ")


@pytest.mark.tools
def test_what_the_contract_requires_must_be_given(tmp_path: Path) -> None:
    """As options, in each row of a table, and in the signature of the library."""
    contract = sample_contract.document("sample_count", "sample-sort")
    contract["components"]["schemas"]["OrderUpdate"]["required"].append("name")
    package = sample_contract.make(tmp_path / "package", contract)
    _, out, _ = cli(package, "edit-order", "--help")
    assert "What sample_count is.  [required]" in out
    assert "[required]" in " ".join(out.partition("--sample-sort ")[2].partition("--")[0].split())
    given = {"--sample-sort": "name", "--sample-count": "1", "--name": "a"}
    for missing in given:
        options = [word for option, value in given.items() if option != missing for word in (option, value)]
        status, out, err = cli(package, "edit-order", "x", *options, "--curl")
        assert (status, out, err.splitlines()[0]) == (2, "", f"Error: Missing option '{missing}'.")
    table = tmp_path / "o.csv"
    table.write_text("order_id,new_order_id,sample_count\na,b,\nc,d,1\n", "utf-8")
    assert "Missing option '--sample-sort'" in cli(package, "edit-orders", str(table))[2]
    status, out, err = cli(package, "edit-orders", str(table), "--sample-sort", "name")
    assert (status, out) == (2, "")
    assert err.splitlines()[:2] == [
        f"{table}: row 2: sample_count is missing; it is a whole number",
        f"{table}: row 3: name is missing; it is a string",
    ]
    show = "import autoenhance, inspect; print(inspect.signature(autoenhance.edit_order).parameters['name'])"
    assert sample_contract.run(package, ["-c", show]).stdout == "name: 'Required[str]'\n"


@pytest.mark.tools
@pytest.mark.parametrize(
    ("shell", "typed", "offered", "others"),
    [
        ("bash", "--sample-style ", "bright natural", ""),
        ("bash", "--sample-level 3", "30", "1 2"),
        ("bash", "--sample-s", "--sample-style --sample-sort", "--sample-note"),
        ("bash", "--sample-note b", "", "bright"),
        ("zsh", "--sample-sort c", "created_at", "name"),
    ],
)
def test_shells_complete_what_is_known(package: Path, shell: str, typed: str, offered: str, others: str) -> None:
    """Through what --show-completion prints for the shell."""
    line = f"autoenhance edit-order x {typed}"
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_TYPER_COMPLETE_ARGS": line}
    status, out, err = cli(package, _AUTOENHANCE_COMPLETE=f"complete_{shell}", **words)
    assert (status, err) == (0, "")
    found = set(out.replace('"', " ").split())
    assert found >= {*offered.split()}
    assert not found & {*others.split()}


BROKEN = """\
{"order_id": "a", "sample_count": null, "Sample-Style": null}
{"order_id": "b", "sample style": "birght", "sample_count": 1.5}
{"order_id": "c", "sample_anything": ["\\ud800"]}
{"order_id": "d", "sample_anything": DEEP}
{"order_id": "e", "sample_note": 7}
"""


@pytest.mark.tools
@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (
            BROKEN.replace("DEEP", "[" * 101 + "]" * 101),
            [
                f"row 2, sample_style: 'birght' is not {STYLES}; did you mean 'bright'?",
                "row 2, sample_count: 1.5 is not a whole number",
                r"row 3, sample_anything: is '\ud800', which has half of a surrogate pair",
                "row 4: lists and objects are nested more than 100 deep",
                "row 5, sample_note: is not a string; put it in quotes",
            ],
        ),
        (
            'order_id,Sample Window,SAMPLE-URGENT\na,"{}",x\nb, ,\t\n',
            [
                "row 2, column B (Sample Window): '{}' is not a JSON object; it has no 'start'",
                "row 2, column C (SAMPLE-URGENT): 'x' is not true or false",
            ],
        ),
    ],
    ids=["JSON Lines", "CSV"],
)
def test_errors_of_a_table_have_their_place(package: Path, table: Path, text: str, errors: list[str]) -> None:
    """In CSV and in JSON Lines; null sets nothing."""
    table.write_text(text, "utf-8")
    status, out, err = cli(package, "edit-orders", str(table))
    assert (status, out) == (2, "")
    for line, error in zip(err.splitlines()[:-2], errors, strict=True):
        assert line.startswith(f"{table}: {error}")


TWICE = """
import os, sys
from autoenhance.cli import main
from autoenhance.sandbox import Sandbox
with Sandbox() as sandbox:
    os.environ.update(AUTOENHANCE_API_KEY=sandbox.api_key, AUTOENHANCE_BASE_URL=sandbox.url)
    statuses = [main(["edit-orders", table, "--results", sys.argv[1] + ".results"]) for table in sys.argv[1:]]
    one = main("edit-order harbour-view-7 --sample-note é --sample-sort name --sample-count 7".split())
print(statuses, one)
"""


@pytest.mark.tools
@pytest.mark.thorough
def test_values_of_every_type_are_sent_written_and_not_sent_again(package: Path, tmp_path: Path) -> None:
    """The sandbox checks each request against the contract; a table in another form is the same table."""
    given = {f"sample_{name}": (text, sent) for name, text, sent in TEXTS}
    first, second = tmp_path / "o.csv", tmp_path / "o.jsonl"
    lines = (["order_id", *given], ["harbour-view-7", *(text for text, _ in given.values())])
    quoted = (";".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    first.write_text("\n".join(quoted), "utf-8")
    changes = {name: sent.strip() if isinstance(sent, str) else sent for name, (_, sent) in given.items()}
    second.write_text(json.dumps({**changes, "order_id": "harbour-view-7"}), "utf-8")
    done = sample_contract.run(package, ["-c", TWICE, str(first), str(second)])
    assert done.stdout.splitlines()[-1] == "[0, 0] 0", done.stderr
    assert "1 edited, 0 failed" in done.stderr
    assert "Nothing to do: " in done.stderr
    (line,) = (tmp_path / "o.csv.results").read_text("utf-8").splitlines()
    assert json.loads(line)["changes"] == changes
