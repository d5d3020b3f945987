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
from jobs.core.ids import is_uuid
from jobs.core.job import Job, JobRef
from jobs.docs.api import access as docs_access
from jobs.docs.api import errors as docs_errors
from jobs.docs.api import requests as docs_request
from jobs.docs.api.ai_stream import START, StreamPosition, parse_position
from jobs.docs.api.ai_v4 import V4
from jobs.docs.api.ai_v5 import V5
from jobs.docs.api.playback import Playback
from jobs.docs.docs_job import KIND, docs_job_of
from jobs.docs.wiring import wiring
from jobs.kit.asgi import from_gateway, make_app
from jobs.kit.http import Request
from jobs.kit.lambda_handler import logger

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
    new = docs_request.parse_create_v1(request.json_of_any_type(), caller)
    job = await run_in_threadpool(wiring.create_docs_job, new)
    return await stream_response(job, START, request)


async def join_job(request: Request) -> HttpResponse:
    since = parse_position(request.header("last-event-id"))
    job = await run_in_threadpool(find_job, request)
    return await stream_response(job, since, request)


def find_job(request: Request) -> Job:
    """Return the path's job. Raises `JobNotFoundError`, also for a job of another project."""
    job_id = request.path("id")
    if not is_uuid(job_id):
        raise JobNotFoundError(job_id)
    ref = JobRef(tenant=request.tenant, kind=KIND, id=job_id)
    job = wiring.core.jobs.get(ref)
    if docs_job_of(job).project != request.path("projectId"):
        raise JobNotFoundError(job_id)
    return job


async def stream_response(job: Job, since: StreamPosition, request: Request) -> HttpResponse:
    """Stream the job's output. Raises `BadRequestError` if the position `since` does not exist."""
    wire = V5 if "text/event-stream" in (request.header("accept") or "").lower() else V4
    pieces = await wiring.tail(job.ref, Playback(wire, since))
    logger.info("streaming", extra={"tenant": job.tenant, "job_id": job.id})
    return StreamingResponse(
        pieces,
        headers={
            **docs_errors.HEADERS,
            **wire.headers,
            "X-Session-Id": job.id,
            "X-Branch-Name": quote(docs_job_of(job).branch, safe=_ASCII),
        },
    )


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
