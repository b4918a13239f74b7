"""Which versions a change needs, and which lines of a changelog are about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from review.bump import bump, new_lines, version_of

if TYPE_CHECKING:
    from contract_diff import Impact

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(
    ("old", "versions"),
    [("1.2.3", ("2.0.0", "1.3.0", "1.2.4", "1.2.3")), ("0.2.3", ("0.3.0", "0.2.4", "0.2.4", "0.2.3"))],
)
def test_versions_follow_semantic_versioning(old: str, versions: tuple[str, ...]) -> None:
    """Before 1.0.0 a breaking change moves the second number and everything else the third."""
    impacts: tuple[Impact | None, ...] = ("major", "minor", "patch", None)
    for impact, needed in zip(impacts, versions, strict=True):
        assert bump("it", old, old, impact).needed == needed
        assert bump("it", old, old, impact).carried == (impact is None)
        assert bump("it", old, needed, impact).carried
        assert bump("it", old, "10.0.0", impact).carried


def test_an_invalid_version_a_pre_release_and_a_downgrade_are_no_bump() -> None:
    """Whatever the old version was; and the version of a module is its `__version__`."""
    assert not bump("it", "1.0.0", "", "minor").carried
    assert not bump("it", "1.0.0", "soon", "minor").carried
    assert bump("it", "soon", "0.2.0", "major").carried
    assert bump("it", "0.1.0rc1", "0.2.0", "major").carried
    assert not bump("it", "1.0.0", "0.9.0", "patch").carried
    assert not bump("it", "1.0.0", "2.0.0rc1", "major").carried
    assert not bump("it", "0.1.0", "0.2.0.dev1", "major").carried
    assert bump("it", "0.1.0", "0.2.0.post1", "major").carried
    assert version_of("nothing") == ""
    assert version_of('"""Doc."""\n\n__version__ = "1.2.3"\n') == "1.2.3"


def test_only_new_changelog_entries_count() -> None:
    """Headings and entries that moved do not."""
    old = "# Changelog\n\n## [Unreleased]\n\n- a\n- b\n"
    assert new_lines(old, old.replace("- a\n- b\n", "- b\n\n### Added\n\n- a\n")) == []
    assert new_lines(old, f"{old}- c\n* d\n") == ["- c", "* d"]
    assert new_lines(old, f"{old}- a\n") == ["- a"]
    assert new_lines(old, f"{old}- .\n") == []
    assert new_lines(old, old.replace("- a", "- a, worded better")) == []
    released = f"{old}\n## [0.1.0]\n\n- x\n"
    assert new_lines(released, f"{released}- y\n") == []
    assert new_lines(released, released.replace("## [0.1.0]", "## [0.2.0]\n\n- c\n\n## [0.1.0]")) == ["- c"]
