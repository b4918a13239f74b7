"""Generates the Python package of one side, as scripts/regenerate.sh does but for the formatting, which nobody imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.changes import ReviewError
from review.surface import Surface

if TYPE_CHECKING:
    from pathlib import Path

    from contract import Contract
    from review.trees import Tree


def surface(tree: Tree, contract: Contract, folder: Path) -> Surface:
    """What this side offers in Python; the package is generated into an empty folder.

    Raises:
        ReviewError: If the generator fails.
    """
    from regenerate.generator import generate  # slow, and not needed to say that there is no base

    openapi = tree.root / "openapi"
    try:
        errors = generate(
            contract.plain(), openapi, folder / "autoenhance_api", templates=openapi / "templates", with_hooks=False
        )
    except Exception as error:  # settings and templates may raise anything
        said = " ".join(str(error).split())
        raise ReviewError(f"{contract.name}: openapi-python-client fails: {type(error).__name__}: {said}") from error
    if errors:
        raise ReviewError(f"{contract.name}: openapi-python-client refuses it: {'; '.join(errors)}")
    if not (tree.root / "autoenhance").is_dir():
        raise ReviewError(f"{contract.name}: there is no autoenhance/ beside it to compare.")
    return Surface([folder, tree.root])
