"""Requests in the shape of API Gateway's events."""

import json
from collections.abc import Mapping
from typing import Any, Final

TENANT: Final = "bench"
AGENT: Final = "11111111-1111-4111-8111-111111111111"
WORKER_AGENT: Final = "55555555-5555-4555-8555-555555555555"
"""Of provider `worker`."""
USER: Final = "22222222-2222-4222-8222-222222222222"

CLIENT: Final = "benchbenchbenchbenchbench"
GROUP: Final = "field"
DEVICE: Final = "bench-drone"
STACK: Final = "bench"
THING: Final = f"{STACK}_{DEVICE}"
PLAN: Final = "round"
PARTNER: Final = {
    "claims": {
        "client_id": CLIENT,
        "token_use": "access",
        "scope": "missions/viewer missions/pilot missions/manager",
    }
}
PROJECT: Final = "handbook"
DOCS_CALLER: Final = {"tenant": TENANT, "scopes": "read write"}

type Event = dict[str, Any]


def request(
    *,
    body: object = None,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    caller: Mapping[str, Any] | None = None,
) -> Event:
    """Return an event. `caller` is the authorizer's context, a messaging tenant's by default."""
    return {
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "pathParameters": path,
        "queryStringParameters": query,
        "requestContext": {"requestId": "bench", "authorizer": caller or {"tenant": TENANT}},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def create(
    content: str = "Hello", *, key: str | None = None, timeout_ms: int = 300_000, **fields: Any
) -> Event:
    body = {"userId": USER, "agentId": AGENT, "content": content, "timeoutMs": timeout_ms, **fields}
    return request(body=body, headers={"Idempotency-Key": key} if key else None)


def get_job(job_id: str) -> Event:
    return request(path={"jobId": job_id})


def list_jobs(*, limit: int = 50, status: str | None = None) -> Event:
    return request(query={"limit": str(limit)} | ({"status": status} if status else {}))


# ── Missions ────────────────────────────────────────────────────────────────────


def create_mission(*, key: str | None = None, **fields: Any) -> Event:
    body = {"name": "Round", "deviceGroupId": GROUP, "missionId": PLAN, **fields}
    headers = {"Idempotency-Key": key} if key else None
    return request(body=body, headers=headers, caller=PARTNER)


def get_mission(job_id: str) -> Event:
    return request(path={"jobId": job_id}, caller=PARTNER)


def update_mission(job_id: str) -> Event:
    return request(path={"jobId": job_id}, body={"priority": 9}, caller=PARTNER)


def list_missions(*, limit: int = 20) -> Event:
    return request(query={"limit": str(limit)}, caller=PARTNER)


def list_resources() -> Event:
    return request(caller=PARTNER)


# ── Documentation agents ────────────────────────────────────────────────────────


def create_docs_job(
    text: str = "say Hello", *, job_id: str | None = None, key: str | None = None
) -> Event:
    """Create a docs job, or send a message to the given one."""
    event = get_docs_job(job_id) if job_id else list_docs_jobs()
    event["headers"] |= {"Idempotency-Key": key} if key else {}
    return event | {"body": json.dumps({"prompt": text})}


def list_docs_jobs() -> Event:
    return request(path={"projectId": PROJECT}, caller=DOCS_CALLER)


def get_docs_job(job_id: str) -> Event:
    return request(path={"projectId": PROJECT, "id": job_id}, caller=DOCS_CALLER)
