"""Complete the package's metadata when it is built: project URLs, and a README whose links work on a package index.

A checkout does not know where its repository is: the release workflow says so in `REPOSITORY_URL`.
"""

from __future__ import annotations

import os
import re
import runpy
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_RELATIVE_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")


class RepositoryLinks(MetadataHookInterface):
    """Adds the repository's URLs."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `urls` and `readme`, which pyproject.toml declares as dynamic."""
        root = Path(self.root)
        text = (root / "README.md").read_text("utf-8")
        metadata["urls"] = {"Service": "https://autoenhance.ai"}
        repository = os.environ.get("REPOSITORY_URL", "").rstrip("/")
        if repository:
            tag = f"v{runpy.run_path(str(root / 'autoenhance/_version.py'))['__version__']}"
            metadata["urls"] |= {
                "Source": repository,
                "Documentation": f"{repository}/tree/{tag}/docs",
                "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
                "Issues": f"{repository}/issues",
            }
            kinds = {"!": "raw", "": "blob"}
            text = _RELATIVE_LINK.sub(
                lambda link: f"{link[1]}[{link[2]}]({repository}/{kinds[link[1]]}/{tag}/{link[3]})", text
            )
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
