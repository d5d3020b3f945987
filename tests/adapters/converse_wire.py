"""Event streams of Bedrock's Converse API, as its client receives them."""

import json
import struct
from binascii import crc32
from typing import Any

from botocore.awsrequest import AWSResponse
from urllib3.response import HTTPResponse


def event(kind: str, body: Any, message: str = "event") -> bytes:
    """Encode one message of vnd.amazon.eventstream, with checksums."""
    values = {
        f":{'exception' if message == 'exception' else 'event'}-type": kind,
        ":content-type": "application/json",
        ":message-type": message,
    }
    headers = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", 7, len(value))
        + value.encode()
        for name, value in values.items()
    )
    payload = json.dumps(body).encode()
    start = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    whole = start + struct.pack("!I", crc32(start)) + headers + payload
    return whole + struct.pack("!I", crc32(whole))


def text(words: str, block: int = 0) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": block, "delta": {"text": words}})


def tool(block: int, name: str, *pieces: str) -> bytes:
    start = {"toolUse": {"toolUseId": f"tooluse_{block}", "name": name}}
    return b"".join([
        event("contentBlockStart", {"contentBlockIndex": block, "start": start}),
        *(
            event("contentBlockDelta", {
                "contentBlockIndex": block, "delta": {"toolUse": {"input": piece}},
            })
            for piece in pieces
        ),
        event("contentBlockStop", {"contentBlockIndex": block}),
    ])  # fmt: skip


def stop(reason: str) -> bytes:
    return event("messageStop", {"stopReason": reason}) + event(
        "metadata",
        {
            "usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15},
            "metrics": {"latencyMs": 9},
        },
    )


START = event("messageStart", {"role": "assistant"})
EVENT_STREAM = "application/vnd.amazon.eventstream"


class Wire:
    """Answers a client's requests with given bytes, and records the requests."""

    def __init__(self, bedrock: Any) -> None:
        self.raw = b""
        self.requests: list[Any] = []
        bedrock.meta.events.register("before-send.bedrock-runtime.*", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        self.requests.append(json.loads(request.body))
        raw = HTTPResponse(body=_File(self.raw), preload_content=False, status=200)
        headers = {"content-type": EVENT_STREAM}
        return AWSResponse(request.url, 200, headers, raw)


class _File:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        size = len(self._raw) if size is None or size < 0 else min(size, 50)
        answer, self._raw = self._raw[:size], self._raw[size:]
        return answer

    def close(self) -> None:
        self.closed = True
