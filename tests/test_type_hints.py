"""What annotations say at run time, to those that ask typing.get_type_hints."""

from __future__ import annotations

import datetime as dt
import typing
from types import FunctionType, ModuleType

import pytest
from type_hints import annotated, unresolved

import autoenhance
import autoenhance_api
from autoenhance import bulk, sandbox
from autoenhance_api import models
from autoenhance_api.api.orders import edit_order
from autoenhance_api.types import Response, Unset


def test_every_annotation_of_the_generated_package_can_be_resolved() -> None:
    """Models and their methods, enums, types, clients, errors and the functions of the endpoint."""
    assert unresolved(autoenhance_api) == []
    found = annotated(autoenhance_api)
    assert {name.rpartition(".")[2] for name in found} >= {
        *models.__all__,
        *autoenhance_api.__all__,
        *("Response", "Unset", "File", "UnexpectedStatus", "parse_timestamp"),
        *("sync", "sync_detailed", "asyncio", "asyncio_detailed"),
        *("__init__", "from_dict", "to_dict", "additional_keys", "with_headers", "_missing_"),
    }


@pytest.mark.parametrize("name", ["sync_detailed", "asyncio_detailed"])
def test_the_annotations_of_an_endpoint_are_the_classes_themselves(name: str) -> None:
    """The client, the models of every response, and the body."""
    hints = typing.get_type_hints(getattr(edit_order, name))
    assert typing.get_origin(hints["return"]) is Response
    (parsed,) = typing.get_args(hints["return"])
    assert {models.ErrorBody, models.Order, models.ValidationErrorBody} <= {*typing.get_args(parsed)}
    assert hints["client"] == autoenhance_api.AuthenticatedClient | autoenhance_api.Client
    assert hints["body"] == models.OrderUpdate | Unset


def test_the_annotations_of_a_model_are_the_classes_themselves() -> None:
    """By the class, and by its __init__, which attrs makes before the other models are imported."""
    assert typing.get_type_hints(models.Order)["images"] == list[models.Image] | None | Unset
    assert typing.get_type_hints(models.Order.__init__)["images"] == list[models.Image] | None | Unset
    assert typing.get_type_hints(models.Order)["created_at"] == dt.datetime | None | Unset


@pytest.mark.parametrize("module", [autoenhance, autoenhance.errors, bulk, sandbox], ids=lambda module: module.__name__)
def test_every_annotation_of_what_is_public_can_be_resolved(module: ModuleType) -> None:
    """Clients and their methods, functions, results, errors, the sandbox."""
    found = {name: getattr(module, name) for name in module.__all__}
    for name, value in [*found.items()]:
        if isinstance(value, type):
            methods = {**vars(value)}
            found |= {f"{name}.{method}": methods[method] for method in methods if not method.startswith("_")}
            found[f"{name}.__init__"] = value.__init__  # type: ignore[misc]
    for name, value in found.items():
        function = getattr(value, "fget", value)
        if isinstance(function, type | FunctionType):
            assert typing.get_type_hints(function) is not None, name
    assert len(found) > len(module.__all__)
