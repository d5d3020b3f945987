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
    if len(text) > MAX_DIGITS or math.isinf(value):
        raise ValueError("number out of range")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("number too long")
    return int(text)


def _check(value: Any) -> None:
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        inner: list[Any] = []
        for each in level:
            if isinstance(each, str):
                _check_text(each)
            elif isinstance(each, list):
                inner += each
            elif isinstance(each, dict):
                inner += each.keys()
                inner += each.values()
        level, depth = inner, depth + 1


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ValueError("NUL character")
    text.encode()  # UnicodeEncodeError, which is a ValueError, for a lone surrogate
