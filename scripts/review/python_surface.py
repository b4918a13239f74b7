"""Finds what changes in users' Python code between two trees of the two packages.

What users may rely on: the names that can be imported, the fields of models by keyword (their order is no promise), the
parameters of functions, base classes, the values of enums, and the types of all these. A field that is read may become
narrower, one that is written wider, without breaking code that was right.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import griffe

from review import callers
from review.changes import PythonChange, changed_type
from review.surface import MODEL_MODULE, Surface, rank, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# How a function is called: each of these changes every call.
_LABELS = ("async", "classmethod", "staticmethod")
_BREAKAGES = {
    griffe.BreakageKind.PARAMETER_MOVED: "The parameter `{parameter}` has another position.",
    griffe.BreakageKind.PARAMETER_REMOVED: "The parameter `{parameter}` is gone.",
    griffe.BreakageKind.PARAMETER_CHANGED_KIND: "The parameter `{parameter}` is passed in another way.",
    griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT: "The parameter `{parameter}` has another default.",
    griffe.BreakageKind.PARAMETER_CHANGED_REQUIRED: "The parameter `{parameter}` is required now.",
    griffe.BreakageKind.PARAMETER_ADDED_REQUIRED: "The parameter `{parameter}` is new, and required.",
}


def compare(old: Surface, new: Surface, keywords: list[PythonChange]) -> list[PythonChange]:
    """Every change, the breaking ones first, with what the contract says of callers' keywords."""
    gone = {name: item for name, item in old.objects.items() if name not in new.objects}
    come = {name: item for name, item in new.objects.items() if name not in old.objects}
    changes = [*_renamed(gone, come), *_calls(old, new)]
    for name, item in _once(gone):
        changes.append(PythonChange(name, f"The {item.kind.value} is gone.", "Code that uses it fails."))
    for name, item in _once(come):
        changes.append(PythonChange(name, f"The {item.kind.value} is new.", "Nobody uses it yet.", breaking=False))
    compared: set[str] = set()
    for name in sorted(new.objects.keys() & old.objects.keys(), key=rank):
        before, after = old.objects[name], new.objects[name]
        if after.path not in compared:
            compared.add(after.path)
            changes += _differences(name, before, after, old, new)
    changes = callers.merge(keywords, changes)
    return sorted(_together(changes), key=lambda change: (not change.breaking, change.name, change.sentence))


def _together(changes: list[PythonChange]) -> Iterator[PythonChange]:
    """Tell what holds for several members of one thing once: each operation is four functions."""
    told: dict[PythonChange, list[str]] = {}
    for change in dict.fromkeys(changes):
        outer, _, name = change.name.rpartition(".")
        told.setdefault(replace(change, name=outer), []).append(name)
    for change, members in told.items():
        name = f".{members[0]}" if len(members) == 1 else f": {', '.join(sorted(members))}"
        yield replace(change, name=f"{change.name}{name}")


def _once(items: dict[str, griffe.Object]) -> list[tuple[str, griffe.Object]]:
    """Each thing that came or went under its best name, without what is part of another and without models' modules."""
    best: dict[str, str] = {}
    for name, item in items.items():
        if name.rpartition(".")[0] not in items and not MODEL_MODULE.fullmatch(name):
            best[item.path] = min(name, best.get(item.path, name), key=rank)
    return [(name, items[name]) for name in best.values() if not MODEL_MODULE.fullmatch(name.rpartition(".")[0])]


def _renamed(gone: dict[str, griffe.Object], come: dict[str, griffe.Object]) -> Iterator[PythonChange]:
    """Join what went and what came where they are the same but for the name; both are taken out."""
    for name, item in _once(gone):
        for other_name, other in _once(come):
            same_place = name.rpartition(".")[0] == other_name.rpartition(".")[0]
            if same_place and item.kind is other.kind and _shape(item) == _shape(other):
                sentence = f"The {item.kind.value} is gone. It looks like a rename to `{other_name.rpartition('.')[2]}`, which is new."
                yield PythonChange(name, sentence, "Code that uses the old name fails.")
                _take_out(gone, item)
                _take_out(come, other)
                break


def _take_out(items: dict[str, griffe.Object], item: griffe.Object) -> None:
    names = [name for name, each in items.items() if each is item]
    for inner in [key for key in items if any(key == name or key.startswith(f"{name}.") for name in names)]:
        del items[inner]


def _shape(item: griffe.Object) -> Any:
    """What makes two things the same but for their names."""
    if isinstance(item, griffe.Attribute):
        return str(item.annotation), str(item.value)
    if isinstance(item, griffe.Function):
        return item.signature(name="it")
    if item.is_class:
        fields = {name: m for name, m in item.members.items() if isinstance(m, griffe.Attribute) and not m.is_private}
        return sorted((name, str(m.annotation), str(m.value)) for name, m in fields.items())
    return sorted(item.members)


def _calls(old: Surface, new: Surface) -> Iterator[PythonChange]:
    """What griffe finds in the parameters of functions."""
    for before, after in zip(old.roots, new.roots, strict=True):
        for breakage in griffe.find_breaking_changes(before, after):
            sentence = _BREAKAGES.get(breakage.kind)
            if sentence is None:
                continue
            parameter = getattr(breakage.old_value or breakage.new_value, "name", "")
            detail = ""
            if breakage.kind is griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT:
                detail = f" It was `{breakage.old_value.default}` and is `{breakage.new_value.default}`."
            yield PythonChange(
                new.name(breakage.obj.path),
                sentence.format(parameter=parameter) + detail,
                "A call that was right may fail or mean something else.",
            )


def _differences(
    name: str, old: griffe.Object, new: griffe.Object, before: Surface, after: Surface
) -> Iterator[PythonChange]:
    if old.kind is not new.kind:
        sentence = f"It was a{_n(old.kind.value)} and is a{_n(new.kind.value)}."
        yield PythonChange(name, sentence, "It is used in another way.")
    elif isinstance(old, griffe.Attribute) and isinstance(new, griffe.Attribute):
        yield from _attribute(name, old, new, written=new.path.rpartition(".")[0] in after.inputs)
    elif isinstance(old, griffe.Function) and isinstance(new, griffe.Function):
        yield from _function(name, old, new)
    elif isinstance(old, griffe.Class) and isinstance(new, griffe.Class):
        # A base without a public name is no type that anybody checks for; what it has is told by name.
        lost = {before.name(path) for path in _ancestors(old)} - {after.name(path) for path in _ancestors(new)}
        for base in sorted(base for base in lost if "._" not in base):
            sentence = f"It is no `{base}` any more."
            yield PythonChange(name, sentence, "Code that checks for it, or catches it, does not see it.")


def _n(kind: str) -> str:
    return f"n {kind}" if kind[0] in "aeiou" else f" {kind}"


def _ancestors(item: griffe.Class) -> set[str]:
    """The paths of every base, direct and not, that a name can be told for."""
    found: set[str] = set()
    pending: list[Any] = list(item.bases)
    while pending:
        base = pending.pop()
        path = base.canonical_path if isinstance(base, griffe.Expr) else str(base)
        try:
            target = target_of(item.modules_collection[path])
        except (KeyError, ValueError):
            target = None
        path = path if target is None else target.path
        found.add(path)
        if isinstance(target, griffe.Class):
            pending += target.bases
    return found


def _attribute(name: str, old: griffe.Attribute, new: griffe.Attribute, *, written: bool) -> Iterator[PythonChange]:
    if old.annotation is None and new.annotation is None:
        if str(old.value) != str(new.value) and not name.endswith(("__all__", "__version__")):
            sentence = f"Its value was `{old.value}` and is `{new.value}`."
            yield PythonChange(name, sentence, "Code that compares with the old value fails.")
        return
    yield from changed_type(name, "It", old.annotation, new.annotation, written=written)
    yield from _default(name, old.value, new.value)


def _default(name: str, old: Any, new: Any) -> Iterator[PythonChange]:
    if new is None and old is not None:
        sentence = f"It must be given; its default was `{old}`."
        yield PythonChange(name, sentence, "A call without it is a TypeError.")
    elif old is None and new is not None:
        sentence = f"It may be left out; its default is `{new}`."
        yield PythonChange(name, sentence, "Calls that give it are as before.", breaking=False)
    elif str(old) != str(new):
        sentence = f"Its default was `{old}` and is `{new}`."
        yield PythonChange(name, sentence, "A call without it means something else.")


def _function(name: str, old: griffe.Function, new: griffe.Function) -> Iterator[PythonChange]:
    for label in _LABELS:
        if (label in old.labels) != (label in new.labels):
            sentence = f"It is {label} now." if label in new.labels else f"It is no longer {label}."
            yield PythonChange(name, sentence, "It is called in another way.")
    before, after = ([each.signature() for each in item.overloads or ()] for item in (old, new))
    if before != after:
        yield PythonChange(name, "Its overloads are others.", "A call that was typed for the old ones may be wrong.")
    parameters = {parameter.name: parameter for parameter in old.parameters}
    for parameter in new.parameters:
        if (known := parameters.get(parameter.name)) is not None:
            told = f"The parameter `{parameter.name}`"
            yield from changed_type(name, told, known.annotation, parameter.annotation, written=True)
        elif not parameter.required:
            sentence = f"The parameter `{parameter.name}` is new, and optional."
            yield PythonChange(name, sentence, "Calls without it are as before.", breaking=False)
    yield from changed_type(name, "The result", old.returns, new.returns, written=False)
