"""The documentation agents' API: parse requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jobs.core.webhook import Webhook
from jobs.core.webhook_request import URL_HEADER, webhook_in_header, webhook_of
from jobs.docs.api.bodies import CREATE, EVENT_FIELDS, PROMPT, Options, validate
from jobs.docs.api.chat import is_chat, parse_chat
from jobs.docs.create_docs_job import NewDocsJob
from jobs.docs.follow_up import NewMessage
from jobs.kit.fingerprint import fingerprint
from jobs.kit.http import Request

_DEFAULT_MODEL: Final = "sonnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller's tenant, key and project, with the request's idempotency key and webhook."""

    tenant: str
    project: str
    idempotency_key: str | None
    webhook: Webhook | None = None
    key_id: str | None = None


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
    """Parse the body of a v1 create, also one of `useChat`. Raises `BadRequestError`."""
    if is_chat(body):
        chat, messages = parse_chat(body)
        return _new_v1_job(caller, chat, messages, chat=chat.get("id"))
    fields = validate(CREATE, body)
    messages = [{"role": each["role"], "content": each["content"]} for each in fields["messages"]]
    return _new_v1_job(caller, fields, messages)


def _new_v1_job(
    caller: Caller,
    options: Options,
    messages: Sequence[Mapping[str, str]],
    *,
    chat: str | None = None,
) -> NewDocsJob:
    return _new_job(
        caller,
        api=1,
        messages=messages,
        model=options.get("model") or _DEFAULT_MODEL,
        branch=options.get("branch"),
        draft=options.get("asDraft") or False,
        **({"chat": chat} if chat else {}),  # not in the hash of other requests
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
        key_id=caller.key_id,
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
        key_id=request.key_id,
    )


def _new_job(caller: Caller, **fields: Any) -> NewDocsJob:
    return NewDocsJob(
        **fields,
        tenant=caller.tenant,
        project=caller.project,
        idempotency_key=caller.idempotency_key,
        request_hash=fingerprint({**fields, "project": caller.project, **_webhook_fields(caller)}),
        webhook=caller.webhook,
        key_id=caller.key_id,
    )


def _webhook_fields(caller: Caller) -> Mapping[str, Any]:
    if caller.webhook is None:
        return {}
    return {"webhook": {"url": caller.webhook.url, "events": sorted(caller.webhook.events)}}
