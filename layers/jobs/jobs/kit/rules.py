"""Rules for bodies, with the texts of the messaging contract; without pydantic, for cold starts."""

from typing import Any, Final

from jobs.kit import strict_json
from jobs.kit.http import BadRequestError

MAX_METADATA: Final = 10_000


def require(condition: bool, text: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise BadRequestError(text)


def units(text: str) -> int:
    """Return the length in UTF-16 code units, as JavaScript counts."""
    return len(text.encode("utf-16-le")) // 2


def check_metadata(value: Any) -> Any:
    require(isinstance(value, dict), "metadata must be an object")
    require(
        units(strict_json.dumps(value)) <= MAX_METADATA,
        f"metadata exceeds maximum size of {MAX_METADATA} bytes",
    )
    return value


def check_content(value: Any, max_units: int) -> Any:
    """Check a message's text: at most `max_units` UTF-16 code units."""
    require(isinstance(value, str), "content is required and must be a string")
    require(value != "", "content cannot be empty")
    require(units(value) <= max_units, f"content exceeds maximum length of {max_units} characters")
    return value
