"""Pure: the order that every peer edits and reads."""

from __future__ import annotations

import json
from typing import Any

KEY = "key-of-the-benchmarks"


def content(images: int) -> bytes:
    """A response of the service. Every field has a value that the service's own SDK accepts."""
    order = {
        "created_at": "2025-10-30T01:26:03.111Z",
        "images": [_image(number) for number in range(images)],
        "is_deleted": False,
        "is_merging": False,
        "is_processing": False,
        "last_updated_at": "2025-10-30T01:27:12.582Z",
        "name": "12 Acacia Avenue",
        "order_id": "3f2a9c1e-5b7d-4e8f-9a6b-1c2d3e4f5a6b",
        "status": "processed",
        "total_images": images,
    }
    return json.dumps(order, separators=(",", ":")).encode()


def _image(number: int) -> dict[str, Any]:
    return {
        "ai_version": "5.x",
        "cloud_type": ("CLEAR", "LOW_CLOUD", "HIGH_CLOUD")[number % 3],
        "date_added": 1761787563111 + number,
        "downloaded": number % 2 == 0,
        "enhance": True,
        "enhance_type": ("property", "warm", "neutral")[number % 3],
        "finetune_settings": {},
        "image_id": f"123e4567-e89b-12d3-a456-{number:012d}",
        "image_name": f"room-{number}.jpg",
        "lens_correction": True,
        "metadata": {"room": "kitchen", "floor": number % 4},
        "order_id": "3f2a9c1e-5b7d-4e8f-9a6b-1c2d3e4f5a6b",
        "preset_id": None,
        "privacy": None,
        "rating": number % 6,
        "scene": "kitchen",
        "sky_replacement": True,
        "status": "processed",
        "status_reason": None,
        "upscale": False,
        "user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
        "vertical_correction": True,
        "window_pull_type": ("NONE", "ONLY_WINDOWS", "WINDOWS_WITH_SKIES")[number % 3],
    }
