"""The body of a create, checked in the order and in the words of the contract."""

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from jobs.core.ids import is_uuid
from jobs.core.job import Millis
from jobs.kit.body_rules import metadata as _metadata
from jobs.kit.body_rules import require as _require
from jobs.kit.body_rules import units as _units
from jobs.kit.fingerprint import fingerprint
from jobs.kit.http import BadRequestError
from jobs.webhooks.api.body import WebhookBody

_LONGEST_CONTENT: Final = 50_000
_SHORTEST_TIMEOUT: Final[Millis] = 1000
_LONGEST_TIMEOUT: Final[Millis] = 300_000


def _user_id(value: Any) -> Any:
    _require(isinstance(value, str), "userId is required and must be a valid UUID string")
    return value


def _agent_id(value: Any) -> Any:
    _require(isinstance(value, str), "agentId must be a valid UUID string")
    return value


def _content(value: Any) -> Any:
    _require(isinstance(value, str), "content is required and must be a string")
    _require(value != "", "content cannot be empty")
    _require(
        _units(value) <= _LONGEST_CONTENT,
        f"content exceeds maximum length of {_LONGEST_CONTENT} characters",
    )
    return value


def _timeout(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    _require(number and value >= 0, "timeoutMs must be a positive number")
    _require(value >= _SHORTEST_TIMEOUT, f"timeoutMs must be at least {_SHORTEST_TIMEOUT}ms")
    _require(value <= _LONGEST_TIMEOUT, f"timeoutMs cannot exceed {_LONGEST_TIMEOUT}ms")
    return int(value)


class CreateJobBody(BaseModel):
    """Fields in the order in which their rules apply. Unknown ones are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, defer_build=True, validate_default=False)

    agentId: Annotated[str | None, BeforeValidator(_agent_id)] = None  # noqa: N815 - wire name
    userId: Annotated[str, BeforeValidator(_user_id)] = ""  # noqa: N815 - wire name
    content: Annotated[str, BeforeValidator(_content)] = ""
    metadata: Annotated[dict[str, Any], BeforeValidator(_metadata)] = {}
    timeoutMs: Annotated[int | None, BeforeValidator(_timeout)] = None  # noqa: N815 - wire name
    webhook: WebhookBody | None = None

    @model_validator(mode="after")
    def _ids_are_uuids(self) -> Self:
        _require(is_uuid(self.userId), "Invalid userId format (must be valid UUID)")
        _require(
            self.agentId is None or is_uuid(self.agentId),
            "Invalid agentId format (must be valid UUID)",
        )
        return self

    @classmethod
    def of(cls, body: Any) -> Self:
        """Check a body, or raise `BadRequestError` with the text of the first rule it breaks."""
        if not isinstance(body, dict):
            raise BadRequestError("Request body must be an object")
        required = {"userId": None, "content": None}
        try:
            return cls.model_validate(required | body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = f"{'.'.join(map(str, first['loc']))}: " if "webhook" in first["loc"] else ""
            raise BadRequestError(where + first["msg"]) from error

    def request(self, agent_id: str) -> dict[str, Any]:
        return {
            "agentId": agent_id,
            "userId": self.userId,
            "content": self.content,
            "metadata": self.metadata,
        }

    def fingerprint(self) -> str:
        return fingerprint(self.model_dump(exclude=None if self.webhook else {"webhook"}))
