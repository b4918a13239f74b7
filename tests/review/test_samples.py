"""Every sample change gets the verdict that its patch says it must get, on the wire, in Python, and for the versions."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from review_samples import SAMPLES, Sample, base_tree, patched

import contract_diff
from review import callers, python_surface
from review.bump import bump
from review.surface import surface

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from contract import Contract
    from contract_diff import Change
    from review.changes import PythonChange
    from review.surface import Surface

pytestmark = pytest.mark.tools

Side = tuple["Contract", "Surface"]


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[str, ...]], Side]:
    """The contract with these patches, and its Python surface; bases are made once."""
    folder: Path = tmp_path_factory.mktemp("samples")
    (folder / "base").mkdir()
    base = base_tree(folder / "base")

    @cache
    def make(names: tuple[str, ...]) -> Side:
        tree = patched(base, list(names), folder / "-".join(names or ["plain"]))
        return tree.contract, surface(tree, folder / "-".join(["generated", *names]))

    return make


def _parameters() -> list[Any]:
    # One sample takes most of a second: the ordinary run has a few that see each part at work, `make check` has all.
    quick = {"combined-breaking-bare", "facade-parameter-renamed", "response-null-added-ref", "schema-renamed"}
    marks = {name: [] if name in quick else [pytest.mark.slow] for name in SAMPLES}
    return [pytest.param(sample, id=name, marks=marks[name]) for name, sample in SAMPLES.items()]


@pytest.mark.parametrize("sample", _parameters())
def test_a_sample_gets_its_verdict(sample: Sample, side: Callable[[tuple[str, ...]], Side]) -> None:
    """All that it changes is told, nothing else is, and each is judged as it must be."""
    before = (sample.on,) if sample.on else ()
    (old, old_surface), (new, new_surface) = side(before), side((*before, sample.name))

    on_the_wire = contract_diff.compare(old, new)
    in_python = python_surface.compare(old_surface, new_surface, list(callers.compare(old, new)))

    assert sorted(f"{_verdict(change)} {change.kind}" for change in on_the_wire) == sorted(sample.wire)
    places = [f"{change.what} | {change.where.rpartition(': ')[2]}" for change in on_the_wire]
    assert set(sample.place) <= set(places), places
    assert sorted(f"{_verdict(change)} {change.name}" for change in in_python) == sorted(sample.python)
    impacts = [change.impact for change in on_the_wire if change.kind != "contract version"]
    needed = [
        bump("contract", "1.0.0", "1.0.0", contract_diff.highest(impacts)).needed,
        bump(
            "package", "0.1.0", "0.1.0", contract_diff.highest([*impacts, *(change.impact for change in in_python)])
        ).needed,
    ]
    assert sample.versions == [" ".join(needed)]


def _verdict(change: Change | PythonChange) -> str:
    return "breaking" if change.breaking else "compatible"


def test_there_are_samples_of_every_kind() -> None:
    """At least 25, in the request and in the response, breaking and not, single and combined, on the wire and in Python."""
    assert len(SAMPLES) >= 25
    for kind in ("request-", "response-", "parameter-", "combined-", "schema-"):
        assert any(name.startswith(kind) for name in SAMPLES)
    assert {line.split()[0] for sample in SAMPLES.values() for line in sample.wire} == {"breaking", "compatible"}
    only_python = [s for s in SAMPLES.values() if not s.wire and any(line.startswith("breaking") for line in s.python)]
    assert only_python
