"""Rules for bodies as validators of pydantic."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from jobs.kit import rules
from jobs.kit.http import BadRequestError


def rule(check: Callable[[Any], Any]) -> BeforeValidator:
    """Return the validator of a rule that raises `BadRequestError`."""

    def validate(value: Any) -> Any:
        try:
            return check(value)
        except BadRequestError as error:
            raise PydanticCustomError("rule", "{text}", {"text": str(error)}) from error

    return BeforeValidator(validate)


def _to_whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole: Final = BeforeValidator(_to_whole)
"""Takes 5.0 for 5: JSON has one type of number, and some clients write all of them as floats."""


Metadata = Annotated[
    dict[str, Any],
    Field(description=f"Returned unchanged; up to {rules.MAX_METADATA:,} units as JSON"),
    rule(rules.check_metadata),
]


def content_rule(max_units: int) -> BeforeValidator:
    return rule(partial(rules.check_content, max_units=max_units))


def parse[T: Mapping[str, Any]](kind: TypeAdapter[T], body: Any, *required: str) -> T:
    """Validate a body. Raises `BadRequestError` with the text of the first broken rule.

    Rules apply in the order of the fields. The rules of an absent `required` field see None.
    """
    if not isinstance(body, dict):
        raise BadRequestError("Request body must be an object")
    try:
        return kind.validate_python(dict.fromkeys(required) | body)
    except ValidationError as error:
        raise to_bad_request(error) from error


def to_bad_request(error: ValidationError, *where: str) -> BadRequestError:
    """Return the first error of a body, or of a part of it at `where`."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "rule":
        return BadRequestError(first["msg"])
    return BadRequestError(f"{'.'.join(map(str, (*where, *first['loc'])))}: {first['msg']}")
