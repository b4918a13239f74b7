"""Compares the public Python API of two versions of both packages.

The public API: the names that can be imported, the fields of models by keyword (not their order), the parameters of
functions, base classes, the values of enums, and the types of all these. A field that is read may become narrower, and one
that is written wider, without breaking correct code.
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

# Properties of functions that change every call.
_LABELS = {"async": "async", "classmethod": "a class method", "staticmethod": "a static method"}
_BREAKAGES = {
    griffe.BreakageKind.PARAMETER_MOVED: "The parameter `{parameter}` has another position.",
    griffe.BreakageKind.PARAMETER_REMOVED: "The parameter `{parameter}` was removed.",
    griffe.BreakageKind.PARAMETER_CHANGED_KIND: "The parameter `{parameter}` is passed in another way.",
    griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT: "The parameter `{parameter}` has another default.",
    griffe.BreakageKind.PARAMETER_CHANGED_REQUIRED: "The parameter `{parameter}` is required now.",
    griffe.BreakageKind.PARAMETER_ADDED_REQUIRED: "The parameter `{parameter}` was added, and is required.",
}


def compare(old: Surface, new: Surface, keywords: list[PythonChange]) -> list[PythonChange]:
    """Return all changes, including those of keywords, the breaking ones first."""
    removed = {name: item for name, item in old.objects.items() if name not in new.objects}
    added = {name: item for name, item in new.objects.items() if name not in old.objects}
    changes = [*_renamed(removed, added), *_calls(old, new)]
    for name, item in _once(removed):
        changes.append(PythonChange(name, f"The {item.kind.value} was removed.", "Code that uses it fails."))
    for name, item in _once(added):
        changes.append(PythonChange(name, f"The {item.kind.value} was added.", "No code uses it yet.", breaking=False))
    compared: set[str] = set()
    for name in sorted(new.objects.keys() & old.objects.keys(), key=rank):
        before, after = old.objects[name], new.objects[name]
        if after.path not in compared:
            compared.add(after.path)
            changes += _differences(name, before, after, old, new)
    changes = callers.merge(keywords, changes)
    return sorted(_joined(changes), key=lambda change: (not change.breaking, change.name, change.sentence))


def _joined(changes: list[PythonChange]) -> Iterator[PythonChange]:
    """Join equal changes of several members of one object: each operation is four functions."""
    members_by_change: dict[PythonChange, list[str]] = {}
    for change in dict.fromkeys(changes):
        outer, _, name = change.name.rpartition(".")
        members_by_change.setdefault(replace(change, name=outer), []).append(name)
    for change, members in members_by_change.items():
        name = f".{members[0]}" if len(members) == 1 else f": {', '.join(sorted(members))}"
        yield replace(change, name=f"{change.name}{name}")


def _once(items: dict[str, griffe.Object]) -> list[tuple[str, griffe.Object]]:
    """Return each object once, by its best name, without parts of other objects and without modules of models."""
    best: dict[str, str] = {}
    for name, item in items.items():
        if name.rpartition(".")[0] not in items and not MODEL_MODULE.fullmatch(name):
            best[item.path] = min(name, best.get(item.path, name), key=rank)
    return [(name, items[name]) for name in best.values() if not MODEL_MODULE.fullmatch(name.rpartition(".")[0])]


def _renamed(removed: dict[str, griffe.Object], added: dict[str, griffe.Object]) -> Iterator[PythonChange]:
    """Yield renames: pairs of removed and added objects that are equal except for the name; both are deleted."""
    for name, item in _once(removed):
        for other_name, other in _once(added):
            same_place = name.rpartition(".")[0] == other_name.rpartition(".")[0]
            if same_place and item.kind is other.kind and _shape(item) == _shape(other):
                sentence = f"The {item.kind.value} was removed. It looks like a rename to `{other_name.rpartition('.')[2]}`, which was added."
                yield PythonChange(name, sentence, "Code that uses the old name fails.")
                _delete(removed, item)
                _delete(added, other)
                break


def _delete(items: dict[str, griffe.Object], item: griffe.Object) -> None:
    names = [name for name, each in items.items() if each is item]
    for inner in [key for key in items if any(key == name or key.startswith(f"{name}.") for name in names)]:
        del items[inner]


def _shape(item: griffe.Object) -> Any:
    """Return what must be equal in two objects for one to be a rename of the other."""
    if isinstance(item, griffe.Attribute):
        return str(item.annotation), str(item.value)
    if isinstance(item, griffe.Function):
        return item.signature(name="it")
    if item.is_class:
        fields = {name: m for name, m in item.members.items() if isinstance(m, griffe.Attribute) and not m.is_private}
        return sorted((name, str(m.annotation), str(m.value)) for name, m in fields.items())
    return sorted(item.members)


def _calls(old: Surface, new: Surface) -> Iterator[PythonChange]:
    """Yield the breaking changes that griffe finds in the parameters of functions."""
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
                "A call that was valid may fail or mean something else.",
            )


def _differences(
    name: str, old: griffe.Object, new: griffe.Object, before: Surface, after: Surface
) -> Iterator[PythonChange]:
    if old.kind is not new.kind:
        sentence = f"It was {_with_article(old.kind.value)} and is {_with_article(new.kind.value)}."
        yield PythonChange(name, sentence, "It is used in another way.")
    elif isinstance(old, griffe.Attribute) and isinstance(new, griffe.Attribute):
        yield from _attribute(name, old, new, written=new.path.rpartition(".")[0] in after.inputs)
    elif isinstance(old, griffe.Function) and isinstance(new, griffe.Function):
        yield from _function(name, old, new)
    elif isinstance(old, griffe.Class) and isinstance(new, griffe.Class):
        # Code cannot check for a base without a public name; its members are compared by name.
        lost = {before.name(path) for path in _ancestors(old)} - {after.name(path) for path in _ancestors(new)}
        for base in sorted(base for base in lost if "._" not in base):
            sentence = f"It is no longer a subclass of `{base}`."
            yield PythonChange(name, sentence, "Code that checks for the base class, or catches it, misses it.")


def _with_article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _ancestors(item: griffe.Class) -> set[str]:
    """Return the paths of all bases, direct and indirect."""
    paths: set[str] = set()
    pending: list[Any] = list(item.bases)
    while pending:
        base = pending.pop()
        path = base.canonical_path if isinstance(base, griffe.Expr) else str(base)
        try:
            target = target_of(item.modules_collection[path])
        except (KeyError, ValueError):
            target = None
        path = path if target is None else target.path
        paths.add(path)
        if isinstance(target, griffe.Class):
            pending += target.bases
    return paths


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
        sentence = f"It is required now; its default was `{old}`."
        yield PythonChange(name, sentence, "A call without it raises a TypeError.")
    elif old is None and new is not None:
        sentence = f"It is optional now; its default is `{new}`."
        yield PythonChange(name, sentence, "Calls with it work as before.", breaking=False)
    elif str(old) != str(new):
        sentence = f"Its default was `{old}` and is `{new}`."
        yield PythonChange(name, sentence, "A call without it means something else.")


def _function(name: str, old: griffe.Function, new: griffe.Function) -> Iterator[PythonChange]:
    for label, description in _LABELS.items():
        if (label in old.labels) != (label in new.labels):
            sentence = f"It is {description} now." if label in new.labels else f"It is no longer {description}."
            yield PythonChange(name, sentence, "It is called in another way.")
    before, after = ([each.signature() for each in item.overloads or ()] for item in (old, new))
    if before != after:
        yield PythonChange(name, "Its overloads changed.", "A call that is typed for the old ones may be wrong now.")
    parameters = {parameter.name: parameter for parameter in old.parameters}
    for parameter in new.parameters:
        if (known := parameters.get(parameter.name)) is not None:
            subject = f"The parameter `{parameter.name}`"
            yield from changed_type(name, subject, known.annotation, parameter.annotation, written=True)
        elif not parameter.required:
            sentence = f"The parameter `{parameter.name}` was added, and is optional."
            yield PythonChange(name, sentence, "Calls without it work as before.", breaking=False)
    yield from changed_type(name, "The result", old.returns, new.returns, written=False)
