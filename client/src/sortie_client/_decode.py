"""JSON as objects: each field by its name in camel case, unless its metadata names another."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from sortie_client.errors import UnexpectedAnswerError


@dataclass(frozen=True, kw_only=True)
class Model:
    """`raw` is what the server said, what this client does not know included."""

    raw: Mapping[str, Any] = field(repr=False, compare=False)


def decode[M: Model](kind: type[M], said: Any) -> M:
    """Raises `UnexpectedAnswerError`. What is unknown is ignored, null is as good as absent."""
    if not isinstance(said, dict):
        raise UnexpectedAnswerError(f"{kind.__name__} should be an object, not {said!r:.80}")
    hints = get_type_hints(kind)
    values = {
        it.name: _value(hints[it.name], said[_wire_name(it)], f"{kind.__name__}.{it.name}")
        for it in fields(kind)
        if it.name != "raw" and said.get(_wire_name(it)) is not None
    }
    try:
        return kind(raw=said, **values)
    except TypeError as error:  # it names what is missing
        raise UnexpectedAnswerError(f"An answer is incomplete: {error}") from error


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
            return _moment(value)
    except (ValueError, TypeError) as error:
        raise UnexpectedAnswerError(f"{where} cannot be {value!r:.80}") from error
    return _checked(dict if kind is Mapping else kind, value, where)


def _moment(value: Any) -> datetime:
    """Epoch milliseconds, or ISO 8601."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC)
    return datetime.fromisoformat(value)


def _checked(kind: type, value: Any, where: str) -> Any:
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted):
        raise UnexpectedAnswerError(f"{where} cannot be {value!r:.80}")
    return value


def _wire_name(it: Field[Any]) -> str:
    first, *more = it.name.split("_")
    return str(it.metadata.get("wire") or first + "".join(word.capitalize() for word in more))
