"""Decides whether a value matches a schema, or whether that is unknown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator, validators

from contract_diff.cases import OF_NUMBERS, as_json, kind_of
from contract_diff.document import is_readable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from contract_diff.cases import Part
    from contract_diff.resolver import Resolver

_MAX_REFERENCES: Final = 20
_OF_TEXTS: Final = ("contentEncoding", "contentMediaType")


class _UndecidedError(Exception):
    """The schema has an unknown keyword, or too many references."""


class Values:
    """Validates values by the schemas of two documents.

    Args:
        resolver: The schemas.
        unknown: The keywords that are not understood.
    """

    def __init__(self, resolver: Resolver, unknown: set[str]) -> None:
        self._resolver = resolver
        self._granted: Collection[tuple[str, str]] = ()
        self._references = 0
        undecided = [*unknown - Draft202012Validator.VALIDATORS.keys(), "format", *_OF_TEXTS]
        handlers: dict[str, Any] = {key: partial(self._check, key) for key in undecided}
        handlers |= {"$ref": self._follow, "pattern": self._match}
        self._validator: Any = validators.extend(  # type: ignore[no-untyped-call]
            Draft202012Validator, handlers
        )

    def is_valid(self, value: Any, part: Part, granted: Collection[tuple[str, str]] = ()) -> bool | None:
        """Return whether a value matches a schema; None if that is unknown.

        Args:
            value: The value.
            part: The schema.
            granted: Keywords, each with its value as JSON, that the value is known to satisfy.
        """
        if self._resolver.is_made(part):
            schema = self._resolver.node(part)
        else:
            steps = (str(step).replace("~", "~0").replace("/", "~1").replace("%", "%25") for step in part[1])
            schema = {"$ref": f"urn:{part[0]}#" + "".join(f"/{step}" for step in steps)}
        self._granted, self._references = granted, 0
        try:
            return bool(self._validator(schema, registry=self._resolver.registry).is_valid(value))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001  # the libraries may raise anything, even a panic of Rust
            return None

    def _check(self, key: str, _: Any, keyword_value: Any, value: Any, __: Any) -> Iterator[Any]:
        """Give up at a keyword that applies to this value, unless the value is known to satisfy it."""
        kind = "number" if key == "format" and keyword_value in OF_NUMBERS else "string"
        applies = kind_of(value) == kind if key in {"format", "pattern", *_OF_TEXTS} else True
        text = as_json(keyword_value)
        if applies and ("$ref" in text or (key, text) not in self._granted):
            raise _UndecidedError
        yield from ()

    def _match(self, validator: Any, pattern: Any, value: Any, schema: Any) -> Iterator[Any]:
        if is_readable(pattern):
            yield from Draft202012Validator.VALIDATORS["pattern"](validator, pattern, value, schema) or ()
        else:
            yield from self._check("pattern", validator, pattern, value, schema)

    def _follow(self, validator: Any, reference: Any, value: Any, schema: Any) -> Iterator[Any]:
        if self._references > _MAX_REFERENCES:
            raise _UndecidedError
        self._references += 1
        yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, value, schema) or ()
        self._references -= 1
