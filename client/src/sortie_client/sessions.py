"""Conversations with an agent: `sortie.sessions`. What comes back is in `session_models`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sortie_client._calls import new_key
from sortie_client._decode import decode
from sortie_client._flow import Flow, Giving
from sortie_client._keyed import PATIENCE_S, KeyedCalls, succeeded
from sortie_client._operation import operation
from sortie_client._wire import path, present
from sortie_client.session_models import (
    Conversation,
    Conversations,
    CreatedConversation,
    SaidPage,
    Sent,
    SessionsHealth,
)

SESSIONS: Final = "/api/messaging/sessions"


class SessionsCalls(KeyedCalls):
    """Whatever is about a session that is over raises `ApiError` 410, or 404 a day later."""

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
    ) -> Flow[CreatedConversation]:
        """Begin a conversation. It ends by itself: 30 minutes after the last message by default."""
        timeouts = present(
            timeoutMinutes=timeout_minutes,
            autoRenew=auto_renew,
            maxDurationMinutes=max_duration_minutes,
            warningThresholdMinutes=warning_threshold_minutes,
        )
        body = present(userId=user_id, agentId=agent_id, metadata=metadata)
        answer = yield from self._call(
            "POST", SESSIONS, body=body | {"timeoutConfig": timeouts}, repeatable=False
        )
        return decode(CreatedConversation, answer.json)

    @operation
    def get_session(self, session_id: str) -> Flow[Conversation]:
        answer = yield from self._call("GET", _path(session_id))
        return decode(Conversation, answer.json)

    @operation
    def list_sessions(self) -> Flow[Sequence[Conversation]]:
        """List conversations that go on, newest first."""
        answer = yield from self._call("GET", SESSIONS)
        return decode(Conversations, answer.json).sessions

    @operation
    def delete_session(self, session_id: str) -> Flow[None]:
        """Forget a conversation, and cancel what is not answered yet."""
        yield from self._call("DELETE", _path(session_id), repeatable=False)

    @operation
    def send_message(
        self,
        session_id: str,
        content: str,
        *,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[Sent]:
        """Say something, and do not wait: the answer will be among the session's messages."""
        return (yield from self._sent("websocket", session_id, content, metadata, idempotency_key))

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
    ) -> Giving[Any, str]:
        """Say something and return what the agent answers.

        Raises `JobFailedError`; `StillRunningError` after so many polls, `interval` seconds apart.
        """
        sent = yield from self._sent("http", session_id, content, metadata, idempotency_key)
        if sent.agent_response:
            return sent.agent_response.text
        job = yield from self._until_over(sent.job.job_id, interval, max_attempts)
        result = succeeded(job).result
        return result.message.content if result else ""

    @operation
    def list_messages(
        self,
        session_id: str,
        *,
        limit: int | None = None,
        before: datetime | None = None,
        after: datetime | None = None,
    ) -> Flow[SaidPage]:
        """List what was said, newest first; from a page to the next by its `cursors`."""
        query = {"limit": limit, "before": _millis(before), "after": _millis(after)}
        answer = yield from self._call("GET", _path(session_id, "messages"), query=query)
        return decode(SaidPage, answer.json)

    @operation
    def renew_session(self, session_id: str) -> Flow[Conversation]:
        """Let its time begin anew, as far as its longest duration allows."""
        answer = yield from self._call("POST", _path(session_id, "renew"))
        return decode(Conversation, answer.json)

    @operation
    def heartbeat(self, session_id: str) -> Flow[Conversation]:
        """Tell that the user is still there: it renews a session that is renewed by use."""
        answer = yield from self._call("POST", _path(session_id, "heartbeat"))
        return decode(Conversation, answer.json)

    @operation
    def update_timeout(
        self,
        session_id: str,
        *,
        timeout_minutes: int | None = None,
        auto_renew: bool | None = None,
        max_duration_minutes: int | None = None,
        warning_threshold_minutes: int | None = None,
    ) -> Flow[Conversation]:
        """Change what is named; the time runs from now on."""
        body = present(
            timeoutMinutes=timeout_minutes,
            autoRenew=auto_renew,
            maxDurationMinutes=max_duration_minutes,
            warningThresholdMinutes=warning_threshold_minutes,
        )
        answer = yield from self._call("PATCH", _path(session_id, "timeout"), body=body)
        return decode(Conversation, answer.json)

    @operation
    def get_sessions_health(self) -> Flow[SessionsHealth]:
        answer = yield from self._call("GET", f"{SESSIONS}/health")
        return decode(SessionsHealth, answer.json)

    def _sent(
        self,
        transport: Literal["websocket", "http"],
        session_id: str,
        content: str,
        metadata: Mapping[str, Any] | None,
        idempotency_key: str | None,
    ) -> Flow[Sent]:
        answer = yield from self._call(
            "POST",
            _path(session_id, "messages"),
            body=present(content=content, transport=transport, metadata=metadata),
            headers=new_key(idempotency_key),
            seconds=PATIENCE_S if transport == "http" else None,
        )
        return decode(Sent, answer.json)


def _path(session_id: str, *more: str) -> str:
    return path("api", "messaging", "sessions", session_id, *more)


def _millis(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1000)
