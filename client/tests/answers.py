"""What the server says, as its contracts spell it."""

from typing import Any

import httpx

USER = "550e8400-e29b-41d4-a716-446655440000"
JOB_ID = "019b7963-4a00-7000-8000-000000000001"

SESSION = {
    "sessionId": JOB_ID, "subdomain": "acme", "branch": "b", "haulted": True, "todos": [],
    "haultReason": "completed", "pullRequestLink": "https://git.example/pull/1", "title": "",
    "messageToUser": "No such file", "createdAt": "2026-01-01T12:00:00.000Z",
}  # fmt: skip


def ok(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def refused(status: int, error: str = "No", code: str = "NO", **headers: str) -> httpx.Response:
    return ok({"success": False, "error": error, "code": code}, status, **headers)


def busy(status: int = 503, **headers: str) -> httpx.Response:
    return refused(status, "Service is busy, try again", "UNAVAILABLE", **headers)


def created(**about: Any) -> httpx.Response:
    return ok(
        {
            "jobId": JOB_ID,
            "status": "pending",
            "createdAt": 1_767_268_800_000,
            "expiresAt": 1_767_268_830_000,
            **about,
        },
        201,
    )


def job(status: str = "completed", **about: Any) -> dict[str, Any]:
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
        **about,
    }


def token(value: str = "T1", seconds: int = 3600) -> httpx.Response:
    return ok({"access_token": value, "token_type": "Bearer", "expires_in": seconds})


def mission(status: str = "PENDING", **about: Any) -> dict[str, Any]:
    return {
        "jobId": JOB_ID,
        "name": "Round",
        "status": status,
        "priority": 5,
        "createdAt": "2026-01-01T12:00:00.000Z",
        "deviceGroupId": "harbour",
        "metadata": {},
        **about,
    }


def events(*pieces: bytes, session: bool = True) -> httpx.Response:
    """A stream that comes in these pieces."""
    headers = {"X-Session-Id": JOB_ID, "X-Branch-Name": "docs-agent%2Ft%C3%AFdes"}
    return httpx.Response(200, headers=headers if session else {}, stream=_Pieces(pieces))


class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The last one may be an exception: the connection breaks there."""

    def __init__(self, pieces: tuple[Any, ...]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Any:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def __aiter__(self) -> Any:
        for piece in self:
            yield piece
