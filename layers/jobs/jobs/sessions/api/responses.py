"""The sessions API of the ElizaOS clients: how it spells sessions, messages and errors.

Answers have no `success` field where the npm client would swallow the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from jobs.core.ids import is_uuid
from jobs.core.job import Job
from jobs.kit.clock import Millis
from jobs.kit.http import BadRequestError, Request, Response
from jobs.kit.iso_time import iso
from jobs.messaging.api import responses as messaging
from jobs.sessions.errors import (
    NotForSaleError,
    SessionExpiredError,
    SessionNotFoundError,
    StaleSessionError,
)
from jobs.sessions.send_message import Sent
from jobs.sessions.session import (
    ChatMessage,
    ChatSession,
    Messages,
    Timeouts,
    Window,
    answer_in,
    question_in,
)

if TYPE_CHECKING:
    from jobs.kit.types import Error
    from jobs.sessions.api import types

MAX_LIMIT: Final = 100
_TIME: Final = re.compile(r"\d{1,16}")  # as far as JavaScript counts
_NOT_FOUND: Final = (HTTPStatus.NOT_FOUND, "SESSION_NOT_FOUND", "Session not found")
_REFUSALS: Final[Mapping[type[Exception], tuple[HTTPStatus, str, str]]] = {
    SessionNotFoundError: _NOT_FOUND,
    NotForSaleError: (
        HTTPStatus.FORBIDDEN,
        "SESSIONS_ARE_CLOSED",
        "Messages of sessions cannot be paid for; create a job instead",
    ),
    SessionExpiredError: (HTTPStatus.GONE, "SESSION_EXPIRED", "Session has expired"),
    StaleSessionError: (HTTPStatus.CONFLICT, "SESSION_CHANGED", "Session is changing, try again"),
}


def refuse(error: Exception, request: Request) -> Response[Error]:
    known = _REFUSALS.get(type(error))
    if known is None:
        return messaging.refuse(error, request)
    status, code, text = known
    return Response(status, {"success": False, "error": text, "code": code})


def parse_session_id(request: Request) -> str:
    """Return the path's session id. Raises `SessionNotFoundError` if it can be none."""
    session_id = request.path("sessionId")
    if not is_uuid(session_id):
        raise SessionNotFoundError(session_id)
    return session_id.lower()


def parse_window(request: Request) -> Window:
    """Which messages are asked for: `after` alone goes forward, all else back from the newest."""
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
    """Inside a wrapper: of an answer with `success` the npm client returns `data`."""
    return Response(HTTPStatus.OK, {"success": True, "data": {"success": True}})


def list_response(
    found: Sequence[ChatSession], now: Millis
) -> Response[types.ListSessionsResponse]:
    return Response(
        HTTPStatus.OK, {"sessions": [to_session(each, now) for each in found], "total": len(found)}
    )


def health_response(found: Sequence[ChatSession], now: Millis) -> Response[types.HealthResponse]:
    return Response(
        HTTPStatus.OK,
        {
            "status": "healthy",
            "activeSessions": len(found),
            "expiringSoon": sum(each.is_near_expiration(now) for each in found),
            "timestamp": iso(now),
        },
    )


def messages_response(found: Messages) -> Response[types.ListMessagesResponse]:
    """`cursors` are what `before` and `after` are to be for the pages beside this one."""
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


def sent_response(
    sent: Sent, now: Millis, ended: Job | None = None
) -> Response[types.SendMessageResponse]:
    """What became of the message's job is told too: of one that failed there is no answer."""
    job = ended or sent.job
    answer = answer_in(job)
    spelled: types.SendMessageResponse = {
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
        spelled["agentResponse"] = to_agent_response(answer)
    return Response(HTTPStatus.CREATED, spelled)


def to_agent_response(answer: ChatMessage) -> types.AgentResponse:
    """Spell an answer, with what its agent has said of its thoughts and actions."""
    spelled: types.AgentResponse = {"text": answer.content}
    if "thought" in answer.metadata:
        spelled["thought"] = answer.metadata["thought"]
    if "actions" in answer.metadata:
        spelled["actions"] = answer.metadata["actions"]
    return spelled


def _to_message_job(job: Job) -> types.MessageJob:
    found = messaging.to_job(job)
    spelled: types.MessageJob = {"jobId": found["jobId"], "status": found["status"]}
    if "error" in found:
        spelled["error"] = found["error"]
    return spelled


def failure_text(job: Job) -> str:
    """Say why a job has no answer."""
    return messaging.to_job(job).get("error", "The agent gave no answer")
