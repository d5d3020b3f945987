"""Add messages to sessions; respond at once, after the agent's answer, or with a stream.

Some responses of this route are streams, so all of them come from this ASGI app under the
Lambda Web Adapter as `jobs.docs.api.stream` is.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
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
from jobs.kit import strict_json
from jobs.kit.asgi import from_gateway, make_app
from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from jobs.kit.http import Request
from jobs.kit.lambda_handler import logger
from jobs.kit.output.events import RESTARTED, OutputEvent
from jobs.kit.output.playback import Playback
from jobs.kit.output.v5 import V5
from jobs.kit.output.wire import START, WireFormat
from jobs.messaging.api import responses as messaging
from jobs.messaging.api.web import handle_error, to_http
from jobs.messaging.errors import PaymentNotSupportedError
from jobs.messaging.message import answer_id
from jobs.sessions.api import requests
from jobs.sessions.api import responses as sessions
from jobs.sessions.api.requests import SendMessageBody
from jobs.sessions.send_message import NewMessage, SentMessage
from jobs.sessions.session import answer_in, question_in
from jobs.sessions.wiring import wiring

MAX_WAIT_MS: Final[Millis] = 25_000
HEARTBEAT: Final = b": still at it\n\n"

_GONE: Final = "The message is gone"
_BUSY: Final = "Service is busy, read the session's messages"


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
        return to_http(handle_error(sessions.ERRORS, error, wiring.core.clock()), headers)


def add_message(request: Request, body: SendMessageBody) -> SentMessage:
    if wiring.messaging.closed:
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


def stream_response(sent: SentMessage, headers: Mapping[str, str]) -> HttpResponse:
    return StreamingResponse(
        stream_events(sent),
        HTTPStatus.OK,
        {**messaging.HEADERS, **headers},
        media_type="text/event-stream",
    )


async def stream_events(sent: SentMessage) -> AsyncIterator[bytes]:
    """Yield the user's message, the agent's words, then the answer or the error."""
    job = sent.job
    yield to_event("user_message", sessions.to_message(question_in(job)))
    playback = Playback(make_wire(answer_id(job)), START)
    try:
        async for piece in await wiring.messaging.follow_answer(job, playback):
            yield piece
        ended = await run_in_threadpool(wiring.core.get_job, job.ref)
    except JobNotFoundError:
        yield to_event("error", {"error": _GONE})
    except UnavailableError:
        yield to_event("error", {"error": _BUSY})
    else:
        if ended.status.is_terminal:
            yield end_event(ended)


def make_wire(message_id: str) -> WireFormat:
    """Return the format of one stream, which numbers its chunks.

    A chunk has the position of the same text in the job's own stream, which continues after it.
    """
    numbers = count()

    def to_piece(event: OutputEvent) -> str:
        nonlocal numbers
        if event == RESTARTED:  # the chunks so far are void
            numbers = count()
            return _to_text("restarted", {})
        if event["t"] != "text":
            return ""
        chunk = {"messageId": message_id, "chunk": event["text"], "index": next(numbers)}
        return _to_text("chunk", chunk)

    def to_pieces(event: OutputEvent, before: OutputEvent | None) -> Sequence[str]:
        *others, _ = V5.to_pieces(event, before)
        return [*("" for _ in others), to_piece(event)]

    return WireFormat(
        headers={},
        heartbeat=HEARTBEAT,
        to_pieces=to_pieces,
        to_frame=lambda piece, position: f"id: {position}\n{piece}".encode() if piece else b"",
    )


def end_event(ended: Job) -> bytes:
    answer = answer_in(ended)
    if answer is None:
        return to_event("error", {"error": sessions.failure_text(ended)})
    return to_event("done", {"messageId": answer.id, **sessions.to_agent_response(answer)})


def to_event(name: str, data: Any) -> bytes:
    return _to_text(name, data).encode()


def _to_text(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {strict_json.dumps(data)}\n\n"


ROUTES: Final = (
    Route("/api/messaging/sessions/{sessionId}/messages", send_message, methods=["POST"]),
)
app = make_app(ROUTES)
