"""A local service that implements the API contract, for trials without a key, and for tests.

>>> from autoenhance import Autoenhance
>>> from autoenhance.sandbox import Sandbox
>>> with Sandbox() as sandbox, Autoenhance(api_key=sandbox.api_key, base_url=sandbox.url) as client:
...     order = client.edit_order(sandbox.order_ids[0], name="12 Acacia Avenue")

It needs the extra: `pip install ".[sandbox]"` in a checkout. On the command line, run `python -m autoenhance.sandbox`, or
`autoenhance sandbox` with the extra `cli`. In pytest, use the fixture `autoenhance_sandbox`. `latency`, `fail_rate`,
`rate_limit` and `seed` simulate a slow or unreliable service.

Where the service has no documentation, the sandbox makes a choice that may differ from the service:

- Another `order_id` in the body becomes the id of the order; the old id is then not found. The id of another order is
  rejected with 409, and an id that no request can contain with 422: empty, `.`, `..`, with a `/`, with half a surrogate pair,
  or longer than 60,000 characters once percent-encoded.
- Body fields in the contract are stored and returned under their names. Other fields are ignored, as are query parameters and
  headers that are not in the contract. `x-api-version` changes nothing.
- A value in the body, query or headers that the contract does not allow is rejected with 422, even if the service may know
  more values than an enum lists (`x-open-enum`). The messages are those of marshmallow if it has any.
- 300 requests a second, from all addresses together, are accepted; further ones get 429 until a second has passed, with
  `Retry-After: 1`, which the service does not document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoenhance.sandbox._server import Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> object:
    # Imported lazily: pytest always loads the plugin of this package, with or without the extra.
    if name != "Sandbox":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from autoenhance.sandbox._server import Sandbox
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the sandbox needs {error.name!r}: run pip install '.[sandbox]' in the checkout", name=error.name
        ) from error
    return Sandbox
