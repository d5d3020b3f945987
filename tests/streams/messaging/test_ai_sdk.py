"""Chats of the npm package AI SDK, versions 5 to 7, unmodified."""

from jobs.kit.asgi import CONTEXT_HEADER
from tests.streams.conftest import context
from tests.streams.messaging.conftest import CHAT


def test_chats_of_ai_sdk_5_to_7_work_unmodified(node, agents, port) -> None:
    server = {"api": f"http://127.0.0.1:{port}{CHAT}", "headers": {CONTEXT_HEADER: context()}}

    seen = node("agent_chat.mjs", server)

    slow = "/stream 2 alpha beta gamma delta"
    for version in ("5", "6", "7"):
        assert seen[version] == {
            "unknown": [],
            "streamed": True,
            "metadata": ["jobId", "agentId", "finishReason", "usage"],
            "said": [
                ["user", "/stream 0.6 one two three"],
                ["assistant", "one two three"],
                ["user", "and now?"],
                ["assistant", "and now?"],
            ],
            "edited": [["user", "edited"], ["assistant", "edited"]],
            "left": 2,
            "resumed": [["user", slow], ["assistant", "alpha beta gamma delta"]],
            "over": 2,
            "errors": ["the harbour is closed", "error"],
        }
