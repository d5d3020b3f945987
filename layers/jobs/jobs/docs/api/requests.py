"""The documentation agents' API: parse request bodies. Unknown fields are ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
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

from jobs.core.webhook import Webhook
from jobs.core.webhook_body import URL_HEADER, WebhookBody, webhook_in_header, webhook_of
from jobs.docs.branch import is_valid_branch
from jobs.docs.create_docs_job import NewDocsJob
from jobs.docs.follow_up import NewMessage
from jobs.kit import strict_json
from jobs.kit.fingerprint import fingerprint
from jobs.kit.http import BadRequestError, Request

_MAX_BODY_BYTES: Final = 200_000
_DEFAULT_MODEL: Final = "sonnet"


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


def _check_size(value: Any) -> Any:
    if len(strict_json.dumps(value).encode()) > _MAX_BODY_BYTES:
        raise PydanticCustomError(
            "rule", f"Input should have at most {_MAX_BODY_BYTES} bytes as JSON"
        )
    return value


_LENIENT: Final = ConfigDict(strict=True, defer_build=True)

Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"enum": ["true", "false"]}]}),
]
Branch = Annotated[
    str | None,
    AfterValidator(_branch),
    Field(json_schema_extra={"format": "git-branch"}),
]


@with_config(_LENIENT)
class Message(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


@with_config(_LENIENT)
class CreateJob(TypedDict):
    """The body of a v1 create. The agent names a branch if `branch` is empty or absent."""

    messages: Annotated[
        list[Message], Field(min_length=1, max_length=200), AfterValidator(_check_size)
    ]
    branch: NotRequired[Branch]
    asDraft: NotRequired[Flag | None]
    model: NotRequired[Literal["sonnet", "opus"] | None]


@with_config(_LENIENT)
class Prompt(TypedDict):
    prompt: Annotated[str, Field(min_length=1), AfterValidator(_check_size)]


@with_config(_LENIENT)
class EventFields(TypedDict):
    """The fields of a `Job Requested` event that HTTP requests have in the path and headers."""

    projectId: Annotated[str, Field(min_length=1, max_length=64)]
    webhook: NotRequired[WebhookBody]


CREATE: Final[TypeAdapter[CreateJob]] = TypeAdapter(CreateJob)
PROMPT: Final[TypeAdapter[Prompt]] = TypeAdapter(Prompt)
EVENT_FIELDS: Final[TypeAdapter[EventFields]] = TypeAdapter(EventFields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller's tenant and project, with the request's idempotency key and webhook."""

    tenant: str
    project: str
    idempotency_key: str | None
    webhook: Webhook | None = None


def parse_event(body: Any, *, tenant: str, key: str, loopback: bool) -> NewDocsJob:
    """Parse the request of a `Job Requested` event: `EventFields` plus a body of either version.

    Raises `BadRequestError`.
    """
    about = validate(EVENT_FIELDS, body)
    caller = Caller(
        tenant=tenant,
        project=about["projectId"],
        idempotency_key=key,
        webhook=webhook_of(about.get("webhook"), loopback=loopback),
    )
    return parse_create_v2(body, caller) if "prompt" in body else parse_create_v1(body, caller)


def parse_create_v1(body: Any, caller: Caller) -> NewDocsJob:
    """Parse the body of a v1 create. Raises `BadRequestError`."""
    fields = validate(CREATE, body)
    return _new_job(
        caller,
        api=1,
        messages=[
            {"role": each["role"], "content": each["content"]} for each in fields["messages"]
        ],
        model=fields.get("model") or _DEFAULT_MODEL,
        branch=fields.get("branch"),
        draft=fields.get("asDraft") or False,
    )


def parse_create_v2(body: Any, caller: Caller) -> NewDocsJob:
    """Parse the body of a v2 create. Raises `BadRequestError`."""
    messages = [{"role": "user", "content": validate(PROMPT, body)["prompt"]}]
    return _new_job(
        caller, api=2, messages=messages, model=_DEFAULT_MODEL, branch=None, draft=False
    )


def parse_message(body: Any, caller: Caller, job_id: str) -> NewMessage:
    """Parse the body of a v2 message. Raises `BadRequestError`."""
    prompt = validate(PROMPT, body)["prompt"]
    return NewMessage(
        tenant=caller.tenant,
        project=caller.project,
        job=job_id,
        prompt=prompt,
        idempotency_key=caller.idempotency_key,
        request_hash=fingerprint(
            {"prompt": prompt, "job": job_id, "project": caller.project, **_webhook_fields(caller)}
        ),
        webhook=caller.webhook,
    )


def parse_caller(request: Request, *, loopback: bool = False) -> Caller:
    """Parse the path and headers. `loopback` allows webhooks to loopback addresses.

    Raises `BadRequestError` if the idempotency key or the webhook's URL is invalid.
    """
    return Caller(
        tenant=request.tenant,
        project=request.path("projectId"),
        idempotency_key=request.idempotency_key(),
        webhook=webhook_in_header(request.header(URL_HEADER), loopback=loopback),
    )


def _new_job(caller: Caller, **fields: Any) -> NewDocsJob:
    return NewDocsJob(
        **fields,
        tenant=caller.tenant,
        project=caller.project,
        idempotency_key=caller.idempotency_key,
        request_hash=fingerprint({**fields, "project": caller.project, **_webhook_fields(caller)}),
        webhook=caller.webhook,
    )


def _webhook_fields(caller: Caller) -> Mapping[str, Any]:
    if caller.webhook is None:
        return {}
    return {"webhook": {"url": caller.webhook.url, "events": sorted(caller.webhook.events)}}


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
