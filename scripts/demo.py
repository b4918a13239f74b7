"""`make demo`: edits an order in the sandbox over HTTP, and prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoenhance import Autoenhance
from autoenhance.sandbox import Sandbox

if TYPE_CHECKING:
    from autoenhance.models import Image, Order


def show(order: Order) -> None:
    """Print an order's status and its images as a table."""
    print(
        f"Status:  {order.status}, {order.total_images} images, last changed {order.last_updated_at:%Y-%m-%d %H:%M} UTC"
    )
    print()
    rows = [("Image", "Status", "Sky", "Style", "Windows"), *map(row, order.images or [])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for cells in (rows[0], tuple("-" * width for width in widths), *rows[1:]):
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())


def row(image: Image) -> tuple[str, ...]:
    """Return the cells of an image's row."""
    cells = image.image_name, image.status, image.cloud_type, image.enhance_type, image.window_pull_type
    return tuple(str(cell or "-") for cell in cells)


def main() -> None:
    """Rename the sandbox's first order, and print it."""
    with Sandbox() as sandbox, Autoenhance(api_key=sandbox.api_key, base_url=sandbox.url) as client:
        order_id = sandbox.order_ids[0]
        before = sandbox.order(order_id) or {}
        print(f"PATCH {sandbox.url}/v3/orders/{order_id}")
        order = client.edit_order(order_id, name="12 Acacia Avenue")
        print(f"Before:  {before['name']}")
        print(f"After:   {order.name}")
        show(order)


if __name__ == "__main__":
    main()
