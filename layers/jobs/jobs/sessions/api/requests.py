"""The sessions API: request bodies, validated in the order of the rules."""

from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    WithJsonSchema,
    with_config,
)

from jobs.core.ids import is_uuid
from jobs.kit import strict_json
from jobs.kit.body_rules import Metadata, content_rule, parse, rule
from jobs.kit.fingerprint import fingerprint
from jobs.kit.rules import require, units
from jobs.kit.types import Uuid
from jobs.sessions.session import MAX_SESSION_MINUTES, Timeouts

_MAX_CONTENT: Final = 4000
_MAX_ATTACHMENTS: Final = 10_000
_MIN_TIMEOUT: Final = 5
_MAX_TIMEOUT: Final = 1440

type Transport = Literal["websocket", "http", "sse"]
_TRANSPORTS: Final[dict[str, Transport]] = {
    "websocket": "websocket",
    "http": "http",
    "sse": "sse",
    "sync": "http",
    "stream": "sse",
}


def _id(name: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        require(isinstance(value, str) and value != "", f"{name} is required and must be a string")
        require(is_uuid(value), f"Invalid {name} format (must be valid UUID)")
        return value

    return rule(check)


def _minutes(name: str, minimum: int, maximum: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        require(
            is_number and value == int(value) and minimum <= value <= maximum,
            f"{name} must be a whole number between {minimum} and {maximum} minutes",
        )
        return int(value)

    return rule(check)


def _transport(value: Any) -> Any:
    known = _TRANSPORTS.get(value) if isinstance(value, str) else None
    require(known is not None, "transport must be one of websocket, http and sse")
    return known


def _attachments(value: Any) -> Any:
    addressed = isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("url"), str) and each["url"]
        for each in value
    )
    require(addressed, "attachments must be a list of objects with a url")
    require(
        units(strict_json.dumps(value)) <= _MAX_ATTACHMENTS,
        f"attachments exceed maximum size of {_MAX_ATTACHMENTS} bytes",
    )
    return value


def _flag(value: Any) -> Any:
    require(isinstance(value, bool), "autoRenew must be true or false")
    return value


def _object(value: Any) -> Any:
    require(isinstance(value, dict), "timeoutConfig must be an object")
    return value


_CONFIG: Final = ConfigDict(strict=True, defer_build=True)


@with_config(_CONFIG)
class TimeoutConfig(TypedDict, total=False):
    """Fields that are absent stay unchanged."""

    timeoutMinutes: Annotated[
        int,
        Field(
            ge=_MIN_TIMEOUT,
            le=_MAX_TIMEOUT,
            description="Time without use until the session expires",
        ),
        _minutes("timeoutMinutes", _MIN_TIMEOUT, _MAX_TIMEOUT),
    ]
    autoRenew: Annotated[
        bool,
        Field(description="Whether use renews the session"),
        rule(_flag),
    ]
    maxDurationMinutes: Annotated[
        int,
        Field(
            ge=_MIN_TIMEOUT,
            le=MAX_SESSION_MINUTES,
            description="Total time, whatever the use",
        ),
        _minutes("maxDurationMinutes", _MIN_TIMEOUT, MAX_SESSION_MINUTES),
    ]
    warningThresholdMinutes: Annotated[
        int,
        Field(
            ge=1,
            le=_MAX_TIMEOUT,
            description="Time before the end when isNearExpiration becomes true",
        ),
        _minutes("warningThresholdMinutes", 1, _MAX_TIMEOUT),
    ]


@with_config(_CONFIG)
class CreateSessionBody(TypedDict):
    """Other fields are ignored."""

    agentId: Annotated[Uuid, Field(description="The agent's id"), _id("agentId")]
    userId: Annotated[Uuid, Field(description="A user's id, of your own choice"), _id("userId")]
    metadata: NotRequired[Metadata]
    timeoutConfig: NotRequired[Annotated[TimeoutConfig, rule(_object)]]


@with_config(_CONFIG)
class SendMessageBody(TypedDict):
    """Other fields are ignored."""

    content: Annotated[
        str,
        Field(min_length=1, max_length=_MAX_CONTENT, description="Length in UTF-16 code units"),
        content_rule(_MAX_CONTENT),
    ]
    transport: NotRequired[
        Annotated[
            Transport,
            rule(_transport),
            WithJsonSchema(
                {
                    "type": "string",
                    "enum": [*_TRANSPORTS],
                    "description": "How the answer comes: later, among the session's messages"
                    " (websocket, the default), in the response (http or sync), or as a stream"
                    " (sse or stream)",
                }
            ),
        ]
    ]
    metadata: NotRequired[Metadata]
    attachments: NotRequired[
        Annotated[
            list[dict[str, Any]],
            rule(_attachments),
            WithJsonSchema(
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "description": "Other fields are kept.",
                        "properties": {"url": {"type": "string", "minLength": 1}},
                        "required": ["url"],
                    },
                    "description": f"Up to {_MAX_ATTACHMENTS:,} units as JSON",
                }
            ),
        ]
    ]


_TIMEOUTS: Final[TypeAdapter[TimeoutConfig]] = TypeAdapter(TimeoutConfig)
_CREATE: Final[TypeAdapter[CreateSessionBody]] = TypeAdapter(CreateSessionBody)
_SEND: Final[TypeAdapter[SendMessageBody]] = TypeAdapter(SendMessageBody)


def parse_timeouts(body: Any) -> TimeoutConfig:
    """Validate the body of a timeout change. Raises `BadRequestError`."""
    return parse(_TIMEOUTS, body)


def parse_create_session(body: Any) -> CreateSessionBody:
    """Validate the body of a create. Raises `BadRequestError`."""
    return parse(_CREATE, body, "agentId", "userId")


def parse_send_message(body: Any) -> SendMessageBody:
    """Validate the body of a message; older clients send the transport as `mode`.

    Raises `BadRequestError`.
    """
    if isinstance(body, dict) and "mode" in body:
        body = {"transport": body["mode"]} | body
    return parse(_SEND, body, "content")


def change_timeouts(before: Timeouts, body: TimeoutConfig) -> Timeouts:
    return Timeouts(
        timeout=body.get("timeoutMinutes", before.timeout),
        auto_renew=body.get("autoRenew", before.auto_renew),
        max_duration=body.get("maxDurationMinutes", before.max_duration),
        warning=body.get("warningThresholdMinutes", before.warning),
    )


def to_metadata(body: SendMessageBody) -> dict[str, Any]:
    """Return the metadata that the message stores, attachments included."""
    attachments = body.get("attachments")
    return body.get("metadata", {}) | ({"attachments": attachments} if attachments else {})


def fingerprint_body(body: SendMessageBody, session_id: str) -> str:
    return fingerprint({
        "session": session_id,
        "content": body["content"],
        "metadata": body.get("metadata", {}),
        "attachments": body.get("attachments", []),
    })  # fmt: skip
