"""The sessions API: `sortie.sessions`."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sortie_client._core.flow import Emit, Flow, Receive, StreamFlow
from sortie_client._core.http import path, without_none
from sortie_client._core.models import decode
from sortie_client._core.operation import operation, stream
from sortie_client._core.retry import Reconnection, idempotency_header, send
from sortie_client._core.sse import EventParser, ServerEvent
from sortie_client.errors import ConnectionFailedError, JobFailedError, UnexpectedResponseError
from sortie_client.messaging.job_api import (
    HOLD_TIMEOUT_S,
    STREAM_TIMEOUT_S,
    JobApi,
    require_success,
)
from sortie_client.messaging.models import Restart
from sortie_client.sessions.models import (
    CreatedSession,
    MessagePage,
    SentMessage,
    Session,
    SessionList,
    SessionsHealth,
)

SESSIONS: Final = "/api/messaging/sessions"


class SessionsApi[R](JobApi[R]):
    """A session is a conversation: the agent receives the earlier messages.

    Calls for an expired session raise `ApiError` 410, and `NotFoundError` a day later.
    """

    @operation
    def create_session(
        self,
        user_id: str,
        agent_id: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        timeout_minutes: int | None = None,
        auto_renew: bool | None = None,
        max_duration_minutes: int | None = None,
        warning_threshold_minutes: int | None = None,
    ) -> Flow[CreatedSession]:
        """Start a session. By default it expires 30 minutes after the last message."""
        timeouts = _timeouts(
            timeout_minutes, auto_renew, max_duration_minutes, warning_threshold_minutes
        )
        body = without_none(userId=user_id, agentId=agent_id, metadata=metadata)
        response = yield from self._call(
            "POST", SESSIONS, body=body | {"timeoutConfig": timeouts}, idempotent=False
        )
        return decode(CreatedSession, response.json)

    @operation
    def get_session(self, session_id: str) -> Flow[Session]:
        response = yield from self._call("GET", _path(session_id))
        return decode(Session, response.json)

    @operation
    def list_sessions(self) -> Flow[Sequence[Session]]:
        """List all active sessions, newest first."""
        sessions: list[Session] = []
        cursor: str | None = None
        while True:
            response = yield from self._call("GET", SESSIONS, query={"cursor": cursor})
            page = decode(SessionList, response.json)
            sessions += page.sessions
            if (cursor := page.next_cursor) is None:
                return sessions

    @operation
    def delete_session(self, session_id: str) -> Flow[None]:
        """Delete a session and cancel its unanswered messages."""
        yield from self._call("DELETE", _path(session_id), idempotent=False)

    @operation
    def send_message(
        self,
        session_id: str,
        content: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[SentMessage]:
        """Send a message and return at once; `list_messages` will contain the reply."""
        return (yield from self._send("websocket", session_id, content, metadata, idempotency_key))

    @operation
    def send_message_and_wait(
        self,
        session_id: str,
        content: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        interval: float = 1.0,
        max_attempts: int | None = None,
    ) -> StreamFlow[Any, str]:
        """Send a message and return the agent's reply.

        The server holds the request; after that, the client polls every `interval` seconds. Raises
        `JobFailedError`, and `StillRunningError` after `max_attempts` polls.
        """
        sent = yield from self._send("http", session_id, content, metadata, idempotency_key)
        if sent.agent_response:
            return sent.agent_response.text
        job = yield from self._poll_job(sent.job.job_id, interval, max_attempts)
        result = require_success(job).result
        return result.message.content if result else ""

    @stream
    def stream_message(
        self,
        session_id: str,
        content: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> StreamFlow[str, None]:
        """Send a message and iterate over the agent's reply, part by part.

        Reconnects a lost connection. After a `Restart`, the parts before it are void. Raises
        `JobFailedError`, whose `job` is None.
        """
        request = self._request(
            "POST",
            _path(session_id, "messages"),
            body=without_none(content=content, transport="sse", metadata=metadata),
            headers=idempotency_header(idempotency_key),
            streamed=True,
            timeout_s=STREAM_TIMEOUT_S,
        )
        reply, restarts = "", 0
        reconnection = Reconnection(self._retry_policy)
        while True:
            yield from send(request, self._retry_policy)
            repeated, repeated_restarts, parser = "", 0, EventParser()
            failure: ConnectionFailedError | None = None
            try:
                while (chunk := (yield Receive())) is not None:
                    for event in parser.feed(chunk):
                        reconnection.reset()
                        if event.name == "done":
                            return
                        if event.name == "restarted":
                            repeated, repeated_restarts = "", repeated_restarts + 1
                            if repeated_restarts > restarts:
                                reply, restarts = "", repeated_restarts
                                yield Emit(Restart())
                        repeated += _read_part(event)
                        is_new = repeated_restarts == restarts and len(repeated) > len(reply)
                        if is_new:
                            new, reply = repeated[len(reply) :], repeated
                            yield Emit(new)
            except ConnectionFailedError as error:
                failure = error
            yield reconnection.backoff(failure)

    @operation
    def list_messages(
        self,
        session_id: str,
        *,
        limit: int | None = None,
        before: datetime | None = None,
        after: datetime | None = None,
    ) -> Flow[MessagePage]:
        """List messages, newest first. `before` and `after`: the `cursors` of another page."""
        query = {"limit": limit, "before": _millis(before), "after": _millis(after)}
        response = yield from self._call("GET", _path(session_id, "messages"), query=query)
        return decode(MessagePage, response.json)

    @operation
    def renew_session(self, session_id: str) -> Flow[Session]:
        """Restart a session's timeout, up to its maximum duration."""
        response = yield from self._call("POST", _path(session_id, "renew"))
        return decode(Session, response.json)

    @operation
    def heartbeat(self, session_id: str) -> Flow[Session]:
        """Report that the user is active; renews the session if it has `auto_renew`."""
        response = yield from self._call("POST", _path(session_id, "heartbeat"))
        return decode(Session, response.json)

    @operation
    def update_timeout(
        self,
        session_id: str,
        *,
        timeout_minutes: int | None = None,
        auto_renew: bool | None = None,
        max_duration_minutes: int | None = None,
        warning_threshold_minutes: int | None = None,
    ) -> Flow[Session]:
        """Change the named settings and restart the timeout."""
        body = _timeouts(
            timeout_minutes, auto_renew, max_duration_minutes, warning_threshold_minutes
        )
        response = yield from self._call("PATCH", _path(session_id, "timeout"), body=body)
        return decode(Session, response.json)

    @operation
    def get_sessions_health(self) -> Flow[SessionsHealth]:
        response = yield from self._call("GET", f"{SESSIONS}/health")
        return decode(SessionsHealth, response.json)

    def _send(
        self,
        transport: Literal["websocket", "http"],
        session_id: str,
        content: str,
        metadata: Mapping[str, Any] | None,
        idempotency_key: str | None,
    ) -> Flow[SentMessage]:
        response = yield from self._call(
            "POST",
            _path(session_id, "messages"),
            body=without_none(content=content, transport=transport, metadata=metadata),
            headers=idempotency_header(idempotency_key),
            timeout_s=HOLD_TIMEOUT_S if transport == "http" else None,
        )
        return decode(SentMessage, response.json)


def _read_part(event: ServerEvent) -> str:
    """Return the part of the reply in an event. Raises `JobFailedError` for an error event."""
    try:
        data = json.loads(event.data)
        if event.name == "error":
            raise JobFailedError(str(data["error"]), None)
        return str(data["chunk"]) if event.name == "chunk" else ""
    except (ValueError, TypeError, KeyError) as error:
        raise UnexpectedResponseError("The stream contains an invalid event") from error


def _path(session_id: str, *more: str) -> str:
    return path("api", "messaging", "sessions", session_id, *more)


def _timeouts(
    timeout_minutes: int | None,
    auto_renew: bool | None,  # noqa: FBT001 - as its callers have it
    max_duration_minutes: int | None,
    warning_threshold_minutes: int | None,
) -> dict[str, Any]:
    return without_none(
        timeoutMinutes=timeout_minutes,
        autoRenew=auto_renew,
        maxDurationMinutes=max_duration_minutes,
        warningThresholdMinutes=warning_threshold_minutes,
    )


def _millis(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1000)
