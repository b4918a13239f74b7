"""What every request passes through. Sync and async share every decision, in `_call`: here they only send and wait."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, cast

import httpx

from autoenhance._call import Call, NowhereError
from autoenhance._deadline import until
from autoenhance_api.api.orders.edit_order import asyncio_detailed, sync_detailed
from autoenhance_api.types import UNSET

if TYPE_CHECKING:
    from autoenhance._edit import Edit
    from autoenhance._received import Received
    from autoenhance._settings import Settings
    from autoenhance._spread import Spread, SyncSpread
    from autoenhance.models import Order, Response


# More than httpx's own timeouts have, so that they can say what was waited for before the call is cancelled.
_GRACE = 0.1
# httpx reads where an answer redirects to even if it does not go there, and trips over some of it (idna's are UnicodeErrors).
_BAD_LOCATION = (httpx.InvalidURL, UnicodeError)


class SyncCall(Call):
    """One edit of a sync caller."""

    def __init__(self, http: httpx.Client | SyncSpread, settings: Settings, edit: Edit) -> None:
        super().__init__(settings, edit)
        self._http = http

    def edit(self) -> Response[Order]:
        """Make the edit; the answer has an order."""
        with self.decoding():
            client, version = self.as_generated_client(), self._settings.api_version or UNSET
            return self.check(
                sync_detailed(self._edit.order_id, client=client, body=self.body(), x_api_version=version)
            )

    def get_httpx_client(self) -> SyncCall:
        """What the generated code asks its client for."""
        return self

    def request(self, **wanted: Any) -> Received:
        """Send what the generated code wants, as often as it takes; only a success is returned."""
        while True:
            failure: httpx.RequestError | None = None
            try:
                with until(self._deadline):
                    self._attempt(wanted)
            except httpx.RequestError as error:
                failure = error
            except _BAD_LOCATION as error:
                failure = NowhereError(f"the answer redirects to no URL: {error}")
            # Outside the except clause: an error that is raised here must not drag the frames of its cause along.
            wait = self._conclude(failure)
            if wait is None:
                return self._accept()
            time.sleep(wait)

    def _attempt(self, wanted: dict[str, Any]) -> None:
        response = self._http.send(self._build(self._http, wanted), stream=True, follow_redirects=False)
        try:
            self._begin(response)
            if not response.is_stream_consumed:
                for chunk in cast("httpx.SyncByteStream", response.stream):
                    self._left()
                    if not self._take(chunk):
                        break
                self._unpack()
        finally:
            response.close()


class AsyncCall(Call):
    """One edit of an async caller."""

    def __init__(self, http: httpx.AsyncClient | Spread, settings: Settings, edit: Edit) -> None:
        super().__init__(settings, edit)
        self._http = http

    async def edit(self) -> Response[Order]:
        """Make the edit; the answer has an order."""
        with self.decoding():
            client, version = self.as_generated_client(), self._settings.api_version or UNSET
            return self.check(
                await asyncio_detailed(self._edit.order_id, client=client, body=self.body(), x_api_version=version)
            )

    def get_async_httpx_client(self) -> AsyncCall:
        """What the generated code asks its client for."""
        return self

    async def request(self, **wanted: Any) -> Received:
        """Send what the generated code wants, as often as it takes; only a success is returned."""
        import anyio

        while True:
            failure: httpx.RequestError | TimeoutError | None = None
            try:
                with anyio.fail_after(None if self._deadline == math.inf else self._left() + _GRACE):
                    await self._attempt(wanted)
            except (httpx.RequestError, TimeoutError) as error:
                failure = error
            except _BAD_LOCATION as error:
                failure = NowhereError(f"the answer redirects to no URL: {error}")
            # Outside the except clause: an error that is raised here must not drag the frames of its cause along.
            wait = self._conclude(failure)
            if wait is None:
                return self._accept()
            if not await self._rest(wait):
                self._conclude(failure)  # raises, because now there is to be no other attempt

    async def _rest(self, wait: float) -> bool:
        """Wait for the next attempt; False if there is to be none after all."""
        import anyio

        await anyio.sleep(wait)
        return True

    async def _attempt(self, wanted: dict[str, Any]) -> None:
        import anyio

        response = await self._http.send(self._build(self._http, wanted), stream=True, follow_redirects=False)
        try:
            self._begin(response)
            if not response.is_stream_consumed:
                # Cancelling ends the reading from below: leaving the loop would leave httpx's generators open.
                with anyio.CancelScope() as reading:
                    async for chunk in response.aiter_raw():
                        if not self._take(chunk):
                            reading.cancel()
                self._unpack()
        finally:
            await response.aclose()
