"""Edit orders of Autoenhance.ai.

>>> from autoenhance import Autoenhance
>>> with Autoenhance() as client:  # the key is in AUTOENHANCE_API_KEY
...     order = client.edit_order("ORDER_ID", name="12 Acacia Avenue")

- `Autoenhance` edits orders, `AsyncAutoenhance` edits them in async code, and `edit_order` makes one edit without a client.
- `Autoenhance.edit_orders` makes many edits at once; `autoenhance.bulk` has the types that it takes and returns.
- `autoenhance.errors` has the errors, which are also here.
- `autoenhance.models` has the model of an order, and the enums.
- `autoenhance.sandbox` has a local service for tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoenhance import bulk, errors, models
    from autoenhance._async_client import AsyncAutoenhance
    from autoenhance._base_client import EditOptions
    from autoenhance._bulk.types import EditFailure, EditResult, EditSuccess, OrderEdit
    from autoenhance._client import Autoenhance, edit_order
    from autoenhance._settings import Retry
    from autoenhance._version import __version__
    from autoenhance.errors import (
        APIConnectionError,
        APIResponseError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        AutoenhanceError,
        BadRequestError,
        BulkStoppedError,
        ConflictError,
        InternalServerError,
        NotFoundError,
        PermissionDeniedError,
        RateLimitError,
        ValidationError,
    )

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncAutoenhance",
    "AuthenticationError",
    "Autoenhance",
    "AutoenhanceError",
    "BadRequestError",
    "BulkStoppedError",
    "ConflictError",
    "EditFailure",
    "EditOptions",
    "EditResult",
    "EditSuccess",
    "InternalServerError",
    "NotFoundError",
    "OrderEdit",
    "PermissionDeniedError",
    "RateLimitError",
    "Retry",
    "ValidationError",
    "__version__",
    "bulk",
    "edit_order",
    "errors",
    "models",
]

_SUBMODULES = {"bulk", "errors", "models"}
# Where the names live that are not errors. Everything is imported when it is first asked for, so that `import
# autoenhance` costs next to nothing.
_MODULES = {
    "AsyncAutoenhance": "_async_client",
    "Autoenhance": "_client",
    "EditFailure": "_bulk.types",
    "EditOptions": "_base_client",
    "EditResult": "_bulk.types",
    "EditSuccess": "_bulk.types",
    "OrderEdit": "_bulk.types",
    "Retry": "_settings",
    "__version__": "_version",
    "edit_order": "_client",
}

if not TYPE_CHECKING:  # a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        path = f"autoenhance.{name if name in _SUBMODULES else _MODULES.get(name, 'errors')}"
        try:
            module = import_module(path)
        except AttributeError as error:
            # Python would report a missing attribute instead.
            raise ImportError(f"{path} cannot be imported: {error}") from error
        if name not in _SUBMODULES:
            globals()[name] = getattr(module, name)
        return globals().get(name, module)


def __dir__() -> list[str]:
    return sorted({name for name in globals() if name.startswith("__")} | set(__all__))
