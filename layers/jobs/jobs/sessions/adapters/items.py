"""Convert sessions and their messages to items and back."""

from typing import Final

from jobs.kit.aws.dynamodb.attributes import Item, Stored, attributes, plain
from jobs.kit.clock import Millis
from jobs.sessions.adapters.rows import (
    message_from_row,
    message_to_row,
    session_from_row,
    session_to_row,
)
from jobs.sessions.session import MINUTE, SESSION_RETENTION, ChatMessage, ChatSession, Turn

USER: Final = "USER#"
AGENT: Final = "AGENT#"
_TURN: Final = "TURN"


def session_key(tenant: str, session_id: str) -> Item:
    return attributes({"PK": tenant, "SK": session_id})


def session_to_item(session: ChatSession) -> Item:
    return session_key(session.tenant, session.id) | attributes(
        {
            **session_to_row(session),
            "said_at": session.last_message_at,
            "expires_at": session.gone_at // 1000,
        }
    )


def session_from_item(item: Stored) -> ChatSession:
    values = plain(item)
    own = {"tenant": values["PK"], "id": values["SK"], "last_message_at": values["said_at"]}
    return session_from_row({"sent": 0, **values, **own})  # earlier versions have no `sent`


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
            **message_to_row(message),
            "expires_at": gone_at // 1000,
        }
    )


def message_from_item(item: Stored) -> ChatMessage:
    values = plain(item)
    return message_from_row(values, is_agent=values["SK"].startswith(AGENT))
