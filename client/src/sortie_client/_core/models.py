"""Dataclasses decoded from JSON. JSON names are in camel case, unless a field names another."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from sortie_client.errors import UnexpectedResponseError


@dataclass(frozen=True, kw_only=True)
class Model:
    """`raw`: the JSON object as the server sent it, unknown fields included."""

    raw: Mapping[str, Any] = field(repr=False, compare=False)


def decode[M: Model](kind: type[M], data: Any) -> M:
    """Ignores unknown fields and treats null as absent. Raises `UnexpectedResponseError`."""
    if not isinstance(data, dict):
        raise UnexpectedResponseError(f"{kind.__name__} must be a JSON object, not {data!r:.80}")
    hints = get_type_hints(kind)
    values = {
        it.name: _value(hints[it.name], data[_json_name(it)], f"{kind.__name__}.{it.name}")
        for it in fields(kind)
        if it.name != "raw" and data.get(_json_name(it)) is not None
    }
    try:
        return kind(raw=data, **values)
    except TypeError as error:  # its message names the missing fields
        raise UnexpectedResponseError(f"The response is incomplete: {error}") from error


def _value(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, UnionType):
        [hint] = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) is Sequence:
        [element] = get_args(hint)
        return tuple(_value(element, each, where) for each in _checked(list, value, where))
    kind = get_origin(hint) or hint
    return decode(kind, value) if issubclass(kind, Model) else _scalar(kind, value, where)


def _scalar(kind: type, value: Any, where: str) -> Any:
    try:
        if issubclass(kind, Enum):
            return kind(value)
        if kind is datetime:
            return _datetime(value)
    except (ValueError, TypeError) as error:
        raise UnexpectedResponseError(f"{where} has an invalid value: {value!r:.80}") from error
    return _checked(dict if kind is Mapping else kind, value, where)


def _datetime(value: Any) -> datetime:
    """`value`: epoch milliseconds, or ISO 8601."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC)
    return datetime.fromisoformat(value)


def _checked(kind: type, value: Any, where: str) -> Any:
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted):
        raise UnexpectedResponseError(f"{where} has an invalid value: {value!r:.80}")
    return value


def _json_name(it: Field[Any]) -> str:
    return str(it.metadata.get("json") or camel_case(it.name))


def camel_case(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)
