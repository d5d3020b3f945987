"""Types that responses of several APIs share.

Modules of types import pydantic for descriptions. Import them `if TYPE_CHECKING`, so that no cold
start pays for it.
"""

from typing import Annotated, Final, Literal, NotRequired, TypedDict

from pydantic import ConfigDict, Field, with_config

CLOSED: Final = ConfigDict(strict=True, extra="forbid")
"""The type names all fields: others are errors."""

Millis = Annotated[int, Field(ge=0, description="Milliseconds since the epoch")]
Time = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", description="ISO 8601, in UTC"),
]
ErrorClass = Annotated[
    Literal[
        "credentials",
        "not_found",
        "quota",
        "refused",
        "unavailable",
        "timeout",
        "bad_answer",
        "internal",
    ],
    Field(description="What kind of failure it was, for programs; `error` is for people"),
]
"""The values of `jobs.kit.errors.FailureClass`."""
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]


@with_config(CLOSED)
class Error(TypedDict):
    """`code` is for programs, `error` for people; `errorClass` is about a failed service."""

    success: Literal[False]
    error: str
    code: str
    errorClass: NotRequired[ErrorClass]
