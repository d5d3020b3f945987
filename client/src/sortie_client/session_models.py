"""What the sessions API says of conversations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sortie_client._decode import Model
from sortie_client.messaging_models import JobStatus


@dataclass(frozen=True, kw_only=True)
class Timeouts(Model):
    timeout_minutes: int
    auto_renew: bool
    max_duration_minutes: int
    warning_threshold_minutes: int


@dataclass(frozen=True, kw_only=True)
class CreatedConversation(Model):
    session_id: str
    channel_id: str
    agent_id: str
    user_id: str
    created_at: datetime
    expires_at: datetime
    timeout_config: Timeouts
    metadata: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Conversation(CreatedConversation):
    """`time_remaining`: milliseconds."""

    last_activity: datetime
    renewal_count: int
    time_remaining: int
    is_near_expiration: bool


@dataclass(frozen=True, kw_only=True)
class Conversations(Model):
    sessions: Sequence[Conversation]


@dataclass(frozen=True, kw_only=True)
class Said(Model):
    """A message of the user, or, if `is_agent`, of the agent."""

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


@dataclass(frozen=True, kw_only=True)
class AgentResponse(Model):
    text: str


@dataclass(frozen=True, kw_only=True)
class Sent(Model):
    """`job` is the job that the message is; `agent_response` where it was waited for."""

    user_message: Said
    job: MessageJob
    agent_response: AgentResponse | None = None


@dataclass(frozen=True, kw_only=True)
class Cursors(Model):
    """What `before` is to be for older messages, and `after` for newer ones."""

    before: datetime
    after: datetime


@dataclass(frozen=True, kw_only=True)
class SaidPage(Model):
    """Newest first."""

    messages: Sequence[Said]
    has_more: bool
    cursors: Cursors | None = None


@dataclass(frozen=True, kw_only=True)
class SessionsHealth(Model):
    status: str
    active_sessions: int
    expiring_soon: int
    timestamp: datetime
