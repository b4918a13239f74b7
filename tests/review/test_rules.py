"""Rules that no sample reaches, versions, and what is told of odd changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from review.bump import bump, new_lines, version_of
from review.events import events
from review.found import Found
from review.places import place, pointer
from review.rules import RULES, Rule, judge

if TYPE_CHECKING:
    from review.changes import Impact

pytestmark = pytest.mark.tools

AT = "#/paths/~1a/patch"
FOUND = Found(
    kind="modified",
    subject="Schema",
    key="x",
    parent="properties",
    property=None,
    flagged=False,
    old=None,
    new=None,
    place=place(pointer(f"{AT}/responses/200", {}), {}),
)


def told(**changes: Any) -> list[tuple[str, str]]:
    return [(event.name, event.sentence) for event in events(replace(FOUND, **changes))]


def test_the_first_rule_that_fits_decides_and_there_is_always_one() -> None:
    """Whatever has no rule of its own gets Redocly's verdict."""
    assert judge("never heard of", "request", flagged=True).breaks == "senders"
    assert judge("never heard of", "answer", flagged=True).breaks == "receivers"
    assert judge("never heard of", "both", flagged=True).breaks == "everyone"
    assert judge("never heard of", "both", flagged=False).impact == "minor"


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_rule_decides_something(rule: Rule) -> None:
    """None is hidden behind another."""
    flagged = rule.redocly != "compatible"
    assert judge(rule.event, rule.direction or "both", flagged=flagged) is rule


def test_every_rule_says_why_and_what_breaks_is_major() -> None:
    """A reason is a sentence, and the two columns agree."""
    for rule in RULES:
        assert rule.because.endswith(".")
        assert (rule.breaks == "nobody") == (rule.impact != "major")
    assert len({(rule.event, rule.direction, rule.redocly) for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"subject": "RequestBody", "kind": "removed", "old": {}},
            [("body removed", "No body is taken any more.")],
        ),
        (
            {"subject": "RequestBody", "kind": "added", "new": {"required": True}},
            [("body added", "A body is taken now.")],
        ),
        (
            {"subject": "MediaType", "kind": "added", "key": "text/csv"},
            [("media type added to success", "`text/csv` is new.")],
        ),
        (
            {"subject": "AnyOf", "kind": "removed", "key": "anyOf"},
            [("alternative", "`anyOf` was removed.")],
        ),
        (
            {"subject": "Schema", "kind": "added", "parent": "oneOf", "key": "1"},
            [("alternative", "A part of `oneOf` was added.")],
        ),
        (
            {"subject": "Schema", "kind": "removed", "parent": "a", "key": "items"},
            [("type", "`items` was removed.")],
        ),
        (
            {"subject": "SchemaProperties", "kind": "removed", "old": {"a": {}, "b": {}}},
            [("field removed", "`a` is gone."), ("field removed", "`b` is gone.")],
        ),
        (
            {"property": "type", "old": None, "new": ["integer", "null"]},
            [("type", "Its type was any and is integer.")],
        ),
        (
            {"property": "enum", "old": ["a", "b"], "new": None},
            [("values added", "Any value is possible now, not only `a` and `b`.")],
        ),
        (
            {"property": "pattern", "old": "a", "new": "b"},
            [("limit", '`pattern` was `"a"` and is `"b"`.')],
        ),
        (
            {"property": "x-circular", "old": 1, "new": 2},
            [("type", "It leads back to another schema than before.")],
        ),
        (
            {"property": "x-other", "old": None, "new": True},
            [("anything else", "`x-other` was not said and is `true`.")],
        ),
        (
            {"property": "maxLength", "old": 3, "new": 5, "turned": True},
            [("constraint", "`maxLength` was `3` and is `5`.")],
        ),
        (
            {"property": "readOnly", "new": True},
            [("readOnly", "It is not to be sent any more.")],
        ),
        (
            {"property": "writeOnly", "old": True},
            [("writeOnly", "It is answered now.")],
        ),
        (
            {"property": "not", "old": {"maxLength": 3}, "new": {"maxLength": 5}},
            [("constraint", '`not` was `{"maxLength": 3}` and is `{"maxLength": 5}`.')],
        ),
        (
            {"subject": "SchemaMap", "kind": "added", "key": "patternProperties", "parent": "schema"},
            [("constraint", "`patternProperties` was added.")],
        ),
        (
            {"subject": "Header", "property": "required", "old": True},
            [("header optional", "It may be missing now.")],
        ),
        (
            {"subject": "HeadersMap", "kind": "removed", "old": {"a": {}, "b": {}}},
            [("header removed", "`a` is gone."), ("header removed", "`b` is gone.")],
        ),
        (
            {"subject": "Parameter", "property": "name", "old": "a", "new": "b"},
            [("parameter renamed", "It was called `a`.")],
        ),
        (
            {"subject": "Server", "kind": "added", "key": "0", "new": {"url": "https://b.example"}},
            [("server", "`https://b.example` is new.")],
        ),
        (
            {"subject": "Callback", "kind": "added", "key": "onEdit"},
            [("anything else", "`onEdit` was added.")],
        ),
        (
            {"subject": "License", "property": "name", "old": "a", "new": "b"},
            [("words", "The license changed.")],
        ),
        (
            {"subject": "Response", "property": "key", "old": "404", "new": "410"},
            [("answer removed", "Status 404 is gone."), ("answer added", "Status 410 is new.")],
        ),
        (
            {"subject": "Header", "property": "key", "old": "etag", "new": "x-etag"},
            [("header removed", "`etag` is called `x-etag` now.")],
        ),
        (
            {"subject": "Server", "kind": "added", "new": {"url": "https://b.example"}},
            [("server added", "`https://b.example` is new.")],
        ),
        (
            {"subject": "SecurityRequirement", "kind": "removed", "key": "0"},
            [("security", "`0` was removed.")],
        ),
        (
            {"subject": "PathItem", "kind": "added", "key": "/b"},
            [("operation added", "The path `/b` is new.")],
        ),
        (
            {"subject": "Operation", "property": "deprecated", "new": True},
            [("field deprecated", "It is deprecated.")],
        ),
    ],
)
def test_what_no_sample_has_is_told_in_words_too(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Each kind of change has its sentence; one that nobody thought of is told as it was found."""
    assert told(**changes) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("requestBody/content/application~1json/schema/properties/a/items/properties/b", "request body: `a[].b`"),
        ("requestBody/content/text~1csv/schema", "request body (text/csv)"),
        ("responses/404/content/application~1json/schema/additionalProperties/items", "answer 404: `*[]`"),
        ("responses/200/content/application~1json/schema/anyOf/1/properties/a", "answer 200: `(anyOf 1).a`"),
        ("responses/200/headers/etag", "answer 200 header `etag`"),
        ("parameters/0/schema", "query parameter `q`"),
        ("callbacks/x", "callbacks"),
    ],
)
def test_places_are_told_in_words(at: str, expected: str) -> None:
    """A reviewer reads which field of what it is, not a pointer."""
    document = {"paths": {"/a": {"patch": {"parameters": [{"name": "q", "in": "query", "schema": {}}]}}}}
    found = place(pointer(f"{AT}/{at}", document), document)
    assert found.told([found.answer]) == expected


@pytest.mark.parametrize(
    ("old", "impact", "needed"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", None, "1.2.3"),
        ("0.2.3", "major", "0.3.0"),
        ("0.2.3", "minor", "0.2.4"),
        ("0.2.3", "patch", "0.2.4"),
    ],
)
def test_versions_follow_semantic_versioning(old: str, impact: Impact | None, needed: str) -> None:
    """Before 1.0.0 a breaking change moves the second number and everything else the third."""
    assert bump("it", old, old, impact).needed == needed
    assert bump("it", old, old, impact).carried == (impact is None)
    assert bump("it", old, needed, impact).carried
    assert bump("it", old, "10.0.0", impact).carried


def test_a_version_that_is_none_is_never_carried() -> None:
    """Nor is one that went back."""
    assert not bump("it", "1.0.0", "", "minor").carried
    assert not bump("it", "1.0.0", "soon", "minor").carried
    assert bump("it", "soon", "0.2.0", "major").carried
    assert bump("it", "0.1.0rc1", "0.2.0", "major").carried
    assert not bump("it", "1.0.0", "0.9.0", "patch").carried
    assert version_of("nothing") == ""
    assert version_of('"""Doc."""\n\n__version__ = "1.2.3"\n') == "1.2.3"


def test_only_new_entries_of_a_changelog_count() -> None:
    """Headings, and entries that moved, are none."""
    old = "# Changelog\n\n## [Unreleased]\n\n- a\n- b\n"
    assert new_lines(old, old.replace("- a\n- b\n", "- b\n\n### Added\n\n- a\n")) == []
    assert new_lines(old, f"{old}- c\n* d\n") == ["- c", "* d"]
    assert new_lines(old, f"{old}- a\n") == ["- a"]
    assert new_lines(old, old.replace("- a", "- a, worded better")) == []
    released = f"{old}\n## [0.1.0]\n\n- x\n"
    assert new_lines(released, f"{released}- y\n") == []
    assert new_lines(released, released.replace("## [0.1.0]", "## [0.2.0]\n\n- c\n\n## [0.1.0]")) == ["- c"]
