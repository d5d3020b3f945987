"""The body of a create, validated in the order and with the texts of the contract."""

from typing import Annotated, Any, Final, NotRequired, TypedDict

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    WithJsonSchema,
    with_config,
)

from jobs.core.ids import is_uuid
from jobs.core.webhook_body import WebhookBody
from jobs.kit.body_rules import Metadata, content_rule, parse, require
from jobs.kit.clock import Millis
from jobs.kit.fingerprint import fingerprint
from jobs.kit.http import BadRequestError
from jobs.kit.types import Uuid

_MAX_CONTENT: Final = 50_000
_MIN_TIMEOUT: Final[Millis] = 1000
_MAX_TIMEOUT: Final[Millis] = 300_000


def _user_id(value: Any) -> Any:
    require(isinstance(value, str), "userId is required and must be a valid UUID string")
    return value


def _agent_id(value: Any) -> Any:
    require(isinstance(value, str), "agentId must be a valid UUID string")
    return value


def _timeout(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    require(number and value >= 0, "timeoutMs must be a positive number")
    require(value >= _MIN_TIMEOUT, f"timeoutMs must be at least {_MIN_TIMEOUT}ms")
    require(value <= _MAX_TIMEOUT, f"timeoutMs cannot exceed {_MAX_TIMEOUT}ms")
    return int(value)


@with_config(ConfigDict(strict=True, defer_build=True))
class CreateJobBody(TypedDict):
    """Other fields are ignored."""

    agentId: NotRequired[
        Annotated[
            Uuid,
            Field(description="The agent's id; without it, the first available agent"),
            BeforeValidator(_agent_id),
        ]
    ]
    userId: Annotated[
        Uuid,
        Field(description="A user's id, of your own choice"),
        BeforeValidator(_user_id),
    ]
    content: Annotated[
        str,
        Field(min_length=1, max_length=_MAX_CONTENT, description="Length in UTF-16 code units"),
        content_rule(_MAX_CONTENT),
    ]
    metadata: NotRequired[Metadata]
    timeoutMs: NotRequired[
        Annotated[
            int,
            BeforeValidator(_timeout),
            WithJsonSchema(
                {
                    "type": "number",
                    "minimum": _MIN_TIMEOUT,
                    "maximum": _MAX_TIMEOUT,
                    "description": "Time from the create to the timeout",
                }
            ),
        ]
    ]
    webhook: NotRequired[WebhookBody | None]


_CREATE: Final[TypeAdapter[CreateJobBody]] = TypeAdapter(CreateJobBody)


def parse_create_job(body: Any) -> CreateJobBody:
    """Validate the body of a create. Raises `BadRequestError`."""
    parsed = parse(_CREATE, body, "userId", "content")
    for name, value in (("userId", parsed["userId"]), ("agentId", parsed.get("agentId"))):
        if value is not None and not is_uuid(value):
            raise BadRequestError(f"Invalid {name} format (must be valid UUID)")
    return parsed


def to_request(body: CreateJobBody, agent_id: str) -> dict[str, Any]:
    """Return the request that the job stores."""
    return {
        "agentId": agent_id,
        "userId": body["userId"],
        "content": body["content"],
        "metadata": body.get("metadata", {}),
    }


def fingerprint_body(body: CreateJobBody) -> str:
    """Return the hash that tells two requests with one idempotency key apart."""
    fields = {
        "agentId": body.get("agentId"),
        "userId": body["userId"],
        "content": body["content"],
        "metadata": body.get("metadata", {}),
        "timeoutMs": body.get("timeoutMs"),
    }
    webhook = body.get("webhook")
    return fingerprint({**fields, "webhook": webhook} if webhook else fields)
