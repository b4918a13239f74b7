"""A client library for accessing Autoenhance.ai orders"""

from typing import TYPE_CHECKING

__all__ = (
    "AuthenticatedClient",
    "Client",
)

if not TYPE_CHECKING:  # a type checker would take any name for one that is here

    def __getattr__(name):
        from importlib import import_module

        if name == "client":
            return import_module(".client", __name__)
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(".client", __name__), name)
        globals()[name] = found
        return found

else:
    from .client import AuthenticatedClient, Client


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
