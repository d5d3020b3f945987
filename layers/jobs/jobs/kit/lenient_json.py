"""Lenient JSON, for what models and their endpoints say.

Callers may not send what `strict_json` rejects. In an answer, one such character or number must
not spoil the rest, which may have been paid for.
"""

import json
import re
from typing import Any, Final

from jobs.kit.strict_json import MAX_DEPTH, MAX_DIGITS

_REPLACEMENT: Final = "\ufffd"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CHARSET: Final = re.compile(r"charset=\"?([\w.-]{1,40})", re.ASCII)


def loads(text: str) -> Any:
    """Parse JSON, raw control characters in strings included.

    NaN, infinities and numbers with too many digits become None. Raises `ValueError`.
    """
    try:
        return json.loads(
            text, strict=False, parse_constant=lambda _: None, parse_float=_float, parse_int=_int
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def clean(text: str) -> str:
    """Join the halves of surrogate pairs, replace lone ones, and drop NUL characters."""
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "")


def clean_values(value: Any, *, depth: int = MAX_DEPTH) -> Any:
    """Clean all texts in a value. Raises `ValueError` if it is nested too deeply."""
    if isinstance(value, str):
        return clean(value)
    if not isinstance(value, dict | list):
        return value
    if not depth:
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [clean_values(each, depth=depth - 1) for each in value]
    return {clean(str(k)): clean_values(each, depth=depth - 1) for k, each in value.items()}


def decode(raw: bytes, content_type: str = "") -> str:
    """Decode JSON, which is UTF-8; try the declared charset if it is not."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        named = _CHARSET.search(content_type)
        try:
            return raw.decode(named[1] if named else "utf-8", "replace")
        except (LookupError, ValueError):
            return raw.decode(errors="replace")


class TextJoiner:
    """Cleans text that comes in pieces: a pair of surrogates may be cut in two."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        text = self._half + piece
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return clean(text.removesuffix(self._half) if self._half else text)

    def end(self) -> str:
        half, self._half = self._half, ""
        return _REPLACEMENT if half else ""


def _float(text: str) -> float | None:
    value = float(text)
    return None if len(text) > MAX_DIGITS or value in {float("inf"), float("-inf")} else value


def _int(text: str) -> int | None:
    return None if len(text) > MAX_DIGITS else int(text)
