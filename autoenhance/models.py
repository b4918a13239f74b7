"""What the service sends and takes: the models and enums that are generated from the contract.

A field that was not there is `UNSET`, and any field of an order or an image may be None; both are false. What the contract does
not have is kept in `additional_properties`, and an enum keeps a value that it does not have.
"""

# Not `from autoenhance_api import models`: with that, pyright takes the `__all__` of autoenhance_api for that of its models.
import autoenhance_api.models as generated
from autoenhance_api.models import *  # noqa: F403  # every model, whatever the contract has
from autoenhance_api.types import UNSET, Response, Unset

__all__ = ["UNSET", "Response", "Unset"]
__all__ += generated.__all__
