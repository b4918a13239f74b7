"""Generates the Python package of one side, as scripts/regenerate.py does but for the formatting, which nobody imports."""

from __future__ import annotations

import contextlib
import io
import json
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
    import openapi_python_client as generator  # slow, and not needed to say that there is no base
    from openapi_python_client.config import Config, ConfigFile, MetaType

    templates = tree.root / "openapi/templates"
    folder.mkdir(parents=True)
    document = folder / "openapi.json"
    document.write_text(json.dumps(contract.plain()), encoding="utf-8")
    try:
        settings_file = tree.root / "openapi/generator.yaml"
        settings = ConfigFile.load_from_path(settings_file) if settings_file.exists() else ConfigFile()
        settings.post_hooks = []
        config = Config.from_sources(
            settings,
            MetaType.NONE,
            document_source=document,
            file_encoding="utf-8",
            overwrite=False,
            output_path=folder / "autoenhance_api",
        )
        with contextlib.redirect_stdout(io.StringIO()):
            errors = generator.generate(config=config, custom_template_path=templates if templates.is_dir() else None)
    except Exception as error:  # settings and templates may raise anything
        said = " ".join(str(error).split())
        raise ReviewError(f"{contract.name}: openapi-python-client fails: {type(error).__name__}: {said}") from error
    if errors:
        said = "; ".join(" ".join(filter(None, (error.header, error.detail))) for error in errors)
        raise ReviewError(f"{contract.name}: openapi-python-client refuses it: {said}")
    if not (tree.root / "autoenhance").is_dir():
        raise ReviewError(f"{contract.name}: there is no autoenhance/ beside it to compare.")
    return Surface([folder, tree.root])
