"""Edit an order with the generated package alone.

    export AUTOENHANCE_API_KEY=… AUTOENHANCE_BASE_URL=https://api.autoenhance.ai
    python examples/generated_only.py harbour-view-7 "12 Acacia Avenue"

Nothing is retried. Without a connection, httpx raises an exception; a body that is not JSON raises a ValueError.

Exit status: 0 the order was edited, 1 the service rejected the edit.
"""

from __future__ import annotations

import os
import sys

import httpx

from autoenhance_api import AuthenticatedClient
from autoenhance_api.api.orders.edit_order import sync_detailed
from autoenhance_api.models import ImageStatus, Order, OrderUpdate


def main(order_id: str, name: str) -> int:
    """Edit one order and print the response."""
    client = AuthenticatedClient(
        base_url=os.environ["AUTOENHANCE_BASE_URL"],
        token=os.environ["AUTOENHANCE_API_KEY"],
        auth_header_name="x-api-key",
        prefix="",
        timeout=httpx.Timeout(30),  # the default is no timeout
    )
    with client:
        response = sync_detailed(order_id, client=client, body=OrderUpdate(name=name))
    order = response.parsed
    if not isinstance(order, Order):  # the body of an error, or None for a status that the contract does not have
        print(response.status_code.value, (order and order.message) or response.content, file=sys.stderr)
        return 1
    # A field may be null or missing: it is None or UNSET then, and both are false.
    processed = [image for image in order.images or [] if image.status == ImageStatus.PROCESSED]
    print(f"{order.name}: {len(processed)} of {order.total_images or 0} images processed")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004  # an id and a name
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
