"""Our contract, as the generated package has it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

DOCUMENT: dict[str, Any] = json.loads(files("autoenhance_api").joinpath("openapi.json").read_text("utf-8"))
OPERATION: dict[str, Any] = DOCUMENT["paths"]["/v3/orders/{id}"]["patch"]
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
SAMPLES: dict[str, str] = {sample["label"]: sample["source"] for sample in OPERATION["x-codeSamples"]}
