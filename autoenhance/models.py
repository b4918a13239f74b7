"""The data that the service sends and accepts: the models and enums generated from the contract.

A missing field is `UNSET`, and any field of an order or an image may be None; both are false. `additional_properties` keeps
fields that are not in the contract, and enums keep unknown values.
"""

# Not `from autoenhance_api import models`: with that, pyright takes the `__all__` of autoenhance_api for that of its models.
import autoenhance_api.models as generated
from autoenhance_api.models import *  # noqa: F403  # every model, whatever the contract has
from autoenhance_api.types import UNSET, Response, Unset

__all__ = ["UNSET", "Response", "Unset"]
__all__ += generated.__all__
