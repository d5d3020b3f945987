"""Convert sessions and their messages to items and back."""

import json
from typing import Final

from jobs.core.adapters.dynamodb.items import to_text
from jobs.kit.aws.dynamodb.attributes import Item, Stored, attributes, plain
from jobs.kit.clock import Millis
from jobs.sessions.session import (
    MINUTE,
    SESSION_RETENTION,
    ChatMessage,
    ChatSession,
    Timeouts,
    Turn,
)

USER: Final = "USER#"
AGENT: Final = "AGENT#"
_TURN: Final = "TURN"


def session_key(tenant: str, session_id: str) -> Item:
    return attributes({"PK": tenant, "SK": session_id})


def session_to_item(session: ChatSession) -> Item:
    timeouts = session.timeouts
    return session_key(session.tenant, session.id) | attributes(
        {
            "agent_id": session.agent_id,
            "user_id": session.user_id,
            "channel_id": session.channel_id,
            "metadata": to_text(session.metadata),
            "created_at": session.created_at,
            "active_at": session.active_at,
            "renewed_at": session.renewed_at,
            "said_at": session.last_message_at,
            "sent": session.sent,
            "renewals": session.renewals,
            "timeout": timeouts.timeout,
            "auto_renew": int(timeouts.auto_renew),
            "max_duration": timeouts.max_duration,
            "warning": timeouts.warning,
            "version": session.version,
            "ends_at": session.expires_at,
            "expires_at": session.gone_at // 1000,
        }
    )


def session_from_item(item: Stored) -> ChatSession:
    values = plain(item)
    return ChatSession(
        id=values["SK"],
        tenant=values["PK"],
        agent_id=values["agent_id"],
        user_id=values["user_id"],
        channel_id=values["channel_id"],
        metadata=json.loads(values["metadata"]),
        created_at=values["created_at"],
        active_at=values["active_at"],
        renewed_at=values["renewed_at"],
        last_message_at=values["said_at"],
        sent=values.get("sent", 0),  # absent from sessions of earlier versions
        renewals=values["renewals"],
        timeouts=Timeouts(
            timeout=values["timeout"],
            auto_renew=bool(values["auto_renew"]),
            max_duration=values["max_duration"],
            warning=values["warning"],
        ),
        version=values["version"],
    )


COUNTED: Final = ("SK", "ends_at", "warning")
"""The attributes that `expires_soon` needs."""


def expires_soon(item: Stored, now: Millis) -> bool:
    """Return what `ChatSession.is_near_expiration` says of a session that has not expired."""
    return int(item["ends_at"]["N"]) - now <= int(item["warning"]["N"]) * MINUTE


def message_partition(tenant: str, session_id: str) -> str:
    """Return the partition key of a session's messages."""
    return f"{tenant}#{session_id}"


def turn_key(tenant: str, session_id: str) -> Item:
    return attributes({"PK": message_partition(tenant, session_id), "SK": _TURN})


def turn_to_item(tenant: str, session_id: str, turn: Turn) -> Item:
    gone_at = turn.at + SESSION_RETENTION
    return turn_key(tenant, session_id) | attributes(
        {"at": turn.at, "ended": turn.ended, "expires_at": gone_at // 1000}
    )


def turn_from_item(item: Stored) -> Turn:
    values = plain(item)
    return Turn(at=values["at"], ended=values["ended"])


def sort_key_prefix(side: str, at: Millis) -> str:
    """Return the prefix of the sort keys of one side's messages at a time; the job id follows."""
    return f"{side}{min(max(at, 0), 10**14 - 1):014d}"


def message_to_item(tenant: str, session_id: str, message: ChatMessage, gone_at: Millis) -> Item:
    side = AGENT if message.is_agent else USER
    return attributes(
        {
            "PK": message_partition(tenant, session_id),
            "SK": f"{sort_key_prefix(side, message.at)}#{message.job_id}",
            "id": message.id,
            "job_id": message.job_id,
            "author_id": message.author_id,
            "content": message.content,
            "metadata": to_text(message.metadata),
            "at": message.at,
            "expires_at": gone_at // 1000,
        }
    )


def message_from_item(item: Stored) -> ChatMessage:
    values = plain(item)
    return ChatMessage(
        id=values["id"],
        job_id=values["job_id"],
        author_id=values["author_id"],
        is_agent=values["SK"].startswith(AGENT),
        content=values["content"],
        metadata=json.loads(values["metadata"]),
        at=values["at"],
    )
