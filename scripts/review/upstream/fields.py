"""Compares what stands in a body or a parameter, from its schema down, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from review.upstream.document import UpstreamError
from review.upstream.place import Place
from review.upstream.report import rule_for
from review.upstream.words import kind_of

if TYPE_CHECKING:
    from contract import Pointer
    from review.upstream.keywords import Schema, Shape
    from review.upstream.report import Direction, Places, Report
    from review.upstream.rules import Kind
    from review.upstream.shapes import Shapes

_DEEPEST: Final = 60
_MOST_PAIRS: Final = 20_000


class Fields:
    """Compares one body or parameter, from its schema down.

    Objects and lists that were compared before, at a place above or elsewhere in the same body, are not gone into again:
    that ends circular schemas, and those that refer to one another so often that they have millions of paths.
    """

    def __init__(self, report: Report, what: str, direction: Direction) -> None:
        self._report = report
        self._what = what
        self._direction = direction
        self._seen: set[tuple[Schema, Schema]] = set()
        self._above: list[tuple[dict[str, Schema], str]] = []

    def compare(self, ours: Schema, theirs: Schema, path: str = "") -> None:
        """Compare two schemas that stand at the same place."""
        if len(self._above) > _DEEPEST or len(self._seen) > _MOST_PAIRS:
            raise UpstreamError(
                f"{self._report.theirs.document.name}: {self._at(path)} is nested too deeply or too often"
            )
        our, their = self._report.ours.of(ours), self._report.theirs.of(theirs)
        places = self._report.ours.place(ours), self._report.theirs.place(theirs)

        def add(kind: Kind, sentence: str, rule: str) -> None:
            self._add(kind, self._at(path), sentence, rule, places)

        Place(add, self._at(path), path, self._direction).compare(our, their)
        pair = self._report.ours.identity(ours), self._report.theirs.identity(theirs)
        if our.types is None or their.types is None or pair in self._seen:
            return
        if not (our.types | their.types) & {"object", "array"}:
            return
        self._seen.add(pair)
        self._above.append((dict(their.fields), path))
        if "object" in our.types & their.types:
            self._compare_fields(our, their, path)
            if our.others is not None and their.others is not None:
                self.compare(our.others, their.others, _below(path, "*"))
        if "array" in our.types & their.types and our.items is not None and their.items is not None:
            self.compare(our.items, their.items, f"{path}[]")
        self._above.pop()

    def _at(self, path: str) -> str:
        return f"{self._what}: {path}" if path else self._what

    def _compare_fields(self, our: Shape, their: Shape, path: str) -> None:
        hidden = "readOnly" if self._direction == "request" else "writeOnly"
        our_fields, our_hidden = _split(our, self._report.ours, hidden)
        their_fields, their_hidden = _split(their, self._report.theirs, hidden)
        elsewhere = "only in answers (readOnly)" if self._direction == "request" else "only in requests (writeOnly)"
        for name in sorted(our_fields.keys() | their_fields.keys()):
            one, other = our_fields.get(name), their_fields.get(name)
            here, at = _below(path, name), self._at(_below(path, name))
            if one is None and other is not None:
                shape = self._report.theirs.of(other)
                rule = (
                    "field, theirs, required"
                    if name in their.required and self._direction == "request"
                    else "field, theirs"
                )
                sentence = f"Theirs has this {self._required(name, their)}field, {kind_of(shape, self._report.theirs)}"
                sentence += f"{self._again(shape)}; ours {f'has it {elsewhere}' if name in our_hidden else 'lacks it'}."
                place = self._report.theirs.place(other)
                self._add("only theirs", at, sentence, rule, (our_hidden.get(name), place))
            elif other is None and one is not None:
                sentence = f"Ours has this field, {kind_of(self._report.ours.of(one), self._report.ours)}; "
                sentence += f"theirs {f'has it {elsewhere}' if name in their_hidden else 'lacks it'}."
                self._add(
                    "only ours", at, sentence, "field, ours", (self._report.ours.place(one), their_hidden.get(name))
                )
            elif one is not None and other is not None:
                if (name in our.required) != (name in their.required):
                    more = name in their.required
                    sentence = f"{'Theirs' if more else 'Ours'} requires it, {'ours' if more else 'theirs'} does not."
                    places = self._report.ours.place(one), self._report.theirs.place(other)
                    self._add("disagree", at, sentence, "more required" if more else "less required", places)
                self.compare(one, other, here)

    def _required(self, name: str, their: Shape) -> str:
        return "required " if name in their.required else ""

    def _again(self, shape: Shape) -> str:
        """Name the circle if what is in a field of theirs is what it stands in."""
        inner = self._report.theirs.of(shape.items) if shape.items is not None else shape
        for fields, path in self._above:
            if fields and fields == inner.fields:
                return f" that is again what {self._at(path)} is"
        return ""

    def _add(self, kind: Kind, at: str, sentence: str, rule: str, places: Places) -> None:
        self._report.add(kind, at, sentence, rule_for(self._direction, rule), places)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _split(shape: Shape, shapes: Shapes, hidden: str) -> tuple[dict[str, Schema], dict[str, Pointer]]:
    """The fields that are there in this direction, and where those stand that are not."""
    there: dict[str, Schema] = {}
    elsewhere: dict[str, Pointer] = {}
    for name, schema in shape.fields.items():
        if hidden in shapes.of(schema).marks:
            elsewhere[name] = shapes.place(schema)
        else:
            there[name] = schema
    return there, elsewhere
