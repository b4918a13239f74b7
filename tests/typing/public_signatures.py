"""The public signatures: this file is type-checked, not run. A change that breaks it breaks callers' code."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, assert_type

import httpx

import autoenhance
from autoenhance import (
    AsyncAutoenhance,
    Autoenhance,
    EditFailure,
    EditResult,
    EditSuccess,
    OrderEdit,
    Retry,
    edit_order,
)
from autoenhance.bulk import AsyncEditRun, EditRun
from autoenhance.bulk import EditResult as SameEditResult
from autoenhance.bulk import OrderEdit as SameOrderEdit
from autoenhance.models import UNSET, CloudType, Image, Order, OrderStatus, OrderUpdate, Response, Unset
from autoenhance.sandbox import Sandbox


def clients() -> None:
    assert_type(Autoenhance(), Autoenhance)
    client = Autoenhance("key", base_url="https://example.com", timeout=None, max_retries=0, api_version="2025-08-31")
    Autoenhance(http_client=httpx.Client(), max_response_bytes=2**20, allow_insecure=True, deadline=30)
    Autoenhance(timeout=httpx.Timeout(5), on_retry=lambda retry: assert_type(retry, Retry))
    options = client.with_options(timeout=httpx.Timeout(5), deadline=None, max_retries=1, api_version=None)
    assert_type(options, Autoenhance)
    assert_type(AsyncAutoenhance(http_client=httpx.AsyncClient()).with_options(timeout=None), AsyncAutoenhance)
    assert_type(Autoenhance().close(), None)
    with Autoenhance() as entered:
        assert_type(entered, Autoenhance)
    Autoenhance("key", "https://example.com")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # keywords only
    Autoenhance(http_client=httpx.AsyncClient())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def edits(client: Autoenhance) -> None:
    order = client.edit_order("id", name="a", new_order_id="b", extra_body={}, extra_query={}, extra_headers={})
    assert_type(order, Order)
    client.edit_order("id", name=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the contract has no null
    client.edit_order("id", name="a", timeout=httpx.Timeout(1), max_retries=0, api_version="2025-08-31")
    assert_type(client.edit_order("id", name=UNSET), Order)
    assert_type(edit_order("id", name="a", api_key="key", base_url=None, timeout=1.5, max_retries=1), Order)
    response = client.edit_order_detailed("id", name="a", timeout=None)
    assert_type(response, Response[Order])
    assert_type(response.status_code, HTTPStatus)
    assert_type(response.content, bytes)
    assert_type(response.parsed, Order | None)
    client.edit_order("id", UNSET)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # keywords only
    client.edit_order(7, name="a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.edit_order("id", title="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def async_edits() -> None:
    async with AsyncAutoenhance() as client:
        assert_type(client, AsyncAutoenhance)
        assert_type(await client.edit_order("id", name="a"), Order)
        assert_type(await client.edit_order_detailed("id", name="a"), Response[Order])
    assert_type(await client.aclose(), None)


@dataclass(frozen=True, kw_only=True)
class Row(OrderEdit):
    """An edit of the user's own."""

    line: int


class Other:
    """No edit, though it has the attributes of one."""

    order_id = "id"
    name = "a"


def bulk(client: Autoenhance, rows: Iterator[Row]) -> None:
    assert_type(OrderEdit("id", name="a", new_order_id=UNSET, api_version="2025-08-31"), OrderEdit)
    assert_type(OrderEdit("id").name, str | Unset)
    OrderEdit("id", title="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    OrderEdit("id", UNSET)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # keywords only
    same: type[OrderEdit] = SameOrderEdit
    edit: OrderEdit = same("id", name="a")
    with client.edit_orders([OrderEdit("id", name="a")], concurrency=8, rate=100, max_failures=None) as run:
        assert_type(run, EditRun[OrderEdit])
        for result in run:
            assert_type(result, EditResult[OrderEdit])
            assert_type(result.order, Order | None)
            assert_type(result.error, Exception | None)
            if result.error is None:
                assert_type(result, EditSuccess[OrderEdit])
                assert_type(result.order, Order)
            else:
                assert_type(result, EditFailure[OrderEdit])
                assert_type(result.error, Exception)
            if result.ok is True:
                assert_type(result.order, Order)
            # mypy narrows here, too; pyright, on purpose, does not (microsoft/pyright#6113).
            order: Order | None = result.order if result.ok else None
            assert_type(order, Order | None)
            assert_type(result.attempts, int)
            assert_type(result.seconds, float)
        assert_type(run.batches(wait=0.5), Iterator[list[EditResult[OrderEdit]]])
        assert_type(run.unsent, list[OrderEdit])
        assert_type(run.stop(), None)
        assert_type(run.close(), None)
    for row_result in client.edit_orders(rows):
        assert_type(row_result.edit.line, int)
        general: SameEditResult[OrderEdit] = row_result
        assert_type(general.edit.order_id, str)
    client.edit_orders([edit], concurrency=1, rate=0.5, max_failures=0)
    client.edit_orders([edit], 8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # keywords only
    client.edit_orders([Other()])  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    client.edit_orders(async_rows())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def async_rows() -> AsyncIterator[Row]:
    yield Row("id", name="a", line=1)


async def async_bulk(client: AsyncAutoenhance, rows: Iterator[Row]) -> None:
    async with client.edit_orders(async_rows(), concurrency=8, rate=100, max_failures=3) as run:
        assert_type(run, AsyncEditRun[Row])
        async for result in run:
            assert_type(result, EditResult[Row])
        assert_type(run.unsent, list[Row])
        assert_type(run.stop(), None)
        assert_type(await run.aclose(), None)
    async for result in client.edit_orders(rows):
        assert_type(result.edit, Row)


def models(order: Order, image: Image) -> None:
    assert_type(order.name, None | str | Unset)
    assert_type(order.created_at, dt.datetime | None | Unset)
    assert_type(order.images, list[Image] | None | Unset)
    assert_type(order.status, None | OrderStatus | Unset)
    assert_type(order.total_images, int | None | Unset)
    assert_type(order.to_dict(), dict[str, Any])
    assert_type(Order.from_dict({}), Order)
    assert_type(image.cloud_type, CloudType | None | Unset)
    OrderUpdate(name="a", order_id="b")
    _ = image.cloud_type == "LOW_CLOUD_LOW_SAT"


def failures(client: Autoenhance) -> None:
    try:
        client.edit_order("id", name="a")
    except autoenhance.ValidationError as error:
        assert_type(error.fields, Mapping[str, Mapping[str, Sequence[str]]])
    except autoenhance.RateLimitError as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.status_code, int)
    except autoenhance.errors.APITimeoutError as error:
        assert_type(error.status_code, int | None)
    except autoenhance.BulkStoppedError as error:
        assert_type(error.status_code, int | None)
    except autoenhance.AutoenhanceError as error:
        assert_type(error.message, str)
        assert_type(error.order_id, str)
        assert_type(error.attempts, int)
        assert_type(error.headers, dict[str, str])


def sandbox() -> None:
    Sandbox(latency=0.1, fail_rate=0.05, seed=None)
    Sandbox(latency=(0.1, 0.5), seed=7)
    with Sandbox(db="orders.sqlite3", api_key="key", port=0, rate_limit=None) as running:
        assert_type(running, Sandbox)
        assert_type(running.url, str)
        assert_type(running.api_key, str)
        assert_type(running.seed, int)
        assert_type(running.simulation, str)
        assert_type(running.order_ids, list[str])
        assert_type(running.order("id"), dict[str, Any] | None)
        running.answer_next(503, headers={}, body=b"", times=2)
        running.add_order({"order_id": "a"})
        running.reset()
