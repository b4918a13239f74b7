"""Every sample change gets the verdict that its patch states: on the wire, in Python, and for the versions."""

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
    quick = {"facade-parameter-renamed", "response-null-added-ref", "schema-renamed"}
    marks = {name: [] if name in quick else [pytest.mark.slow] for name in SAMPLES}
    return [pytest.param(sample, id=name, marks=marks[name]) for name, sample in SAMPLES.items()]


@pytest.mark.parametrize("sample", _parameters())
def test_a_sample_gets_its_verdict(sample: Sample, side: Callable[[tuple[str, ...]], Side]) -> None:
    """All that it changes is reported and judged, and nothing else."""
    before = (sample.on,) if sample.on else ()
    (old, old_surface), (new, new_surface) = side(before), side((*before, sample.name))

    wire = contract_diff.compare(old, new)
    python = python_surface.compare(old_surface, new_surface, list(callers.compare(old, new)))

    assert sorted(f"{_verdict(change)} {change.kind}" for change in wire) == sorted(sample.wire)
    places = [f"{change.what} | {change.where.rpartition(': ')[2]}" for change in wire]
    assert set(sample.place) <= set(places), places
    assert sorted(f"{_verdict(change)} {change.name}" for change in python) == sorted(sample.python)
    impacts = [change.impact for change in wire if change.kind != "contract version"]
    contract = bump("contract", "1.0.0", "1.0.0", contract_diff.highest(impacts)).needed
    impacts += [change.impact for change in python]
    assert sample.versions == [f"{contract} {bump('package', '0.1.0', '0.1.0', contract_diff.highest(impacts)).needed}"]


def _verdict(change: Change | PythonChange) -> str:
    return "breaking" if change.breaking else "compatible"
