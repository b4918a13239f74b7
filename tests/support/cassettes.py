"""The scenarios of the cassettes, and how they are recorded and replayed."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import vcr

import autoenhance
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent.parent / "cassettes"
PRODUCTION = "https://api.autoenhance.ai"
# Only these headers are recorded: others may have a secret.
_REQUEST_HEADERS = {"accept", "content-type", "x-api-version", "x-autoenhance-attempt"}
_RESPONSE_HEADERS = {"content-type", "retry-after"}
_SANDBOX_ID = "3f0c1a52-7f0e-4a1e-9a55-0c6f1f0d2b11"
_NAME = {"name": "12 Acacia Avenue"}
_SORTED = {"default_image_sort_order": "-date_added", "sort_images_by": "name", "api_version": "2026-10-01"}
_HTML = b"<html><body><h1>503 Service Unavailable</h1></body></html>"
_NEW_VALUES = {
    "order_id": _SANDBOX_ID,
    "name": "Untitled order",
    "status": "archived",
    "images": [{"cloud_type": "LOW_CLOUD_LOW_SAT", "window_pull_type": "SKYLIGHTS", "enhance_type": "authentic"}],
}


@dataclass(frozen=True)
class Scenario:
    """One behaviour that a cassette pins."""

    edit: dict[str, Any] = field(default_factory=lambda: _NAME)
    options: dict[str, Any] = field(default_factory=dict)
    statuses: tuple[int, ...] = (200,)
    order_id: str | None = None
    """None for an order that exists."""
    is_limited: bool = False
    """Whether the service responds to every request with 429."""
    arrange: Callable[[Sandbox], None] | None = None
    """Prepares the sandbox."""

    @property
    def can_be_live(self) -> bool:
        """Whether it can be recorded from the live service, which cannot be prepared."""
        return not self.is_limited and self.arrange is None


SCENARIOS: dict[str, Scenario] = {
    "edited": Scenario(options={"api_version": "2025-08-31"}),
    "sorted": Scenario(edit=_SORTED),
    "value_refused": Scenario(edit={**_NAME, "extra_query": {"sort_images_by": "size"}}, statuses=(422,)),
    "key_refused": Scenario(options={"api_key": "not-a-key"}, statuses=(401,)),
    "not_found": Scenario(order_id="00000000-0000-0000-0000-000000000000", statuses=(404,)),
    "field_refused": Scenario(edit={"extra_body": {"name": None}}, statuses=(422,)),
    "too_many_requests": Scenario(options={"max_retries": 0}, statuses=(429,), is_limited=True),
    "retried": Scenario(
        statuses=(503, 200),
        arrange=lambda sandbox: sandbox.answer_next(503, headers={"content-type": "text/html"}, body=_HTML),
    ),
    "unknown_values": Scenario(arrange=lambda sandbox: sandbox.add_order(_NEW_VALUES)),
}


def recorder(folder: Path | None = None) -> vcr.VCR:
    """A VCR that records no secret, and each request as one to the production host."""
    return vcr.VCR(
        cassette_library_dir=str(folder or FOLDER),
        path_transformer=lambda path: f"{path}.yaml",
        match_on=["method", "uri", "headers", "body"],
        before_record_request=_clean_request,
        before_record_response=_clean_response,
        decode_compressed_response=True,
    )


def record(api_key: str = "sandbox-key") -> list[str]:
    """Record the cassettes from the sandbox, or those that the live service can give; returns their names.

    Raises:
        SystemExit: If there is no key or order for the live service.
    """
    live = os.environ.get("AUTOENHANCE_RECORD") == "live"
    order_id = os.environ.get("AUTOENHANCE_RECORD_ORDER_ID", "") if live else _SANDBOX_ID
    if live and not (order_id and os.environ.get("AUTOENHANCE_API_KEY")):
        raise SystemExit(
            "Recording from the live service renames an order: set AUTOENHANCE_API_KEY, and AUTOENHANCE_RECORD_ORDER_ID "
            "to an order that may be called '12 Acacia Avenue'."
        )
    recorded = [name for name, scenario in SCENARIOS.items() if scenario.can_be_live or not live]
    if live:
        for name in recorded:
            _record(name, order_id, {"base_url": PRODUCTION}, f"the live service at {PRODUCTION}")
        return recorded
    with Sandbox(api_key=api_key) as sandbox, Sandbox(api_key=api_key, rate_limit=0) as limited:
        for name in recorded:
            service = limited if SCENARIOS[name].is_limited else sandbox
            service.reset()
            if arrange := SCENARIOS[name].arrange:
                arrange(service)
            options = {"api_key": api_key, "base_url": service.url}
            _record(name, order_id, options, f"the sandbox of autoenhance-orders {autoenhance.__version__}")
    return recorded


def _record(name: str, order_id: str, options: dict[str, Any], source: str) -> None:
    scenario = SCENARIOS[name]
    with TemporaryDirectory() as folder:
        with recorder(Path(folder)).use_cassette(name, record_mode="all") as cassette:
            cassette.get_metadata("recorded_from", source)
            cassette.get_metadata("recorded_on", datetime.now(UTC).date().isoformat())
            order_id = cassette.get_metadata("order_id", scenario.order_id or order_id)
            client = autoenhance.Autoenhance(**{**options, **scenario.options})
            with client, suppress(autoenhance.APIStatusError):
                client.edit_order(order_id, **scenario.edit)
            assert tuple(response["status"]["code"] for response in cassette.responses) == scenario.statuses
        # Only a complete recording replaces the last one.
        shutil.move(Path(folder) / f"{name}.yaml", FOLDER / f"{name}.yaml")


def _clean_request(request: Any) -> Any:
    path = request.uri.partition("//")[2].partition("/")[2]
    request.uri = f"{PRODUCTION}/{path}"
    headers = {name.lower(): value for name, value in request.headers.items()}
    request.headers = {name: value for name, value in headers.items() if name in _REQUEST_HEADERS}
    return request


def _clean_response(response: dict[str, Any]) -> dict[str, Any]:
    headers = {name.lower(): values for name, values in response["headers"].items()}
    response["headers"] = {name: values for name, values in headers.items() if name in _RESPONSE_HEADERS}
    body = response["body"]["string"]
    if headers.get("content-type", [""])[0].startswith("application/json"):
        decoded = json.loads(body)
        for image in decoded.get("images") or []:
            if image.get("user_id"):
                image["user_id"] = "auth0|removed"
        response["body"]["string"] = json.dumps(decoded).encode()
    return response
