"""Finds what changes in users' Python code between two trees of the two packages. griffe reads them; nothing is imported.

What users may rely on: the public names, the fields of models by keyword (their order is no promise), the parameters of
functions, the values of enums, and the types of all these. A field that is read may become narrower, one that is written
wider, without breaking code that was right.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import griffe

from review.changes import PythonChange
from review.events import names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGES = ("autoenhance_api", "autoenhance")
# Each model has a module of its own, which `models` re-exports: the name there is the one to import.
_MODEL_MODULE = re.compile(r"autoenhance_api\.models\.[a-z0-9_]+")


class Surface:
    """What two packages offer, by canonical path, and the names under which it can be imported."""

    def __init__(self, folders: list[Path]) -> None:
        logging.getLogger("griffe").setLevel(logging.CRITICAL)
        loader = griffe.GriffeLoader(search_paths=[str(folder) for folder in folders], allow_inspection=False)
        # Not from the folder that this is called in: that has packages of the same names.
        self.roots = [loader.load(package, try_relative_path=False) for package in PACKAGES]
        loader.resolve_aliases()
        self.objects: dict[str, griffe.Object] = {}
        self.names: dict[str, str] = {}
        for root in self.roots:
            self._walk(root, root.path)
        self.inputs = self._inputs()

    def _walk(self, item: griffe.Object | griffe.Alias, public: str) -> None:
        for name, member in item.members.items():
            target = member
            if isinstance(member, griffe.Alias):
                if not member.is_public:
                    continue
                try:
                    target = member.final_target
                except (griffe.AliasResolutionError, griffe.CyclicAliasError):
                    continue  # of another distribution
            if not member.is_public or not target.path.startswith(PACKAGES) or not isinstance(target, griffe.Object):
                continue
            if _MODEL_MODULE.fullmatch(item.path) and not target.is_class:
                continue  # what a model's module has beside the model is its own
            path = f"{public}.{name}"
            known = target.path in self.objects
            # The shortest name of the package that users import is the one to tell.
            if not known or _rank(path) < _rank(self.names[target.path]):
                self.names[target.path] = path
            self.objects[target.path] = target
            if not known or (target.is_class and self.names[target.path] == path):
                self._walk(target, path)

    def _inputs(self) -> set[str]:
        """The models that users build and send: those that a generated function takes, and what they hold."""
        known = {path.rpartition(".")[2]: path for path, item in self.objects.items() if item.is_class}
        pending = [
            word
            for path, item in self.objects.items()
            if isinstance(item, griffe.Function) and path.startswith("autoenhance_api.api.")
            for parameter in item.parameters
            for word in re.findall(r"\w+", str(parameter.annotation or ""))
        ]
        found: set[str] = set()
        while pending:
            path = known.get(pending.pop())
            if path is None or path in found or ".models." not in path:
                continue
            found.add(path)
            for member in self.objects[path].members.values():
                if isinstance(member, griffe.Attribute):
                    pending += re.findall(r"\w+", str(member.annotation or ""))
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
    gone = {path: item for path, item in old.objects.items() if _counts(path, item) and path not in new.objects}
    come = {path: item for path, item in new.objects.items() if _counts(path, item) and path not in old.objects}
    changes = list(_renamed(gone, come, old))
    changes += [
        PythonChange(old.name(path), f"The {item.kind.value} is gone.", breaks=True, because="Code that uses it fails.")
        for path, item in _outermost(gone)
    ]
    changes += [
        PythonChange(new.name(path), f"The {item.kind.value} is new.", breaks=False, because="Nobody uses it yet.")
        for path, item in _outermost(come)
    ]
    changes += _signatures(old, new)
    for path, item in new.objects.items():
        if (before := old.objects.get(path)) is not None:
            changes += _types(new, path, before, item)
    return sorted(_together(changes), key=lambda change: (not change.breaks, change.name, change.sentence))


def _together(changes: list[PythonChange]) -> Iterator[PythonChange]:
    """Tell what holds for several members of one thing once: each operation is four functions."""
    told: dict[PythonChange, list[str]] = {}
    for change in dict.fromkeys(changes):
        outer, _, name = change.name.rpartition(".")
        told.setdefault(replace(change, name=outer), []).append(name)
    for change, members in told.items():
        outer = change.name
        yield replace(
            change, name=f"{outer}.{members[0]}" if len(members) == 1 else f"{outer}: {', '.join(sorted(members))}"
        )


def _rank(path: str) -> tuple[bool, int, str]:
    return (not path.startswith("autoenhance."), path.count("."), path)


def _counts(path: str, item: griffe.Object) -> bool:
    return not (item.is_module and _MODEL_MODULE.fullmatch(path))


def _outermost(items: dict[str, griffe.Object]) -> list[tuple[str, griffe.Object]]:
    """Without what is part of something that came or went as a whole."""
    return [(path, item) for path, item in items.items() if path.rpartition(".")[0] not in items]


def _renamed(gone: dict[str, griffe.Object], come: dict[str, griffe.Object], old: Surface) -> Iterator[PythonChange]:
    """Join what went and what came where they are the same but for the name; both are taken out."""
    for path, item in _outermost(gone):
        for other_path, other in _outermost(come):
            if item.kind is not other.kind or _outside(path, item) != _outside(other_path, other):
                continue
            if _shape(item) == _shape(other):
                sentence = f"The {item.kind.value} is called `{other_path.rpartition('.')[2]}` now."
                yield PythonChange(old.name(path), sentence, breaks=True, because="Code that uses the old name fails.")
                _take_out(gone, path)
                _take_out(come, other_path)
                break


def _take_out(items: dict[str, griffe.Object], path: str) -> None:
    for inner in [key for key in items if key == path or key.startswith(f"{path}.")]:
        del items[inner]


def _outside(path: str, item: griffe.Object) -> str:
    """What the item belongs to. For a model that is the package of models: its module is named after it."""
    outer = path.rpartition(".")[0]
    return "autoenhance_api.models" if item.is_class and _MODEL_MODULE.fullmatch(outer) else outer


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


def _signatures(old: Surface, new: Surface) -> Iterator[PythonChange]:
    """What griffe finds in functions and classes; what came or went as a whole is told elsewhere."""
    for before, after in zip(old.roots, new.roots, strict=True):
        for breakage in griffe.find_breaking_changes(before, after):
            sentence = _SENTENCES.get(breakage.kind)
            if sentence is None or not breakage.obj.is_public:
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


_SENTENCES = {
    griffe.BreakageKind.PARAMETER_MOVED: "The parameter `{parameter}` has another position.",
    griffe.BreakageKind.PARAMETER_REMOVED: "The parameter `{parameter}` is gone.",
    griffe.BreakageKind.PARAMETER_CHANGED_KIND: "The parameter `{parameter}` is passed in another way.",
    griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT: "The parameter `{parameter}` has another default.",
    griffe.BreakageKind.PARAMETER_CHANGED_REQUIRED: "The parameter `{parameter}` is required now.",
    griffe.BreakageKind.PARAMETER_ADDED_REQUIRED: "The parameter `{parameter}` is new, and required.",
    griffe.BreakageKind.OBJECT_CHANGED_KIND: "It is another kind of thing now.",
    griffe.BreakageKind.CLASS_REMOVED_BASE: "A base class is gone.",
}


def _types(surface: Surface, path: str, old: griffe.Object, new: griffe.Object) -> Iterator[PythonChange]:
    name = surface.name(path)
    if isinstance(old, griffe.Attribute) and isinstance(new, griffe.Attribute):
        written = path.rpartition(".")[0] in surface.inputs
        if old.annotation is None and new.annotation is None:
            if str(old.value) != str(new.value) and not name.endswith(("__all__", "__version__")):
                sentence = f"Its value was `{old.value}` and is `{new.value}`."
                yield PythonChange(name, sentence, breaks=True, because="Code that compares with the old value fails.")
            return
        yield from _type(name, "It", old.annotation, new.annotation, written=written)
        yield from _default(name, old.value, new.value)
    elif isinstance(old, griffe.Function) and isinstance(new, griffe.Function):
        parameters = {parameter.name: parameter for parameter in old.parameters}
        for parameter in new.parameters:
            if (before := parameters.get(parameter.name)) is not None:
                told = f"The parameter `{parameter.name}`"
                yield from _type(name, told, before.annotation, parameter.annotation, written=True)
            elif not parameter.required:
                sentence = f"The parameter `{parameter.name}` is new, and optional."
                yield PythonChange(name, sentence, breaks=False, because="Calls without it are as before.")
        yield from _type(name, "The result", old.returns, new.returns, written=False)


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


def _type(name: str, told: str, old: Any, new: Any, *, written: bool) -> Iterator[PythonChange]:
    was, is_now = _union(str(old)), _union(str(new))
    gone, come = [part for part in was if part not in is_now], [part for part in is_now if part not in was]
    if gone and come:
        sentence = f"{told} was `{old}` and is `{new}`."
        yield PythonChange(name, sentence, breaks=True, because="Code that was typed for the old type is wrong.")
    elif gone:
        because = (
            "A value that was right is wrong now." if written else "Code that was right for more is right for less."
        )
        yield PythonChange(name, f"{told} is no longer {names(gone)}.", breaks=written, because=because)
    elif come:
        because = "What was right before still is." if written else "Code meets a type that it did not expect."
        yield PythonChange(name, f"{told} may also be {names(come)}.", breaks=not written, because=because)


def _union(annotation: str) -> list[str]:
    """The members of a union, the outermost `|`s only; of `Response[a | b]` those inside, because it only holds one."""
    if match := re.fullmatch(r"Response\[(.*)\](.*)", annotation):
        annotation = match[1] + match[2]
    parts, depth, part = [], 0, ""
    for character in annotation:
        depth += (character in "[(") - (character in "])")
        if character == "|" and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += character
    return [*parts, part.strip()]
