"""Sessions and their messages as plain values, which every storage keeps under its own keys."""

import json
from collections.abc import Mapping
from typing import Any

from jobs.sessions.session import ChatMessage, ChatSession, Timeouts

type Values = dict[str, str | int]


def session_to_row(session: ChatSession) -> Values:
    timeouts = session.timeouts
    return {
        "agent_id": session.agent_id,
        "user_id": session.user_id,
        "channel_id": session.channel_id,
        "metadata": _to_text(session.metadata),
        "created_at": session.created_at,
        "active_at": session.active_at,
        "renewed_at": session.renewed_at,
        "sent": session.sent,
        "renewals": session.renewals,
        "timeout": timeouts.timeout,
        "auto_renew": int(timeouts.auto_renew),
        "max_duration": timeouts.max_duration,
        "warning": timeouts.warning,
        "version": session.version,
        "ends_at": session.expires_at,
    }


def session_from_row(row: Mapping[str, Any]) -> ChatSession:
    return ChatSession(
        id=row["id"],
        tenant=row["tenant"],
        agent_id=row["agent_id"],
        user_id=row["user_id"],
        channel_id=row["channel_id"],
        metadata=json.loads(row["metadata"]),
        created_at=row["created_at"],
        active_at=row["active_at"],
        renewed_at=row["renewed_at"],
        last_message_at=row["last_message_at"],
        sent=row["sent"],
        renewals=row["renewals"],
        timeouts=Timeouts(
            timeout=row["timeout"],
            auto_renew=bool(row["auto_renew"]),
            max_duration=row["max_duration"],
            warning=row["warning"],
        ),
        version=row["version"],
    )


def message_to_row(message: ChatMessage) -> Values:
    return {
        "id": message.id,
        "job_id": message.job_id,
        "author_id": message.author_id,
        "content": message.content,
        "metadata": _to_text(message.metadata),
        "at": message.at,
    }


def message_from_row(row: Mapping[str, Any], *, is_agent: bool) -> ChatMessage:
    return ChatMessage(
        id=row["id"],
        job_id=row["job_id"],
        author_id=row["author_id"],
        is_agent=is_agent,
        content=row["content"],
        metadata=json.loads(row["metadata"]),
        at=row["at"],
    )


def _to_text(metadata: Mapping[str, Any]) -> str:
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
