"""Requests as API Gateway hands them to functions."""

import json
from collections.abc import Mapping
from typing import Any, Final

TENANT: Final = "bench"
AGENT: Final = "11111111-1111-4111-8111-111111111111"
USER: Final = "22222222-2222-4222-8222-222222222222"

CLIENT: Final = "benchbenchbenchbenchbench"
GROUP: Final = "field"
DEVICE: Final = "bench-drone"
PLAN: Final = "round"
PARTNER: Final = {
    "claims": {
        "client_id": CLIENT,
        "token_use": "access",
        "scope": "missions/viewer missions/pilot missions/manager",
    }
}
PROJECT: Final = "handbook"
WRITER: Final = {"tenant": TENANT, "scopes": "read write"}

type Event = dict[str, Any]


def request(
    *,
    body: object = None,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    caller: Mapping[str, Any] | None = None,
) -> Event:
    """`caller` is what the authorizer says, of a messaging tenant by default."""
    return {
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "pathParameters": path,
        "queryStringParameters": query,
        "requestContext": {"requestId": "bench", "authorizer": caller or {"tenant": TENANT}},
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def create(
    content: str = "Hello", *, key: str | None = None, timeout_ms: int = 300_000, **more: Any
) -> Event:
    """`more` is of the body."""
    body = {"userId": USER, "agentId": AGENT, "content": content, "timeoutMs": timeout_ms, **more}
    return request(body=body, headers={"Idempotency-Key": key} if key else None)


def of_job(job_id: str) -> Event:
    return request(path={"jobId": job_id})


def listing(*, limit: int = 50, status: str | None = None) -> Event:
    return request(query={"limit": str(limit)} | ({"status": status} if status else {}))


# ── Missions ────────────────────────────────────────────────────────────────────


def create_mission(*, key: str | None = None, **about: Any) -> Event:
    body = {"name": "Round", "deviceGroupId": GROUP, "missionId": PLAN, **about}
    headers = {"Idempotency-Key": key} if key else None
    return request(body=body, headers=headers, caller=PARTNER)


def of_mission(job_id: str) -> Event:
    return request(path={"jobId": job_id}, caller=PARTNER)


def update_mission(job_id: str) -> Event:
    return request(path={"jobId": job_id}, body={"priority": 9}, caller=PARTNER)


def missions(*, limit: int = 20) -> Event:
    return request(query={"limit": str(limit)}, caller=PARTNER)


def resources() -> Event:
    return request(caller=PARTNER)


# ── Documentation agents ────────────────────────────────────────────────────────


def prompt(text: str = "say Hello", *, job_id: str | None = None, key: str | None = None) -> Event:
    """To a new job, or to this one."""
    event = of_writing(job_id) if job_id else of_project()
    event["headers"] |= {"Idempotency-Key": key} if key else {}
    return event | {"body": json.dumps({"prompt": text})}


def of_project() -> Event:
    return request(path={"projectId": PROJECT}, caller=WRITER)


def of_writing(job_id: str) -> Event:
    return request(path={"projectId": PROJECT, "id": job_id}, caller=WRITER)
