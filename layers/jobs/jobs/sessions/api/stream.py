"""Add messages to sessions; respond at once, after the agent's answer, or with a stream.

Some responses of this route are streams, so all of them come from this ASGI app under the
Lambda Web Adapter as `jobs.docs.api.stream` is.
"""

import time
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from itertools import count
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.responses import StreamingResponse
from starlette.routing import Route

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job
from jobs.core.rate_headers import rate_headers
from jobs.core.rate_limit import RateLimitedError
from jobs.kit import strict_json
from jobs.kit.asgi import from_gateway, make_app
from jobs.kit.clock import Millis
from jobs.kit.error_table import error_response
from jobs.kit.errors import UnavailableError
from jobs.kit.http import Request, Response
from jobs.kit.lambda_handler import logger
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import requests
from jobs.sessions.api import responses as sessions
from jobs.sessions.api.requests import SendMessageBody
from jobs.sessions.errors import PaymentNotSupportedError
from jobs.sessions.send_message import NewMessage, SentMessage
from jobs.sessions.session import answer_in, question_in
from jobs.sessions.wiring import wiring

MAX_WAIT_MS: Final[Millis] = 25_000
HEARTBEAT: Final = b": still at it\n\n"
HEARTBEAT_S: Final = 5.0
POLL_PAUSES_S: Final = (0.1, 0.15, 0.2, 0.3, 0.5)
"""Between reads of the job; the last pause repeats."""

_GONE: Final = "The message is gone"


async def send_message(http_request: HttpRequest) -> HttpResponse:
    headers: dict[str, str] = {}
    try:
        request = await from_gateway(http_request)
        headers = request.answer_headers
        body = requests.parse_send_message(request.json())
        sent = await run_in_threadpool(add_message, request, body)
        logger.info("message added", extra={"tenant": request.tenant, "job_id": sent.job.id})
        transport = body.get("transport", "websocket")
        if transport == "sse":
            return stream_response(sent, headers)
        waits = transport == "http"
        job = await run_in_threadpool(wait_for_answer, sent.job) if waits else sent.job
        return to_http(sessions.sent_response(sent, job, wiring.core.clock()), headers)
    except Exception as error:  # noqa: BLE001 - the caller gets an error response
        return to_http(handle_error(error), headers)


def add_message(request: Request, body: SendMessageBody) -> SentMessage:
    if wiring.closed:
        raise PaymentNotSupportedError
    session_id, key = sessions.parse_session_id(request), request.idempotency_key()
    allowance = wiring.messaging.limit_messages(request.tenant, key)
    request.answer_headers.update(rate_headers(allowance))
    return wiring.send_message(
        NewMessage(
            tenant=request.tenant,
            session=session_id,
            content=body["content"],
            metadata=requests.to_metadata(body),
            idempotency_key=key,
            request_hash=requests.fingerprint_body(body, session_id),
            key_id=request.key_id,
        )
    )


def wait_for_answer(job: Job) -> Job:
    return wiring.core.wait_for_job(job, timeout=MAX_WAIT_MS)


def handle_error(error: Exception) -> Response:
    if isinstance(error, RateLimitedError):
        return messaging.limited_response(error, wiring.core.clock())
    response = error_response(sessions.ERRORS, error)
    if response.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("unexpected error", exc_info=error)
    return response


def to_http(response: Response, headers: Mapping[str, str]) -> HttpResponse:
    logger.info("answered", extra={"status": int(response.status)})
    return HttpResponse(
        response.text,
        response.status,
        {**messaging.HEADERS, **headers, **response.headers},
        media_type=response.content_type,
    )


def stream_response(sent: SentMessage, headers: Mapping[str, str]) -> HttpResponse:
    return StreamingResponse(
        stream_events(sent),
        HTTPStatus.OK,
        {**messaging.HEADERS, **headers},
        media_type="text/event-stream",
    )


async def stream_events(sent: SentMessage) -> AsyncIterator[bytes]:
    """Yield the user's message, then the answer or the error; heartbeats in between."""
    yield to_event("user_message", sessions.to_message(question_in(sent.job)))
    last_sent = time.monotonic()
    async with wiring.core.pauses(sent.job.ref) as pause:
        for polls in count():
            ended = await run_in_threadpool(read_outcome, sent.job)
            if ended is not None:
                for piece in answer_events(ended):
                    yield piece
                return
            if time.monotonic() >= last_sent + HEARTBEAT_S:
                last_sent = time.monotonic()
                yield HEARTBEAT
            await pause(POLL_PAUSES_S[min(polls, len(POLL_PAUSES_S) - 1)])


def read_outcome(job: Job) -> Job | str | None:
    """Return the ended job, or an error text if the job is gone; None while it has not ended."""
    try:
        has_ended = wiring.core.clock() >= job.deadline or (
            wiring.core.jobs.status_of(job.ref).is_terminal
        )
        ended = wiring.core.get_job(job.ref) if has_ended else None
    except UnavailableError:
        return None  # the next poll tries again
    except JobNotFoundError:
        return _GONE
    return ended


def answer_events(ended: Job | str) -> list[bytes]:
    if isinstance(ended, str):
        return [to_event("error", {"error": ended})]
    answer = answer_in(ended)
    if answer is None:
        return [to_event("error", {"error": sessions.failure_text(ended)})]
    chunk = {"messageId": answer.id, "chunk": answer.content, "index": 0}
    done = {"messageId": answer.id, **sessions.to_agent_response(answer)}
    return [to_event("chunk", chunk), to_event("done", done)]


def to_event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {strict_json.dumps(data)}\n\n".encode()


ROUTES: Final = (
    Route("/api/messaging/sessions/{sessionId}/messages", send_message, methods=["POST"]),
)
app = make_app(ROUTES)
