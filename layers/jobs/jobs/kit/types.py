"""What answers of several APIs have in common.

These modules `types` import pydantic. Import them `if TYPE_CHECKING`, so that no function pays.
"""

from typing import Annotated, Final, Literal, TypedDict

from pydantic import ConfigDict, Field, with_config

WHOLE: Final = ConfigDict(strict=True, extra="forbid")
"""A type that names all fields of an answer."""

Millis = Annotated[int, Field(ge=0, description="Milliseconds since the epoch")]
Time = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", description="ISO 8601, in UTC"),
]
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]


@with_config(WHOLE)
class Error(TypedDict):
    """`code` is for programs, `error` for people."""

    success: Literal[False]
    error: str
    code: str
