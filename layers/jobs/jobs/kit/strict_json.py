"""JSON as RFC 8259 has it, within limits: nothing gets in that cannot be stored and given back."""

import json
import math
from typing import Any, Final

MAX_DEPTH: Final = 100
MAX_DIGITS: Final = 1000


def loads(text: str) -> Any:
    """Parse, or raise `ValueError`.

    Refused beside what is no JSON: NaN, Infinity and numbers beyond a double's
    range, more than `MAX_DIGITS` in a number, more than `MAX_DEPTH` levels,
    lone surrogates, NUL characters.
    """
    try:
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_float, parse_int=_integer
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _check(value)
    return value


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if _digits(text) > MAX_DIGITS or math.isinf(value):
        raise ValueError("number out of range")
    return value


def _integer(text: str) -> int:
    if _digits(text) > MAX_DIGITS:
        raise ValueError("number too long")
    return int(text)


def _digits(number: str) -> int:
    return sum(map(str.isdigit, number))


def _check(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        is_nested = any(isinstance(each, list | dict) for each in level)
        level = [inner for each in level for inner in _checked(each)]
        if not is_nested:
            return
    raise ValueError("nested too deeply")


def _checked(value: Any) -> list[Any]:
    """Return what is in a container; scalars have nothing in them, and text must be storable."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("NUL character")
        value.encode()  # UnicodeEncodeError, which is a ValueError, for a lone surrogate
    return []
