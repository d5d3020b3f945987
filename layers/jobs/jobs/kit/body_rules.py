"""Rules that bodies of several APIs share, in the words of the messaging contract."""

from typing import Any, Final

from pydantic_core import PydanticCustomError

from jobs.kit import strict_json

_LARGEST_METADATA: Final = 10_000


def require(condition: bool, text: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise PydanticCustomError("rule", "{text}", {"text": text})


def units(text: str) -> int:
    """Length as JavaScript counts it: in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def metadata(value: Any) -> Any:
    require(isinstance(value, dict), "metadata must be an object")
    require(
        units(strict_json.dumps(value)) <= _LARGEST_METADATA,
        f"metadata exceeds maximum size of {_LARGEST_METADATA} bytes",
    )
    return value
