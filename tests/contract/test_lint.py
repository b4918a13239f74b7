"""`make check-contract` reports everything that is wrong with the contract, with its line."""

from __future__ import annotations

import inspect
import re
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from contract import lint, parse, redocly
from contract.facts import SOURCES, parts
from contract.keywords import RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.tools

ROOT = Path(__file__).parent.parent.parent
# A contract that stays as it is when ours moves on.
SPEC = (ROOT / "tests/review/spec.yaml").read_text("utf-8")
TABLE: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("lint.yaml").read_text("utf-8"))


def rows(section: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", TABLE[section].values(), ids=TABLE[section])


@pytest.fixture
def broken(tmp_path: Path) -> Callable[..., Path]:
    """Write a contract with what some rows have wrong."""

    def write(*wrong: dict[str, Any]) -> Path:
        text = SPEC
        for row in wrong:
            text = row.get("text", text) + row.get("added", "")
            replace = row.get("replace", [])
            for before, after in [(replace, row["by"])] if isinstance(replace, str) else replace:
                assert before in text, before
                text = text.replace(before, after, 1)
        spec = tmp_path / "spec.yaml"
        spec.write_text(text, encoding="utf-8")
        return spec

    return write


@pytest.fixture
def findings(broken: Callable[..., Path]) -> Callable[..., list[str]]:
    """What is reported of a contract with what some rows have wrong."""
    return lambda *wrong: [str(finding) for finding in lint.lint(broken(*wrong), "spec.yaml")]


@pytest.fixture
def _only_our_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redocly CLI takes half a second, and neither it nor yamllint finds what our own rules are for."""
    report = subprocess.CompletedProcess([], 0, '{"problems": []}', "")
    monkeypatch.setattr(redocly, "run", lambda *_, **__: report)
    monkeypatch.setattr("yamllint.linter.run", lambda *_: [])


def test_the_contract_has_no_findings() -> None:
    """Redocly's strict rules, yamllint's and ours."""
    assert lint.lint(ROOT / "openapi/spec.yaml", "spec.yaml") == []


def test_each_of_many_faults_is_reported_with_its_line(
    broken: Callable[..., Path], findings: Callable[..., list[str]]
) -> None:
    """Nearly thirty at once: each with file, line and pointer, and the line is that of the fault."""
    faults = TABLE["faults"]
    lines = broken(*faults.values()).read_text("utf-8").splitlines()
    reported = findings(*faults.values())
    for name, row in faults.items():
        line = next((each for each in reported if row["message"] in each), f"{name} is not reported")
        match = re.match(r"spec\.yaml:(\d+)(:\d+|: #/)", line)
        assert match, line
        if changed := row["by"].strip().splitlines():
            near = "\n".join(lines[max(0, int(match[1]) - 3) : int(match[1]) + 3])
            assert any(part.strip() in near for part in changed), line


@pytest.mark.slow
@rows("alone")
def test_a_contract_that_nothing_can_be_generated_from_is_reported_with_its_line(
    row: Any, findings: Callable[..., list[str]]
) -> None:
    """File, line and pointer, and not the error of a tool that failed on it."""
    reported = findings(row)
    assert [line for line in reported if row["message"] in line and re.match(r"spec\.yaml:\d+: #/", line)]
    assert not [line for line in reported if "cannot be checked" in line]


@rows("conventions")
@pytest.mark.usefixtures("_only_our_rules")
def test_a_broken_convention_is_reported_with_its_line(row: Any, findings: Callable[..., list[str]]) -> None:
    """By `make check-contract`, and not by a test that fails somewhere else."""
    reported = findings(row)
    assert any(row["message"] in line and re.match(r"spec\.yaml:\d+: #/", line) for line in reported), reported


@rows("unusable")
@pytest.mark.usefixtures("_only_our_rules")
def test_an_unusable_contract_is_reported_with_the_place(row: Any, findings: Callable[..., list[str]]) -> None:
    """Whichever tool fails on it."""
    reported = findings(row)
    assert any(row["message"] in line for line in reported), reported


def test_a_missing_contract_and_one_that_is_not_text_are_findings(tmp_path: Path) -> None:
    """Not tracebacks."""
    spec = tmp_path / "spec.yaml"
    assert [*map(str, lint.lint(spec, "spec.yaml"))] == ["spec.yaml: cannot be read: No such file or directory"]
    spec.write_bytes(b"openapi: 3.1.1\n# \xff\n")
    assert [*map(str, lint.lint(spec, "spec.yaml"))] == ["spec.yaml:2: is not UTF-8"]


def test_reserved_keywords_are_those_of_the_library_and_the_command() -> None:
    """The contract may not use them."""
    from autoenhance import EditOptions, edit_order
    from autoenhance.cli._arguments import EditOrder, EditOrders
    from autoenhance.cli._rows import Row
    from autoenhance_api.edit_order_params import PARAMS

    ours = {param.keyword for param in PARAMS}
    taken = {*inspect.signature(edit_order).parameters, *EditOptions.__annotations__}
    taken |= {each.name for cls in (Row, EditOrder, EditOrders) for each in fields(cls)}
    assert taken - ours <= RESERVED


@pytest.mark.parametrize("name", ["no description", "invalid example", "name of a header"])
def test_one_fault_is_one_finding(broken: Callable[..., Path], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The tools overlap; what one has reported of a place the next ones do not repeat."""
    assert lint.main([str(broken(TABLE["faults"][name]))]) == 1
    captured = capsys.readouterr()
    assert TABLE["faults"][name]["message"] in captured.out
    assert len(captured.out.splitlines()) == 1
    assert captured.err.endswith("spec.yaml: 1 finding\n")


def test_a_missing_tool_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, not 0: nothing was checked."""
    monkeypatch.setattr(redocly, "CLI", ROOT / "missing")
    assert lint.main([]) == 2
    assert "'make setup' installs it" in capsys.readouterr().err


def test_the_contract_explains_each_source_and_has_every_kind_of_part() -> None:
    """In its introduction; parts of every kind are checked."""
    assert set(re.findall(r"^    - `([a-z-]+)`:", SPEC, re.MULTILINE)) == set(SOURCES)
    kinds = {part.kind for part in parts(parse(ROOT / "openapi/spec.yaml", "spec.yaml").tree)}
    assert kinds == {"operation", "parameter", "request body", "response", "schema", "property", "security scheme"}
