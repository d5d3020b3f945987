"""The documentation agents' API: request bodies, as types that pydantic validates.

Unknown fields are ignored.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    with_config,
)
from pydantic_core import PydanticCustomError

from jobs.core.webhook_body import WebhookBody
from jobs.docs.branch import is_valid_branch
from jobs.kit import strict_json
from jobs.kit.http import BadRequestError

_MAX_BODY_BYTES: Final = 200_000
MAX_MESSAGES: Final = 200


def _flag(value: Any) -> Any:
    """Convert the strings `true` and `false`, which some clients send."""
    return (
        {"true": True, "false": False}.get(value.lower(), value)
        if isinstance(value, str)
        else value
    )


def _branch(name: str | None) -> str | None:
    if name and not is_valid_branch(name):
        raise PydanticCustomError("rule", "Input should be the name of a branch as git allows it")
    return name or None


def check_size(value: Any) -> Any:
    if len(strict_json.dumps(value).encode()) > _MAX_BODY_BYTES:
        raise PydanticCustomError(
            "rule", f"Input should have at most {_MAX_BODY_BYTES} bytes as JSON"
        )
    return value


CONFIG: Final = ConfigDict(strict=True, defer_build=True)

Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema({"type": "boolean"}),  # the strings are for older clients only
]
Branch = Annotated[
    str | None,
    AfterValidator(_branch),
    Field(json_schema_extra={"format": "git-branch"}),
]


@with_config(CONFIG)
class Message(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


class Options(TypedDict):
    """The agent names a branch if `branch` is empty or absent."""

    branch: NotRequired[Branch]
    asDraft: NotRequired[Flag | None]
    model: NotRequired[Literal["sonnet", "opus"] | None]


@with_config(CONFIG)
class CreateJob(Options):
    """The body of a v1 create."""

    messages: Annotated[
        list[Message], Field(min_length=1, max_length=MAX_MESSAGES), AfterValidator(check_size)
    ]


@with_config(CONFIG)
class Prompt(TypedDict):
    prompt: Annotated[str, Field(min_length=1), AfterValidator(check_size)]


@with_config(CONFIG)
class EventFields(TypedDict):
    """The fields of a `Job Requested` event that HTTP requests have in the path and headers."""

    projectId: Annotated[str, Field(min_length=1, max_length=64)]
    webhook: NotRequired[WebhookBody]


CREATE: Final[TypeAdapter[CreateJob]] = TypeAdapter(CreateJob)
PROMPT: Final[TypeAdapter[Prompt]] = TypeAdapter(Prompt)
EVENT_FIELDS: Final[TypeAdapter[EventFields]] = TypeAdapter(EventFields)


def validate[T: Mapping[str, Any]](kind: TypeAdapter[T], body: Any) -> T:
    """Return the body's known fields. Raises `BadRequestError` for the first invalid field."""
    if not isinstance(body, dict):
        raise BadRequestError("Request body must be an object")
    try:
        return kind.validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRequestError(f"{where}: {first['msg']}") from error
