"""Requests as API Gateway hands them to functions."""

import json
from collections.abc import Mapping
from typing import Any, Final

TENANT: Final = "bench"
AGENT: Final = "11111111-1111-4111-8111-111111111111"
USER: Final = "22222222-2222-4222-8222-222222222222"

type Event = dict[str, Any]


def request(
    *,
    body: object = None,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Event:
    return {
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "pathParameters": path,
        "queryStringParameters": query,
        "requestContext": {"requestId": "bench", "authorizer": {"tenant": TENANT}},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def create(content: str = "Hello", *, key: str | None = None, timeout_ms: int = 300_000) -> Event:
    body = {"userId": USER, "agentId": AGENT, "content": content, "timeoutMs": timeout_ms}
    return request(body=body, headers={"Idempotency-Key": key} if key else None)


def of_job(job_id: str) -> Event:
    return request(path={"jobId": job_id})


def listing(*, limit: int = 50, status: str | None = None) -> Event:
    return request(query={"limit": str(limit)} | ({"status": status} if status else {}))
