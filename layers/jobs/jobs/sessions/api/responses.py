"""The sessions API of the ElizaOS clients: responses.

They have no `success` field where the npm client would drop the body.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.errors import BadCursorError
from jobs.core.ids import parse_uuid
from jobs.core.job import Job
from jobs.core.rate_headers import refusal_headers
from jobs.kit.clock import Millis
from jobs.kit.error_table import ErrorTable, error_response
from jobs.kit.http import BadRequestError, Request, Response
from jobs.kit.iso_time import iso
from jobs.messaging.api import responses as messaging
from jobs.messaging.errors import PaymentNotSupportedError
from jobs.sessions.errors import (
    SessionExpiredError,
    SessionFullError,
    SessionNotFoundError,
    StaleSessionError,
    TooManySessionsError,
    TooManyUnansweredError,
)
from jobs.sessions.send_message import SentMessage
from jobs.sessions.session import (
    MAX_MESSAGES,
    MAX_UNANSWERED,
    ChatMessage,
    ChatSession,
    Messages,
    SessionCounts,
    SessionPage,
    Timeouts,
    Window,
    answer_in,
    question_in,
)

if TYPE_CHECKING:
    from jobs.kit.types import Error
    from jobs.sessions.api import types

MAX_LIMIT: Final = 100
_TIME: Final = re.compile(r"\d{1,16}")  # the safe integers of JavaScript
ERRORS: Final[ErrorTable] = {
    **messaging.ERRORS,
    SessionNotFoundError: (HTTPStatus.NOT_FOUND, "SESSION_NOT_FOUND", "Session not found"),
    PaymentNotSupportedError: (
        HTTPStatus.FORBIDDEN,
        "SESSIONS_ARE_CLOSED",
        "Sessions accept no payments; create a job instead",
    ),
    SessionExpiredError: (HTTPStatus.GONE, "SESSION_EXPIRED", "Session has expired"),
    TooManyUnansweredError: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "TOO_MANY_UNANSWERED",
        f"Session has {MAX_UNANSWERED} unanswered messages, wait for an answer",
    ),
    SessionFullError: (
        HTTPStatus.CONFLICT,
        "SESSION_FULL",
        f"Session has {MAX_MESSAGES} messages, open another one",
    ),
    TooManySessionsError: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "TOO_MANY_REQUESTS",
        "Too many new sessions, try again after the time in Retry-After",
    ),
    StaleSessionError: (HTTPStatus.CONFLICT, "SESSION_CHANGED", "Session is changing, try again"),
}  # fmt: skip


def handle_error(error: Exception, request: Request) -> Response[Error]:
    return error_response(ERRORS, error)


def limited_response(error: TooManySessionsError, now: Millis) -> Response[Error]:
    """Return the response to a session over the rate limit."""
    return replace(error_response(ERRORS, error), headers=refusal_headers(error, now))


def parse_session_id(request: Request) -> str:
    """Return the path's session id. Raises `SessionNotFoundError` unless it is a UUID."""
    session_id = parse_uuid(request.path("sessionId"))
    if session_id is None:
        raise SessionNotFoundError
    return session_id


def parse_cursor(request: Request) -> str | None:
    """Return the last session of the previous page. Raises `BadCursorError`."""
    cursor = request.query("cursor")
    if cursor is None:
        return None
    if (session_id := parse_uuid(cursor)) is None:
        raise BadCursorError
    return session_id


def parse_window(request: Request) -> Window:
    """Return the page to list: forward with `after` alone, else back from the newest message."""
    before, after = _parse_time(request, "before"), _parse_time(request, "after")
    return Window(
        limit=min(messaging.parse_limit(request), MAX_LIMIT),
        before=before,
        after=after,
        oldest=after is not None and before is None,
    )


def _parse_time(request: Request, name: str) -> Millis | None:
    text = request.query(name)
    if not text:
        return None
    if not _TIME.fullmatch(text):
        raise BadRequestError(f"{name} must be a timestamp in milliseconds")
    return int(text)


def created_response(session: ChatSession) -> Response[types.CreateSessionResponse]:
    return Response(HTTPStatus.CREATED, _to_created(session))


def session_response(session: ChatSession, now: Millis) -> Response[types.Session]:
    return Response(HTTPStatus.OK, to_session(session, now))


def to_session(session: ChatSession, now: Millis) -> types.Session:
    return {
        **_to_created(session),
        "lastActivity": iso(session.active_at),
        "renewalCount": session.renewals,
        "timeRemaining": max(0, session.expires_at - now),
        "isNearExpiration": session.is_near_expiration(now),
    }


def _to_created(session: ChatSession) -> types.CreateSessionResponse:
    return {
        "sessionId": session.id,
        "channelId": session.channel_id,
        "agentId": session.agent_id,
        "userId": session.user_id,
        "createdAt": iso(session.created_at),
        "metadata": session.metadata,
        "expiresAt": iso(session.expires_at),
        "timeoutConfig": _to_timeouts(session.timeouts),
    }


def _to_timeouts(timeouts: Timeouts) -> types.Timeouts:
    return {
        "timeoutMinutes": timeouts.timeout,
        "autoRenew": timeouts.auto_renew,
        "maxDurationMinutes": timeouts.max_duration,
        "warningThresholdMinutes": timeouts.warning,
    }


def deleted_response() -> Response[types.DeleteSessionResponse]:
    """The npm client unwraps `data` from a body with `success`."""
    return Response(HTTPStatus.OK, {"success": True, "data": {"success": True}})


def list_response(found: SessionPage, now: Millis) -> Response[types.ListSessionsResponse]:
    sessions = [to_session(each, now) for each in found.sessions]
    page: types.ListSessionsResponse = {"sessions": sessions, "total": len(sessions)}
    if found.next is not None:
        page["nextCursor"] = found.next
    return Response(HTTPStatus.OK, page)


def health_response(found: SessionCounts, now: Millis) -> Response[types.HealthResponse]:
    return Response(
        HTTPStatus.OK,
        {
            "status": "healthy",
            "activeSessions": found.active,
            "expiringSoon": found.expiring,
            "timestamp": iso(now),
        },
    )


def messages_response(found: Messages) -> Response[types.ListMessagesResponse]:
    """`cursors` has `before` and `after` for the pages beside this one."""
    page: types.ListMessagesResponse = {
        "messages": [{**to_message(each), "isAgent": each.is_agent} for each in found.messages],
        "hasMore": found.more,
    }
    if found.messages:
        page["cursors"] = {"before": found.messages[-1].at, "after": found.messages[0].at}
    return Response(HTTPStatus.OK, page)


def to_message(message: ChatMessage) -> types.UserMessage:
    return {
        "id": message.id,
        "content": message.content,
        "authorId": message.author_id,
        "createdAt": iso(message.at),
        "metadata": message.metadata,
    }


def sent_response(sent: SentMessage, job: Job, now: Millis) -> Response[types.SendMessageResponse]:
    """`job` is the current state of the message's job."""
    answer = answer_in(job)
    body: types.SendMessageResponse = {
        "userMessage": to_message(question_in(sent.job)),
        "sessionStatus": {
            "expiresAt": iso(sent.session.expires_at),
            "renewalCount": sent.session.renewals,
            "wasRenewed": sent.renewed,
            "isNearExpiration": sent.session.is_near_expiration(now),
        },
        "job": _to_message_job(job),
    }
    if answer:
        body["agentResponse"] = to_agent_response(answer)
    return Response(HTTPStatus.CREATED, body)


def to_agent_response(answer: ChatMessage) -> types.AgentResponse:
    """The agent's thoughts and actions, if any, are in the answer's metadata."""
    response: types.AgentResponse = {"text": answer.content}
    if "thought" in answer.metadata:
        response["thought"] = answer.metadata["thought"]
    if "actions" in answer.metadata:
        response["actions"] = answer.metadata["actions"]
    return response


def _to_message_job(job: Job) -> types.MessageJob:
    details = messaging.to_job(job)
    body: types.MessageJob = {"jobId": details["jobId"], "status": details["status"]}
    if "error" in details:
        body["error"] = details["error"]
    if "errorClass" in details:
        body["errorClass"] = details["errorClass"]
    return body


def failure_text(job: Job) -> str:
    """Return why a job has no answer."""
    return messaging.to_job(job).get("error", "The agent gave no answer")
