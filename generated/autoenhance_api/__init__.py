"""A client library for accessing Autoenhance.ai orders"""

from typing import TYPE_CHECKING

__all__ = (
    "AuthenticatedClient",
    "Client",
)

if TYPE_CHECKING:
    from .client import AuthenticatedClient, Client
else:

    def __getattr__(name):
        from importlib import import_module

        if name not in ("client", *__all__):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        client = import_module(".client", __name__)
        return client if name == "client" else getattr(client, name)

    def __dir__():
        return sorted({*globals(), *__all__})
