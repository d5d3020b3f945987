"""Strict JSON (RFC 8259) with limits: only values that can be stored and returned unchanged."""

import json
import math
from typing import Any, Final

MAX_DEPTH: Final = 100
MAX_DIGITS: Final = 1000


def loads(text: str) -> Any:
    """Parse JSON. Raises `ValueError` for malformed JSON, and for values that it rejects.

    Rejected values are NaN, Infinity, numbers beyond a double's range or with more than
    `MAX_DIGITS` digits, more than `MAX_DEPTH` levels, lone surrogates, and NUL characters.
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
        level = [inner for each in level for inner in _inner_values(each)]
        if not is_nested:
            return
    raise ValueError("nested too deeply")


def _inner_values(value: Any) -> list[Any]:
    """Return the values in a container, none for scalars. Raises `ValueError` for invalid text."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("NUL character")
        value.encode()  # UnicodeEncodeError, which is a ValueError, for a lone surrogate
    return []
