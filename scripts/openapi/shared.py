"""What the documents of several APIs say alike."""

from typing import Annotated, Any, Final, Literal, TypedDict

from pydantic import ConfigDict, Field, with_config

WHOLE: Final = ConfigDict(strict=True, extra="forbid")

Millis = Annotated[int, Field(ge=0, description="Milliseconds since the epoch")]
Time = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", description="ISO 8601, in UTC"),
]
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
JobId = Annotated[str, Field(description="As the job's create has answered; a UUID")]

IDEMPOTENCY_KEY: Final = {
    "Idempotency-Key": Annotated[
        str,
        Field(
            min_length=1,
            max_length=255,
            description="Any printable text. For 24 hours, the same key with the same body is"
            " answered with what the first request has made; with another body it is a 409",
        ),
    ]
}
RETRY_AFTER: Final = {
    "Retry-After": Annotated[int, Field(ge=0, description="Seconds to wait before trying again")]
}
API_KEY: Final[dict[str, Any]] = {
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "`sortie_…`, a tenant's key. Whoever has it sees all of the tenant's jobs,"
        " and nobody else's",
    }
}


@with_config(WHOLE)
class Error(TypedDict):
    """`code` is for programs, `error` for people."""

    success: Literal[False]
    error: str
    code: str
