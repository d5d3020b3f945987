"""Leave out of a document what only callers of a stack with payments need."""

from collections.abc import Iterator
from typing import Any, Final

_SCHEMES: Final = frozenset({"x402", "x402v2"})
_HEADERS: Final = frozenset({
    "PAYMENT-REQUIRED", "PAYMENT-RESPONSE", "PAYMENT-SIGNATURE", "X-PAYMENT", "X-PAYMENT-NETWORK",
    "X-PAYMENT-RESPONSE", "X-PAYMENT-SIGNATURE",
})  # fmt: skip
_NAMES: Final = _SCHEMES | _HEADERS | {"402", "x-payment-info"}


def without_payments(document: Any) -> Any:
    """Return the document without credentials, parameters, headers and responses of payments."""
    shown = _without(document)
    schemas = shown.get("components", {}).get("schemas", {})
    while unused := schemas.keys() - set(_references(shown)):
        for name in unused:
            del schemas[name]
    return shown


def _without(part: Any) -> Any:
    if isinstance(part, list):
        return [_without(each) for each in part if not _belongs_to_payments(each)]
    if not isinstance(part, dict):
        return part
    return {name: _without(each) for name, each in part.items() if name not in _NAMES}


def _belongs_to_payments(entry: Any) -> bool:
    """Return whether an entry of a list is a parameter or a way to authenticate of payments."""
    if not isinstance(entry, dict):
        return False
    return entry.get("name") in _HEADERS or bool(entry and entry.keys() <= _SCHEMES)


def _references(part: Any) -> Iterator[str]:
    """Yield the name of each schema that a part refers to."""
    if isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            yield reference.rpartition("/")[2]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _references(each)
