"""The streaming endpoints of the documentation agents' API: create a job, or join its stream.

An ASGI app under the Lambda Web Adapter, because Lambda's Python runtime cannot stream responses.
When a client disconnects, only its stream ends; the job runs on.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.responses import StreamingResponse
from starlette.routing import Route

from jobs.auth.api_key import Scope
from jobs.core.errors import JobNotFoundError
from jobs.core.ids import is_job_id, parse_uuid
from jobs.core.job import Job, JobRef
from jobs.docs.api import access as docs_access
from jobs.docs.api import errors as docs_errors
from jobs.docs.api import requests as docs_request
from jobs.docs.api.chat import is_chat
from jobs.docs.docs_job import KIND, docs_job_of
from jobs.docs.wiring import wiring
from jobs.kit.asgi import from_gateway, make_app
from jobs.kit.http import Request
from jobs.kit.lambda_handler import logger
from jobs.kit.output.playback import Playback
from jobs.kit.output.v4 import V4
from jobs.kit.output.v5 import V5
from jobs.kit.output.wire import START, StreamPosition, WireFormat, parse_position

_ASCII: Final = "".join(map(chr, range(32, 127)))  # needs no encoding

type Answer = Callable[[Request], Awaitable[HttpResponse]]


def endpoint(answer: Answer, *, scope: Scope) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """Make an endpoint that requires a scope, and turn errors into responses."""

    @wraps(answer)
    async def respond(http_request: HttpRequest) -> HttpResponse:
        try:
            request = await from_gateway(http_request)
            docs_access.require_scope(scope, request.scopes)
            return await answer(request)
        except Exception as error:  # noqa: BLE001 - every error gets a response
            return error_response(error)

    return respond


def error_response(error: Exception) -> HttpResponse:
    response = docs_errors.error_response(error, now=wiring.core.clock())
    if response.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("unexpected error", exc_info=error)
    logger.info("answered", extra={"status": int(response.status)})
    return HttpResponse(
        response.text,
        response.status,
        {**docs_errors.HEADERS, **response.headers},
        media_type=response.content_type,
    )


async def create_job(request: Request) -> HttpResponse:
    caller = docs_request.parse_caller(request, loopback=wiring.core.webhooks_to_loopback)
    body = request.json_of_any_type()
    new = docs_request.parse_create_v1(body, caller)
    job = await run_in_threadpool(wiring.create_and_send, new)
    return await stream_response(job, START, request, V5 if is_chat(body) else None)


async def join_job(request: Request) -> HttpResponse:
    since = parse_position(request.header("last-event-id"))
    try:
        job = await run_in_threadpool(find_job, request)
    except JobNotFoundError:
        return await join_chat(request, since)
    return await stream_response(job, since, request)


async def join_chat(request: Request, since: StreamPosition) -> HttpResponse:
    """Stream the chat's running job. A client that names no position has seen an ended one."""
    job = await run_in_threadpool(find_job_of_chat, request)
    if job is None or (since == START and job.status.is_terminal):
        return nothing_response(job)
    return await stream_response(job, since, request, V5)


def find_job(request: Request) -> Job:
    """Return the path's job. Raises `JobNotFoundError`, also for a job of another project."""
    job_id = parse_uuid(request.path("id"))
    if job_id is None:
        raise JobNotFoundError
    return get_job(JobRef(tenant=request.tenant, kind=KIND, id=job_id), request)


def find_job_of_chat(request: Request) -> Job | None:
    """Return the latest job of the path's chat, or None: `useChat` asks before there is any.

    Raises `ProjectNotFoundError`, or `JobNotFoundError` for the id of a job that does not exist.
    """
    chat, project = request.path("id"), request.path("projectId")
    latest = wiring.chats.latest(request.tenant, project, chat)
    if latest is None and is_job_id(chat):
        raise JobNotFoundError
    wiring.projects.project(request.tenant, project)
    if latest is None:
        return None
    try:
        return get_job(latest, request).as_of(wiring.core.clock())
    except JobNotFoundError:
        return None


def get_job(ref: JobRef, request: Request) -> Job:
    job = wiring.core.jobs.get(ref)
    if docs_job_of(job).project != request.path("projectId"):
        raise JobNotFoundError
    return job


async def stream_response(
    job: Job, since: StreamPosition, request: Request, wire: WireFormat | None = None
) -> HttpResponse:
    """Stream the job's output, in this format or in the one that `Accept` names.

    Answers 204 if nothing follows `since`: then `EventSource` does not come back.
    https://html.spec.whatwg.org/multipage/server-sent-events.html#server-sent-events-intro

    Raises `BadRequestError` if the position `since` does not exist.
    """
    if wire is None:
        wire = V5 if "text/event-stream" in (request.header("accept") or "").lower() else V4
    if since.at_end:
        return nothing_response(job)
    playback = Playback(wire, since)
    pieces = await wiring.tail(job.ref, playback)
    if playback.has_nothing_left:
        return nothing_response(job)
    logger.info("streaming", extra={"tenant": job.tenant, "job_id": job.id})
    return StreamingResponse(
        iter(()) if request.is_head else pieces,
        headers={**docs_errors.HEADERS, **wire.headers, **job_headers(job)},
    )


def nothing_response(job: Job | None) -> HttpResponse:
    logger.info("answered", extra={"status": int(HTTPStatus.NO_CONTENT)})
    headers = {**docs_errors.HEADERS, **(job_headers(job) if job else {})}
    return HttpResponse(None, HTTPStatus.NO_CONTENT, headers)


def job_headers(job: Job) -> dict[str, str]:
    branch = quote(docs_job_of(job).branch, safe=_ASCII)
    return {"X-Session-Id": job.id, "X-Branch-Name": branch}


create = endpoint(create_job, scope=Scope.WRITE)
join = endpoint(join_job, scope=Scope.READ)
ROUTES: Final = tuple(
    Route(f"{version}/agent/{{projectId}}/{path}", handler, methods=[method])
    for version in ("/v1", "")
    for method, path, handler in (
        ("POST", "job", create),
        ("GET", "job/{id}/stream", join),
    )
)
app = make_app(ROUTES)
