"""The models and enums that are generated from the contract, under their public names."""

from autoenhance_api import models
from autoenhance_api.models import *  # noqa: F403  # every model, whatever the contract has
from autoenhance_api.types import UNSET, Response, Unset

__all__ = ["UNSET", "Response", "Unset"]
__all__ += models.__all__
