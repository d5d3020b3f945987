"""Messages of sessions: said, and answered at once, when the agent has answered, or as a stream.

One route has answers that stream and others, so all of them come from this ASGI app, under the
Lambda Web Adapter as `jobs.docs.api.stream` is. The message is a job, whoever waits for its answer.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from itertools import count
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.responses import StreamingResponse
from starlette.routing import Route

from jobs.core.errors import JobNotFoundError
from jobs.core.job import Job
from jobs.kit import strict_json
from jobs.kit.asgi import from_gateway
from jobs.kit.clock import Millis
from jobs.kit.error_table import error_response
from jobs.kit.errors import UnavailableError
from jobs.kit.http import Request, Response
from jobs.kit.lambda_handler import logger
from jobs.messaging.api import responses as messaging
from jobs.sessions.api import requests
from jobs.sessions.api import responses as sessions
from jobs.sessions.api.requests import SendMessageBody
from jobs.sessions.errors import NotForSaleError
from jobs.sessions.send_message import NewMessage, SentMessage
from jobs.sessions.session import answer_in, question_in
from jobs.sessions.wiring import wiring

LONGEST_WAIT: Final[Millis] = 25_000
HEARTBEAT: Final = b": still at it\n\n"
HEARTBEAT_S: Final = 5.0
PAUSES_S: Final = (0.1, 0.15, 0.2, 0.3, 0.5)
"""Between looks at the job; the last one goes on."""

_LOST: Final = "The message is gone"


async def send_message(asked: HttpRequest) -> HttpResponse:
    try:
        request = await from_gateway(asked)
        body = requests.parse_send_message(request.json())
        sent = await run_in_threadpool(said, request, body)
        logger.info("said", extra={"tenant": request.tenant, "job_id": sent.job.id})
        transport = body.get("transport", "websocket")
        if transport == "sse":
            return streamed(sent)
        ended = await run_in_threadpool(awaited, sent.job) if transport == "http" else None
        return to_http(sessions.sent_response(sent, wiring.core.clock(), ended))
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
        return to_http(refused(error))


def said(request: Request, body: SendMessageBody) -> SentMessage:
    if wiring.closed:
        raise NotForSaleError
    session_id = sessions.parse_session_id(request)
    return wiring.send_message(
        NewMessage(
            tenant=request.tenant,
            session=session_id,
            content=body["content"],
            metadata=requests.to_metadata(body),
            idempotency_key=request.idempotency_key(),
            request_hash=requests.fingerprint_body(body, session_id),
        )
    )


def awaited(job: Job) -> Job | None:
    return wiring.core.wait_for_job(job, at_most=LONGEST_WAIT)


def refused(error: Exception) -> Response:
    response = error_response(sessions.ERRORS, error)
    if response.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("unexpected error", exc_info=error)
    return response


def to_http(response: Response) -> HttpResponse:
    logger.info("answered", extra={"status": int(response.status)})
    return HttpResponse(
        response.text,
        response.status,
        {**messaging.HEADERS, **response.headers},
        media_type=response.content_type,
    )


def streamed(sent: SentMessage) -> HttpResponse:
    return StreamingResponse(
        told(sent), HTTPStatus.OK, messaging.HEADERS, media_type="text/event-stream"
    )


async def told(sent: SentMessage) -> AsyncIterator[bytes]:
    """Say what was said, the answer when there is one, and how it ended."""
    yield event("user_message", sessions.to_message(question_in(sent.job)))
    heard = time.monotonic()
    for looks in count():
        ended = await run_in_threadpool(outcome, sent.job)
        if ended is not None:
            for piece in answered(ended):
                yield piece
            return
        if time.monotonic() >= heard + HEARTBEAT_S:
            heard = time.monotonic()
            yield HEARTBEAT
        await asyncio.sleep(PAUSES_S[min(looks, len(PAUSES_S) - 1)])


def outcome(job: Job) -> Job | str | None:
    """Return the job once it is over, or why there is nothing to wait for; None to wait."""
    try:
        is_over = wiring.core.clock() >= job.deadline or (
            wiring.core.jobs.status_of(job.ref).is_terminal
        )
        ended = wiring.core.get_job(job.ref) if is_over else None
    except UnavailableError:
        return None  # the next look is near
    except JobNotFoundError:
        return _LOST
    return ended


def answered(ended: Job | str) -> list[bytes]:
    if isinstance(ended, str):
        return [event("error", {"error": ended})]
    answer = answer_in(ended)
    if answer is None:
        return [event("error", {"error": sessions.failure_text(ended)})]
    chunk = {"messageId": answer.id, "chunk": answer.content, "index": 0}
    done = {"messageId": answer.id, **sessions.to_agent_response(answer)}
    return [event("chunk", chunk), event("done", done)]


def event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {strict_json.dumps(data)}\n\n".encode()


app = Starlette(
    routes=[
        Route("/api/messaging/sessions/{sessionId}/messages", send_message, methods=["POST"]),
    ]
)
