"""The body that `useChat` of the AI SDK sends, versions 5 and later, and its rules.

Its transport sends the whole chat with each message: https://ai-sdk.dev/docs/ai-sdk-ui/transport
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict
from urllib.parse import quote

from pydantic import ConfigDict, Field, TypeAdapter, with_config

from jobs.core.ids import is_uuid
from jobs.kit.body_rules import parse, rule
from jobs.kit.clock import Millis
from jobs.kit.rules import check_content, require
from jobs.kit.types import Uuid
from jobs.messaging.api.create_rules import (
    MAX_CONTENT,
    MIN_TIMEOUT,
    check_agent_id,
    check_timeout,
    check_user_id,
)
from jobs.messaging.chat import MAX_CHAT_ID, ChatMessage
from jobs.messaging.history import PastMessage
from jobs.messaging.message import MAX_TIMEOUT

MAX_MESSAGES: Final = 200
DEFAULT_TIMEOUT: Final[Millis] = 120_000
NO_USER: Final = "00000000-0000-4000-8000-000000000000"
"""The user of a chat that names none."""

_CONFIG: Final = ConfigDict(strict=True, defer_build=True)


def is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_CHAT_ID and value.isprintable()


def _check_id(value: Any) -> Any:
    require(is_id(value), f"id must be a string of 1 to {MAX_CHAT_ID} printable characters")
    return value


def _check_messages(value: Any) -> Any:
    require(
        isinstance(value, list) and 0 < len(value) <= MAX_MESSAGES,
        f"messages must be a list of 1 to {MAX_MESSAGES} messages",
    )
    for each in value:
        has_role = isinstance(each, dict) and isinstance(each.get("role"), str)
        require(has_role, "each message must be an object with a role")
    said = [each for each in value if each["role"] != "system"]
    text = text_of(said[-1]) if said and said[-1]["role"] == "user" else ""
    require(text != "", "the last message must be the user's")
    check_content(text, MAX_CONTENT)
    return value


def _check_uuid(value: Any, *, name: str, check: Any) -> Any:
    require(is_uuid(check(value)), f"Invalid {name} format (must be valid UUID)")
    return value


@with_config(_CONFIG)
class MessagePart(TypedDict):
    """Parts that are no text are ignored."""

    type: str
    text: NotRequired[str]


@with_config(_CONFIG)
class UiMessage(TypedDict):
    id: NotRequired[str]
    role: Annotated[str, Field(description="user or assistant; others are ignored")]
    parts: NotRequired[list[MessagePart]]


@with_config(_CONFIG)
class ChatBody(TypedDict):
    """What `DefaultChatTransport` sends, and what its option `body` adds. Others are ignored."""

    id: Annotated[
        str,
        Field(min_length=1, max_length=MAX_CHAT_ID, description="The chat's id"),
        rule(_check_id),
    ]
    messages: Annotated[
        list[UiMessage],
        Field(
            min_length=1,
            max_length=MAX_MESSAGES,
            description="The conversation, oldest first. The last one is the user's: the agent"
            " answers it",
        ),
        rule(_check_messages),
    ]
    trigger: NotRequired[Literal["submit-message", "regenerate-message"]]
    messageId: NotRequired[str | None]
    agentId: NotRequired[
        Annotated[
            Uuid,
            Field(description="The agent's id; without it, the first available agent"),
            rule(partial(_check_uuid, name="agentId", check=check_agent_id)),
        ]
    ]
    userId: NotRequired[
        Annotated[
            Uuid,
            Field(description="A user's id, of your own choice"),
            rule(partial(_check_uuid, name="userId", check=check_user_id)),
        ]
    ]
    timeoutMs: NotRequired[
        Annotated[
            int,
            Field(
                ge=MIN_TIMEOUT,
                le=MAX_TIMEOUT,
                description=f"Time from the message to the timeout; default {DEFAULT_TIMEOUT}",
            ),
            rule(check_timeout),
        ]
    ]


CHAT: Final[TypeAdapter[ChatBody]] = TypeAdapter(ChatBody)


def parse_chat(body: Any) -> ChatMessage:
    """Validate a body. Raises `BadRequestError`."""
    chat = parse(CHAT, body, "id", "messages")
    *before, last = [each for each in chat["messages"] if each["role"] in {"user", "assistant"}]
    history = [PastMessage(each["role"] == "assistant", text_of(each)) for each in before]
    return ChatMessage(
        chat=chat["id"],
        agent_id=chat.get("agentId"),
        user_id=chat.get("userId", NO_USER),
        content=text_of(last),
        history=[each for each in history if each.content],
        timeout=chat.get("timeoutMs", DEFAULT_TIMEOUT),
        idempotency_key=_to_key(chat, last),
    )


def text_of(message: Mapping[str, Any]) -> str:
    parts = message.get("parts")
    texts = [
        each.get("text")
        for each in (parts if isinstance(parts, list) else [])
        if isinstance(each, dict) and each.get("type") == "text"
    ]
    return "".join(each for each in texts if isinstance(each, str))


def _to_key(chat: ChatBody, last: Mapping[str, Any]) -> str | None:
    """Return a key with which a repeated message joins its running stream.

    A client that edits a message sends it again under its old id, which `messageId` names.
    """
    again = chat.get("trigger", "submit-message") != "submit-message" or chat.get("messageId")
    if again or not is_id(last.get("id")):
        return None
    chat_id, id_ = (quote(each, safe="") for each in (chat["id"], last["id"]))
    key = f"chat/{chat_id}/{id_}"
    return key if len(key) <= MAX_CHAT_ID else f"chat/{hashlib.sha256(key.encode()).hexdigest()}"
