"""Responses of the server, in the form of its contracts."""

import json
from typing import Any

import httpx

USER = "550e8400-e29b-41d4-a716-446655440000"
JOB_ID = "019b7963-4a00-7000-8000-000000000001"
NOON = "2026-01-01T12:00:00.000Z"

DOCS_JOB = {
    "sessionId": JOB_ID, "subdomain": "acme", "branch": "b", "haulted": True,
    "haultReason": "completed", "pullRequestLink": "https://git.example/pull/1",
    "messageToUser": "No such file", "title": "Tides", "createdAt": NOON,
    "todos": [{"content": "Write", "status": "completed", "priority": "high", "id": "1"}],
}  # fmt: skip
JOBS_HEALTH = {
    "healthy": True, "timestamp": 1_767_268_800_000, "totalJobs": 4, "maxJobs": 10_000,
    "statusCounts": {"pending": 1, "processing": 0, "completed": 2, "failed": 1, "timeout": 0},
    "metrics": {
        "averageProcessingTimeMs": 12, "successRate": 0.67, "failureRate": 0.33, "timeoutRate": 0
    },
}  # fmt: skip
DONE = b"id: 1.9\ndata: [DONE]\n\n"


def chunk(place: str, **fields: Any) -> bytes:
    """An event of a UI message stream."""
    return f"id: {place}\ndata: {json.dumps(fields)}\n\n".encode()


def reply(*parts: str, error: str | None = None) -> httpx.Response:
    """A job's stream."""
    events = [
        chunk("1.1", type="start", messageId="m-1"),
        *(chunk(f"{n}.1", type="text-delta", delta=part) for n, part in enumerate(parts, 2)),
    ]
    if error:
        events.append(chunk("99.1", type="error", errorText=error))
    return stream(b": ping\n\n", *events, DONE)


def ok(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def error(status: int, text: str = "No", code: str = "NO", **headers: str) -> httpx.Response:
    return ok({"success": False, "error": text, "code": code}, status, **headers)


def unavailable(**headers: str) -> httpx.Response:
    return error(503, "Service is busy, try again", "UNAVAILABLE", **headers)


def created(**fields: Any) -> httpx.Response:
    return ok(
        {
            "jobId": JOB_ID,
            "status": "pending",
            "createdAt": 1_767_268_800_000,
            "expiresAt": 1_767_268_830_000,
            **fields,
        },
        201,
    )


def job(status: str = "completed", **fields: Any) -> dict[str, Any]:
    result = {
        "message": {
            "id": "m-1",
            "content": "Yes.",
            "authorId": "11111111-1111-4111-8111-111111111111",
            "createdAt": 1_767_268_801_000,
        },
        "processingTimeMs": 1000,
    }
    return {
        "jobId": JOB_ID,
        "status": status,
        "agentId": "11111111-1111-4111-8111-111111111111",
        "userId": USER,
        "prompt": "Is anybody there?",
        "createdAt": 1_767_268_800_000,
        "expiresAt": 1_767_268_830_000,
        "metadata": {"deep": [1.5, {"snake_case": None}]},
        **({"result": result} if status == "completed" else {}),
        **fields,
    }


def token(value: str = "T1", expires_in: int = 3600) -> httpx.Response:
    return ok({"access_token": value, "token_type": "Bearer", "expires_in": expires_in})


def mission(status: str = "PENDING", **fields: Any) -> dict[str, Any]:
    return {
        "jobId": JOB_ID,
        "name": "Round",
        "status": status,
        "priority": 5,
        "createdAt": NOON,
        "deviceGroupId": "harbour",
        "metadata": {},
        **fields,
    }


def stream(*chunks: bytes | Exception) -> httpx.Response:
    """Stream chunks; an exception breaks the connection."""
    headers = {"X-Session-Id": JOB_ID, "X-Branch-Name": "docs-agent%2Ft%C3%AFdes"}
    return httpx.Response(200, headers=headers, stream=_Chunks(chunks))


class _Chunks(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, chunks: tuple[bytes | Exception, ...]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Any:
        for chunk in self._chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    async def __aiter__(self) -> Any:
        for chunk in self:
            yield chunk
