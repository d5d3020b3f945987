"""The documentation agents' API: the body that `useChat` of the AI SDK sends, versions 5 and later.

Its transport sends the whole chat with each message:
https://ai-sdk.dev/docs/ai-sdk-ui/transport
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from pydantic import Field, TypeAdapter, with_config
from pydantic_core import PydanticCustomError

from jobs.docs.api.bodies import CONFIG, MAX_MESSAGES, Options, check_size, validate
from jobs.kit.http import BadRequestError


@with_config(CONFIG)
class Part(TypedDict):
    """A part of a message. Agents receive the text; a user's message may have no files."""

    type: str
    text: NotRequired[str]


@with_config(CONFIG)
class UiMessage(TypedDict):
    role: Literal["system", "user", "assistant"]
    parts: Annotated[list[Part], Field(max_length=1000)]


@with_config(CONFIG)
class Chat(Options):
    """The body of `useChat`: the response is a UI message stream, whatever `Accept` says.

    All jobs of a chat work on one branch, unless the body names another.
    """

    id: NotRequired[Annotated[str | None, Field(description="The chat's id")]]
    messages: Annotated[list[UiMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    trigger: NotRequired[str]
    messageId: NotRequired[str | None]  # noqa: N815 - wire name


CHAT: Final[TypeAdapter[Chat]] = TypeAdapter(Chat)


def is_chat(body: Any) -> bool:
    """Return whether a body has messages of parts alone; those of AI SDK 4 have `content` too."""
    messages = body.get("messages") if isinstance(body, dict) else None
    return isinstance(messages, list) and any(
        isinstance(each, dict) and "parts" in each and "content" not in each for each in messages
    )


def parse_chat(body: Any) -> tuple[Chat, Sequence[Mapping[str, str]]]:
    """Return the body, and its messages as plain text. Raises `BadRequestError`.

    An assistant's message without text, such as one of tool calls alone, is left out.
    """
    chat = validate(CHAT, body)
    texts = [
        {"role": each["role"], "content": _to_text(each, f"messages.{place}")}
        for place, each in enumerate(chat["messages"])
    ]
    messages = [each for each in texts if each["content"] or each["role"] == "user"]
    try:
        check_size(messages)
    except PydanticCustomError as error:
        raise BadRequestError(f"messages: {error.message()}") from error
    if not messages:
        raise BadRequestError("messages: Input should have text")
    return chat, messages


def _to_text(message: UiMessage, where: str) -> str:
    texts = []
    for place, part in enumerate(message["parts"]):
        if part["type"] == "file" and message["role"] == "user":
            raise BadRequestError(f"{where}.parts.{place}: Agents read no files, send text")
        if part["type"] == "text":
            texts.append(part.get("text", ""))
    return "\n\n".join(texts)
