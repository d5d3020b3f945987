"""Bodies of the sessions API, checked in the order of their rules; the first one broken is told."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from jobs.core.ids import is_uuid
from jobs.kit import body_rules as rules
from jobs.kit import strict_json
from jobs.kit.body_rules import require, units
from jobs.kit.fingerprint import fingerprint
from jobs.kit.http import BadRequestError
from jobs.sessions.session import LONGEST_SESSION_MINUTES, Timeouts

_LONGEST_CONTENT: Final = 4000
_LARGEST_ATTACHMENTS: Final = 10_000
_SHORTEST_TIMEOUT: Final = 5
_LONGEST_TIMEOUT: Final = 1440

type Transport = Literal["websocket", "http", "sse"]
_TRANSPORTS: Final = {"sync": "http", "stream": "sse"}
_CONFIG: Final = ConfigDict(strict=True, frozen=True, defer_build=True, validate_default=False)


def _id(name: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        require(isinstance(value, str) and value != "", f"{name} is required and must be a string")
        require(is_uuid(value), f"Invalid {name} format (must be valid UUID)")
        return value

    return BeforeValidator(check)


def _minutes(name: str, least: int, most: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        whole = isinstance(value, int | float) and not isinstance(value, bool)
        require(
            whole and value == int(value) and least <= value <= most,
            f"{name} must be a whole number between {least} and {most} minutes",
        )
        return int(value)

    return BeforeValidator(check)


def _content(value: Any) -> Any:
    require(isinstance(value, str), "content is required and must be a string")
    require(value != "", "content cannot be empty")
    require(
        units(value) <= _LONGEST_CONTENT,
        f"content exceeds maximum length of {_LONGEST_CONTENT} characters",
    )
    return value


def _transport(value: Any) -> Any:
    known = _TRANSPORTS.get(value, value) if isinstance(value, str) else value
    require(
        known in ("websocket", "http", "sse"), "transport must be one of websocket, http and sse"
    )
    return known


def _attachments(value: Any) -> Any:
    addressed = isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("url"), str) and each["url"]
        for each in value
    )
    require(addressed, "attachments must be a list of objects with a url")
    require(
        units(strict_json.dumps(value)) <= _LARGEST_ATTACHMENTS,
        f"attachments exceed maximum size of {_LARGEST_ATTACHMENTS} bytes",
    )
    return value


def _flag(value: Any) -> Any:
    require(isinstance(value, bool), "autoRenew must be true or false")
    return value


def _object(value: Any) -> Any:
    require(isinstance(value, dict), "timeoutConfig must be an object")
    return value


class _Body(BaseModel):
    model_config = _CONFIG

    @classmethod
    def checked(cls, body: Any, *required: str) -> Self:
        """Check a body, or raise `BadRequestError` with the text of the first rule it breaks."""
        if not isinstance(body, dict):
            raise BadRequestError("Request body must be an object")
        try:
            return cls.model_validate(dict.fromkeys(required) | body)
        except ValidationError as error:
            raise BadRequestError(error.errors(include_url=False)[0]["msg"]) from error


class TimeoutConfig(_Body):
    """What is not named stays as it is."""

    timeoutMinutes: Annotated[  # noqa: N815 - wire name
        int | None, _minutes("timeoutMinutes", _SHORTEST_TIMEOUT, _LONGEST_TIMEOUT)
    ] = None
    autoRenew: Annotated[bool | None, BeforeValidator(_flag)] = None  # noqa: N815 - wire name
    maxDurationMinutes: Annotated[  # noqa: N815 - wire name
        int | None, _minutes("maxDurationMinutes", _SHORTEST_TIMEOUT, LONGEST_SESSION_MINUTES)
    ] = None
    warningThresholdMinutes: Annotated[  # noqa: N815 - wire name
        int | None, _minutes("warningThresholdMinutes", 1, _LONGEST_TIMEOUT)
    ] = None

    @classmethod
    def of(cls, body: Any) -> Self:
        return cls.checked(body)

    def changing(self, before: Timeouts) -> Timeouts:
        def known[V](new: V | None, old: V) -> V:
            return old if new is None else new

        return Timeouts(
            timeout=known(self.timeoutMinutes, before.timeout),
            auto_renew=known(self.autoRenew, before.auto_renew),
            max_duration=known(self.maxDurationMinutes, before.max_duration),
            warning=known(self.warningThresholdMinutes, before.warning),
        )


class CreateSessionBody(_Body):
    """Fields in the order in which their rules apply. Unknown ones are ignored."""

    agentId: Annotated[str, _id("agentId")] = ""  # noqa: N815 - wire name
    userId: Annotated[str, _id("userId")] = ""  # noqa: N815 - wire name
    metadata: Annotated[dict[str, Any], BeforeValidator(rules.metadata)] = {}
    timeoutConfig: Annotated[  # noqa: N815 - wire name
        TimeoutConfig, BeforeValidator(_object)
    ] = TimeoutConfig.model_construct()

    @classmethod
    def of(cls, body: Any) -> Self:
        return cls.checked(body, "agentId", "userId")


class SendMessageBody(_Body):
    """Fields in the order in which their rules apply. Unknown ones are ignored."""

    content: Annotated[str, BeforeValidator(_content)] = ""
    transport: Annotated[str, BeforeValidator(_transport)] = "websocket"
    metadata: Annotated[dict[str, Any], BeforeValidator(rules.metadata)] = {}
    attachments: Annotated[list[dict[str, Any]], BeforeValidator(_attachments)] = []

    @classmethod
    def of(cls, body: Any) -> Self:
        """Older clients call the transport `mode`."""
        if isinstance(body, dict) and "mode" in body:
            body = {"transport": body["mode"]} | body
        return cls.checked(body, "content")

    def kept_metadata(self) -> dict[str, Any]:
        """What is kept with the message beside its content."""
        return self.metadata | ({"attachments": self.attachments} if self.attachments else {})

    def fingerprint(self, session_id: str) -> str:
        return fingerprint({"session": session_id, **self.model_dump(exclude={"transport"})})
