"""Finds what changes in users' Python code between two trees of the two packages. griffe reads them; nothing is imported.

What users may rely on: the names that can be imported, the fields of models by keyword (their order is no promise), the
parameters of functions, base classes, the values of enums, and the types of all these. A field that is read may become
narrower, one that is written wider, without breaking code that was right.
"""

from __future__ import annotations

import ast
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import griffe

from review.annotations import changed_type
from review.changes import PythonChange, ReviewError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGES = ("autoenhance_api", "autoenhance")
# Each model has a module of its own, which `models` re-exports: the name there is the one to import.
_MODEL_MODULE = re.compile(r"autoenhance_api\.models\.[a-z0-9_]+")
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


class Surface:
    """What two packages offer: every public name, and what it stands for."""

    def __init__(self, folders: list[Path]) -> None:
        for folder in folders:
            for package in PACKAGES:
                _check_syntax(folder, package)
        logging.getLogger("griffe").setLevel(logging.CRITICAL)
        loader = griffe.GriffeLoader(search_paths=[str(folder) for folder in folders], allow_inspection=False)
        # Not from the folder that this is called in: that has packages of the same names.
        self.roots = [loader.load(package, try_relative_path=False) for package in PACKAGES]
        loader.resolve_aliases()
        self.objects: dict[str, griffe.Object] = {}
        for root in self.roots:
            self._walk(root, root.path)
        self.names: dict[str, str] = {}
        for name, item in self.objects.items():
            # The shortest name in the package that users import is the one to tell.
            self.names[item.path] = min(name, self.names.get(item.path, name), key=_rank)
        self.inputs = self._inputs()

    def _walk(self, item: griffe.Object | griffe.Alias, public: str) -> None:
        # What a class inherits belongs to it; for a module there is no such thing.
        members = item.all_members if item.is_class else item.members
        for name, member in members.items():
            target = _target(member)
            is_private = name.startswith("_") and not name.endswith("__")
            if target is None or is_private or not (member.is_public or member.inherited):
                continue
            if _MODEL_MODULE.fullmatch(item.path) and not target.is_class:
                continue  # what a model's module has beside the model is its own
            path = f"{public}.{name}"
            self.objects[path] = target
            if target.is_class or target.is_module:
                self._walk(target, path)

    def _inputs(self) -> set[str]:
        """The models that users build and send: those that a generated function takes, and what they hold."""
        known = {item.name: item for item in self.objects.values() if item.is_class and ".models." in item.path}
        pending = [
            word
            for path, item in self.objects.items()
            if isinstance(item, griffe.Function) and path.startswith("autoenhance_api.api.")
            for parameter in item.parameters
            for word in re.findall(r"\w+", str(parameter.annotation or ""))
        ]
        found: set[str] = set()
        while pending:
            model = known.get(pending.pop())
            if model is not None and model.path not in found:
                found.add(model.path)
                for member in model.members.values():
                    pending += re.findall(r"\w+", str(getattr(member, "annotation", None) or ""))
        return found

    def name(self, path: str) -> str:
        """The public name of what has this path."""
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            if (head := ".".join(parts[:end])) in self.names:
                return ".".join([self.names[head], *parts[end:]])
        return path


def compare(old: Surface, new: Surface) -> list[PythonChange]:
    """Every change, the breaking ones first."""
    gone = {name: item for name, item in old.objects.items() if name not in new.objects}
    come = {name: item for name, item in new.objects.items() if name not in old.objects}
    changes = list(_renamed(gone, come))
    changes += [
        PythonChange(name, f"The {item.kind.value} is gone.", breaks=True, because="Code that uses it fails.")
        for name, item in _once(gone)
    ]
    changes += [
        PythonChange(name, f"The {item.kind.value} is new.", breaks=False, because="Nobody uses it yet.")
        for name, item in _once(come)
    ]
    changes += _calls(old, new)
    compared: set[str] = set()
    for name in sorted(new.objects.keys() & old.objects.keys(), key=_rank):
        before, after = old.objects[name], new.objects[name]
        if after.path not in compared:
            compared.add(after.path)
            changes += _differences(name, before, after, old, new)
    return sorted(_together(changes), key=lambda change: (not change.breaks, change.name, change.sentence))


def _check_syntax(folder: Path, package: str) -> None:
    """Make sure that every file can be read: griffe would pass over one that cannot, and all its names with it."""
    for file in sorted((folder / package).rglob("*.py")):
        try:
            ast.parse(file.read_bytes())
        except (SyntaxError, ValueError) as error:
            where = f"{file.relative_to(folder).as_posix()}:{getattr(error, 'lineno', None) or 1}"
            raise ReviewError(f"{where}: is not Python: {getattr(error, 'msg', error)}") from error


def _target(member: griffe.Object | griffe.Alias) -> griffe.Object | None:
    """What a name stands for, if it is ours."""
    target: Any = member
    if isinstance(member, griffe.Alias):
        try:
            target = member.final_target
        except (griffe.AliasResolutionError, griffe.CyclicAliasError):
            return None  # of another distribution
    return target if isinstance(target, griffe.Object) and target.path.startswith(PACKAGES) else None


def _rank(name: str) -> tuple[bool, int, str]:
    return (not name.startswith("autoenhance."), name.count("."), name)


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
        if name.rpartition(".")[0] not in items and not _MODEL_MODULE.fullmatch(name):
            best[item.path] = min(name, best.get(item.path, name), key=_rank)
    return [(name, items[name]) for name in best.values() if not _MODEL_MODULE.fullmatch(name.rpartition(".")[0])]


def _renamed(gone: dict[str, griffe.Object], come: dict[str, griffe.Object]) -> Iterator[PythonChange]:
    """Join what went and what came where they are the same but for the name; both are taken out."""
    for name, item in _once(gone):
        for other_name, other in _once(come):
            same_place = name.rpartition(".")[0] == other_name.rpartition(".")[0]
            if same_place and item.kind is other.kind and _shape(item) == _shape(other):
                sentence = f"The {item.kind.value} is called `{other_name.rpartition('.')[2]}` now."
                yield PythonChange(name, sentence, breaks=True, because="Code that uses the old name fails.")
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
        return str(item.annotation), None if item.annotation is None else str(item.value)
    if isinstance(item, griffe.Function):
        return [(p.name, str(p.annotation), str(p.default)) for p in item.parameters], str(item.returns)
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
                breaks=True,
                because="A call that was right may fail or mean something else.",
            )


def _differences(
    name: str, old: griffe.Object, new: griffe.Object, before: Surface, after: Surface
) -> Iterator[PythonChange]:
    if old.kind is not new.kind:
        sentence = f"It was a{_n(old.kind.value)} and is a{_n(new.kind.value)}."
        yield PythonChange(name, sentence, breaks=True, because="It is used in another way.")
    elif isinstance(old, griffe.Attribute) and isinstance(new, griffe.Attribute):
        yield from _attribute(name, old, new, written=new.path.rpartition(".")[0] in after.inputs)
    elif isinstance(old, griffe.Function) and isinstance(new, griffe.Function):
        yield from _function(name, old, new)
    elif isinstance(old, griffe.Class) and isinstance(new, griffe.Class):
        # A base without a public name is no type that anybody checks for; what it has is told by name.
        lost = {before.name(path) for path in _ancestors(old)} - {after.name(path) for path in _ancestors(new)}
        for base in sorted(base for base in lost if "._" not in base):
            sentence = f"It is no `{base}` any more."
            yield PythonChange(
                name, sentence, breaks=True, because="Code that checks for it, or catches it, does not see it."
            )


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
            target = _target(item.modules_collection[path])
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
            yield PythonChange(name, sentence, breaks=True, because="Code that compares with the old value fails.")
        return
    yield from changed_type(name, "It", old.annotation, new.annotation, written=written)
    yield from _default(name, old.value, new.value)


def _default(name: str, old: Any, new: Any) -> Iterator[PythonChange]:
    if new is None and old is not None:
        sentence = f"It must be given; its default was `{old}`."
        yield PythonChange(name, sentence, breaks=True, because="Whoever leaves it out gets a TypeError.")
    elif old is None and new is not None:
        sentence = f"It may be left out; its default is `{new}`."
        yield PythonChange(name, sentence, breaks=False, because="Whoever gives it gets what was there before.")
    elif str(old) != str(new):
        sentence = f"Its default was `{old}` and is `{new}`."
        yield PythonChange(name, sentence, breaks=True, because="Whoever leaves it out gets something else.")


def _function(name: str, old: griffe.Function, new: griffe.Function) -> Iterator[PythonChange]:
    for label in _LABELS:
        if (label in old.labels) != (label in new.labels):
            sentence = f"It is {label} now." if label in new.labels else f"It is no longer {label}."
            yield PythonChange(name, sentence, breaks=True, because="It is called in another way.")
    if _overloads(old) != _overloads(new):
        because = "A call that was typed for the old ones may be wrong."
        yield PythonChange(name, "Its overloads are others.", breaks=True, because=because)
    parameters = {parameter.name: parameter for parameter in old.parameters}
    for parameter in new.parameters:
        if (before := parameters.get(parameter.name)) is not None:
            told = f"The parameter `{parameter.name}`"
            yield from changed_type(name, told, before.annotation, parameter.annotation, written=True)
        elif not parameter.required:
            sentence = f"The parameter `{parameter.name}` is new, and optional."
            yield PythonChange(name, sentence, breaks=False, because="Calls without it are as before.")
    yield from changed_type(name, "The result", old.returns, new.returns, written=False)


def _overloads(item: griffe.Function) -> list[str]:
    return [
        f"{[(p.name, str(p.annotation), str(p.default)) for p in overload.parameters]} -> {overload.returns}"
        for overload in item.overloads or []
    ]
