"""Validation rules that bodies of several APIs share, with the texts of the messaging contract."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from jobs.kit import strict_json
from jobs.kit.http import BadRequestError

_MAX_METADATA: Final = 10_000


def require(condition: bool, text: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise PydanticCustomError("rule", "{text}", {"text": text})


def units(text: str) -> int:
    """Return the length in UTF-16 code units, as JavaScript counts."""
    return len(text.encode("utf-16-le")) // 2


def metadata(value: Any) -> Any:
    require(isinstance(value, dict), "metadata must be an object")
    require(
        units(strict_json.dumps(value)) <= _MAX_METADATA,
        f"metadata exceeds maximum size of {_MAX_METADATA} bytes",
    )
    return value


Metadata = Annotated[
    dict[str, Any],
    Field(description=f"Returned unchanged; up to {_MAX_METADATA:,} units as JSON"),
    BeforeValidator(metadata),
]


def content_rule(max_units: int) -> BeforeValidator:
    """Check a message's text: at most `max_units` UTF-16 code units."""

    def check(value: Any) -> Any:
        require(isinstance(value, str), "content is required and must be a string")
        require(value != "", "content cannot be empty")
        require(
            units(value) <= max_units, f"content exceeds maximum length of {max_units} characters"
        )
        return value

    return BeforeValidator(check)


def parse[T: Mapping[str, Any]](kind: TypeAdapter[T], body: Any, *required: str) -> T:
    """Validate a body. Raises `BadRequestError` with the text of the first broken rule.

    Rules apply in the order of the fields. The rules of an absent `required` field see None.
    """
    if not isinstance(body, dict):
        raise BadRequestError("Request body must be an object")
    try:
        return kind.validate_python(dict.fromkeys(required) | body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        ours = first["type"] == "rule"
        where = "" if ours else f"{'.'.join(map(str, first['loc']))}: "
        raise BadRequestError(where + first["msg"]) from error
