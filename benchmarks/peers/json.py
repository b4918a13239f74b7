"""The baseline of reading: decoded JSON, no models."""

from __future__ import annotations

import json
from typing import Any


def read(content: bytes) -> Any:
    """Decode a response, and ask each image for its name."""
    return [image["image_name"] for image in json.loads(content)["images"]]
