"""The streams of the messaging API: a job's answer while the agent says it, and chats.

An ASGI app under the Lambda Web Adapter as `jobs.docs.api.stream` is. When a client disconnects,
only its stream ends; the job runs on.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial, wraps
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.responses import StreamingResponse
from starlette.routing import Route

from jobs.core.job import Job, JobRef
from jobs.core.rate_headers import rate_headers
from jobs.kit.asgi import from_gateway
from jobs.kit.http import Request
from jobs.kit.lambda_handler import logger
from jobs.kit.output.playback import Playback
from jobs.kit.output.v4 import V4
from jobs.kit.output.v5 import V5
from jobs.kit.output.wire import START, parse_position
from jobs.messaging.api import responses as messaging
from jobs.messaging.api.chat import parse_chat
from jobs.messaging.api.web import handle_error, to_http
from jobs.messaging.errors import PaymentNotSupportedError
from jobs.messaging.wiring import wiring

type Answer = Callable[[Request], Awaitable[HttpResponse]]
type ReadJob = Callable[[JobRef], Job]


def endpoint(answer: Answer) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """Turn errors into responses."""

    @wraps(answer)
    async def respond(http_request: HttpRequest) -> HttpResponse:
        headers: dict[str, str] = {}
        try:
            request = await from_gateway(http_request)
            headers = request.answer_headers
            return await answer(request)
        except Exception as error:  # noqa: BLE001 - every error gets a response
            return to_http(handle_error(messaging.ERRORS, error, wiring.core.clock()), headers)

    return respond


async def join_job(read_job: ReadJob, request: Request) -> HttpResponse:
    job = await run_in_threadpool(read_job, messaging.parse_ref(request))
    wire = V4 if "text/plain" in (request.header("accept") or "").lower() else V5
    since = parse_position(request.header("last-event-id"))
    return await stream_response(request, job, Playback(wire, since))


async def send_message(request: Request) -> HttpResponse:
    job = await run_in_threadpool(create_job, request)
    logger.info("message added", extra={"tenant": job.tenant, "job_id": job.id})
    return await stream_response(request, job, Playback(V5, START))


def create_job(request: Request) -> Job:
    if wiring.closed:
        raise PaymentNotSupportedError
    message = parse_chat(request.json())
    allowance = wiring.limit_messages(request.tenant, message.idempotency_key)
    request.answer_headers.update(rate_headers(allowance))
    return wiring.chat.send(request.tenant, message, key_id=request.key_id)


async def resume_chat(request: Request) -> HttpResponse:
    """Stream the chat's running answer from its beginning."""
    chat = request.path("chatId")
    job = await run_in_threadpool(wiring.chat.find_running, request.tenant, chat)
    if job is None:
        return nothing_response({})
    return await stream_response(request, job, Playback(V5, START))


async def stream_response(request: Request, job: Job, playback: Playback) -> HttpResponse:
    """Stream what follows the playback's position, or answer 204: then no client comes back.

    Raises `BadRequestError` for a position that the stream does not have.
    """
    headers = {"X-Job-Id": job.id, **request.answer_headers}
    if playback.seen.at_end:
        return nothing_response(headers)
    pieces = await wiring.follow_answer(job, playback)
    if playback.has_nothing_left:
        return nothing_response(headers)
    logger.info("streaming", extra={"tenant": job.tenant, "job_id": job.id})
    return StreamingResponse(
        iter(()) if request.is_head else pieces,
        headers={**messaging.HEADERS, **playback.headers, **headers},
    )


def nothing_response(headers: dict[str, str]) -> HttpResponse:
    logger.info("answered", extra={"status": int(HTTPStatus.NO_CONTENT)})
    return HttpResponse(None, HTTPStatus.NO_CONTENT, {**messaging.HEADERS, **headers})


CHAT: Final = "/api/messaging/chat"


def make_routes(read_job: ReadJob) -> Sequence[Route]:
    """`read_job` raises `JobNotFoundError` for jobs that the caller may not see."""
    join = endpoint(partial(join_job, read_job))
    return (
        Route("/api/messaging/jobs/{jobId}/stream", join, methods=["GET"]),
        Route(CHAT, endpoint(send_message), methods=["POST"]),
        Route(f"{CHAT}/{{chatId}}/stream", endpoint(resume_chat), methods=["GET"]),
    )
