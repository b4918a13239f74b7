"""What two packages offer: the names that can be imported, read by griffe. Nothing of them is imported.

The package of a contract is generated as scripts/regenerate.sh does but for the formatting, which nobody imports.
"""

from __future__ import annotations

import ast
import logging
import re
from typing import TYPE_CHECKING, Any

import griffe

from command import FailureError

if TYPE_CHECKING:
    from pathlib import Path

    from review.trees import Tree

PACKAGES = ("autoenhance_api", "autoenhance")
# Each model has a module of its own, which `models` re-exports: the name there is the one to import.
MODEL_MODULE = re.compile(r"autoenhance_api\.models\.[a-z0-9_]+")


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
            self.names[item.path] = min(name, self.names.get(item.path, name), key=rank)
        self.inputs = self._inputs()

    def _walk(self, item: griffe.Object | griffe.Alias, public: str) -> None:
        # What a class inherits belongs to it; for a module there is no such thing.
        members = item.all_members if item.is_class else item.members
        for name, member in members.items():
            target = target_of(member)
            is_private = name.startswith("_") and not name.endswith("__")
            if target is None or is_private or not (member.is_public or member.inherited):
                continue
            if MODEL_MODULE.fullmatch(item.path) and not target.is_class:
                continue  # what a model's module has beside the model is its own
            path = f"{public}.{name}"
            self.objects[path] = target
            if target.is_class or target.is_module:
                self._walk(target, path)

    def _inputs(self) -> set[str]:
        """The models that users build and send: those that a generated function takes, and what they hold."""
        # What an edit can set is written for callers, beside the models.
        keywords = {"EditOrderParams", "OrderEdit"}
        classes = [item for item in self.objects.values() if item.is_class]
        known = {item.name: item for item in classes if ".models." in item.path or item.name in keywords}
        pending = [*keywords]
        pending += [
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
        """The public name of what has this path, if it has one."""
        return self.names.get(path, path)


def surface(tree: Tree, folder: Path) -> Surface:
    """What one side offers; the package of its contract is generated into an empty folder.

    Raises:
        FailureError: If the generator fails, or what is there is not Python.
    """
    from regenerate.generator import generate  # slow, and not needed to say that there is no base

    openapi, contract = tree.root / "openapi", tree.contract
    package = folder / "autoenhance_api"
    errors = generate(contract.plain(), openapi, package, templates=openapi / "templates", with_hooks=False)
    if errors:
        raise FailureError(f"{contract.name}: openapi-python-client fails: {'; '.join(errors)}")
    if not (tree.root / "autoenhance").is_dir():
        raise FailureError(f"{contract.name}: there is no autoenhance/ beside it to compare.")
    return Surface([folder, tree.root])


def _check_syntax(folder: Path, package: str) -> None:
    """Make sure that every file can be read: griffe would pass over one that cannot, and all its names with it."""
    for file in sorted((folder / package).rglob("*.py")):
        try:
            ast.parse(file.read_bytes())
        except (SyntaxError, ValueError) as error:
            where = f"{file.relative_to(folder).as_posix()}:{getattr(error, 'lineno', None) or 1}"
            raise FailureError(f"{where}: is not Python: {getattr(error, 'msg', error)}") from error


def target_of(member: griffe.Object | griffe.Alias) -> griffe.Object | None:
    """What a name stands for, if it is ours."""
    target: Any = member
    if isinstance(member, griffe.Alias):
        try:
            target = member.final_target
        except (griffe.AliasResolutionError, griffe.CyclicAliasError):
            return None  # of another distribution
    return target if isinstance(target, griffe.Object) and target.path.startswith(PACKAGES) else None


def rank(name: str) -> tuple[bool, int, str]:
    """Which of several names to tell: the lowest."""
    return (not name.startswith("autoenhance."), name.count("."), name)
