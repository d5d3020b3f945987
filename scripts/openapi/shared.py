"""What the documents of several APIs say alike."""

from typing import Annotated, Any, Final

from pydantic import Field

from jobs.kit.http import MAX_KEY_LENGTH

JobId = Annotated[str, Field(description="As the job's create has answered; a UUID")]

IDEMPOTENCY_KEY: Final = {
    "Idempotency-Key": Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_KEY_LENGTH,
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
