"""Chat sessions and their messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sortie_client._core.models import Model
from sortie_client.messaging.models import JobStatus


@dataclass(frozen=True, kw_only=True)
class TimeoutConfig(Model):
    timeout_minutes: int
    auto_renew: bool
    max_duration_minutes: int
    warning_threshold_minutes: int


@dataclass(frozen=True, kw_only=True)
class CreatedSession(Model):
    session_id: str
    channel_id: str
    agent_id: str
    user_id: str
    created_at: datetime
    expires_at: datetime
    timeout_config: TimeoutConfig
    metadata: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Session(CreatedSession):
    """`time_remaining`: milliseconds."""

    last_activity: datetime
    renewal_count: int
    time_remaining: int
    is_near_expiration: bool


@dataclass(frozen=True, kw_only=True)
class SessionList(Model):
    sessions: Sequence[Session]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class SessionMessage(Model):
    """A message of the agent if `is_agent`, else of the user."""

    id: str
    content: str
    author_id: str
    created_at: datetime
    metadata: Mapping[str, Any]
    is_agent: bool = False


@dataclass(frozen=True, kw_only=True)
class MessageJob(Model):
    job_id: str
    status: JobStatus
    error: str | None = None
    error_class: str | None = None


@dataclass(frozen=True, kw_only=True)
class AgentResponse(Model):
    text: str


@dataclass(frozen=True, kw_only=True)
class SentMessage(Model):
    """`job`: the job that answers the message; `agent_response`: the reply if it came in time."""

    user_message: SessionMessage
    job: MessageJob
    agent_response: AgentResponse | None = None


@dataclass(frozen=True, kw_only=True)
class PageCursors(Model):
    """The values of `before` for older messages, and of `after` for newer ones."""

    before: datetime
    after: datetime


@dataclass(frozen=True, kw_only=True)
class MessagePage(Model):
    """Newest first."""

    messages: Sequence[SessionMessage]
    has_more: bool
    cursors: PageCursors | None = None


@dataclass(frozen=True, kw_only=True)
class SessionsHealth(Model):
    status: str
    active_sessions: int
    expiring_soon: int
    timestamp: datetime
