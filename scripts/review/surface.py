"""Reads the public API of two packages with griffe, without importing them.

The package of a contract is generated as by scripts/regenerate.sh, but not formatted.
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
# Each model has a module of its own; users import it from `models`, which re-exports it.
MODEL_MODULE = re.compile(r"autoenhance_api\.models\.[a-z0-9_]+")


class Surface:
    """The public API of two packages: every public name, and its object."""

    def __init__(self, folders: list[Path]) -> None:
        for folder in folders:
            for package in PACKAGES:
                _check_syntax(folder, package)
        logging.getLogger("griffe").setLevel(logging.CRITICAL)
        loader = griffe.GriffeLoader(search_paths=[str(folder) for folder in folders], allow_inspection=False)
        # Not from the current folder, which has packages of the same names.
        self.roots = [loader.load(package, try_relative_path=False) for package in PACKAGES]
        loader.resolve_aliases()
        self.objects: dict[str, griffe.Object] = {}
        for root in self.roots:
            self._walk(root, root.path)
        self.names: dict[str, str] = {}
        for name, item in self.objects.items():
            # Report the shortest name in the package that users import.
            self.names[item.path] = min(name, self.names.get(item.path, name), key=rank)
        self.inputs = self._inputs()

    def _walk(self, item: griffe.Object | griffe.Alias, public: str) -> None:
        # Inherited members belong to a class; modules have none.
        members = item.all_members if item.is_class else item.members
        for name, member in members.items():
            target = target_of(member)
            is_private = name.startswith("_") and not name.endswith("__")
            if target is None or is_private or not (member.is_public or member.inherited):
                continue
            if MODEL_MODULE.fullmatch(item.path) and not target.is_class:
                continue  # other members of a model's module are private
            path = f"{public}.{name}"
            self.objects[path] = target
            if target.is_class or target.is_module:
                self._walk(target, path)

    def _inputs(self) -> set[str]:
        """Return the models that users build and send: the parameters of generated functions, and the models in them."""
        # These are not models, but callers fill them, too.
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
        inputs: set[str] = set()
        while pending:
            model = known.get(pending.pop())
            if model is not None and model.path not in inputs:
                inputs.add(model.path)
                for member in model.members.values():
                    pending += re.findall(r"\w+", str(getattr(member, "annotation", None) or ""))
        return inputs

    def name(self, path: str) -> str:
        """Return the public name of the object at a path, or the path itself."""
        return self.names.get(path, path)


def surface(tree: Tree, folder: Path) -> Surface:
    """Return the public API of one side, generating the package of its contract into an empty folder.

    Raises:
        FailureError: If the generator fails, or a file is not Python.
    """
    from regenerate.generator import generate  # slow to import, and not needed to report a missing base

    openapi, contract = tree.root / "openapi", tree.contract
    package = folder / "autoenhance_api"
    errors = generate(contract.plain(), openapi, package, templates=openapi / "templates", with_hooks=False)
    if errors:
        raise FailureError(f"{contract.name}: openapi-python-client failed: {'; '.join(errors)}")
    if not (tree.root / "autoenhance").is_dir():
        raise FailureError(f"{contract.name}: autoenhance/ not found in the same tree")
    return Surface([folder, tree.root])


def _check_syntax(folder: Path, package: str) -> None:
    """Make sure that every file can be parsed: griffe would silently skip one that cannot."""
    for file in sorted((folder / package).rglob("*.py")):
        try:
            ast.parse(file.read_bytes())
        except (SyntaxError, ValueError) as error:
            where = f"{file.relative_to(folder).as_posix()}:{getattr(error, 'lineno', None) or 1}"
            raise FailureError(f"{where}: is not Python: {getattr(error, 'msg', error)}") from error


def target_of(member: griffe.Object | griffe.Alias) -> griffe.Object | None:
    """Return the object of a name, if it is ours."""
    target: Any = member
    if isinstance(member, griffe.Alias):
        try:
            target = member.final_target
        except (griffe.AliasResolutionError, griffe.CyclicAliasError):
            return None  # from another distribution
    return target if isinstance(target, griffe.Object) and target.path.startswith(PACKAGES) else None


def rank(name: str) -> tuple[bool, int, str]:
    """Return the sort key of a name; of several names of an object, the lowest is reported."""
    return (not name.startswith("autoenhance."), name.count("."), name)
